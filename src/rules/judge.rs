//! Which rule a difference falls under.

use super::{Rule, rule};
use crate::diff::{Difference, Kind, Plain};
use crate::model::{CUSTOM_MODELS, LOADERS};

/// The rule for a difference, from its path and kind.
#[must_use]
pub fn judge(difference: &Difference) -> &'static Rule {
    rule(match difference.kind {
        Kind::Gained => "gained",
        Kind::Lost => lost(&difference.path),
        Kind::Changed => changed(difference),
        Kind::Reported => "reporting-changed",
        Kind::Unreported if said_yes(difference) => "no-longer-reported",
        Kind::Unreported => "reporting-changed",
    })
}

fn said_yes(difference: &Difference) -> bool {
    difference.old == Some(Plain::text("yes"))
}

fn lost(path: &str) -> &'static str {
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
        LOADERS => return "loader-removed",
        _ => {}
    }
    let is_model = path.starts_with(CUSTOM_MODELS);
    let is_member = path.rsplit('.').next().unwrap_or_default();
    match path {
        _ if is_model && path.ends_with(".usable") => "cpu-model-unusable",
        _ if path.ends_with("igratable") => "migratable-lost",
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
        "features.sev.cbitpos" | "features.sev.reducedPhysBits" => "sev-parameters-changed",
        _ if path.starts_with("machine[") && became_yes => "machine-deprecated",
        _ if path.starts_with("alias[") => "alias-moved",
        _ if path.starts_with(CUSTOM_MODELS) && path.ends_with(".canonical") => {
            "cpu-canonical-moved"
        }
        _ if path.starts_with(CUSTOM_MODELS) && path.ends_with(".deprecated") && became_yes => {
            "cpu-model-deprecated"
        }
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
        judge(&match sides {
            Some((old, new)) => difference.with_sides(Some(side(old)), Some(side(new))),
            None => difference,
        })
        .id
    }

    #[test]
    fn losses_have_the_rule_of_what_is_lost() {
        for (path, rule) in [
            ("document", "document-empty"),
            ("virttype", "virttype-lost"),
            ("os.loader.value", "loader-removed"),
            ("os.loader", "firmware-lost"),
            ("os.firmware", "firmware-lost"),
            ("cpu.mode[host-model]", "cpu-mode-lost"),
            ("cpu.mode[host-passthrough].hostPassthroughMigratable", "migratable-lost"),
            ("cpu.mode[custom].model", "cpu-model-removed"),
            ("cpu.mode[custom].model[z14.2-base].usable", "cpu-model-unusable"),
            ("devices.tpm", "device-lost"),
            ("devices.tpm.model", "enum-value-lost"),
            ("features.backup", "feature-lost"),
            ("iothreads", "feature-lost"),
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
