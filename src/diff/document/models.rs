//! Custom CPU models: their names are a set, `usable` is support, blockers explain it.

use std::collections::BTreeSet;

use super::{Comparison, Difference, Differing, Facts, Kind, support};
use crate::model::{CUSTOM_MODELS, Members, Value, base_of_version, escape_key};

/// The paths of the models that only one of two sides names, where both report the names.
pub(super) fn came_or_went(old: &Facts<'_>, new: &Facts<'_>) -> Vec<String> {
    let (Some(Value::Set(old)), Some(Value::Set(new))) =
        (old.get(CUSTOM_MODELS), new.get(CUSTOM_MODELS))
    else {
        return Vec::new();
    };
    let [old, new] = [old, new].map(|names| names.iter().collect::<BTreeSet<_>>());
    old.symmetric_difference(&new)
        .map(|name| format!("{CUSTOM_MODELS}[{}]", escape_key(name)))
        .collect()
}

/// The model that `path` says something of, and what: `cpu.mode[custom].model[EPYC]`, `usable`.
fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(CUSTOM_MODELS)?.strip_prefix('[')?;
    let (model, attribute) = path.rsplit_once('.')?;
    model.ends_with(']').then_some((model, attribute))
}

/// Whether `path` is a model's `usable`.
pub(super) fn is_usable(path: &str) -> bool {
    split(path).is_some_and(|(_, attribute)| attribute == "usable")
}

/// Whether `path` is a model's blockers.
pub(super) fn is_blockers(path: &str) -> bool {
    split(path).is_some_and(|(_, attribute)| attribute == "blockers")
}

/// Whether `above` is a model in whose path its blockers stand, at or above `path`: they are an
/// element beside the model's, and can be there without it.
pub(super) fn holds(above: &str, path: &str) -> bool {
    let rest = path.strip_prefix(above).and_then(|rest| rest.strip_prefix(".blockers"));
    rest.is_some() && split(&format!("{above}.blockers")).is_some()
}

/// Whether these are blockers, and none: the same as not listing any.
pub(super) fn blocks_nothing(path: &str, value: Value<'_>) -> bool {
    is_blockers(path) && matches!(value, Value::Set(features) if features.is_empty())
}

/// Blockers that changed on their own: the whole lists.
pub(super) fn blockers(
    comparison: &mut Comparison<'_, '_>,
    each: &Differing<'_>,
    old: Members<'_>,
    new: Members<'_>,
) {
    let path = each.path;
    comparison.found.push(match (old.is_empty(), new.is_empty()) {
        (true, _) => Difference::new(Kind::Reported, path),
        (_, true) => Difference::new(Kind::Unreported, path),
        _ => {
            let [old, new] = comparison.plain(each);
            Difference::new(Kind::Changed, path).with_sides(old, new)
        }
    });
}

/// Whether `path` only explains another change: blockers of a model whose `usable` changed.
pub(super) fn explains(comparison: &Comparison<'_, '_>, path: &str) -> bool {
    let Some((model, "blockers")) = split(path) else { return false };
    let usable = format!("{model}.usable");
    let [old, new] = [comparison.old, comparison.new].map(|side| side.get(&usable));
    old != new && support(old) != support(new)
}

/// Whether a model that came or went cannot be used on the side that lists it.
pub(super) fn is_listed_unusable<'a>(
    difference: &Difference,
    old: &Facts<'a>,
    new: &Facts<'a>,
) -> bool {
    let Some(model) = difference.value.as_deref().filter(|_| difference.path == CUSTOM_MODELS)
    else {
        return false;
    };
    let side = if difference.kind == Kind::Lost { old } else { new };
    let usable = side.get(&format!("{CUSTOM_MODELS}[{}].usable", escape_key(model)));
    matches!(usable, Some(Value::Text("no")))
}

/// Whether the name of a model that came or went is a version of another one on the side that lists it:
/// `EPYC-v1` beside `EPYC`. Arm's `neoverse-v1` is a model of its own.
pub(super) fn is_listed_version<'a>(
    difference: &Difference,
    old: &Facts<'a>,
    new: &Facts<'a>,
) -> bool {
    let Some(name) = difference.value.as_deref().filter(|_| difference.path == CUSTOM_MODELS)
    else {
        return false;
    };
    let side = if difference.kind == Kind::Lost { old } else { new };
    base_of_version(name).is_some_and(|base| side.names_model(base))
}

/// Where the blockers of the model stand whose `usable` is at `path`.
pub(super) fn blockers_path(path: &str) -> Option<String> {
    is_usable(path).then(|| format!("{}blockers", path.trim_end_matches("usable")))
}
