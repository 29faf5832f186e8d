//! Whether a guest runs on a host.

use std::borrow::Cow;
use std::collections::HashMap;

use super::meets::Document;
use super::place::{Place, listed, place};
use super::verdict::{Reason, Verdict};
use crate::model::{CUSTOM_MODELS, Guest, LOADERS, State, Value, Wanted, escape_key};
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
    /// Whether a document lists the firmware image that the guest names.
    lists_image: HashMap<Content, bool>,
}

/// What the answer to a guest's needs follows from: content, CPU flags, most CPUs.
type Key = (Content, Option<String>, Option<i64>);

impl<'g> Preflight<'g> {
    /// For this guest.
    #[must_use]
    pub fn new(guest: &'g Guest) -> Self {
        Self { guest: Cow::Borrowed(guest), known: HashMap::new(), lists_image: HashMap::new() }
    }

    /// For a guest of its own.
    pub(super) fn of(guest: Guest) -> Self {
        Self { guest: Cow::Owned(guest), known: HashMap::new(), lists_image: HashMap::new() }
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
                let note = "what else it needs was not looked at".to_owned();
                return Ok(Verdict::new(None, believed(side, vec![reason]), vec![note]));
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
        let mut notes: Vec<String> = deprecated_machine(guest, side).into_iter().collect();
        notes.extend(noted.iter().cloned());
        let (images, others): (Vec<Reason>, Vec<Reason>) =
            unmet.iter().cloned().partition(|reason| reason.path.as_deref() == Some(LOADERS));
        reasons.extend(others);
        if !images.is_empty() && !self.has_image(side, contents)? {
            reasons.extend(images);
        }
        Ok(Verdict::new(Some(target), believed(side, reasons), notes))
    }
}

impl Preflight<'_> {
    /// Whether the image that the guest names is a file of the host, since another machine's document
    /// lists it.
    ///
    /// libvirt starts a guest with whatever image its XML names. What it lists for one machine are those
    /// that its firmware descriptors name for it; for machines without a descriptor it lists those files of a
    /// built-in list that exist (`virQEMUCapsFillDomainOSCaps`, libvirt 9.0 to 11.3).
    fn has_image(&mut self, side: &Side, contents: &Contents) -> Result<bool, SideError> {
        let needs = &self.guest.needs;
        let is_chosen = needs.iter().any(|need| need.path == "os.firmware");
        let image = needs.iter().find_map(|need| match &need.wanted {
            Wanted::Loader { path, .. } => Some(path.as_str()),
            _ => None,
        });
        let Some(image) = image.filter(|_| !is_chosen) else { return Ok(false) };
        for (_, content) in side.documents() {
            if !self.lists_image.contains_key(content) {
                let is_listed = contents.with(content, |all| {
                    let list = all.iter().find(|(path, _)| *path == LOADERS);
                    matches!(list, Some((_, Value::List(images))) if images.contains(image))
                })?;
                self.lists_image.insert(content.clone(), is_listed);
            }
            if self.lists_image[content] {
                return Ok(true);
            }
        }
        Ok(false)
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
