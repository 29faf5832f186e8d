//! Whether a guest runs on a host.

use std::borrow::Cow;
use std::collections::HashMap;

use super::meets::Document;
use super::place::{Place, listed, place};
use super::verdict::{Reason, Verdict};
use crate::model::{CUSTOM_MODELS, Guest, State, Value, Wanted, escape_key};
use crate::side::{Content, Contents, Side, SideError};

/// Whether a guest runs on the host of one side, as far as its documents say.
///
/// # Errors
/// Where the store cannot be read.
pub fn check(guest: &Guest, side: &Side, contents: &Contents) -> Result<Verdict, SideError> {
    Preflight::new(guest).check(side, contents)
}

/// One guest against many hosts: what equal documents say is found out once.
pub struct Preflight<'g> {
    guest: Cow<'g, Guest>,
    known: HashMap<Key, (Vec<Reason>, Vec<String>)>,
}

/// What the answer to a guest's needs follows from: content, CPU flags, most CPUs.
type Key = (Content, Option<String>, Option<i64>);

impl<'g> Preflight<'g> {
    /// For this guest.
    #[must_use]
    pub fn new(guest: &'g Guest) -> Self {
        Self { guest: Cow::Borrowed(guest), known: HashMap::new() }
    }

    /// For a guest of its own.
    pub(super) fn of(guest: Guest) -> Self {
        Self { guest: Cow::Owned(guest), known: HashMap::new() }
    }

    /// The guest.
    #[must_use]
    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    /// See [`check()`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn check(&mut self, side: &Side, contents: &Contents) -> Result<Verdict, SideError> {
        let guest = self.guest.as_ref();
        let (target, content, mut reasons) = match place(guest, side) {
            Place::Found(target, content, reasons) => (target, content, reasons),
            Place::Missing(reason) => {
                return Ok(Verdict::new(None, believed(side, vec![reason]), Vec::new()));
            }
        };
        let max_cpus = listed(guest, side).find_map(|machine| machine.max_cpus);
        let flags = side.observed.context.api_flags.clone();
        let key = (content.clone(), flags, max_cpus);
        if !self.known.contains_key(&key) {
            let answers = contents.with(content, |all| {
                let document = Document::new(all, key.1.as_deref(), max_cpus);
                (needs(guest, &document), notes(guest, &document))
            })?;
            self.known.insert(key.clone(), answers);
        }
        let (unmet, noted) = &self.known[&key];
        reasons.extend(unmet.iter().cloned());
        let mut notes: Vec<String> = deprecated_machine(guest, side).into_iter().collect();
        notes.extend(noted.iter().cloned());
        Ok(Verdict::new(Some(target), believed(side, reasons), notes))
    }
}

/// Of a snapshot that is not to be believed, nothing can be decided.
pub(super) fn believed(side: &Side, reasons: Vec<Reason>) -> Vec<Reason> {
    if side.observed.state != State::Suspect {
        return reasons;
    }
    let text = "the snapshot is suspect: its answers are not to be believed".to_owned();
    let doubted =
        |reason: Reason| Reason::unknown(&reason.element, reason.path.as_deref(), reason.text);
    let doubt = Reason::unknown("domain", None, text);
    std::iter::once(doubt).chain(reasons.into_iter().map(doubted)).collect()
}

fn needs(guest: &Guest, document: &Document<'_>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> =
        guest.needs.iter().filter_map(|need| document.unmet(need)).collect();
    if document.facts.is_empty_document() {
        let text = "the host's document is empty".to_owned();
        reasons.insert(0, Reason::unknown("domain", None, text));
    }
    reasons
}

/// What QEMU will remove.
fn notes(guest: &Guest, document: &Document<'_>) -> Vec<String> {
    let models = guest.needs.iter().filter_map(|need| match &need.wanted {
        Wanted::Model { name, .. } => Some(name),
        _ => None,
    });
    let is_deprecated = |name: &&String| {
        let path = format!("{CUSTOM_MODELS}[{}].deprecated", escape_key(name));
        document.facts.get(&path) == Some(Value::Text("yes"))
    };
    models.filter(is_deprecated).map(|name| format!("CPU model {name} is deprecated")).collect()
}

fn deprecated_machine(guest: &Guest, side: &Side) -> Option<String> {
    let machine = listed(guest, side).find(|machine| machine.deprecated)?;
    Some(format!("machine type {} is deprecated", machine.name))
}

#[cfg(test)]
mod tests;
