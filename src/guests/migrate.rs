//! Whether a running guest can move from one host to another.
//!
//! Moving asks for more than starting: the guest goes on with the CPU and the machine it has. What
//! libvirt and QEMU check of that and no document tells stays undecided, with the reason.

mod cpu;

use super::check::{Preflight, believed};
use super::meets::Document;
use super::place::{Place, place};
use super::verdict::{Answer, Reason, Verdict};
use super::watch::SECTYPE;
use crate::diff::Facts;
use crate::model::{Guest, Need, Wanted};
use crate::side::{Contents, Side, SideError};

/// Whether a guest can be migrated live from `from` to `to`.
///
/// Its machine, which an alias names as the source has it, must be on both, its needs must be met on
/// the destination, and its CPU, its devices and what keeps it secret must be able to move.
///
/// # Errors
/// Where the store cannot be read.
pub fn migrate(
    guest: &Guest,
    from: &Side,
    to: &Side,
    contents: &Contents,
) -> Result<Verdict, SideError> {
    let source = Preflight::new(guest).check(from, contents)?;
    let mut reasons: Vec<Reason> = source.reasons.into_iter().filter_map(at_source).collect();
    let cannot_be_there = reasons.iter().any(|reason| reason.answer == Answer::No);
    let source_place = place(guest, from);
    let (Place::Found(source_target, source_content, _), false) = (source_place, cannot_be_there)
    else {
        return Ok(Verdict::new(None, reasons, Vec::new()));
    };
    let machine = (!source_target.machine.is_empty()).then(|| source_target.machine.clone());
    let moved = Guest { machine, ..guest.clone() };
    let arrived = Preflight::new(&moved).check(to, contents)?;
    reasons.extend(arrived.reasons);
    if let Place::Found(_, content, _) = place(&moved, to) {
        let more = contents.with(source_content, |old| {
            contents.with(content, |new| {
                let hosts = Hosts {
                    from,
                    to,
                    old: Document::new(old, from.observed.context.api_flags.as_deref(), None),
                    new: Document::new(new, to.observed.context.api_flags.as_deref(), None),
                };
                hosts.reasons(guest)
            })
        })??;
        reasons.extend(believed(to, more));
    }
    Ok(Verdict::new(arrived.target.as_ref(), reasons, arrived.notes))
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
