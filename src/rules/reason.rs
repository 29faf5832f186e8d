//! Why a finding matters, in the words of the one who must act on it.

use super::finding::Circumstances;
use super::judge::CONSEQUENCE;
use super::{Rule, rule};
use crate::diff::{Change, Kind, Plain};
use crate::model::{Context, Removal, removal};

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
        "machine-deprecated" => deprecated(&difference.path, beside),
        "emulator-lost" => emulator(beside),
        "emulator-moved" => {
            "guests whose XML names the old path cannot start, unless a link is left there"
                .to_owned()
        }
        "alias-lost" => lost_alias(rule, change, beside).to_owned(),
        "machine-aliased" => match beside.aliases.get(value) {
            Some(canonical) => format!("the name is an alias of {canonical} now"),
            None => rule.summary.to_owned(),
        },
        "cpu-feature-lost" if change.evidence.may_be_loss => lost_feature(change, beside),
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
        "loader-removed" | "loader-renamed" | "loader-still-listed" | "loader-unlisted" => {
            of_loader(rule, value, beside)
        }
        CONSEQUENCE if beside.goes_with_efi(change) => {
            "goes with firmware='efi', which is no longer offered".to_owned()
        }
        CONSEQUENCE => "goes with the other images: none is left".to_owned(),
        "reporting-changed" => of_reporting(change).to_owned(),
        _ => rule.summary.to_owned(),
    }
}

/// What becomes of those who name an alias that is gone.
fn lost_alias(rule: &Rule, change: &Change, beside: &Circumstances<'_>) -> &'static str {
    match &change.difference.old {
        Some(Plain::Text(canonical)) if beside.lost_machines.contains(canonical.as_str()) => {
            "guests that name the alias cannot start; it goes with its machine type, which is gone too"
        }
        Some(Plain::Text(_)) => {
            "guests that name the alias cannot start; the machine type that it stood for is still there"
        }
        _ => rule.summary,
    }
}

/// What the documents say of a feature that host-model no longer lists.
fn lost_feature(change: &Change, beside: &Circumstances<'_>) -> String {
    let blocked = beside.newly_blocked(change);
    if blocked.is_empty() {
        return "the host lost it, or another libvirt defines the model that host-model names in another \
                way; the documents do not decide"
            .to_owned();
    }
    format!("the host lacks it now: it blocks {}", some(&blocked))
}

/// Why an image matters that is no longer listed.
fn of_loader(rule: &Rule, image: &str, beside: &Circumstances<'_>) -> String {
    let mut reason = match rule.id {
        "loader-removed" => "the file is gone: guests whose XML names it cannot start",
        "loader-still-listed" => {
            return "other machines of this host still list it, so the file exists and guests that name it start"
                .to_owned();
        }
        _ => "no document lists it any more; if the file still exists, guests that name it start",
    }
    .to_owned();
    if let Some(heir) = beside.renamed.get(image) {
        reason.push_str(&format!("; instead there is {heir}"));
    }
    reason
}

/// Why what is merely reported otherwise is no change of the host.
fn of_reporting(change: &Change) -> &'static str {
    match change.difference.kind {
        Kind::Lost if change.evidence.is_unusable => {
            "the host could not use this CPU model before either"
        }
        _ if change.evidence.is_unusable => "the host knows this CPU model and cannot use it",
        _ if change.evidence.is_builtin_list => {
            "no firmware descriptor names this machine: libvirt lists files that it was built to look \
             for, and picks none by itself"
        }
        Kind::Reported => "newly reported; the host need not differ",
        _ => "no longer reported; the host need not differ",
    }
}

fn features(blockers: &[String]) -> String {
    some(&blockers.iter().map(String::as_str).collect::<Vec<_>>())
}

fn some(names: &[&str]) -> String {
    let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(NAMED) {
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
        (Some(old), Some(new)) if Context::is_other_cpu(old, new) => {
            Some(format!("{name} {old} → {new}"))
        }
        _ => None,
    });
    let moved: Vec<String> = moved.collect();
    (!moved.is_empty()).then(|| format!("; beside it changed {}", moved.join(", ")))
}

/// `machine[NAME].deprecated`: when it goes.
fn deprecated(path: &str, beside: &Circumstances<'_>) -> String {
    let name = path.strip_prefix("machine[").and_then(|rest| rest.split(']').next());
    let [_, qemu] = beside.qemus();
    const POLICY: &str = "QEMU deletes a machine type six major versions after it came";
    const EARLIER: &str = "QEMU has deleted this machine type since";
    let (why, when) = match name.and_then(|name| removal(name, qemu)) {
        Some(Removal::With(major, minor)) => (POLICY, format!("with {major}.{minor}")),
        Some(Removal::Early(major, minor)) => (EARLIER, format!("with {major}.{minor}")),
        Some(Removal::AtLatest(major, minor)) => {
            (EARLIER, format!("by {major}.{minor} at the latest"))
        }
        None => return rule("machine-deprecated").summary.to_owned(),
    };
    format!("{why}; goes {when}")
}

/// The oldest QEMU that a libvirt drives, from this version on (`QEMU_MIN_MAJOR` of
/// `src/qemu/qemu_capabilities.c`; NEWS).
const OLDEST_QEMU: [((u32, u32), (u32, u32)); 2] = [((12, 4), (7, 2)), ((11, 2), (6, 2))];

fn emulator(beside: &Circumstances<'_>) -> String {
    let [old, new] = beside.libvirts();
    let [qemu, qemu_now] = beside.qemus();
    let risen = OLDEST_QEMU.iter().find(|((major, minor), (least, its_minor))| {
        let (since, least) = ((*major, *minor, 0), (*least, *its_minor, 0));
        old.is_some_and(|old| old < since)
            && new.is_some_and(|new| new >= since)
            && qemu.is_some_and(|qemu| qemu < least)
            // One that was upgraded alongside is not too old.
            && qemu_now.is_none_or(|qemu| qemu < least)
    });
    let summary = rule("emulator-lost").summary;
    match risen {
        Some(((major, minor), (least, its_minor))) => {
            format!(
                "{summary}; libvirt {major}.{minor} drives no QEMU older than {least}.{its_minor}"
            )
        }
        None => summary.to_owned(),
    }
}
