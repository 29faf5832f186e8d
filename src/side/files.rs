//! A side from files: one document, or a folder with those of one host.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use foldhash::HashSet;

use super::{Content, Contents, Number, Origin, Raw, Side, SideError};
use crate::bad_files::BadFiles;
use crate::diff::{Observed, Outcome};
use crate::host_info::HostInfo;
use crate::model::{FailureClass, Hash, State, Target};
use crate::parse;
use crate::source::{self, Input, SourceError};
use crate::suspect::is_suspect;

/// What the files of one side say.
#[derive(Default)]
struct Reading {
    outcomes: BTreeMap<Target, Outcome<Content>>,
    raw: BTreeMap<Target, Raw>,
    paths: BTreeMap<Target, PathBuf>,
    info: HostInfo,
    bad: BadFiles,
    unread: Vec<SourceError>,
    /// A document is not to be believed.
    is_suspect: bool,
    /// Bodies that were looked at: those of either side are not parsed again.
    bodies: HashSet<Hash>,
    /// What the documents say that were parsed.
    budget: parse::HostBudget,
    over: Option<parse::OverBudget>,
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
    let mut reading = Reading::default();
    for input in source::read(path, stdin) {
        match input {
            Ok(input) => {
                reading.read(contents, input)?;
                if let Some(error) = reading.over {
                    return Err(SideError::TooMuch { path: path.to_owned(), error });
                }
            }
            Err(error) => {
                reading.bad.misses_something = true;
                reading.unread.push(error);
            }
        }
    }
    if reading.outcomes.is_empty() {
        return Err(reading.nothing(path));
    }
    let state = if reading.is_suspect { State::Suspect } else { reading.bad.state() };
    let Reading { mut outcomes, raw, info, bad, unread, .. } = reading;
    for (target, message) in bad.targets {
        let class = FailureClass::Transient;
        outcomes.entry(target).or_insert(Outcome::Failed { class, message });
    }
    let HostInfo { machines, context } = info;
    let source = Some(path.display().to_string());
    Ok(Side {
        origin: Origin { source, ..Origin::default() },
        observed: Observed { outcomes, machines, state, context, is_chosen: !path.is_dir() },
        raw,
        passed_over: Vec::new(),
        bad: bad.files,
        unread,
    })
}

impl Reading {
    fn read(&mut self, contents: &mut Contents, input: Input) -> Result<(), SideError> {
        let head = parse::split(&input.bytes);
        let body = head.as_ref().map(|head| head.body_hash(&input.bytes));
        if let (Some(head), Some(body)) = (&head, body)
            && let Some(number) = contents.parsed.known(body)
        {
            self.suspect(contents, body, &head.target, number);
            return self.add(head.target.clone(), number, input);
        }
        if self.info.take(&input, &mut self.bad) {
            return Ok(());
        }
        match parse::document(&input.bytes) {
            Ok(document) => {
                // The quick split may have found another head: its hash would not be this body's.
                let body = match body {
                    Some(body) if head.as_ref() == Some(&document.head) => body,
                    _ => document.head.body_hash(&input.bytes),
                };
                self.over = self.budget.take(&document.capabilities).err();
                let number = contents.parsed.insert(body, document.capabilities);
                self.suspect(contents, body, &document.head.target, number);
                self.add(document.head.target, number, input)
            }
            Err(error) => {
                self.bad.document(&input, error);
                Ok(())
            }
        }
    }

    /// Notes whether this side is not to be believed.
    fn suspect(&mut self, contents: &Contents, body: Hash, target: &Target, number: Number) {
        if self.bodies.insert(body)
            && let Some(capabilities) = contents.parsed.get(number)
        {
            self.is_suspect |= is_suspect(target, capabilities);
        }
    }

    fn add(&mut self, target: Target, content: Number, input: Input) -> Result<(), SideError> {
        let content = Outcome::Document(Content::Parsed(content));
        match self.outcomes.get(&target) {
            Some(first) if *first != content => Err(SideError::TwoDocuments {
                first: self.paths.get(&target).cloned().unwrap_or_default(),
                target: Box::new(target),
                second: input.path,
            }),
            Some(_) => Ok(()),
            None => {
                self.outcomes.insert(target.clone(), content);
                self.paths.insert(target.clone(), input.path);
                self.raw.insert(target, Raw::Bytes(input.bytes));
                Ok(())
            }
        }
    }

    /// Why there is nothing to compare: the one reason, or that there are several.
    fn nothing(mut self, path: &Path) -> SideError {
        if self.bad.files.is_empty()
            && let Some(error) = self.unread.pop()
        {
            return error.into();
        }
        match self.bad.files.pop() {
            Some(bad) if !path.is_dir() => bad.into(),
            last => {
                self.bad.files.extend(last);
                SideError::NoDocument { path: path.to_owned(), bad: self.bad.files }
            }
        }
    }
}
