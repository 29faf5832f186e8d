//! Which rule a difference falls under.

use super::finding::Circumstances;
use super::{Rule, rule};
use crate::diff::{Change, Difference, Kind, Plain};
use crate::model::{CUSTOM_MODELS, LOADERS};

/// The rule of what another change beside it brings about.
pub(super) const CONSEQUENCE: &str = "goes-with-another";

/// The rule for a change, from its path and kind and what is beside it.
pub(super) fn judge(change: &Change, beside: &Circumstances<'_>) -> &'static Rule {
    let difference = &change.difference;
    let path = difference.path.as_str();
    let evidence = &change.evidence;
    rule(match difference.kind {
        _ if beside.is_other_virttype
            && !matches!(path, "virttype" | "document" | "document.suspect") =>
        {
            "other-virttype"
        }
        Kind::Lost if path == LOADERS => lost_loader(change, beside),
        Kind::Lost if path.starts_with("os.") && beside.goes_with_efi(change) => CONSEQUENCE,
        Kind::Lost | Kind::Gained if evidence.is_unusable => "reporting-changed",
        Kind::Lost if beside.is_now_an_alias(difference) => "machine-aliased",
        Kind::Gained | Kind::Changed if evidence.is_builtin_list => "reporting-changed",
        Kind::Unreported | Kind::Reported if evidence.may_be_loss => "cpu-feature-lost",
        Kind::Unreported if evidence.said_yes && !beside.is_downgrade() => "no-longer-reported",
        Kind::Changed if path.starts_with("alias[") => match &difference.new {
            None if !beside.gained_machines.contains(alias_name(path).as_str()) => "alias-lost",
            _ => "alias-moved",
        },
        Kind::Changed if is_sev_count(path) && beside.is_sev_total_kept && !is_zero(difference) => {
            "sev-guests-moved"
        }
        _ => of_difference(difference),
    })
}

/// The rule for a change as if it stood alone.
pub(super) fn judge_alone(change: &Change, beside: &Circumstances<'_>) -> &'static Rule {
    let difference = &change.difference;
    let image = difference.value.as_deref().unwrap_or_default();
    rule(match (difference.kind, difference.path.as_str()) {
        (Kind::Lost, LOADERS) if beside.is_image_gone(change, image) => "loader-removed",
        (Kind::Lost, LOADERS) => "loader-unlisted",
        _ => of_difference(difference),
    })
}

/// An image that is not in the list of a target any more. That is no proof that the file is gone: libvirt
/// starts any file that exists.
fn lost_loader(change: &Change, beside: &Circumstances<'_>) -> &'static str {
    let image = change.difference.value.as_deref().unwrap_or_default();
    if beside.firmware.images.contains(image) {
        "loader-still-listed"
    } else if beside.goes_with_efi(change) || beside.is_further_image(change) {
        CONSEQUENCE
    } else if change.evidence.is_last_loader() {
        "firmware-without-loader"
    } else if beside.is_image_gone(change, image) {
        "loader-removed"
    } else if beside.renamed.contains_key(image) {
        "loader-renamed"
    } else {
        "loader-unlisted"
    }
}

/// The name in `alias[NAME]`.
fn alias_name(path: &str) -> String {
    let key = path.strip_prefix("alias[").and_then(|rest| rest.strip_suffix(']'));
    let mut name = String::new();
    let mut letters = key.unwrap_or_default().chars();
    while let Some(letter) = letters.next() {
        name.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    name
}

/// Whether a number fell to zero.
fn is_zero(difference: &Difference) -> bool {
    difference.new == Some(Plain::Number(0)) && is_less(difference)
}

/// The id of the rule that path and kind alone give.
fn of_difference(difference: &Difference) -> &'static str {
    match difference.kind {
        Kind::Gained => "gained",
        Kind::Lost => lost(difference),
        Kind::Changed => changed(difference),
        // Printed only where it is yes: since libvirt 7.1.0 its absence means no.
        Kind::Reported if is_of_model(&difference.path, "deprecated") => "cpu-model-deprecated",
        Kind::Reported | Kind::Unreported => "reporting-changed",
    }
}

/// Whether `path` is one of the two counts of SEV guests.
pub(super) fn is_sev_count(path: &str) -> bool {
    matches!(path, "features.sev.maxGuests" | "features.sev.maxESGuests")
}

/// Whether `path` is that attribute of a custom CPU model.
fn is_of_model(path: &str, attribute: &str) -> bool {
    let rest = path.strip_prefix(CUSTOM_MODELS).filter(|rest| rest.starts_with('['));
    rest.and_then(|rest| rest.rsplit_once("].")).is_some_and(|(_, last)| last == attribute)
}

fn lost(difference: &Difference) -> &'static str {
    let path = difference.path.as_str();
    let is_yes = difference.value.as_deref() == Some("yes");
    let is_on = difference.value.as_deref().is_none_or(|value| value == "on");
    match path {
        "document" => return "document-empty",
        "emulator" => return "emulator-lost",
        "arch" => return "arch-lost",
        "virttype" => return "virttype-lost",
        "machine" => return "machine-removed",
        "target" => return "target-lost",
        "cpu.mode[host-model].feature" => return "cpu-feature-lost",
        "features.launchSecurity" | "features.launchSecurity.sectype" => {
            return "launch-security-lost";
        }
        "features.sev" | "features.sgx" | "features.tdx" => return "launch-security-lost",
        "features.hyperv" | "features.hyperv.features" => return "hyperv-feature-lost",
        CUSTOM_MODELS => return "cpu-model-removed",
        "iothreads" => return "iothreads-lost",
        "os.loader.secure" | "os.firmwareFeatures.secureBoot" if is_yes => {
            return "secure-boot-lost";
        }
        _ => {}
    }
    let is_member = path.rsplit('.').next().unwrap_or_default();
    match path {
        _ if is_of_model(path, "usable") => "cpu-model-unusable",
        _ if path.ends_with("igratable") && is_on => "migratable-lost",
        _ if path.starts_with("cpu.mode[") && path.ends_with(']') => "cpu-mode-lost",
        _ if path.starts_with("os") => "firmware-lost",
        _ if path == format!("devices.{is_member}") => "device-lost",
        _ if path == format!("features.{is_member}") => "feature-lost",
        _ if path == is_member => "feature-lost",
        _ => "enum-value-lost",
    }
}

fn changed(difference: &Difference) -> &'static str {
    let path = difference.path.as_str();
    let became_yes = difference.new == Some(Plain::text("yes"));
    match path {
        "document.suspect" if became_yes => "document-suspect",
        "os.loader.value[0]" => "loader-default-changed",
        "cpu.mode[host-model].model" => "host-model-changed",
        "vcpu.max" if is_less(difference) => "vcpu-max-lowered",
        "virttype" => "virttype-changed",
        _ if is_sev_count(path) && is_zero(difference) => "launch-security-none",
        "features.sgx.section_size" if is_zero(difference) => "launch-security-none",
        _ if path.starts_with("emulator[") => "emulator-moved",
        "features.sev.cbitpos" | "features.sev.reducedPhysBits" => "sev-parameters-changed",
        _ if path.starts_with("machine[") && became_yes => "machine-deprecated",
        _ if is_of_model(path, "canonical") => "cpu-canonical-moved",
        _ if is_of_model(path, "deprecated") && became_yes => "cpu-model-deprecated",
        _ => "value-changed",
    }
}

fn is_less(difference: &Difference) -> bool {
    matches!((&difference.old, &difference.new), (Some(Plain::Number(old)), Some(Plain::Number(new))) if new < old)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(kind: Kind, path: &str, sides: Option<(&str, &str)>) -> &'static str {
        let side = |text: &str| match text.parse() {
            Ok(number) => Plain::Number(number),
            Err(_) => Plain::text(text),
        };
        let difference = Difference::new(kind, path);
        of_difference(&match sides {
            Some((old, new)) => difference.with_sides(Some(side(old)), Some(side(new))),
            None => difference,
        })
    }

    #[test]
    fn losses_have_the_rule_of_what_is_lost() {
        for (path, rule) in [
            ("document", "document-empty"),
            ("virttype", "virttype-lost"),
            ("os.loader", "firmware-lost"),
            ("os.firmware", "firmware-lost"),
            ("cpu.mode[host-model]", "cpu-mode-lost"),
            ("cpu.mode[host-passthrough].hostPassthroughMigratable", "migratable-lost"),
            ("cpu.mode[custom].model", "cpu-model-removed"),
            ("cpu.mode[custom].model[z14.2-base].usable", "cpu-model-unusable"),
            ("devices.tpm", "device-lost"),
            ("devices.tpm.model", "enum-value-lost"),
            ("features.backup", "feature-lost"),
            ("iothreads", "iothreads-lost"),
            ("memoryBacking.sourceType", "enum-value-lost"),
            ("features.hyperv.features", "hyperv-feature-lost"),
        ] {
            assert_eq!(id(Kind::Lost, path, None), rule, "{path}");
            assert_eq!(id(Kind::Gained, path, None), "gained", "{path}");
        }
    }

    #[test]
    fn direction_decides_where_it_matters() {
        for (path, old, new, rule) in [
            ("vcpu.max", "4096", "255", "vcpu-max-lowered"),
            ("vcpu.max", "255", "4096", "value-changed"),
            ("machine[pc].deprecated", "no", "yes", "machine-deprecated"),
            ("machine[pc].deprecated", "yes", "no", "value-changed"),
            ("document.suspect", "no", "yes", "document-suspect"),
            ("os.loader.value[0]", "a", "b", "loader-default-changed"),
        ] {
            assert_eq!(id(Kind::Changed, path, Some((old, new))), rule, "{path} {old} {new}");
        }
    }
}
