//! What is known of libvirt's reporting: differences that come with another version of libvirt and
//! not with another host.
//!
//! An entry sets severity, rule and reason, never kind, path or value. It counts where the two sides'
//! versions of libvirt stand on different sides of it; where one of them is not known (plain files),
//! it counts by its looks alone, and says so.

mod table;

use crate::diff::{Change, Kind};
use crate::model::{Context, glob};

pub use table::KNOWLEDGE;

/// The rule that every entry gives.
pub const RULE: &str = "reporting-changed";

/// A version of libvirt: major, minor, micro.
pub type Version = (u32, u32, u32);

/// One change of libvirt's reporting.
#[derive(Debug)]
pub struct Entry {
    /// The first libvirt that reports in the new way.
    pub since: Version,
    /// The capability's path; `*` stands for any characters.
    pub path: &'static str,
    /// The member that comes or goes; `*` as in paths, `None` for whatever it is.
    pub value: Option<&'static str>,
    /// What happens with an upgrade; with a downgrade its mirror does.
    pub kind: Kind,
    /// When it counts beside that.
    pub when: When,
    /// One sentence without a full stop.
    pub reason: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

/// What else must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing.
    Always,
    /// As far as is known, the hypervisor, the CPU and its microcode are the same.
    SameHost,
    /// The same, or none of the targets is a PC.
    NoPcOrSameHost,
    /// All targets are emulated (TCG).
    Emulated,
    /// What is gone below it was this and nothing else.
    Only(&'static str),
}

/// Why a change is none of the host: where libvirt reports in another way.
#[must_use]
pub fn explains(change: &Change, sides: &[Context; 2]) -> Option<String> {
    let [old, new] = sides.each_ref().map(|side| side.libvirt.as_deref().and_then(version));
    KNOWLEDGE.iter().find_map(|entry| {
        let is_known = match (old, new) {
            (Some(old), Some(new)) if old < entry.since && entry.since <= new => {
                entry.is_like(change, entry.kind)
            }
            (Some(old), Some(new)) if new < entry.since && entry.since <= old => {
                // What a libvirt learnt to name, an older one cannot use: that is a loss.
                entry.kind != Kind::Gained && entry.is_like(change, entry.kind.mirrored())
            }
            (Some(_), Some(_)) => false,
            // The one that is known may be past it, or not have come to it.
            (Some(old), None) if old >= entry.since => false,
            (None, Some(new)) if new < entry.since => false,
            _ => entry.is_like(change, entry.kind),
        };
        let is_so = match entry.when {
            When::Always => true,
            When::SameHost => is_same_host(sides),
            When::Emulated => is_emulated(change),
            When::Only(member) => change.evidence.members == [member],
            When::NoPcOrSameHost => is_same_host(sides) || !is_pc(change),
        };
        let doubt = if old.is_some() && new.is_some() { "" } else { DOUBT };
        (is_known && is_so).then(|| format!("{}{doubt}", entry.reason))
    })
}

/// What is added where a version is not known.
const DOUBT: &str = ", if this is a libvirt upgrade";

impl Entry {
    fn is_like(&self, change: &Change, kind: Kind) -> bool {
        let difference = &change.difference;
        let value = difference.value.as_deref().unwrap_or_default();
        difference.kind == kind
            && self.value.is_none_or(|wanted| glob(wanted, value))
            && glob(self.path, &difference.path)
    }
}

/// Whether a target is an x86 machine, or may be one.
fn is_pc(change: &Change) -> bool {
    let mut arches = change.targets.iter().map(|target| target.arch.as_deref());
    arches.any(|arch| matches!(arch, None | Some("x86_64" | "i686")))
}

fn is_emulated(change: &Change) -> bool {
    change.targets.iter().all(|target| target.virttype.as_deref() == Some("qemu"))
}

/// Whether nothing but libvirt is known to have changed.
fn is_same_host([old, new]: &[Context; 2]) -> bool {
    let same =
        |old: &Option<String>, new: &Option<String>| old.is_none() || new.is_none() || old == new;
    same(&old.hypervisor, &new.hypervisor)
        && same(&old.cpu, &new.cpu)
        && same(&old.microcode, &new.microcode)
}

/// `11.3.0` as numbers; what a distribution appends is left out.
#[must_use]
pub fn version(text: &str) -> Option<Version> {
    let digits = |part: &str| -> Option<u32> {
        let end = part.find(|each: char| !each.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().ok()
    };
    let mut parts = text.trim().splitn(3, '.').map(digits);
    let major = parts.next()??;
    Some((major, parts.next().flatten().unwrap_or(0), parts.next().flatten().unwrap_or(0)))
}
