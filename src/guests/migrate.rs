//! Whether a running guest can move from one host to another.
//!
//! Moving asks for more than starting: the guest goes on with the CPU and the machine it has. What
//! libvirt and QEMU check of that and no document tells stays undecided, with the reason.

mod cpu;

use std::collections::HashMap;

use super::check::{GuestAnswers, Preflight, believed};
use super::meets::Document;
use super::place::{Place, place};
use super::verdict::{Answer, Reason, Verdict};
use super::version::{Version, version};
use crate::diff::Facts;
use crate::model::{Context, Guest, MigrationBlocker, Need, State, Wanted};
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

/// What the answer beyond starting follows from, of one host: content, CPU flags, CPU, microcode,
/// libvirt, hypervisor.
type Key = (Content, [Option<String>; 5]);

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
        let source = self.at_source.judge(from, contents)?;
        let mut reasons: Vec<Reason> = source.reasons.into_iter().filter_map(at_source).collect();
        let cannot_be_there = reasons.iter().any(|reason| reason.answer == Answer::No);
        let (Place::Found(target, old, _), false) = (place(self.guest, from), cannot_be_there)
        else {
            return Ok(Verdict::new(None, reasons, Vec::new()));
        };
        let guest = self.guest;
        let moved = self.moved.entry(target.machine.clone()).or_insert_with(|| {
            let machine = (!target.machine.is_empty()).then(|| target.machine.clone());
            Preflight::arriving(Guest { machine, ..guest.clone() })
        });
        let GuestAnswers { target, reasons: arrived, notes } = moved.judge(to, contents)?;
        reasons.extend(arrived);
        let mut is_equal = false;
        if let Place::Found(_, new, _) = place(moved.guest(), to) {
            let more = self.beyond_starting([(from, old), (to, new)], contents)?;
            reasons.extend(believed(to, more));
            is_equal = old == new && is_same_host(&from.observed.context, &to.observed.context);
        }
        // It runs on the source: what a document leaves open of that is met by one that says the same.
        let is_believed = [from, to].iter().all(|side| side.observed.state != State::Suspect);
        if is_equal && is_believed {
            reasons.retain(|reason| reason.answer == Answer::No);
        }
        let qemu = from.observed.context.hypervisor.as_deref().and_then(version);
        let blockers = self.guest.blockers.iter();
        reasons.extend(blockers.filter_map(|blocker| blocked(blocker, qemu)));
        Ok(Verdict::new(target.as_ref(), reasons, notes))
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
                let libvirt =
                    |side: &Side| side.observed.context.libvirt.as_deref().and_then(version);
                let hosts = Hosts {
                    from,
                    to,
                    old: Document::new(old, old_flags, None).of_libvirt(libvirt(from)),
                    new: Document::new(new, new_flags, None).of_libvirt(libvirt(to)),
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
    let context = [
        &context.api_flags,
        &context.cpu,
        &context.microcode,
        &context.libvirt,
        &context.hypervisor,
    ];
    (content.clone(), context.map(Clone::clone))
}

/// Whether two hosts have the same versions, CPU and microcode; what neither tells is taken to be the same,
/// but for libvirt, without which nothing is known.
fn is_same_host(one: &Context, other: &Context) -> bool {
    let facts = |context: &Context| {
        let Context { libvirt, hypervisor, cpu, microcode, firmware, api_flags, .. } = context;
        [libvirt, hypervisor, cpu, microcode, firmware, api_flags].map(Clone::clone)
    };
    one.libvirt.is_some() && facts(one) == facts(other)
}

/// Why a guest does not leave a host with this QEMU.
fn blocked(blocker: &MigrationBlocker, qemu: Option<Version>) -> Option<Reason> {
    let lifted = blocker.lifted_by_qemu.map(|[major, minor, micro]| (major, minor, micro));
    let is_certain = match (lifted, qemu) {
        (Some(lifted), Some(qemu)) if qemu >= lifted => return None,
        (Some(_), None) => false,
        _ => blocker.is_certain,
    };
    Some(match is_certain {
        true => Reason::no(&blocker.element, None, blocker.text.clone()),
        false => Reason::unknown(&blocker.element, None, blocker.text.clone()),
    })
}

/// What of the source matters: the guest is there, whatever is not known of it, unless it cannot be.
fn at_source(reason: Reason) -> Option<Reason> {
    let places = ["os/type", "domain", "devices/emulator"];
    let is_place = places.iter().any(|place| reason.element.starts_with(place));
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
        reasons.extend(guest.needs.iter().filter_map(|need| self.confidential(need)));
        reasons
    }

    /// SEV's parameters are those of the CPU.
    fn confidential(&self, need: &Need) -> Option<Reason> {
        const SECTYPE: &str = "features.launchSecurity.sectype";
        let Wanted::Member(kind) = &need.wanted else { return None };
        if need.path != SECTYPE || !kind.starts_with("sev") {
            return None;
        }
        let mut differing = ["cbitpos", "reducedPhysBits"].into_iter().filter_map(|name| {
            let path = format!("features.sev.{name}");
            let [old, new] = [&self.old.facts, &self.new.facts].map(|facts| number(facts, &path));
            let (old, new) = (old?, new?);
            let text = format!("{path} is {old} on the source and {new} here");
            (old != new).then(|| Reason::no(&need.element, Some(&path), text))
        });
        differing.next()
    }
}

fn number(facts: &Facts<'_>, path: &str) -> Option<i64> {
    match facts.get(path) {
        Some(crate::model::Value::Number(number)) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
