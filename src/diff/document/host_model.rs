//! host-model's features: a delta against the model it names, so comparable only where both sides
//! name the same model and were asked under the same flags.
//!
//! Else a feature that libvirt's cpu_map folded into a model would read as lost (kubevirt#17947).

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Difference, Facts, Kind};
use crate::model::{HOST_MODEL, Value, escape_key, is_at_or_below};

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
    let (old, new) = (policies(old), policies(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let kind = match (old.get(name).copied(), new.get(name).copied()) {
            (old, new) if old == new => continue,
            (Some(FeaturePolicy::Has), Some(_)) => Kind::Lost,
            (Some(FeaturePolicy::Lacks), Some(_)) => Kind::Gained,
            // Absent is "as the named model has it", and each libvirt defines the model.
            (Some(_), None) if comparison.scope.is_other_libvirt => Kind::Unreported,
            (None, Some(_)) if comparison.scope.is_other_libvirt => Kind::Reported,
            (Some(FeaturePolicy::Has), None) | (None, Some(FeaturePolicy::Lacks)) => Kind::Lost,
            _ => Kind::Gained,
        };
        comparison.found.push(Difference::new(kind, FEATURES).with_value(name));
    }
}

/// What host-model says of a feature that it lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeaturePolicy {
    /// `require` and `force`.
    Has,
    /// `disable` and `forbid`.
    Lacks,
}

/// The features that a side lists; others are as the named model has them.
fn policies(side: &Facts<'_>) -> BTreeMap<String, FeaturePolicy> {
    let features =
        side.iter().filter(|(path, _)| is_at_or_below(path, FEATURES) && path.ends_with(POLICY));
    let policies = features.filter_map(|(path, value)| {
        let policy = match value {
            Value::Text("require" | "force") => FeaturePolicy::Has,
            Value::Text("disable" | "forbid") => FeaturePolicy::Lacks,
            _ => return None,
        };
        Some((feature_name(path)?, policy))
    });
    policies.collect()
}

/// Whether a difference takes a feature away, or may: host-model required it and no longer lists it, or
/// now disables what it did not list.
pub(super) fn may_be_loss(difference: &Difference, old: &Facts<'_>, new: &Facts<'_>) -> bool {
    let Some(name) = difference.value.as_deref().filter(|_| difference.path == FEATURES) else {
        return false;
    };
    let policy = format!("{FEATURES}[{}]{POLICY}", escape_key(name));
    match difference.kind {
        Kind::Unreported => matches!(old.get(&policy), Some(Value::Text("require" | "force"))),
        Kind::Reported => matches!(new.get(&policy), Some(Value::Text("disable" | "forbid"))),
        _ => false,
    }
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
