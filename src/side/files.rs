//! A side from files: one document, or a folder with those of one host.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Read;
use std::path::Path;

use super::parsed::Parsed;
use super::{Content, Contents, Number, Origin, Raw, Side, SideError};
use crate::diff::{Observed, Outcome};
use crate::model::{Capabilities, Hash, HostInfo, Suspicion};
use crate::observe::{self, BadFile, BodyIndex, ObserveError};
use crate::source::{self, SourceError};

/// Bodies that were read are those of either side: none is parsed again.
impl BodyIndex for Parsed {
    type Content = Number;
    type Error = Infallible;

    fn known(&mut self, body: Hash) -> Result<Option<(Number, Suspicion)>, Infallible> {
        Ok(self.judged(body))
    }

    fn add(&mut self, body: Hash, capabilities: Capabilities, _length: usize) -> Number {
        self.insert(body, capabilities)
    }
}

/// Reads `path`, a file, a folder or `-`; `contents` takes the documents in.
///
/// # Errors
/// Where nothing in it can be compared. A bad file among good ones of a folder is left out.
pub fn from_files(
    contents: &mut Contents,
    path: &Path,
    stdin: &mut dyn Read,
) -> Result<Side, SideError> {
    let mut unread = Vec::new();
    let mut inputs = Vec::new();
    for input in source::read(path, stdin) {
        match input {
            Ok(input) => inputs.push(input),
            Err(error) => unread.push(error),
        }
    }
    let mut observation =
        observe::files(inputs, &mut contents.parsed).map_err(|error| match error {
            ObserveError::Twice(twice) => SideError::from(twice),
            ObserveError::TooMuch(error) => SideError::TooMuch { path: path.to_owned(), error },
            ObserveError::Index(never) => match never {},
        })?;
    observation.is_incomplete |= !unread.is_empty();
    if observation.is_empty() {
        return Err(nothing(path, observation.bad, unread));
    }
    let state = observation.state();
    let mut outcomes = BTreeMap::new();
    let mut raw = BTreeMap::new();
    for (target, document) in observation.documents {
        let content = Content::Parsed(document.content);
        outcomes.insert(target.clone(), Outcome::Document(content));
        raw.insert(target, Raw::Bytes(document.text.into_bytes()));
    }
    for (target, (class, message)) in observation.failures {
        outcomes.insert(target, Outcome::Failed { class, message: message.into_owned() });
    }
    let HostInfo { machines, context } = observation.info;
    let source = Some(path.display().to_string());
    // A file with a machine list is all that a host has, as a folder is.
    let is_chosen = !path.is_dir() && machines.is_none();
    Ok(Side {
        origin: Origin { source, ..Origin::default() },
        observed: Observed { outcomes, machines, state, context, is_chosen, whole: None },
        raw,
        passed_over: Vec::new(),
        bad: observation.bad,
        unread,
    })
}

/// Why there is nothing to compare: the one reason, or that there are several.
fn nothing(path: &Path, mut bad: Vec<BadFile>, mut unread: Vec<SourceError>) -> SideError {
    if bad.is_empty()
        && let Some(error) = unread.pop()
    {
        return error.into();
    }
    match bad.pop() {
        Some(bad) if !path.is_dir() => bad.into(),
        last => {
            bad.extend(last);
            SideError::NoDocument { path: path.to_owned(), bad }
        }
    }
}
