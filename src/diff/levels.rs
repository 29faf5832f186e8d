//! What appeared or went as a whole: emulator, arch, virttype, machine or target, and only the
//! topmost of them.

use std::collections::BTreeSet;

use super::change::{ChangedTarget, Difference, Kind};
use super::pairs::{Matched, Side};
use crate::model::Target;

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
    let gone: Vec<&Target> = side.targets.difference(&other.targets).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let emulators = names(other, |target| [target.emulator.clone()]);
    let arches = names(other, |target| [target.emulator.clone(), target.arch.clone()]);
    let virttypes = names(other, |target| {
        [target.emulator.clone(), target.arch.clone(), target.virttype.clone()]
    });
    let machines = names(other, |target| {
        [target.emulator.clone(), target.arch.clone(), target.machine.clone()]
    });
    let difference = |path: &str, value: &str| Difference::new(kind, path).with_value(value);
    let found = gone.into_iter().map(|target| {
        let Target { arch, virttype, machine, emulator } = target.clone();
        if !emulators.contains(std::slice::from_ref(&emulator)) {
            (difference("emulator", &emulator), at(target, None, kind))
        } else if !arches.contains(&[emulator.clone(), arch.clone()]) {
            (difference("arch", &arch), at(target, None, kind))
        } else if !virttypes.contains(&[emulator.clone(), arch.clone(), virttype.clone()]) {
            (difference("virttype", &virttype), at(target, None, kind))
        } else if !machines.contains(&[emulator, arch, machine.clone()]) {
            (difference("machine", &machine), at(target, Some(&target.machine), kind))
        } else {
            let name = target.to_string();
            (difference("target", &name), at(target, Some(&target.machine), kind))
        }
    });
    found.collect()
}

fn names<D, const N: usize>(
    side: &Side<'_, D>,
    name: impl Fn(&Target) -> [String; N],
) -> BTreeSet<[String; N]> {
    side.targets.iter().map(name).collect()
}

/// Where it was, as far as the level says.
fn at(target: &Target, machine: Option<&String>, kind: Kind) -> ChangedTarget {
    let on = |side: Kind| machine.map(String::as_str).filter(|_| kind == side);
    ChangedTarget::new(target, on(Kind::Lost), on(Kind::Gained))
}
