//! Whether guests run on hosts: the one place where a guest's requirements are answered.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::audio::{AudioAnswer, audio_backend};
use super::meets::Document;
use super::place::{Place, listed, place};
use super::verdict::{Reason, Verdict};
use super::version::version;
use crate::diff::ListedFirmware;
use crate::model::{
    CUSTOM_MODELS, Guest, LOADERS, NewerSyntax, State, Target, Value, Wanted, escape_key,
};
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
    checks: GuestChecks<'g>,
}

impl<'g> Preflight<'g> {
    /// For this guest.
    #[must_use]
    pub fn new(guest: &'g Guest) -> Self {
        Self { checks: GuestChecks::of(vec![Cow::Borrowed(guest)]) }
    }

    /// For a guest of its own, as it arrives from another host.
    pub(super) fn arriving(guest: Guest) -> Self {
        let checks = GuestChecks::of(vec![Cow::Owned(guest)]);
        Self { checks: GuestChecks { is_arrival: true, ..checks } }
    }

    /// The guest.
    #[must_use]
    pub fn guest(&self) -> &Guest {
        &self.checks.guests[0]
    }

    /// See [`check()`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn check(&mut self, side: &Side, contents: &Contents) -> Result<Verdict, SideError> {
        Ok(self.judge(side, contents)?.verdict())
    }

    /// The answers to all requirements that are not met.
    pub(super) fn judge(
        &mut self,
        side: &Side,
        contents: &Contents,
    ) -> Result<GuestAnswers, SideError> {
        let mut answers = self.checks.judge(side, contents)?;
        Ok(answers.pop().unwrap_or_default())
    }
}

/// What was found of one guest on one host.
#[derive(Clone, Debug, Default)]
pub(super) struct GuestAnswers {
    /// The target that was looked at.
    pub(super) target: Option<Target>,
    /// Every requirement that is not met, or not surely.
    pub(super) reasons: Vec<Reason>,
    /// See [`Verdict::notes`].
    pub(super) notes: Vec<String>,
}

impl GuestAnswers {
    /// The verdict that follows.
    pub(super) fn verdict(self) -> Verdict {
        Verdict::new(self.target.as_ref(), self.reasons, self.notes)
    }
}

/// What answers follow from, beside the guest: content, CPU flags, libvirt's version.
type DocumentKey = (Content, Option<String>, Option<String>);

/// What a document says to one guest, which may have that many CPUs by the machine list: reasons and notes.
type DocumentSays = Rc<(Vec<Reason>, Vec<String>)>;

/// Many guests against many hosts: each document is opened once for all of them, and what equal
/// documents say is found out once.
pub struct GuestChecks<'g> {
    guests: Rc<[Cow<'g, Guest>]>,
    known: HashMap<DocumentKey, HashMap<(usize, Option<i64>), DocumentSays>>,
    /// The guests come from another host, so that libvirt leaves out what it adds by itself.
    is_arrival: bool,
}

impl<'g> GuestChecks<'g> {
    /// Of these guests.
    #[must_use]
    pub fn new(guests: impl IntoIterator<Item = &'g Guest>) -> Self {
        Self::of(guests.into_iter().map(Cow::Borrowed).collect())
    }

    fn of(guests: Vec<Cow<'g, Guest>>) -> Self {
        Self { guests: guests.into(), known: HashMap::new(), is_arrival: false }
    }

    /// The verdict on each guest, in their order.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn check(&mut self, side: &Side, contents: &Contents) -> Result<Vec<Verdict>, SideError> {
        Ok(self.judge(side, contents)?.into_iter().map(GuestAnswers::verdict).collect())
    }

    /// The answers to all requirements of each guest, in their order.
    pub(super) fn judge(
        &mut self,
        side: &Side,
        contents: &Contents,
    ) -> Result<Vec<GuestAnswers>, SideError> {
        let guests = Rc::clone(&self.guests);
        let (places, place_of) = guest_places(&guests, side);
        self.ask_documents(&places, &place_of, side, contents)?;
        let hypervisor = side.observed.context.hypervisor.as_deref();
        let mut firmware = None;
        let mut answers = Vec::with_capacity(place_of.len());
        for (number, at) in place_of.into_iter().enumerate() {
            let GuestPlace { place, max_cpus, deprecated } = &places[at];
            let (target, content, mut reasons) = match place {
                Place::Found(target, content, reasons) => (*target, *content, reasons.clone()),
                Place::Missing(reason) => {
                    let reasons = believed(side, vec![reason.clone()]);
                    let notes = vec!["what else it needs was not looked at".to_owned()];
                    answers.push(GuestAnswers { target: None, reasons, notes });
                    continue;
                }
            };
            let says = &self.known[&document_key(side, content)][&(number, *max_cpus)];
            let guest = &guests[number];
            let mut notes: Vec<String> = deprecated.iter().cloned().collect();
            notes.extend(says.1.iter().cloned());
            for backend in &guest.audio {
                match audio_backend(backend, &target.emulator, hypervisor) {
                    AudioAnswer::Has(note) => notes.extend(note),
                    AudioAnswer::Lacks(reason) => reasons.push(reason),
                }
            }
            reasons.extend(on_host(guest, &says.0, &mut firmware, side, contents)?);
            let reasons = believed(side, reasons);
            answers.push(GuestAnswers { target: Some(target.clone()), reasons, notes });
        }
        Ok(answers)
    }

    /// Asks each document for all guests that would run there, as far as it was not asked before.
    fn ask_documents(
        &mut self,
        places: &[GuestPlace<'_>],
        place_of: &[usize],
        side: &Side,
        contents: &Contents,
    ) -> Result<(), SideError> {
        let mut asked: HashMap<&Content, Vec<(usize, Option<i64>)>> = HashMap::new();
        for (number, at) in place_of.iter().enumerate() {
            if let GuestPlace { place: Place::Found(_, content, _), max_cpus, .. } = &places[*at] {
                asked.entry(content).or_default().push((number, *max_cpus));
            }
        }
        let context = &side.observed.context;
        for (content, asked) in asked {
            let known = self.known.entry(document_key(side, content)).or_default();
            let open: Vec<_> = asked.into_iter().filter(|at| !known.contains_key(at)).collect();
            if open.is_empty() {
                continue;
            }
            let (guests, is_arrival) = (&self.guests, self.is_arrival);
            contents.with(content, |all| {
                let libvirt = context.libvirt.as_deref().and_then(version);
                let document =
                    Document::new(all, context.api_flags.as_deref(), None).of_libvirt(libvirt);
                for (number, max_cpus) in open {
                    document.max_cpus.set(max_cpus);
                    let guest = guests[number].as_ref();
                    let reasons = requirements(guest, &document, is_arrival);
                    let says = Rc::new((reasons, notes(guest, &document)));
                    known.insert((number, max_cpus), says);
                }
            })?;
        }
        Ok(())
    }
}

/// Where guests of one machine run on a host.
struct GuestPlace<'s> {
    place: Place<'s>,
    /// The most CPUs that the machine list allows there.
    max_cpus: Option<i64>,
    /// The note where that machine is deprecated.
    deprecated: Option<String>,
}

/// Where guests run on a host, and the place of each guest among these: many guests have the same few
/// machines.
fn guest_places<'s>(
    guests: &'s [Cow<'_, Guest>],
    side: &'s Side,
) -> (Vec<GuestPlace<'s>>, Vec<usize>) {
    let mut places = Vec::new();
    let mut numbers: HashMap<MachineKey<'_>, usize> = HashMap::new();
    let mut place_of = Vec::with_capacity(guests.len());
    for guest in guests {
        let Guest { arch, virttype, machine, emulator, .. } = guest.as_ref();
        let key = (arch.as_deref(), &**virttype, machine.as_deref(), emulator.as_deref());
        place_of.push(*numbers.entry(key).or_insert_with(|| {
            let max_cpus = listed(guest, side).find_map(|machine| machine.max_cpus);
            let deprecated = deprecated_machine(guest, side);
            places.push(GuestPlace { place: place(guest, side), max_cpus, deprecated });
            places.len() - 1
        }));
    }
    (places, place_of)
}

fn document_key(side: &Side, content: &Content) -> DocumentKey {
    let context = &side.observed.context;
    (content.clone(), context.api_flags.clone(), context.libvirt.clone())
}

/// What a document leaves unmet of a guest, and its host too: an image may be listed for another
/// machine. `firmware` is what the host lists, once that is looked up.
fn on_host(
    guest: &Guest,
    unmet: &[Reason],
    firmware: &mut Option<ListedFirmware>,
    side: &Side,
    contents: &Contents,
) -> Result<Vec<Reason>, SideError> {
    let is_image = |reason: &Reason| reason.path.as_deref() == Some(LOADERS);
    let state = match named_image(guest).filter(|_| unmet.iter().any(is_image)) {
        None => ImageState::Unknown,
        Some(image) => {
            let listed = match firmware.take() {
                Some(known) => known,
                None => contents.listed_firmware(&side.observed)?,
            };
            ImageState::of(image, firmware.insert(listed))
        }
    };
    let reasons = unmet.iter().filter_map(|reason| match state {
        _ if !is_image(reason) => Some(reason.clone()),
        ImageState::There => None,
        ImageState::Missing => Some(missing_image(reason)),
        ImageState::Unknown => Some(reason.clone()),
    });
    Ok(reasons.collect())
}

/// What decides where a guest runs on a host: arch, virttype, machine, emulator.
type MachineKey<'g> = (Option<&'g str>, &'g str, Option<&'g str>, Option<&'g str>);

/// What all of a host's documents say of the file that a guest names.
///
/// libvirt starts a guest with whatever image its XML names. What it lists for one machine are those
/// that its firmware descriptors name for it; for machines without a descriptor it lists those files of a
/// built-in list that exist (`virQEMUCapsFillDomainOSCaps`, libvirt 9.0 to 11.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ImageState {
    /// Some machine's document lists it.
    There,
    /// libvirt looks for it, and no document lists it.
    Missing,
    /// It may be there all the same.
    Unknown,
}

impl ImageState {
    fn of(image: &str, listed: &ListedFirmware) -> Self {
        match (listed.images.contains(image), listed.lacks(image)) {
            (true, _) => Self::There,
            (false, true) => Self::Missing,
            (false, false) => Self::Unknown,
        }
    }
}

/// Why a guest does not start whose image is no file of the host.
fn missing_image(unmet: &Reason) -> Reason {
    let text =
        format!("{LOADERS} does not list it for any machine, and libvirt looks for this file");
    Reason::no(&unmet.element, unmet.path.as_deref(), text)
}

/// The image that a guest names, where libvirt does not choose one.
fn named_image(guest: &Guest) -> Option<&str> {
    let is_chosen = guest.needs.iter().any(|need| need.path == "os.firmware");
    let image = guest.needs.iter().find_map(|need| match &need.wanted {
        Wanted::Loader { path, .. } => Some(path.as_str()),
        _ => None,
    });
    image.filter(|_| !is_chosen)
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

/// Every requirement of a guest that a host's document and libvirt do not meet, or not surely.
fn requirements(guest: &Guest, document: &Document<'_>, is_arrival: bool) -> Vec<Reason> {
    let mut reasons: Vec<Reason> =
        guest.needs.iter().filter_map(|need| document.unmet(need)).collect();
    if document.facts.is_empty_document() {
        let text = "the host's document is empty".to_owned();
        reasons.insert(0, Reason::unknown("domain", None, text));
    }
    let is_sent = |newer: &&NewerSyntax| !(is_arrival && newer.is_left_out_of_migration);
    let newer = guest.newer.iter().filter(is_sent);
    reasons.extend(newer.filter_map(|newer| too_new(newer, document)));
    let refused = guest.refused.iter();
    reasons.extend(refused.map(|each| Reason::no(&each.element, None, each.text.clone())));
    let open = guest.open.iter();
    reasons.extend(open.map(|open| Reason::unknown(&open.element, None, open.text.clone())));
    reasons
}

/// Why the host's libvirt may be too old for part of a guest's XML.
fn too_new(newer: &NewerSyntax, document: &Document<'_>) -> Option<Reason> {
    let [major, minor, micro] = newer.since;
    let needs = format!("needs libvirt {major}.{minor}.{micro}");
    let Some(there) = document.libvirt else {
        let text = format!("{needs}, and the host's version is not known");
        return Some(Reason::unknown(&newer.element, None, text));
    };
    if there >= (major, minor, micro) {
        return None;
    }
    let text = format!("{needs}, and the host has {}.{}.{}", there.0, there.1, there.2);
    Some(match newer.is_refused {
        true => Reason::no(&newer.element, None, text),
        false => Reason::unknown(&newer.element, None, text),
    })
}

/// What QEMU will remove.
fn notes(guest: &Guest, document: &Document<'_>) -> Vec<String> {
    let models = guest.needs.iter().filter_map(|need| match &need.wanted {
        Wanted::Model(model) => Some(&model.name),
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
