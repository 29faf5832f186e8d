//! What is known of libvirt's reporting: differences that come with another version and not with
//! another host.
//!
//! An entry sets severity, rule and reason, never kind, path or value. It counts where the two sides'
//! versions stand on different sides of it. Where one of them is not known (plain files), a gain or
//! a report counts by its looks alone, and says so; a loss stays a loss, and its reason names the entry.

mod table;

use crate::diff::{Change, Kind};
use crate::model::{Context, glob};

pub use table::KNOWLEDGE;

/// The rule that every entry gives.
pub const RULE: &str = "reporting-changed";

/// A version of libvirt: major, minor, micro.
pub type Version = (u32, u32, u32);

/// Whose version it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// libvirt's, as the daemon says it.
    Libvirt,
    /// QEMU's.
    Qemu,
}

impl Component {
    /// The name in texts and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Libvirt => "libvirt",
            Self::Qemu => "QEMU",
        }
    }

    /// Its version on a side.
    fn version(self, side: &Context) -> Option<Version> {
        match self {
            Self::Libvirt => side.libvirt.as_deref().and_then(version),
            Self::Qemu => version(side.hypervisor.as_deref()?.strip_prefix("QEMU ")?),
        }
    }
}

/// One change that a version brings.
#[derive(Debug)]
pub struct Entry {
    /// Whose version.
    pub component: Component,
    /// The first version that does it.
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
    /// None of the targets is a PC.
    NoPc,
    /// One of the two.
    NoPcOrSameHost,
    /// The old side listed no versioned name of a CPU model.
    NoVersionsBefore,
    /// All targets are emulated (TCG).
    Emulated,
    /// What is gone below it was this and nothing else.
    Only(&'static str),
}

/// The old side and the new side, their versions read once for all changes.
#[derive(Debug)]
pub struct Sides<'s> {
    contexts: &'s [Context; 2],
    libvirts: [Option<Version>; 2],
    qemus: [Option<Version>; 2],
}

impl<'s> Sides<'s> {
    /// The two sides of a comparison.
    #[must_use]
    pub fn new(contexts: &'s [Context; 2]) -> Self {
        let of = |component: Component| contexts.each_ref().map(|side| component.version(side));
        Self { contexts, libvirts: of(Component::Libvirt), qemus: of(Component::Qemu) }
    }

    /// Whether libvirt is another, and the hypervisor is known to be the same, as is the rest of what is known.
    fn is_libvirt_alone(&self) -> bool {
        let [old, new] = self.contexts;
        let is_other_libvirt = matches!(self.libvirts, [Some(old), Some(new)] if old != new);
        is_other_libvirt
            && old.hypervisor.is_some()
            && new.hypervisor.is_some()
            && is_same_host(self.contexts)
            && (old.kernel.is_none() || new.kernel.is_none() || old.kernel == new.kernel)
    }

    /// The version on both sides, where it is known.
    pub(super) fn versions(&self, component: Component) -> [Option<Version>; 2] {
        match component {
            Component::Libvirt => self.libvirts,
            Component::Qemu => self.qemus,
        }
    }
}

/// Why a change is none of the host.
#[must_use]
pub fn explains(change: &Change, sides: &Sides<'_>) -> Option<String> {
    let entry = KNOWLEDGE.iter().find_map(|entry| entry.explains(change, sides));
    entry.or_else(|| named(change, sides))
}

/// What a loss may come from, if the versions were known: an entry that fits by its looks.
pub(super) fn suspects(change: &Change, sides: &Sides<'_>) -> Option<String> {
    if change.difference.kind != Kind::Lost {
        return None;
    }
    KNOWLEDGE.iter().find_map(|entry| {
        let [old, new] = sides.versions(entry.component);
        let is_possible = match (old, new) {
            (Some(_), Some(_)) => false,
            (Some(old), None) => old < entry.since,
            (None, Some(new)) => new >= entry.since,
            (None, None) => true,
        };
        let is_it = is_possible
            && glob(entry.path, &change.difference.path)
            && entry.is_like(change, entry.kind)
            && entry.is_so(change, sides.contexts);
        is_it.then(|| format!("{}, if this is a {} upgrade", entry.reason, entry.component.name()))
    })
}

/// libvirt names CPU features and models by a list of its own, which every version extends: under
/// another libvirt the same CPU under the same QEMU can have more names, or another one.
fn named(change: &Change, sides: &Sides<'_>) -> Option<String> {
    let is_name = match change.difference.path.as_str() {
        "cpu.mode[host-model].feature" => {
            matches!(change.difference.kind, Kind::Reported | Kind::Unreported)
        }
        "cpu.mode[host-model].model" => true,
        _ => false,
    };
    (is_name && sides.is_libvirt_alone()).then(|| {
        "only libvirt changed, and with it the names it has for CPU models and features".to_owned()
    })
}

/// What is added where a version is not known.
fn doubt(component: Component) -> String {
    format!(", if this is a {} upgrade", component.name())
}

impl Entry {
    fn explains(&self, change: &Change, sides: &Sides<'_>) -> Option<String> {
        // Nearly all entries are about another path: versions are read for the others alone.
        if !glob(self.path, &change.difference.path) {
            return None;
        }
        let [old, new] = sides.versions(self.component);
        let is_like = match (old, new) {
            (Some(old), Some(new)) if old < self.since && self.since <= new => {
                self.is_like(change, self.kind)
            }
            (Some(old), Some(new)) if new < self.since && self.since <= old => {
                // What a version learnt to name, an older one cannot use: that is a loss.
                self.kind != Kind::Gained && self.is_like(change, self.kind.mirrored())
            }
            (Some(_), Some(_)) => false,
            // What may be a loss is excused only by what is known.
            _ if change.difference.kind == Kind::Lost => false,
            // The one that is known may be past it, or not have come to it.
            (Some(old), None) if old >= self.since => false,
            (None, Some(new)) if new < self.since => false,
            _ => self.is_like(change, self.kind),
        };
        let doubt = || match (old, new) {
            (Some(_), Some(_)) => String::new(),
            _ => doubt(self.component),
        };
        (is_like && self.is_so(change, sides.contexts))
            .then(|| format!("{}{}", self.reason, doubt()))
    }

    fn is_like(&self, change: &Change, kind: Kind) -> bool {
        let difference = &change.difference;
        let value = difference.value.as_deref().unwrap_or_default();
        difference.kind == kind && self.value.is_none_or(|wanted| glob(wanted, value))
    }

    fn is_so(&self, change: &Change, sides: &[Context; 2]) -> bool {
        match self.when {
            When::Always => true,
            When::SameHost => is_same_host(sides),
            When::Emulated => is_emulated(change),
            When::NoVersionsBefore => {
                change.evidence.is_listed_version && !change.evidence.listed_versions
            }
            When::Only(member) => change.evidence.members == [member],
            When::NoPc => !is_pc(change),
            When::NoPcOrSameHost => is_same_host(sides) || !is_pc(change),
        }
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
        && !old
            .cpu
            .as_ref()
            .zip(new.cpu.as_ref())
            .is_some_and(|(old, new)| Context::is_other_cpu(old, new))
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
