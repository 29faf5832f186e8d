//! Why a single value comes and goes on a host whose QEMU has it: what it needs beside QEMU.

use crate::diff::{Change, ChangedTarget, ListedFirmware};
use crate::model::{UBUNTU_RELEASES, glob};

/// A capability path, its value (both with `*`), and what to look for when it is lost.
struct Hint {
    path: &'static str,
    value: &'static str,
    text: Advice,
}

/// What to look for, as far as it depends on the distribution.
enum Advice {
    /// The same everywhere.
    Everywhere(&'static str),
    /// By the distribution of the new side's machine types and emulator.
    By { debian: &'static str, enterprise_9: Option<&'static str>, unknown: Option<&'static str> },
}

/// Debian's qemu changelog (8.1: modules of their own); Ubuntu 24.04 and Debian 13 have that package. Red
/// Hat removed both from Enterprise Linux 9 (its release notes; oamg/leapp-repository#1322).
const SPICE: Advice = Advice::By {
    debian: "spice and qxl are in a package of their own, qemu-system-modules-spice, since Debian 13 and \
        Ubuntu 24.04",
    enterprise_9: Some("Enterprise Linux 9 removed spice and qxl, and no package brings them back"),
    unknown: Some(
        "spice and qxl may be in a package of their own that is not installed \
        (qemu-system-modules-spice on Debian 13 and Ubuntu 24.04)",
    ),
};

/// The names are those of Debian and Ubuntu; Debian's edk2 changelog.
const OVMF: Advice = Advice::By {
    debian: "Debian's ovmf has no 2M images since 2023.11, only OVMF_CODE_4M",
    enterprise_9: None,
    unknown: Some("Debian's ovmf has no 2M images since 2023.11, only OVMF_CODE_4M"),
};

/// libvirt, `virTPMHasSwtpm`: without it neither is listed; Debian 13 with and without the package.
const SWTPM: Advice =
    Advice::Everywhere("libvirt lists it only where swtpm and swtpm_setup are installed");

/// Sources: libvirt 11.3.0 `src/qemu/qemu_capabilities.c`; Debian's qemu and edk2 changelogs; captures
/// with and without the packages.
const HINTS: &[Hint] = &[
    Hint { path: "devices.graphics.type", value: "spice", text: SPICE },
    Hint { path: "devices.channel.type", value: "spicevmc", text: SPICE },
    Hint { path: "devices.video.modelType", value: "qxl", text: SPICE },
    Hint {
        path: "devices.graphics.type",
        value: "rdp",
        text: Advice::Everywhere("libvirt lists it only where qemu-rdp is installed"),
    },
    Hint { path: "devices.tpm.backendModel", value: "emulator", text: SWTPM },
    Hint { path: "devices.tpm.backendModel", value: "external", text: SWTPM },
    Hint {
        path: "devices.hostdev.pciBackend",
        value: "*",
        text: Advice::Everywhere("it needs an IOMMU that is switched on, and /dev/vfio/vfio"),
    },
    Hint { path: "os.loader.value", value: "/usr/share/OVMF/OVMF_CODE.fd", text: OVMF },
    Hint { path: "os.loader.value", value: "/usr/share/OVMF/OVMF_CODE.secboot.fd", text: OVMF },
    Hint { path: "os.loader.value", value: "/usr/share/OVMF/OVMF_CODE.ms.fd", text: OVMF },
];

/// Whether ovmf is there, and without the 2M images.
fn has_4m_alone(firmware: &ListedFirmware) -> bool {
    !OVMF_2M.iter().any(|image| firmware.images.contains(*image))
        && firmware.images.iter().any(|image| image.contains("/OVMF_CODE_4M"))
}

/// 2M images of Debian's ovmf.
const OVMF_2M: [&str; 3] = [
    "/usr/share/OVMF/OVMF_CODE.fd",
    "/usr/share/OVMF/OVMF_CODE.secboot.fd",
    "/usr/share/OVMF/OVMF_CODE.ms.fd",
];

/// What to look for where this is lost; `firmware` is what the new side lists.
pub(super) fn hint(change: &Change, firmware: &ListedFirmware) -> Option<&'static str> {
    let difference = &change.difference;
    let value = difference.value.as_deref()?;
    let found =
        HINTS.iter().find(|hint| glob(hint.path, &difference.path) && glob(hint.value, value));
    if OVMF_2M.contains(&value) && !has_4m_alone(firmware) {
        return None;
    }
    match found?.text {
        Advice::Everywhere(text) => Some(text),
        Advice::By { debian, enterprise_9, unknown } => match Distribution::of(&change.targets) {
            Some(Distribution::Debian) => Some(debian),
            Some(Distribution::Enterprise { is_9: true }) => enterprise_9,
            Some(Distribution::Enterprise { .. } | Distribution::Fedora) => None,
            None => unknown,
        },
    }
}

/// Who built the QEMU of the new side, as far as its names say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Distribution {
    /// Debian or Ubuntu.
    Debian,
    /// Red Hat Enterprise Linux and what is built from it: 9 or newer, or older.
    Enterprise { is_9: bool },
    /// Fedora's machine types for live migration.
    Fedora,
}

impl Distribution {
    fn of(targets: &[ChangedTarget]) -> Option<Self> {
        let found: Vec<Self> = targets.iter().filter_map(Self::of_target).collect();
        // A newer release has the machine types of older ones too.
        let newest = found.iter().find(|it| **it == Self::Enterprise { is_9: true });
        newest.or(found.first()).copied()
    }

    fn of_target(target: &ChangedTarget) -> Option<Self> {
        let machine = target.new_machine.as_deref().unwrap_or_default();
        let emulator = target.emulator.as_deref().unwrap_or_default();
        // `pc-q35-rhel9.2.0`, `virt-rhel10.0.0`, `pc-i440fx-rhel7.6.0`.
        if let Some((_, version)) = machine.split_once("-rhel") {
            let major: u32 = version.split('.').next()?.parse().ok()?;
            // rhel7 and rhel8 machine types are in newer releases too.
            return Some(Self::Enterprise { is_9: major >= 9 });
        }
        if emulator.ends_with("/libexec/qemu-kvm") {
            return Some(Self::Enterprise { is_9: false });
        }
        if machine.contains("fedora") {
            return Some(Self::Fedora);
        }
        let is_ubuntu = machine.split('-').any(|word| UBUNTU_RELEASES.contains(&word));
        is_ubuntu.then_some(Self::Debian)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Difference, Evidence, Kind};

    fn hint_on(path: &str, value: &str, machine: &str, emulator: &str) -> Option<&'static str> {
        hint(&change(path, value, machine, emulator), &ListedFirmware::default())
    }

    fn change(path: &str, value: &str, machine: &str, emulator: &str) -> Change {
        let target = ChangedTarget {
            new_machine: Some(machine.to_owned()),
            emulator: Some(emulator.to_owned()),
            ..ChangedTarget::default()
        };
        Change {
            difference: Difference::new(Kind::Lost, path).with_value(value),
            evidence: Evidence::default(),
            targets: [target].into(),
        }
    }

    #[test]
    fn an_ovmf_that_still_has_2m_images_is_not_said_to_have_none() {
        let lost = change("os.loader.value", "/usr/share/OVMF/OVMF_CODE.ms.fd", "pc-q35-7.2", "/q");
        let listing = |image: &str| ListedFirmware {
            images: [image.to_owned()].into(),
            ..ListedFirmware::default()
        };
        assert!(hint(&lost, &listing("/usr/share/OVMF/OVMF_CODE_4M.fd")).is_some());
        assert_eq!(hint(&lost, &listing("/usr/share/OVMF/OVMF_CODE.secboot.fd")), None);
        assert_eq!(hint(&lost, &ListedFirmware::default()), None, "ovmf is not there");
    }

    #[test]
    fn advice_is_that_of_the_distribution() {
        let spice =
            |machine, emulator| hint_on("devices.graphics.type", "spice", machine, emulator);
        let enterprise = spice("pc-q35-rhel9.2.0", "/usr/libexec/qemu-kvm").unwrap();
        assert!(enterprise.contains("removed") && !enterprise.contains("Debian"), "{enterprise}");
        assert_eq!(spice("q35", "/usr/libexec/qemu-kvm"), None);
        assert_eq!(spice("pc-q35-rhel8.6.0", "/usr/libexec/qemu-kvm"), None);
        let mut several = change("devices.graphics.type", "spice", "pc-q35-rhel7.6.0", "/q");
        let newer = change("devices.graphics.type", "spice", "pc-q35-rhel10.0.0", "/q");
        several.targets = several.targets.iter().chain(newer.targets.iter()).cloned().collect();
        assert_eq!(hint(&several, &ListedFirmware::default()), Some(enterprise));
        let ubuntu = spice("pc-q35-noble", "/usr/bin/qemu-system-x86_64").unwrap();
        assert!(ubuntu.contains("are in a package"), "{ubuntu}");
        let unknown = spice("pc-q35-9.2", "/usr/bin/qemu-system-x86_64").unwrap();
        assert!(unknown.contains("may be in a package"), "{unknown}");
        assert_eq!(hint_on("devices.disk.bus", "ide", "pc", "/q"), None);
        assert!(hint_on("devices.tpm.backendModel", "emulator", "pc", "/q").is_some());
    }
}
