//! What is known of libvirt's reporting: differences that come with another version and not with
//! another host.
//!
//! An entry sets severity, rule and reason, never kind, path or value. It counts where the two sides'
//! versions stand on different sides of it. Where one of them is not known (plain files), a gain or
//! a report counts by its looks alone, and says so; a loss stays a loss, and its reason names the entry.

mod table;

use crate::diff::{Change, Kind};
use crate::model::{CUSTOM_MODELS, Context, glob};

pub use table::KNOWLEDGE;

/// The rule that every entry gives.
pub const RULE: &str = "reporting-changed";

pub use crate::model::{VersionNumbers as Version, version_numbers as version};

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
            && is_same_host(self.contexts, VersionDoubt::Refused)
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

/// Why a change is none of the host, by an entry of the table.
#[must_use]
pub fn explains(change: &Change, sides: &Sides<'_>) -> Option<String> {
    KNOWLEDGE.iter().find_map(|entry| entry.explains(change, sides))
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
            && entry.is_so(change, sides.contexts, VersionDoubt::Allowed);
        is_it.then(|| format!("{}, if this is a {} upgrade", entry.reason, entry.component.name()))
    })
}

/// libvirt names CPU features and models by a list of its own, which every version extends: under
/// another libvirt the same CPU under the same QEMU can have more names, or another one.
pub(super) fn named(change: &Change, sides: &Sides<'_>) -> Option<String> {
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
                let is_name = self.kind == Kind::Gained && self.path == CUSTOM_MODELS;
                !is_name && self.is_like(change, self.kind.mirrored())
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
        // The other component counts as well.
        let doubt_of_host = match change.difference.kind {
            Kind::Lost => VersionDoubt::Refused,
            _ => VersionDoubt::Allowed,
        };
        (is_like && self.is_so(change, sides.contexts, doubt_of_host))
            .then(|| format!("{}{}", self.reason, doubt()))
    }

    fn is_like(&self, change: &Change, kind: Kind) -> bool {
        let difference = &change.difference;
        let value = difference.value.as_deref().unwrap_or_default();
        difference.kind == kind && self.value.is_none_or(|wanted| glob(wanted, value))
    }

    fn is_so(&self, change: &Change, sides: &[Context; 2], doubt: VersionDoubt) -> bool {
        match self.when {
            When::Always => true,
            When::SameHost => is_same_host(sides, doubt),
            When::Emulated => is_emulated(change),
            When::NoVersionsBefore => {
                change.evidence.is_listed_version && !change.evidence.listed_versions
            }
            When::Only(member) => change.evidence.members == [member],
            When::NoPc => !is_pc(change),
            When::NoPcOrSameHost => is_same_host(sides, doubt) || !is_pc(change),
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

/// Whether a hypervisor that is not known may be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum VersionDoubt {
    Allowed,
    Refused,
}

/// Whether nothing but libvirt is known to have changed.
fn is_same_host([old, new]: &[Context; 2], doubt: VersionDoubt) -> bool {
    let same =
        |old: &Option<String>, new: &Option<String>| old.is_none() || new.is_none() || old == new;
    let is_known = old.hypervisor.is_some() && new.hypervisor.is_some();
    (is_known || doubt == VersionDoubt::Allowed)
        && same(&old.hypervisor, &new.hypervisor)
        && !old
            .cpu
            .as_ref()
            .zip(new.cpu.as_ref())
            .is_some_and(|(old, new)| Context::is_other_cpu(old, new))
        && same(&old.microcode, &new.microcode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{ChangedTarget, Difference, Evidence, Plain};

    /// A change that an entry is about, as an upgrade (or with `kind` mirrored a downgrade) brings it.
    fn change(entry: &Entry, kind: Kind) -> Change {
        let mut difference = Difference::new(kind, &entry.path.replace('*', "EPYC"));
        if let Some(value) = entry.value {
            difference = difference.with_value(&value.replace('*', "3"));
        }
        if kind == Kind::Changed {
            let sides = [Some(Plain::text("unknown")), Some(Plain::text("IBM"))];
            let [old, new] = sides;
            difference = difference.with_sides(old, new);
        }
        let members = match entry.when {
            When::Only(member) => vec![member.to_owned()],
            _ => Vec::new(),
        };
        let arch = if matches!(entry.when, When::NoPc) { "sparc" } else { "x86_64" };
        let target = ChangedTarget {
            arch: Some(arch.to_owned()),
            virttype: Some("qemu".to_owned()),
            ..ChangedTarget::default()
        };
        Change {
            difference,
            evidence: Evidence { members, is_listed_version: true, ..Evidence::default() },
            targets: [target].into(),
        }
    }

    /// A host before or since an entry's version, all else the same.
    fn side(entry: &Entry, is_since: bool) -> Context {
        let (major, minor, micro) = entry.since;
        let version = match (is_since, minor) {
            (true, _) => format!("{major}.{minor}.{micro}"),
            (false, 0) => format!("{}.99.0", major - 1),
            (false, _) => format!("{major}.{}.0", minor - 1),
        };
        let mut side = Context { hypervisor: Some("QEMU 9.0.0".into()), ..Context::default() };
        match entry.component {
            Component::Libvirt => side.libvirt = Some(version),
            Component::Qemu => side.hypervisor = Some(format!("QEMU {version}")),
        }
        side
    }

    fn reason(entry: &Entry, kind: Kind, contexts: &[Context; 2]) -> Option<String> {
        entry.explains(&change(entry, kind), &Sides::new(contexts))
    }

    #[test]
    fn every_entry_fires_in_both_directions() {
        for entry in KNOWLEDGE {
            let up = [side(entry, false), side(entry, true)];
            let [old, new] = up.clone();
            let down = [new.clone(), old.clone()];
            let back = entry.kind.mirrored();
            assert_eq!(reason(entry, entry.kind, &up).as_deref(), Some(entry.reason), "{entry:?}");
            // An older libvirt cannot use what a newer one learnt to name: that is a loss.
            let is_name = entry.kind == Kind::Gained && entry.path == CUSTOM_MODELS;
            let expected = (!is_name).then_some(entry.reason);
            assert_eq!(reason(entry, back, &down).as_deref(), expected, "{entry:?}");
            // The other way round it explains nothing, nor between two versions on one side of it.
            if entry.kind != back {
                assert_eq!(reason(entry, back, &up), None, "{entry:?}");
                assert_eq!(reason(entry, entry.kind, &down), None, "{entry:?}");
            }
            for same in [[old.clone(), old.clone()], [new.clone(), new.clone()]] {
                assert_eq!(reason(entry, entry.kind, &same), None, "{entry:?}");
                assert_eq!(reason(entry, back, &same), None, "{entry:?}");
            }
        }
    }

    #[test]
    fn a_loss_is_excused_only_where_both_versions_are_known() {
        let unknown = Context::default();
        for entry in KNOWLEDGE {
            let [old, new] = [side(entry, false), side(entry, true)];
            let of_files = [&unknown, &unknown].map(Clone::clone);
            for contexts in
                [of_files, [old.clone(), unknown.clone()], [unknown.clone(), new.clone()]]
            {
                let told = reason(entry, entry.kind, &contexts);
                let lost = change(entry, entry.kind);
                let suspected = suspects(&lost, &Sides::new(&contexts));
                if entry.kind == Kind::Lost {
                    assert_eq!(told, None, "{entry:?}");
                    assert!(suspected.is_some_and(|it| it.contains("if this is a")), "{entry:?}");
                } else {
                    assert!(told.is_some_and(|it| it.contains("if this is a")), "{entry:?}");
                    assert_eq!(suspected, None, "{entry:?}");
                }
            }
            // The one that is known rules it out.
            for contexts in [[new.clone(), unknown.clone()], [unknown.clone(), old.clone()]] {
                assert_eq!(reason(entry, entry.kind, &contexts), None, "{entry:?}");
                let lost = change(entry, entry.kind);
                assert_eq!(suspects(&lost, &Sides::new(&contexts)), None, "{entry:?}");
            }
        }
    }

    /// What a change is judged as between two sides, where guests need it or none was looked at.
    fn judged(
        change: Change,
        sides: &[Context; 2],
        is_needed: Option<bool>,
    ) -> crate::rules::Finding {
        use crate::rules::{GuestHits, Judge, Policy, UsedBy};
        let (sides, changes) = (sides.clone(), vec![change]);
        let comparison = crate::diff::Comparison { sides, changes, ..Default::default() };
        let hits = |_: &Change| GuestHits {
            guests: is_needed.filter(|it| *it).map(|_| "g".to_owned()).into_iter().collect(),
            ..GuestHits::default()
        };
        let used_by = is_needed.map(|_| UsedBy { of: &hits, is_complete: true });
        let policy = Policy::default();
        Judge { policy: &policy, used_by }.findings(&comparison, &[], 0).remove(0)
    }

    #[test]
    fn every_entry_decides_what_is_judged_in_both_directions() {
        for entry in KNOWLEDGE {
            let up = [side(entry, false), side(entry, true)];
            let down = [up[1].clone(), up[0].clone()];
            let back = entry.kind.mirrored();
            let is_name = entry.kind == Kind::Gained && entry.path == CUSTOM_MODELS;
            for (kind, sides, is_explained) in [(entry.kind, &up, true), (back, &down, !is_name)] {
                let finding = judged(change(entry, kind), sides, None);
                assert_eq!(finding.rule.id == RULE, is_explained, "{entry:?} {kind:?}");
                assert_eq!(finding.is_reporting(), is_explained, "{entry:?} {kind:?}");
                // It excuses no loss of what a guest needs.
                let finding = judged(change(entry, kind), sides, Some(true));
                let is_excused = is_explained && kind != Kind::Lost;
                assert_eq!(finding.rule.id == RULE, is_excused, "{entry:?} {kind:?}");
            }
            // Nor does it where a version is not known.
            let finding = judged(change(entry, Kind::Lost), &Default::default(), None);
            assert_ne!(finding.rule.id, RULE, "{entry:?}");
        }
    }

    #[test]
    fn each_condition_of_an_entry_counts() {
        for entry in KNOWLEDGE {
            let up = [side(entry, false), side(entry, true)];
            let mut contexts = up.clone();
            let mut other = change(entry, entry.kind);
            let mut targets = other.targets.to_vec();
            match entry.when {
                When::Always => continue,
                When::SameHost => {
                    contexts[0].microcode = Some("1".into());
                    contexts[1].microcode = Some("2".into());
                }
                When::NoPc => targets[0].arch = Some("x86_64".into()),
                When::NoPcOrSameHost => {
                    contexts[0].cpu = Some("AMD family 23 model 1 stepping 2".into());
                    contexts[1].cpu = Some("AMD family 25 model 1 stepping 1".into());
                }
                When::NoVersionsBefore => other.evidence.is_listed_version = false,
                When::Emulated => targets[0].virttype = Some("kvm".into()),
                When::Only(_) => other.evidence.members.push("sev".into()),
            }
            other.targets = targets.into();
            assert_eq!(entry.explains(&other, &Sides::new(&contexts)), None, "{entry:?}");
            assert!(entry.explains(&change(entry, entry.kind), &Sides::new(&up)).is_some());
        }
    }
}
