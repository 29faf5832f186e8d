//! What appeared or went as a whole: emulator, arch, virttype, machine or target, and only the
//! topmost of them.

use std::collections::BTreeSet;

use super::change::{ChangedTarget, Difference, Kind};
use super::pairs::{Matched, Side};
use crate::model::TargetNames;

type Found = Vec<(Difference, ChangedTarget)>;

/// Everything that one side has and the other has not.
pub(super) fn changes<D: Clone>(matched: &Matched<'_, D>) -> Found {
    let (old, new) = (&matched.old, &matched.new);
    let mut found = Vec::new();
    if new.speaks_for_absence(old) {
        found.extend(missing(old, new, Kind::Lost));
    }
    if old.speaks_for_absence(new) {
        found.extend(missing(new, old, Kind::Gained));
    }
    found
}

/// What `side` has and `other` has not.
fn missing<D>(side: &Side<'_, D>, other: &Side<'_, D>, kind: Kind) -> Found {
    // What was merely not chosen is there.
    let there = other.all_targets();
    let gone: Vec<TargetNames<'_>> = side.targets.difference(there).copied().collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let emulators = names(other, |target| [target.emulator]);
    let arches = names(other, |target| [target.emulator, target.arch]);
    let virttypes = names(other, |target| [target.emulator, target.arch, target.virttype]);
    let machines = names(other, |target| [target.emulator, target.arch, target.machine]);
    let difference = |path: &str, value: &str| Difference::new(kind, path).with_value(value);
    let found = gone.into_iter().map(|target| {
        let TargetNames { arch, virttype, machine, emulator } = target;
        if !emulators.contains(&[emulator]) {
            (difference("emulator", emulator), at(target, None, kind))
        } else if !arches.contains(&[emulator, arch]) {
            (difference("arch", arch), at(target, None, kind))
        } else if !virttypes.contains(&[emulator, arch, virttype]) {
            (difference("virttype", virttype), at(target, None, kind))
        } else if !machines.contains(&[emulator, arch, machine]) {
            (difference("machine", machine), at(target, Some(machine), kind))
        } else {
            (difference("target", &target.to_string()), at(target, Some(machine), kind))
        }
    });
    found.collect()
}

fn names<'o, D, const N: usize>(
    side: &Side<'o, D>,
    name: impl Fn(&TargetNames<'o>) -> [&'o str; N],
) -> BTreeSet<[&'o str; N]> {
    side.all_targets().iter().map(name).collect()
}

/// Where it was, as far as the level says.
fn at(target: TargetNames<'_>, machine: Option<&str>, kind: Kind) -> ChangedTarget {
    let on = |side: Kind| machine.filter(|_| kind == side);
    ChangedTarget::new(target, on(Kind::Lost), on(Kind::Gained))
}
