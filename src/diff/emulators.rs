//! Which emulator of one side is which of the other's.
//!
//! An emulator's path is echoed and not resolved, and distributions name it as they like. So a
//! side's only emulator for an (arch, virttype) matches the other side's only one; the two are then
//! one emulator wherever they stand, or a lost kvm would read as a lost emulator on one way and as
//! a gained kvm on the way back.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::{Observed, Outcome};
use crate::model::{FailureClass, TargetNames};

/// Arch and virttype.
type Type<'o> = (&'o str, &'o str);

/// Names of the emulators of a type, under which others are known.
type Known<'o> = BTreeMap<(Type<'o>, &'o str), &'o str>;

/// The emulators of one side, for each type.
pub(super) struct Emulators<'o> {
    by_type: BTreeMap<Type<'o>, BTreeSet<&'o str>>,
    /// Listed ones that were asked under another path.
    folded: Known<'o>,
}

/// Names that both sides share, for the emulators of one side.
#[derive(Default)]
pub(super) struct Names<'o> {
    folded: Known<'o>,
    shared: Known<'o>,
}

/// The names of both sides.
pub(super) struct BothNames<'o> {
    pub(super) old: Names<'o>,
    pub(super) new: Names<'o>,
}

impl<'o> Names<'o> {
    /// The target with its emulator under the shared name.
    pub(super) fn apply(&self, mut target: TargetNames<'o>) -> TargetNames<'o> {
        for names in [&self.folded, &self.shared] {
            let of_type = (target.arch, target.virttype);
            if let Some(name) = names.get(&(of_type, target.emulator)) {
                target.emulator = name;
            }
        }
        target
    }
}

/// The emulators of a side. Where the targets that were asked and the machine list each know one of
/// a type, and call it differently, it is the one that was asked.
pub(super) fn of<D>(side: &Observed<D>) -> Emulators<'_> {
    let mut of_targets: BTreeMap<Type<'_>, BTreeSet<&str>> = BTreeMap::new();
    let mut listed = of_targets.clone();
    for (target, outcome) in &side.outcomes {
        if !matches!(outcome, Outcome::Failed { class: FailureClass::Unsupported, .. }) {
            of_targets
                .entry((&target.arch, &target.virttype))
                .or_default()
                .insert(&target.emulator);
        }
    }
    for machine in side.machines.iter().flat_map(|list| list.iter()) {
        let TargetNames { arch, virttype, emulator, .. } = TargetNames::of(machine);
        listed.entry((arch, virttype)).or_default().insert(emulator);
    }
    let asked = side.outcomes.keys().map(|it| ((&*it.arch, &*it.virttype), &*it.emulator));
    let asked: BTreeSet<(Type<'_>, &str)> = asked.collect();
    let is_asked = |of_type, emulator| asked.contains(&(of_type, emulator));
    let mut folded = BTreeMap::new();
    for (of_type, names) in listed {
        match (only(&names), of_targets.get(&of_type).and_then(only)) {
            (Some(listed), Some(known)) if listed != known && !is_asked(of_type, listed) => {
                folded.insert((of_type, listed), known);
            }
            _ => of_targets.entry(of_type).or_default().extend(names),
        }
    }
    Emulators { by_type: of_targets, folded }
}

fn only<'o>(names: &BTreeSet<&'o str>) -> Option<&'o str> {
    names.first().filter(|_| names.len() == 1).copied()
}

/// A type's only emulator, where it stands at another path on the other side: type, old and new path.
pub(super) type MovedEmulator<'o> = (Type<'o>, &'o str, &'o str);

/// Every emulator that was matched whatever its path, and whose path differs.
pub(super) fn moved<'o>(old: &Emulators<'o>, new: &Emulators<'o>) -> Vec<MovedEmulator<'o>> {
    let moved = old.by_type.iter().filter_map(|(of_type, names)| {
        let (from, to) = (only(names)?, new.by_type.get(of_type).and_then(only)?);
        let is_known = !from.is_empty() && !to.is_empty();
        (is_known && from != to).then_some((*of_type, from, to))
    });
    moved.collect()
}

/// Names for both sides under which the same emulators stand.
pub(super) fn names<'o>(old: Emulators<'o>, new: Emulators<'o>) -> BothNames<'o> {
    let mut group = Groups::default();
    for (of_type, names) in &old.by_type {
        if let (Some(from), Some(to)) = (only(names), new.by_type.get(of_type).and_then(only)) {
            group.join(from, to);
        }
    }
    let shared = |side: &Emulators<'o>, other: &Emulators<'o>| {
        let mut shared = BTreeMap::new();
        for (of_type, names) in &side.by_type {
            // Two emulators of one type stay two, on both sides.
            let of_both = names.iter().chain(other.by_type.get(of_type).into_iter().flatten());
            let distinct: BTreeSet<&str> = of_both.clone().copied().collect();
            let heads: BTreeSet<&str> = of_both.map(|name| group.head(name)).collect();
            let is_one_each =
                names.len() <= 1 && other.by_type.get(of_type).is_none_or(|it| it.len() <= 1);
            if is_one_each || heads.len() == distinct.len() {
                for name in names {
                    shared.insert((*of_type, *name), group.head(name));
                }
            }
        }
        shared
    };
    let (of_old, of_new) = (shared(&old, &new), shared(&new, &old));
    BothNames {
        old: Names { folded: old.folded, shared: of_old },
        new: Names { folded: new.folded, shared: of_new },
    }
}

/// Names that mean the same emulator, each under the last of them in order: the same whichever side
/// is called old.
#[derive(Default)]
struct Groups<'o> {
    of: BTreeMap<&'o str, usize>,
    /// The last name of each group, and all its names; a host may call each emulator otherwise.
    groups: Vec<(&'o str, Vec<&'o str>)>,
}

impl<'o> Groups<'o> {
    fn head(&self, name: &'o str) -> &'o str {
        self.of.get(name).map_or(name, |group| self.groups[*group].0)
    }

    fn group(&mut self, name: &'o str) -> usize {
        *self.of.entry(name).or_insert_with(|| {
            self.groups.push((name, vec![name]));
            self.groups.len() - 1
        })
    }

    fn join(&mut self, one: &'o str, other: &'o str) {
        let (mut small, mut large) = (self.group(one), self.group(other));
        if small == large {
            return;
        }
        // The smaller one moves, so that no name moves often.
        if self.groups[small].1.len() > self.groups[large].1.len() {
            (small, large) = (large, small);
        }
        let (head, names) = std::mem::take(&mut self.groups[small]);
        for name in names.iter().copied() {
            self.of.insert(name, large);
        }
        let (last, all) = &mut self.groups[large];
        *last = head.max(*last);
        all.extend(names);
    }
}
