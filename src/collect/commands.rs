//! What is typed into `virsh`, and what may not be.
//!
//! Names come from the host's own XML. virsh reads `;` and newlines as the end of a command, quotes
//! and backslashes as quoting, and has commands that destroy: so a name goes in only if it is made
//! of letters, digits and a few signs, and does not begin like an option.

use crate::model::Target;

/// A CPU flag of `virConnectGetDomainCapabilities`, named as virsh's option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiFlag {
    /// Without features that the host's CPU deprecates (s390x; libvirt 11.0.0).
    DisableDeprecatedFeatures,
    /// host-model with every feature, not only the difference to its model (libvirt 12.2.0).
    ExpandCpuFeatures,
    /// host-model's features with those that the host could also have (libvirt 12.5.0).
    SupportedCpuFeatures,
}

impl ApiFlag {
    /// Its name, as virsh and the context have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DisableDeprecatedFeatures => "disable-deprecated-features",
            Self::ExpandCpuFeatures => "expand-cpu-features",
            Self::SupportedCpuFeatures => "supported-cpu-features",
        }
    }

    /// The first libvirt that has it.
    #[must_use]
    pub fn since(self) -> &'static str {
        match self {
            Self::DisableDeprecatedFeatures => "11.0.0",
            Self::ExpandCpuFeatures => "12.2.0",
            Self::SupportedCpuFeatures => "12.5.0",
        }
    }
}

/// Asks for one document; the name that may not be typed where there is one.
pub(super) fn domcapabilities<'t>(
    target: &'t Target,
    flags: &[ApiFlag],
) -> Result<String, &'t str> {
    let mut command = String::from("domcapabilities");
    for (option, name) in [
        ("virttype", &target.virttype),
        ("emulatorbin", &target.emulator),
        ("arch", &target.arch),
        ("machine", &target.machine),
    ] {
        if !name.is_empty() {
            if !is_harmless(name) {
                return Err(name);
            }
            command.push_str(&format!(" --{option} {name}"));
        }
    }
    for flag in flags {
        command.push_str(&format!(" --{}", flag.name()));
    }
    Ok(command)
}

/// Whether a name can be nothing but a name in a command.
fn is_harmless(name: &str) -> bool {
    const LONGEST: usize = 512;
    let is_first = |first: char| first.is_ascii_alphanumeric() || first == '/';
    let is_fine = |each: char| each.is_ascii_alphanumeric() || "/._+:,@=-".contains(each);
    name.len() <= LONGEST && name.starts_with(is_first) && name.chars().all(is_fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(machine: &str) -> Target {
        Target {
            arch: "x86_64".into(),
            virttype: "kvm".into(),
            machine: machine.into(),
            emulator: "/nix/store/0a1b-qemu-9.0+x/bin/qemu-system-x86_64".into(),
        }
    }

    #[test]
    fn names_of_machines_go_in_as_they_are() {
        for name in ["pc", "pc-q35-rhel9.6.0", "pc-i440fx-9.2+pve1", "virt-10.0", "s390-ccw-virtio"]
        {
            assert!(
                domcapabilities(&target(name), &[])
                    .unwrap()
                    .ends_with(&format!(" --machine {name}"))
            );
        }
        let flags = [ApiFlag::ExpandCpuFeatures];
        assert_eq!(
            domcapabilities(&Target { arch: "x86_64".into(), ..Target::default() }, &flags),
            Ok("domcapabilities --arch x86_64 --expand-cpu-features".to_owned())
        );
    }

    #[test]
    fn nothing_else_does() {
        for name in [
            "pc; destroy vm",
            "pc\ndestroy vm",
            "pc destroy",
            "'pc'",
            "pc\\",
            "--readonly",
            "-x",
            "pc#",
            "pc\u{1b}[2J",
            "pc$(id)",
            "pc`id`",
            "pc\0",
            "ω",
            &"x".repeat(600),
        ] {
            assert_eq!(domcapabilities(&target(name), &[]), Err(name), "{name:?}");
        }
    }
}
