//! Which target of one snapshot is matched with which of the other.
//!
//! By emulator, arch, virttype and machine; a side's only emulator for an (arch, virttype) matches
//! the other side's only one whatever its path (`qemu-kvm`, `qemu-system-x86_64`); and an alias
//! on one side (`q35`) is matched with the same alias on the other beside the canonical match.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{ChangedTarget, Difference, Kind, Plain};
use super::emulators;
use super::snapshot::{NotCompared, Observed, Outcome};
use crate::model::{FailureClass, Machine, MachineList, State, Target, TargetNames, escape_key};

/// Two documents to compare.
pub(super) struct Pair<D> {
    pub(super) old: D,
    pub(super) new: D,
    pub(super) target: ChangedTarget,
}

impl<D: Clone> Pair<D> {
    /// Two documents that the user chose, whatever they describe.
    pub(super) fn chosen(old: (&Target, &D), new: (&Target, &D)) -> Self {
        // What the new side does not say is the old one's.
        let or =
            |new: &String, old: &String| if new.is_empty() { old.clone() } else { new.clone() };
        let at = Target {
            arch: or(&new.0.arch, &old.0.arch),
            virttype: or(&new.0.virttype, &old.0.virttype),
            machine: new.0.machine.clone(),
            emulator: or(&new.0.emulator, &old.0.emulator),
        };
        let target = ChangedTarget::new(&at, Some(&old.0.machine), Some(&new.0.machine));
        Self { old: old.1.clone(), new: new.1.clone(), target }
    }
}

/// One side, its emulators under names that both sides share where they are matched.
pub(super) struct Side<'o, D> {
    observed: &'o Observed<D>,
    /// Every target the side has: listed, answered, or failed for reasons of the moment.
    pub(super) targets: BTreeSet<TargetNames<'o>>,
    outcomes: BTreeMap<TargetNames<'o>, &'o Outcome<D>>,
    /// Entries of the machine list, by where they stand.
    pub(super) listed: BTreeMap<TargetNames<'o>, &'o Machine>,
    /// Of what targets were chosen from: every target, and the machine list.
    whole: Option<(BTreeSet<TargetNames<'o>>, BTreeMap<TargetNames<'o>, &'o Machine>)>,
}

/// The entries of a machine list under the names that both sides share.
type Listed<'o> = Vec<(TargetNames<'o>, &'o Machine)>;

fn listed<'o>(machines: Option<&'o MachineList>, names: &emulators::Names<'o>) -> Listed<'o> {
    let machines = machines.into_iter().flat_map(MachineList::iter);
    machines.map(|machine| (names.apply(TargetNames::of(machine)), machine)).collect()
}

/// What each target that was asked gave, under the names that both sides share.
type Asked<'o, D> = Vec<(TargetNames<'o>, &'o Outcome<D>)>;

fn asked<'o, D>(
    outcomes: &'o BTreeMap<Target, Outcome<D>>,
    names: &emulators::Names<'o>,
) -> Asked<'o, D> {
    outcomes.iter().map(|(target, outcome)| (names.apply(target.into()), outcome)).collect()
}

/// Every target that there is: listed, answered, or failed for reasons of the moment.
fn targets<'o, D>(listed: &Listed<'o>, asked: &Asked<'o, D>) -> BTreeSet<TargetNames<'o>> {
    let machines = listed.iter().filter(|(_, machine)| machine.canonical.is_none());
    let mut said: Vec<(TargetNames<'_>, bool)> = machines.map(|(at, _)| (*at, true)).collect();
    said.extend(asked.iter().map(|(target, outcome)| {
        let class = FailureClass::Unsupported;
        (*target, !matches!(outcome, Outcome::Failed { class: it, .. } if *it == class))
    }));
    // What is said last of a target counts: what it answered, before that it is listed.
    said.sort_by_key(|(target, _)| *target);
    let last = said.chunk_by(|a, b| a.0 == b.0).filter_map(<[_]>::last);
    last.filter(|(_, has)| *has).map(|(target, _)| *target).collect()
}

/// Both sides, matched.
pub(super) struct Matched<'o, D> {
    pub(super) old: Side<'o, D>,
    pub(super) new: Side<'o, D>,
    moved_emulators: Vec<emulators::MovedEmulator<'o>>,
}

/// An alias both sides have, and the targets it stands for.
type Alias<'o> = (&'o str, TargetNames<'o>, TargetNames<'o>);

impl<'o, D: Clone> Matched<'o, D> {
    pub(super) fn new(old: &'o Observed<D>, new: &'o Observed<D>) -> Self {
        let (of_old, of_new) = (emulators::of(old), emulators::of(new));
        let moved_emulators = emulators::moved(&of_old, &of_new);
        let names = emulators::names(of_old, of_new);
        Self { old: Side::new(old, &names.old), new: Side::new(new, &names.new), moved_emulators }
    }

    /// Every emulator that stands at another path, once for each arch and domain type.
    pub(super) fn moved_emulators(&self) -> impl Iterator<Item = (Difference, ChangedTarget)> {
        let moved = self.moved_emulators.iter();
        moved.map(|((arch, virttype), from, to)| emulator_path([arch, virttype], [from, to]))
    }

    /// Every two documents of one target, and of one alias where its machine moved.
    pub(super) fn pairs(&self) -> Vec<Pair<D>> {
        let mut pairs = Vec::with_capacity(self.old.outcomes.len());
        let aliases = self.aliases();
        let mut names: BTreeMap<TargetNames<'_>, &str> = BTreeMap::new();
        for (alias, old, _) in aliases.iter().filter(|(_, old, new)| old == new) {
            names.entry(*old).or_insert(alias);
        }
        let mut others = self.new.outcomes.iter().peekable();
        for (target, old) in &self.old.outcomes {
            // Both are in order.
            while others.next_if(|(other, _)| *other < target).is_some() {}
            let new = others.next_if(|(other, _)| *other == target);
            if let (Outcome::Document(old), Some((_, Outcome::Document(new)))) = (old, new) {
                let alias = names.get(target).copied();
                let machine = Some(target.machine);
                let target = ChangedTarget::new(*target, machine, machine).with_alias(alias);
                pairs.push(Pair { old: old.clone(), new: new.clone(), target });
            }
        }
        let mut done = BTreeSet::new();
        for (alias, old_target, new_target) in &aliases {
            let outcomes = (self.old.outcomes.get(old_target), self.new.outcomes.get(new_target));
            if let (Some(Outcome::Document(old)), Some(Outcome::Document(new))) = outcomes
                && old_target != new_target
                && done.insert((old_target, new_target))
            {
                let (from, to) = (old_target.machine, new_target.machine);
                let target =
                    ChangedTarget::new(*new_target, Some(from), Some(to)).with_alias(Some(alias));
                pairs.push(Pair { old: old.clone(), new: new.clone(), target });
            }
        }
        pairs
    }

    /// Each alias both sides have, with the targets it stands for; several aliases of one
    /// machine count as the first.
    pub(super) fn aliases(&self) -> Vec<Alias<'o>> {
        let mut found: Vec<Alias<'o>> = Vec::new();
        for (at, old) in self.old.listed.iter().filter(|(_, old)| old.canonical.is_some()) {
            let new = self.new.listed.get(at);
            let canonical = (old.canonical.as_ref(), new.and_then(|new| new.canonical.as_ref()));
            if let (Some(old), Some(new)) = canonical {
                let on = |machine| TargetNames { machine, ..*at };
                found.push((at.machine, on(old), on(new)));
            }
        }
        found.sort();
        found
    }

    /// Targets both sides have and one did not answer for, and documents of one side whose
    /// absence on the other says nothing.
    pub(super) fn not_compared(&self) -> Vec<NotCompared> {
        let both = self.old.targets.intersection(&self.new.targets);
        let both = both.filter_map(|target| {
            let why = self.new.silence(target).or_else(|| self.old.silence(target))?;
            Some(NotCompared { target: target.to_string(), why })
        });
        let only_old = self.old.not_collected_by(&self.new, "the new");
        let only_new = self.new.not_collected_by(&self.old, "the old");
        let mut all: Vec<NotCompared> = both.chain(only_old).chain(only_new).collect();
        all.sort();
        all
    }
}

/// The emulator of two documents of one arch and domain type, where its path differs.
pub(super) fn moved_emulator(old: &Target, new: &Target) -> Option<(Difference, ChangedTarget)> {
    let is_one_type = (&old.arch, &old.virttype) == (&new.arch, &new.virttype);
    let is_known = !old.emulator.is_empty() && !new.emulator.is_empty();
    (is_one_type && is_known && old.emulator != new.emulator)
        .then(|| emulator_path([&new.arch, &new.virttype], [&old.emulator, &new.emulator]))
}

fn emulator_path(
    [arch, virttype]: [&str; 2],
    [from, to]: [&str; 2],
) -> (Difference, ChangedTarget) {
    let path = format!("emulator[{}]", escape_key(&format!("{arch}/{virttype}")));
    let difference = Difference::new(Kind::Changed, &path);
    let difference = difference.with_sides(Some(Plain::text(from)), Some(Plain::text(to)));
    let at = TargetNames { arch, virttype, machine: "", emulator: to };
    (difference, ChangedTarget::new(at, None, None))
}

impl<'o, D> Side<'o, D> {
    fn new(observed: &'o Observed<D>, names: &emulators::Names<'o>) -> Self {
        let machines = listed(observed.machines.as_ref(), names);
        let outcomes = asked(&observed.outcomes, names);
        let whole = observed.whole.as_ref().map(|whole| {
            let machines = listed(whole.machines.as_ref(), names);
            let all = targets(&machines, &asked(&whole.outcomes, names));
            (all, machines.into_iter().collect())
        });
        Self {
            observed,
            targets: targets(&machines, &outcomes),
            outcomes: outcomes.into_iter().collect(),
            listed: machines.into_iter().collect(),
            whole,
        }
    }

    /// Every target that the side has, also those that were not chosen.
    pub(super) fn all_targets(&self) -> &BTreeSet<TargetNames<'o>> {
        self.whole.as_ref().map_or(&self.targets, |(all, _)| all)
    }

    /// The entry of the machine list, also where its machine was not chosen.
    pub(super) fn listed_at(&self, at: &TargetNames<'o>) -> Option<&'o Machine> {
        let whole = || self.whole.as_ref().and_then(|(_, machines)| machines.get(at));
        self.listed.get(at).or_else(whole).copied()
    }

    /// Whether the side has a machine list, which is complete.
    pub(super) fn has_list(&self) -> bool {
        self.observed.machines.is_some()
    }

    /// Whether the side has any target of that emulator, arch and virttype.
    pub(super) fn has_type(&self, of: TargetNames<'_>) -> bool {
        let from = TargetNames { machine: "", emulator: "", ..of };
        let same_type =
            |target: &&TargetNames<'_>| target.arch == of.arch && target.virttype == of.virttype;
        let mut targets = self.targets.range(from..).take_while(same_type);
        targets.any(|target| target.emulator == of.emulator)
    }

    /// Whether what this side does not have is gone, when `other` has it: a machine list says
    /// so, and where neither has one, the documents of a snapshot that was not cut short.
    pub(super) fn speaks_for_absence(&self, other: &Self) -> bool {
        let is_whole = matches!(self.observed.state, State::Complete | State::Suspect);
        self.has_list() || (is_whole && !other.has_list())
    }

    /// Documents of this side that the other did not collect, without saying that they are gone.
    fn not_collected_by(&self, other: &Self, side: &str) -> Vec<NotCompared> {
        if other.speaks_for_absence(self) {
            return Vec::new();
        }
        let missing = self.targets.difference(&other.targets);
        let with_document = missing.filter(|target| self.silence(target).is_none());
        let why = format!("not collected on {side} side");
        with_document
            .map(|target| NotCompared { target: target.to_string(), why: why.clone() })
            .collect()
    }

    /// Why there is no document for a target that the side has.
    fn silence(&self, target: &TargetNames<'_>) -> Option<String> {
        match self.outcomes.get(target) {
            Some(Outcome::Document(_)) => None,
            Some(Outcome::Failed { class, message }) => {
                Some(format!("{}: {message}", class.name()))
            }
            None => Some("not asked".to_owned()),
        }
    }
}
