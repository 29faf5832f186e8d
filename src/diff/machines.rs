//! What the machine lists say: deprecation, and where aliases point.

use super::change::{ChangedTarget, Difference, Kind, Plain};
use super::pairs::Matched;
use crate::model::{Machine, TargetNames};

/// `machine[NAME].deprecated` and `alias[NAME]`, wherever both sides list what they are about.
pub(super) fn changes<D: Clone>(matched: &Matched<'_, D>) -> Vec<(Difference, ChangedTarget)> {
    let (old, new) = (&matched.old, &matched.new);
    if !old.has_list() || !new.has_list() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, machine) in &old.listed {
        match new.listed_at(at) {
            Some(other) => found.extend(compare(*at, machine, other)),
            None if machine.canonical.is_some() && new.has_type(*at) => {
                found.push(alias(*at, Some(machine), None));
            }
            None => {}
        }
    }
    for (at, machine) in &new.listed {
        match old.listed_at(at) {
            // Those that the old side chose too were looked at from there.
            Some(other) if !old.listed.contains_key(at) => {
                found.extend(compare(*at, other, machine));
            }
            None if machine.canonical.is_some() && old.has_type(*at) => {
                found.push(alias(*at, None, Some(machine)));
            }
            _ => {}
        }
    }
    found
}

fn compare(
    at: TargetNames<'_>,
    old: &Machine,
    new: &Machine,
) -> Option<(Difference, ChangedTarget)> {
    if old.canonical != new.canonical {
        return Some(alias(at, Some(old), Some(new)));
    }
    // An alias is as deprecated as its machine, which says so itself.
    if old.deprecated == new.deprecated || old.canonical.is_some() {
        return None;
    }
    let path = format!("machine[{}].deprecated", crate::model::escape_key(at.machine));
    let text = |deprecated: bool| Some(Plain::text(if deprecated { "yes" } else { "no" }));
    let difference = Difference::new(Kind::Changed, &path);
    let target = ChangedTarget::new(at, Some(at.machine), Some(at.machine));
    Some((difference.with_sides(text(old.deprecated), text(new.deprecated)), target))
}

/// An alias that points elsewhere, or that one side does not have.
fn alias(
    at: TargetNames<'_>,
    old: Option<&Machine>,
    new: Option<&Machine>,
) -> (Difference, ChangedTarget) {
    let canonical =
        |machine: Option<&Machine>| machine.and_then(|machine| machine.canonical.clone());
    let (old, new) = (canonical(old), canonical(new));
    let path = format!("alias[{}]", crate::model::escape_key(at.machine));
    let target = ChangedTarget::new(at, old.as_deref(), new.as_deref());
    let target = target.with_alias(Some(at.machine));
    let difference = Difference::new(Kind::Changed, &path);
    (difference.with_sides(old.map(Plain::Text), new.map(Plain::Text)), target)
}
