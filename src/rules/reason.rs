//! Why a finding matters, in the words of the one who must act on it.

use super::Rule;
use crate::diff::{Change, Kind};

/// How many blocking features are named.
const NAMED: usize = 8;

/// One sentence without a full stop.
pub(super) fn reason(rule: &Rule, change: &Change) -> String {
    let value = change.difference.value.as_deref().unwrap_or_default();
    match rule.id {
        "machine-removed" => format!("guests of machine type {value} cannot start or arrive here"),
        "loader-removed" => format!("guests whose XML names {value} cannot start"),
        "cpu-model-removed" => format!("guests of CPU model {value} cannot start or arrive here"),
        "cpu-model-unusable" if !change.blockers.is_empty() => {
            format!("blocked by {}", features(&change.blockers))
        }
        "gained" if change.difference.path.ends_with(".usable") && !change.blockers.is_empty() => {
            format!("no longer blocked by {}", features(&change.blockers))
        }
        "enum-value-lost" => format!("guests that ask for {value} there cannot start"),
        "reporting-changed" if change.difference.kind == Kind::Reported => {
            "libvirt began to report it; the host need not differ".to_owned()
        }
        "reporting-changed" => "libvirt ceased to report it; the host need not differ".to_owned(),
        _ => rule.summary.to_owned(),
    }
}

fn features(blockers: &[String]) -> String {
    let named = blockers.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match blockers.len().checked_sub(NAMED) {
        None | Some(0) => named,
        Some(more) => format!("{named} and {more} more"),
    }
}
