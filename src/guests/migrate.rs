//! Whether a running guest can move from one host to another.
//!
//! Moving asks for more than starting: the guest goes on with the CPU and the machine it has. What
//! libvirt and QEMU check of that and no document tells stays undecided, with the reason.

mod cpu;

use std::collections::HashMap;

use super::check::{Preflight, believed};
use super::meets::Document;
use super::place::{Place, place};
use super::verdict::{Answer, Reason, Verdict};
use super::watch::SECTYPE;
use crate::diff::Facts;
use crate::model::{Guest, Need, Wanted};
use crate::side::{Content, Contents, Side, SideError};

/// Whether a guest can be migrated live from `from` to `to`; see [`Migration`].
///
/// # Errors
/// Where the store cannot be read.
pub fn migrate(
    guest: &Guest,
    from: &Side,
    to: &Side,
    contents: &Contents,
) -> Result<Verdict, SideError> {
    Migration::new(guest).check(from, to, contents)
}

/// One guest between many hosts: what equal documents say is found out once.
pub struct Migration<'g> {
    guest: &'g Guest,
    at_source: Preflight<'g>,
    /// The guest on the machine that a source has, by that machine's name.
    moved: HashMap<String, Preflight<'g>>,
    known: HashMap<[Key; 2], Vec<Reason>>,
}

/// What the answer beyond starting follows from, of one host: content, CPU flags, CPU, microcode.
type Key = (Content, [Option<String>; 3]);

impl<'g> Migration<'g> {
    /// Of this guest.
    #[must_use]
    pub fn new(guest: &'g Guest) -> Self {
        let at_source = Preflight::new(guest);
        Self { guest, at_source, moved: HashMap::new(), known: HashMap::new() }
    }

    /// Whether the guest can be migrated live from `from` to `to`.
    ///
    /// Its machine, which an alias names as the source has it, must be on both, its needs must be met
    /// on the destination, and its CPU, its devices and what keeps it secret must be able to move.
    /// Where it cannot be on the source, the rest is not asked.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn check(
        &mut self,
        from: &Side,
        to: &Side,
        contents: &Contents,
    ) -> Result<Verdict, SideError> {
        let source = self.at_source.check(from, contents)?;
        let mut reasons: Vec<Reason> = source.reasons.into_iter().filter_map(at_source).collect();
        let cannot_be_there = reasons.iter().any(|reason| reason.answer == Answer::No);
        let (Place::Found(target, old, _), false) = (place(self.guest, from), cannot_be_there)
        else {
            return Ok(Verdict::new(None, reasons, Vec::new()));
        };
        let guest = self.guest;
        let moved = self.moved.entry(target.machine.clone()).or_insert_with(|| {
            let machine = (!target.machine.is_empty()).then(|| target.machine.clone());
            Preflight::of(Guest { machine, ..guest.clone() })
        });
        let arrived = moved.check(to, contents)?;
        reasons.extend(arrived.reasons);
        if let Place::Found(_, new, _) = place(moved.guest(), to) {
            let more = self.beyond_starting([(from, old), (to, new)], contents)?;
            reasons.extend(believed(to, more));
        }
        Ok(Verdict::new(arrived.target.as_ref(), reasons, arrived.notes))
    }

    fn beyond_starting(
        &mut self,
        [(from, old), (to, new)]: [(&Side, &Content); 2],
        contents: &Contents,
    ) -> Result<Vec<Reason>, SideError> {
        let key = [key(from, old), key(to, new)];
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let [old_flags, new_flags] =
            [from, to].map(|side| side.observed.context.api_flags.as_deref());
        let reasons = contents.with(old, |old| {
            contents.with(new, |new| {
                let hosts = Hosts {
                    from,
                    to,
                    old: Document::new(old, old_flags, None),
                    new: Document::new(new, new_flags, None),
                };
                hosts.reasons(self.guest)
            })
        })??;
        self.known.insert(key, reasons.clone());
        Ok(reasons)
    }
}

fn key(side: &Side, content: &Content) -> Key {
    let context = &side.observed.context;
    let context = [&context.api_flags, &context.cpu, &context.microcode];
    (content.clone(), context.map(Clone::clone))
}

/// What of the source matters: the guest is there, whatever is not known of it, unless it cannot be.
fn at_source(reason: Reason) -> Option<Reason> {
    let is_place = reason.path.is_none();
    let element = format!("on the source: {}", reason.element);
    (reason.answer == Answer::No || is_place).then_some(Reason { element, ..reason })
}

/// Both hosts, and the documents of the guest's target on each.
struct Hosts<'a> {
    from: &'a Side,
    to: &'a Side,
    old: Document<'a>,
    new: Document<'a>,
}

impl Hosts<'_> {
    /// Everything beyond starting.
    fn reasons(&self, guest: &Guest) -> Vec<Reason> {
        let mut reasons = cpu::reasons(guest, self);
        for need in &guest.needs {
            reasons.extend(self.confidential(need));
            reasons.extend(device(need));
        }
        reasons
    }

    /// SEV's parameters are those of the CPU; whether QEMU moves such guests is in no document.
    fn confidential(&self, need: &Need) -> Option<Reason> {
        let Wanted::Member(kind) = &need.wanted else { return None };
        if need.path != SECTYPE {
            return None;
        }
        for name in ["cbitpos", "reducedPhysBits"] {
            let path = format!("features.sev.{name}");
            let [old, new] = [&self.old.facts, &self.new.facts].map(|facts| number(facts, &path));
            if kind.starts_with("sev")
                && let (Some(old), Some(new)) = (old, new)
                && old != new
            {
                let text = format!("{path} is {old} on the source and {new} here");
                return Some(Reason::no(&need.element, Some(&path), text));
            }
        }
        let text = format!("whether {kind} guests can be migrated is in no document");
        Some(Reason::unknown(&need.element, None, text))
    }
}

fn number(facts: &Facts<'_>, path: &str) -> Option<i64> {
    match facts.get(path) {
        Some(crate::model::Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// Devices whose state is in hardware or in another process.
const DEVICES: [(&str, &str, &str); 4] = [
    ("devices.hostdev.subsysType", "pci", "a PCI device moves only with VFIO migration"),
    ("devices.hostdev.subsysType", "scsi", "a SCSI device of the host does not move by itself"),
    ("devices.filesystem.driverType", "virtiofs", "virtiofs moves only with a virtiofsd that can"),
    ("devices.tpm.backendModel", "passthrough", "the host's TPM does not move"),
];

fn device(need: &Need) -> Option<Reason> {
    let Wanted::Member(member) = &need.wanted else { return None };
    let (_, _, why) =
        DEVICES.iter().find(|(path, value, _)| need.path == *path && member == value)?;
    Some(Reason::unknown(&need.element, None, format!("{why}, which is in no document")))
}

#[cfg(test)]
mod tests;
