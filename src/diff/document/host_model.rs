//! host-model's features: a delta against the model it names, so comparable only where both sides
//! name the same model and were asked under the same flags.
//!
//! Else a feature that libvirt's cpu_map folded into a model would read as lost (kubevirt#17947).

use std::collections::BTreeSet;

use super::{Comparison, Difference, Facts, Kind};
use crate::model::{HOST_MODEL, Value, is_at_or_below};

const FEATURES: &str = "cpu.mode[host-model].feature";
const MODEL: &str = "cpu.mode[host-model].model";
const POLICY: &str = ".policy";

/// Whether `path` belongs to a host-model feature that is not compared like other elements: its
/// policy, or anything of a feature that only one side lists.
pub(super) fn is_feature(comparison: &Comparison<'_, '_>, path: &str) -> bool {
    if path.strip_prefix(FEATURES).is_none_or(|rest| !rest.starts_with('[')) {
        return false;
    }
    let element = crate::model::ancestors(path).nth(2).unwrap_or(path);
    let is_on_both_sides =
        comparison.old.has_element(element) && comparison.new.has_element(element);
    let attribute = &path[element.len()..];
    !is_on_both_sides || attribute.is_empty() || attribute.starts_with(POLICY)
}

/// Whether a difference at `path` can be one of features.
pub(super) fn is_below(path: &str) -> bool {
    is_at_or_below(path, FEATURES)
}

/// Features gained and lost.
pub(super) fn features(comparison: &mut Comparison<'_, '_>) {
    let (old, new) = (comparison.old, comparison.new);
    let is_on_both_sides = old.has_element(HOST_MODEL) && new.has_element(HOST_MODEL);
    let is_hidden = comparison.is_hidden(FEATURES);
    let is_same_model = old.get(MODEL).is_some() && old.get(MODEL) == new.get(MODEL);
    if !is_on_both_sides || is_hidden || !is_same_model || comparison.scope.is_other_flags {
        return;
    }
    let (old, new) = (required(old), required(new));
    for lost in old.difference(&new) {
        comparison.found.push(Difference::new(Kind::Lost, FEATURES).with_value(lost));
    }
    for gained in new.difference(&old) {
        comparison.found.push(Difference::new(Kind::Gained, FEATURES).with_value(gained));
    }
}

/// The features the host has: `require`; `disable` and absent are not having it.
fn required(side: &Facts<'_>) -> BTreeSet<String> {
    let features = side.iter().filter(|(path, value)| {
        is_at_or_below(path, FEATURES) && path.ends_with(POLICY) && *value == Value::Text("require")
    });
    features.filter_map(|(path, _)| feature_name(path)).collect()
}

/// The name behind `cpu.mode[host-model].feature[NAME].policy`.
fn feature_name(path: &str) -> Option<String> {
    let key = path.strip_prefix(FEATURES)?.strip_prefix('[')?.strip_suffix(POLICY)?;
    let key = key.strip_suffix(']')?;
    let mut name = String::with_capacity(key.len());
    let mut letters = key.chars();
    while let Some(letter) = letters.next() {
        name.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    Some(name)
}
