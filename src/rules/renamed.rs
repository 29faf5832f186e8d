//! Firmware images that went and came back under another name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diff::{Change, Kind};
use crate::model::LOADERS;

/// Loaders that are gone, each with one that came on the same targets for the same role.
pub(super) fn loaders<'c>(changes: &'c [Change]) -> BTreeMap<&'c str, &'c str> {
    let of_kind = |kind| {
        changes.iter().filter(move |change| {
            change.difference.kind == kind && change.difference.path == LOADERS
        })
    };
    let with_role = |change: &'c Change| {
        let image = change.difference.value.as_deref()?;
        Some((change, image, Role::of(image)))
    };
    let gained: Vec<_> = of_kind(Kind::Gained).filter_map(with_role).collect();
    let mut renamed = BTreeMap::new();
    if gained.len() > MOST_IMAGES {
        return renamed;
    }
    for (lost, old, role) in of_kind(Kind::Lost).filter_map(with_role) {
        let heirs = gained.iter().filter(|(_, _, other)| *other == role);
        let heirs = heirs.filter(|(gained, ..)| share_a_target(lost, gained));
        let heir = heirs.map(|(_, image, _)| *image).min_by_key(|new| {
            // Of several the one in the same folder, then the one most alike.
            (folder(new) != folder(old), new.len().abs_diff(old.len()), *new)
        });
        if let Some(heir) = heir {
            renamed.insert(old, heir);
        }
    }
    renamed
}

/// Debian 13 lists 12 images for all its machines. Where a thousand came, no name says which of them
/// took whose place.
const MOST_IMAGES: usize = 1000;

/// Whether two changes were seen on one machine. Lists of targets are sorted.
fn share_a_target(one: &Change, other: &Change) -> bool {
    let [few, many] = match one.targets.len() < other.targets.len() {
        true => [&one.targets, &other.targets],
        false => [&other.targets, &one.targets],
    };
    Arc::ptr_eq(few, many) || few.iter().any(|target| many.binary_search(target).is_ok())
}

/// The guest's architecture that an image is for, as far as its path says it.
pub(super) fn image_arch(image: &str) -> Option<&'static str> {
    Role::of(image).arch
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What an image is for, as far as its name says it.
///
/// Distributions name them alike (edk2's `OVMF_CODE.fd`, `OVMF_CODE_4M.secboot.qcow2`,
/// `AAVMF_CODE.fd`); size, format and folder are what a rename changes, these are what it must not.
#[derive(Debug, PartialEq, Eq)]
struct Role {
    arch: Option<&'static str>,
    is_secure: bool,
    /// Its keys are those that everyone has (Debian's snakeoil): none to replace Microsoft's.
    has_test_keys: bool,
    confidential: Option<&'static str>,
    has_code_only: bool,
}

impl Role {
    fn of(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let file = path.rsplit('/').next().unwrap_or_default();
        let parts = words(file);
        let has = |names: &[&str]| parts.iter().any(|part| names.contains(part));
        // `no-secboot` and `nosecboot` say that an image is without it.
        let is_negated = |at: usize| at > 0 && matches!(parts[at - 1], "no" | "without");
        let is_secure =
            parts.iter().enumerate().any(|(at, part)| SECURE.contains(part) && !is_negated(at));
        // The file's own words before those of its folders; the firmware's name says it where nothing
        // else does (Arch: `ia32/OVMF_CODE.4m.fd`).
        let by_depth: Vec<&str> = path.rsplit('/').flat_map(words).collect();
        let of_words =
            |arch: fn(&str) -> Option<&'static str>| by_depth.iter().find_map(|word| arch(word));
        let confidential = CONFIDENTIAL.iter().find(|(name, _)| has(&[*name]));
        Self {
            arch: of_words(arch).or_else(|| of_words(arch_of_firmware)),
            is_secure,
            has_test_keys: has(&["snakeoil"]),
            confidential: confidential.map(|(_, meaning)| *meaning),
            has_code_only: has(&["code", "pflash"]),
        }
    }
}

/// The words of a name.
fn words(name: &str) -> Vec<&str> {
    name.split(['.', '-', '_']).filter(|part| !part.is_empty()).collect()
}

/// Parts of a name that say that an image does Secure Boot.
const SECURE: [&str; 4] = ["secboot", "secure", "ms", "snakeoil"];

/// The guest's architecture that a part of a name is.
fn arch(part: &str) -> Option<&'static str> {
    Some(match part {
        "arm" => "arm",
        "aarch64" | "aa64" => "aarch64",
        "riscv" | "riscv64" => "riscv",
        "loongarch" | "loongarch64" => "loongarch",
        "ia32" | "i386" => "ia32",
        // `x86_64` is two parts of a name.
        "x64" | "x86" => "x86_64",
        _ => return None,
    })
}

/// The architecture for which there is a firmware of that name.
fn arch_of_firmware(part: &str) -> Option<&'static str> {
    Some(match part {
        "aavmf32" => "arm",
        "aavmf" => "aarch64",
        "ovmf32" => "ia32",
        "ovmf" => "x86_64",
        _ => return None,
    })
}

/// What a part of a name says of a kind of guest.
const CONFIDENTIAL: [(&str, &str); 4] =
    [("amdsev", "sev"), ("inteltdx", "tdx"), ("cc", "sev"), ("microvm", "microvm")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{ChangedTarget, Difference, Evidence};

    fn change(kind: Kind, path: &str, machine: &str) -> Change {
        Change {
            difference: Difference::new(kind, LOADERS).with_value(path),
            evidence: Evidence::default(),
            targets: [ChangedTarget {
                new_machine: Some(machine.to_owned()),
                ..ChangedTarget::default()
            }]
            .into(),
        }
    }

    #[test]
    fn an_image_of_the_same_role_takes_the_place_of_one_that_is_gone() {
        for (old, new) in [
            ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_CODE_4M.fd"),
            ("/usr/share/edk2/ovmf-4m/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_CODE_4M.qcow2"),
            ("/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd"),
            ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw"),
            ("/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_CODE.4m.fd"),
            ("/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"),
        ] {
            let changes = [change(Kind::Gained, new, "q35"), change(Kind::Lost, old, "q35")];
            assert_eq!(loaders(&changes).get(old), Some(&new), "{old}");
        }
    }

    #[test]
    fn roles_are_told_by_parts_of_the_name() {
        let of = |path: &str| Role::of(path);
        let plain = of("/usr/share/AAVMF/AAVMF_CODE.fd");
        assert_eq!(of("/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd"), plain);
        for secure in ["AAVMF_CODE.secboot.fd", "AAVMF_CODE.ms.fd", "AAVMF_CODE.snakeoil.fd"] {
            assert!(of(&format!("/usr/share/AAVMF/{secure}")).is_secure, "{secure}");
        }
        // No part of these is one of the words, though the words stand in them.
        for other in ["OVMF_CODE.nosecboot.fd", "OVMF_CODE.insecure.fd", "OVMF_CODE.cms.fd"] {
            let role = of(&format!("/usr/share/edk2/{other}"));
            assert_eq!((role.is_secure, role.confidential), (false, None), "{other}");
        }
        assert_eq!(of("/usr/share/charm/OVMF.fd").arch, Some("x86_64"));
        assert_eq!(of("/usr/share/edk2/arm/QEMU_EFI-pflash.raw").arch, Some("arm"));
        assert_eq!(of("/usr/share/AAVMF/AAVMF32_CODE.fd").arch, Some("arm"));
        assert_eq!(of("/usr/share/OVMF/OVMF32_CODE_4M.fd").arch, Some("ia32"));
        assert_eq!(of("/usr/share/edk2/ia32/OVMF_CODE.4m.fd").arch, Some("ia32"));
        assert_eq!(of("/usr/share/edk2/x64/OVMF_CODE.4m.fd").arch, Some("x86_64"));
        assert_eq!(of("/usr/share/edk2.git/ovmf-ia32/OVMF_CODE-pure-efi.fd").arch, Some("ia32"));
        assert_eq!(of("/usr/share/qemu/edk2-x86_64-secure-code.fd").arch, Some("x86_64"));
        assert_eq!(of("/usr/share/OVMF/OVMF.amdsev.fd").confidential, Some("sev"));
    }

    #[test]
    fn another_role_or_another_machine_is_no_new_name() {
        let old = "/usr/share/OVMF/OVMF_CODE.fd";
        for (new, machine) in [
            ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "q35"),
            ("/usr/share/AAVMF/AAVMF_CODE.fd", "q35"),
            ("/usr/share/OVMF/OVMF32_CODE_4M.fd", "q35"),
            ("/usr/share/OVMF/OVMF.inteltdx.fd", "q35"),
            ("/usr/share/edk2/ia32/OVMF_CODE.4m.fd", "q35"),
            ("/usr/share/OVMF/OVMF_CODE_4M.fd", "microvm"),
        ] {
            let changes = [change(Kind::Gained, new, machine), change(Kind::Lost, old, "q35")];
            assert!(loaders(&changes).is_empty(), "{new} {machine}");
        }
        // Keys that everyone has stand for no others.
        let old = "/usr/share/AAVMF/AAVMF_CODE.ms.fd";
        let new = "/usr/share/AAVMF/AAVMF_CODE.snakeoil.fd";
        let changes = [change(Kind::Gained, new, "virt"), change(Kind::Lost, old, "virt")];
        assert!(loaders(&changes).is_empty());
    }
}
