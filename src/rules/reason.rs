//! Why a finding matters, in the words of the one who must act on it.

use super::finding::Circumstances;
use super::machines::removal;
use super::{Rule, rule};
use crate::diff::{Change, Kind};
use crate::model::Context;

/// How many blocking features are named.
const NAMED: usize = 8;

/// One sentence without a full stop.
pub(super) fn reason(rule: &Rule, change: &Change, beside: &Circumstances<'_>) -> String {
    let difference = &change.difference;
    let value = difference.value.as_deref().unwrap_or_default();
    let blockers = &change.evidence.blockers;
    match rule.id {
        "machine-removed" | "target-lost"
            if beside.deprecated.contains(value.rsplit('/').next().unwrap_or_default()) =>
        {
            "guests of this machine type cannot start or arrive here; it was marked deprecated"
                .into()
        }
        "machine-removed" | "target-lost" => {
            "guests of this machine type cannot start or arrive here".to_owned()
        }
        "machine-deprecated" => deprecated(&difference.path),
        "emulator-lost" => emulator(beside),
        "loader-removed" => "guests whose XML names this image cannot start".to_owned(),
        "loader-renamed" => {
            let heir = beside.renamed.get(value).copied().unwrap_or_default();
            format!("guests whose XML names it cannot start; instead there is {heir}")
        }
        "cpu-model-removed" => "guests of this CPU model cannot start or arrive here".to_owned(),
        "cpu-model-unusable" => {
            let mut reason = match blockers.is_empty() {
                true => "guests of this CPU model cannot start or arrive here".to_owned(),
                false => format!("blocked by {}", features(blockers)),
            };
            if let Some(cause) = cause(beside.sides) {
                reason.push_str(&cause);
            }
            reason
        }
        "gained" if difference.path.ends_with(".usable") && !blockers.is_empty() => {
            format!("no longer blocked by {}", features(blockers))
        }
        "enum-value-lost" => "guests that ask for it there cannot start".to_owned(),
        "reporting-changed" if change.evidence.is_unusable => match difference.kind {
            Kind::Lost => "the host could not use this CPU model before either".to_owned(),
            _ => "the host knows this CPU model and cannot use it".to_owned(),
        },
        "reporting-changed" if change.evidence.is_builtin_list => {
            "no firmware descriptor names this machine: libvirt lists files that it was built to look \
             for, and picks none by itself"
                .to_owned()
        }
        "reporting-changed" if difference.kind == Kind::Reported => {
            "newly reported; the host need not differ".to_owned()
        }
        "reporting-changed" => "no longer reported; the host need not differ".to_owned(),
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

/// What moved beside a CPU model: microcode takes features away (TSX: hle and rtm), a kernel hides
/// them.
fn cause(sides: &[Context; 2]) -> Option<String> {
    let [old, new] = sides.each_ref().map(|side| [&side.microcode, &side.kernel, &side.cpu]);
    let names = ["microcode", "kernel", "the CPU"];
    let moved = names.iter().zip(old.iter().zip(new));
    let moved = moved.filter_map(|(name, (old, new))| match (old, new) {
        (Some(old), Some(new)) if old != new => Some(format!("{name} {old} → {new}")),
        _ => None,
    });
    let moved: Vec<String> = moved.collect();
    (!moved.is_empty()).then(|| format!("; beside it changed {}", moved.join(", ")))
}

/// `machine[NAME].deprecated`: when it goes.
fn deprecated(path: &str) -> String {
    let name = path.strip_prefix("machine[").and_then(|rest| rest.split(']').next());
    match name.and_then(removal) {
        Some((major, minor)) => {
            format!(
                "QEMU deletes a machine type six major versions after it came (since 10.1: 5.0 goes with \
                 11.0); this one with {major}.{minor}"
            )
        }
        None => rule("machine-deprecated").summary.to_owned(),
    }
}

/// The oldest QEMU that a libvirt drives, from this version on (libvirt, NEWS).
const OLDEST_QEMU: [((u32, u32), &str); 2] = [((12, 4), "7.2"), ((11, 2), "6.2")];

fn emulator(beside: &Circumstances<'_>) -> String {
    let [old, new] = beside.libvirts();
    let risen = OLDEST_QEMU.iter().find(|((major, minor), _)| {
        let since = (*major, *minor, 0);
        old.is_some_and(|old| old < since) && new.is_some_and(|new| new >= since)
    });
    let summary = rule("emulator-lost").summary;
    match risen {
        Some(((major, minor), oldest)) => {
            format!("{summary}; libvirt {major}.{minor} drives no QEMU older than {oldest}")
        }
        None => summary.to_owned(),
    }
}
