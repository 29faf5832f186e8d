//! The rule table: every rule once.

use super::Rule;
use super::Severity::{Breaking, Info, Warning};

/// The rule of that id.
///
/// # Panics
/// Where there is none: ids are written in this module's siblings only, and tested.
#[must_use]
pub fn rule(id: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.id == id).expect("every id that is used is in the table")
}

const fn new(id: &'static str, severity: super::Severity, summary: &'static str) -> Rule {
    Rule { id, severity, summary }
}

/// All rules, by area.
pub const RULES: &[Rule] = &[
    new("document-empty", Breaking, "the host answers with an empty document"),
    new("document-suspect", Warning, "the host's answers are not to be believed"),
    new("emulator-lost", Breaking, "an emulator is gone"),
    new("arch-lost", Breaking, "guests of an architecture cannot run any more"),
    new(
        "virttype-lost",
        Breaking,
        "a domain type is gone: for kvm, hardware virtualization is lost",
    ),
    new("machine-removed", Breaking, "a machine type is gone"),
    new("target-lost", Breaking, "a machine type is gone for one domain type"),
    new("machine-deprecated", Warning, "QEMU marks a machine type deprecated and will remove it"),
    new("alias-moved", Info, "a machine alias points to another machine type"),
    new("loader-removed", Breaking, "a firmware image is gone"),
    new("loader-default-changed", Warning, "libvirt tries another firmware image first"),
    new("firmware-lost", Breaking, "a firmware choice is gone"),
    new("cpu-mode-lost", Breaking, "a CPU mode is gone"),
    new("cpu-model-removed", Breaking, "a CPU model is gone"),
    new("cpu-model-unusable", Breaking, "a CPU model cannot be used any more"),
    new("cpu-model-deprecated", Warning, "a CPU model is marked deprecated"),
    new("cpu-canonical-moved", Warning, "the name of a CPU model means another version of it"),
    new("host-model-changed", Warning, "host-model names another CPU model"),
    new("cpu-feature-lost", Warning, "host-model has lost a CPU feature"),
    new("migratable-lost", Breaking, "guests of a CPU mode cannot be migrated any more"),
    new("vcpu-max-lowered", Warning, "fewer virtual CPUs than before"),
    new("device-lost", Breaking, "a kind of device is gone"),
    new("feature-lost", Breaking, "a feature is gone"),
    new("enum-value-lost", Breaking, "a choice is gone"),
    new("launch-security-lost", Breaking, "a kind of confidential guest is gone"),
    new("hyperv-feature-lost", Breaking, "a Hyper-V enlightenment is gone"),
    new("sev-parameters-changed", Warning, "SEV guests of the old parameters cannot move here"),
    new("value-changed", Info, "a value is another"),
    new(
        "reporting-changed",
        Info,
        "libvirt began or ceased to report it; the host need not differ",
    ),
    new("no-longer-reported", Warning, "libvirt ceased to say yes; it may or may not be gone"),
    new("gained", Info, "new"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_stand_once() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(
                rule.id.chars().all(|each| each.is_ascii_lowercase() || each == '-'),
                "{}",
                rule.id
            );
            assert!(!RULES[..at].iter().any(|other| other.id == rule.id), "{}", rule.id);
            assert!(!rule.summary.ends_with('.') && rule.summary.len() <= 80, "{}", rule.id);
        }
    }
}
