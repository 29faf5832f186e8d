//! Which emulator of one side is which of the other's.
//!
//! An emulator's path is echoed and not resolved, and distributions name it as they like. So a
//! side's only emulator for an (arch, virttype) matches the other side's only one; the two are then
//! one emulator wherever they stand, or a lost kvm would read as a lost emulator on one way and as
//! a gained kvm on the way back.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::{Observed, Outcome};
use crate::model::{FailureClass, Target};

/// Arch and virttype.
type Type = (String, String);

/// The emulators of one side, for each type.
pub(super) struct Emulators {
    by_type: BTreeMap<Type, BTreeSet<String>>,
    /// Listed ones that were asked under another path.
    folded: BTreeMap<(Type, String), String>,
}

/// Names that both sides share, for the emulators of one side.
#[derive(Default)]
pub(super) struct Names {
    folded: BTreeMap<(Type, String), String>,
    shared: BTreeMap<(Type, String), String>,
}

/// The names of both sides.
pub(super) struct BothNames {
    pub(super) old: Names,
    pub(super) new: Names,
}

impl Names {
    /// The target with its emulator under the shared name.
    pub(super) fn apply(&self, mut target: Target) -> Target {
        for names in [&self.folded, &self.shared] {
            let of_type = (target.arch.clone(), target.virttype.clone());
            if let Some(name) = names.get(&(of_type, target.emulator.clone())) {
                target.emulator.clone_from(name);
            }
        }
        target
    }
}

/// The emulators of a side. Where the targets that were asked and the machine list each know one of
/// a type, and call it differently, it is the one that was asked.
pub(super) fn of<D>(side: &Observed<D>) -> Emulators {
    let mut of_targets: BTreeMap<Type, BTreeSet<String>> = BTreeMap::new();
    let mut listed = of_targets.clone();
    for (target, outcome) in &side.outcomes {
        if !matches!(outcome, Outcome::Failed { class: FailureClass::Unsupported, .. }) {
            let of_type = (target.arch.clone(), target.virttype.clone());
            of_targets.entry(of_type).or_default().insert(target.emulator.clone());
        }
    }
    for machine in side.machines.iter().flat_map(|list| list.iter()) {
        let of_type = (machine.arch.clone(), machine.virttype.clone());
        listed.entry(of_type).or_default().insert(machine.emulator.clone().unwrap_or_default());
    }
    let is_asked = |of_type: &Type, emulator: &String| {
        let mut asked = side.outcomes.keys();
        asked.any(|it| (&it.arch, &it.virttype, &it.emulator) == (&of_type.0, &of_type.1, emulator))
    };
    let mut folded = BTreeMap::new();
    for (of_type, names) in listed {
        match (only(&names), of_targets.get(&of_type).and_then(only)) {
            (Some(listed), Some(known)) if listed != known && !is_asked(&of_type, listed) => {
                folded.insert((of_type, listed.clone()), known.clone());
            }
            _ => of_targets.entry(of_type).or_default().extend(names),
        }
    }
    Emulators { by_type: of_targets, folded }
}

fn only(names: &BTreeSet<String>) -> Option<&String> {
    names.first().filter(|_| names.len() == 1)
}

/// Names for both sides under which the same emulators stand.
pub(super) fn names(old: &Emulators, new: &Emulators) -> BothNames {
    let mut group = Groups::default();
    for (of_type, names) in &old.by_type {
        if let (Some(from), Some(to)) = (only(names), new.by_type.get(of_type).and_then(only)) {
            group.join(from, to);
        }
    }
    let shared = |side: &Emulators, other: &Emulators| {
        let mut shared = BTreeMap::new();
        for (of_type, names) in &side.by_type {
            // Two emulators of one type stay two, on both sides.
            let of_both = names.iter().chain(other.by_type.get(of_type).into_iter().flatten());
            let distinct: BTreeSet<&String> = of_both.clone().collect();
            let heads: BTreeSet<&str> = of_both.map(|name| group.head(name)).collect();
            let is_one_each =
                names.len() <= 1 && other.by_type.get(of_type).is_none_or(|it| it.len() <= 1);
            if is_one_each || heads.len() == distinct.len() {
                for name in names {
                    let head = group.head(name).to_owned();
                    shared.insert((of_type.clone(), name.clone()), head);
                }
            }
        }
        shared
    };
    BothNames {
        old: Names { folded: old.folded.clone(), shared: shared(old, new) },
        new: Names { folded: new.folded.clone(), shared: shared(new, old) },
    }
}

/// Names that mean the same emulator, each under the last of them in order: the same whichever side
/// is called old.
#[derive(Default)]
struct Groups(BTreeMap<String, String>);

impl Groups {
    fn head<'n>(&'n self, name: &'n str) -> &'n str {
        self.0.get(name).map_or(name, String::as_str)
    }

    fn join(&mut self, one: &str, other: &str) {
        let (one, other) = (self.head(one).to_owned(), self.head(other).to_owned());
        let head = one.clone().max(other.clone());
        for name in [one, other] {
            for known in self.0.values_mut().filter(|known| **known == name) {
                known.clone_from(&head);
            }
            self.0.insert(name, head.clone());
        }
    }
}
