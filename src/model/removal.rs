//! QEMU's policy for versioned machine types.
//!
//! A versioned machine type is marked deprecated three major versions after it came and deleted six
//! after (QEMU, `docs/about/deprecated.rst` and `MACHINE_VER_DELETION_MAJOR` of `boards.h`). It was
//! agreed for 9.1 and deletes since 10.1. What was older went one by one before that; where it is not
//! known with which version ([`EARLY`]), only the latest possible one can be named.

use super::VersionNumbers;

/// When QEMU deletes a machine type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// With this version: (major, minor).
    With(u32, u32),
    /// Before the policy began to delete, with this version.
    Early(u32, u32),
    /// It is older than the policy: with this version at the latest.
    AtLatest(u32, u32),
}

impl Removal {
    /// The version: (major, minor).
    #[must_use]
    pub fn version(self) -> (u32, u32) {
        let (Self::With(major, minor) | Self::Early(major, minor) | Self::AtLatest(major, minor)) =
            self;
        (major, minor)
    }
}

/// Families whose versioned machine types have followed the policy: those that QEMU defines with
/// `DEFINE_..._MACHINE` macros over `MACHINE_VER_DELETION` (`hw/i386/pc_piix.c`, `pc_q35.c`,
/// `hw/arm/virt.c`, `hw/ppc/spapr.c`, `hw/s390x/s390-virtio-ccw.c`, `hw/m68k/virt.c`).
const FAMILIES: [&str; 5] = ["pc-i440fx", "pc-q35", "virt", "pseries", "s390-ccw-virtio"];

/// The first version that deleted by the policy.
const FIRST: (u32, u32) = (10, 1);

/// Machine types that went before the policy deleted any, by family, first and last version; and those that
/// lived until it did, so that they went with its first version.
///
/// QEMU, `docs/about/removed-features.rst`: pc-i440fx up to 1.7 with 8.2, up to 2.3 by 10.0. Debian's QEMU
/// 10.0.13 has pc-i440fx and pc-q35 from 2.4 on and Arm's virt from 2.6 on; 10.2 and 11.1 begin at 5.0 and 5.2.
const EARLY: &[(&str, VersionNumbers, VersionNumbers, Removal)] = &[
    ("pc-i440fx", (1, 4, 0), (1, 7, 0), Removal::Early(8, 2)),
    ("pc-i440fx", (2, 0, 0), (2, 3, 0), Removal::AtLatest(10, 0)),
    ("pc-i440fx", (2, 4, 0), (4, 0, 9), Removal::With(10, 1)),
    ("pc-q35", (2, 4, 0), (4, 0, 9), Removal::With(10, 1)),
    ("virt", (2, 6, 0), (4, 0, 9), Removal::With(10, 1)),
];

/// When QEMU deletes a machine type; `known` is the QEMU that still has it, where that is known.
///
/// `None` where the policy says nothing: of machines without a version, of a distribution's own
/// (`pc-q35-rhel9.2.0`, `pc-q35-8.2-noble`), which live as long as the distribution says, and of what
/// should be gone by now.
#[must_use]
pub fn removal(machine: &str, known: Option<VersionNumbers>) -> Option<Removal> {
    let (family, version) = machine.rsplit_once('-')?;
    if !FAMILIES.contains(&family) {
        return None;
    }
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    if numbers.any(|number| number.is_err()) {
        return None;
    }
    let own = (major, minor, 0);
    let early =
        EARLY.iter().find(|(of, from, to, _)| *of == family && (*from..=*to).contains(&own));
    let removal = match (major + 6, minor) {
        by_policy if by_policy >= FIRST => Removal::With(by_policy.0, by_policy.1),
        _ => early.map_or(Removal::AtLatest(FIRST.0, FIRST.1), |(.., removal)| *removal),
    };
    let (major, minor) = removal.version();
    let is_past = known.is_some_and(|known| known >= (major, minor, 0));
    (!is_past).then_some(removal)
}

#[cfg(test)]
mod tests {
    use super::{EARLY, FAMILIES, FIRST, Removal, removal};

    #[test]
    fn six_major_versions_after_it_came() {
        use Removal::{AtLatest, Early, With};
        for (machine, version) in [
            ("pc-q35-7.2", Some(With(13, 2))),
            ("pc-q35-4.2", Some(With(10, 2))),
            ("pc-q35-4.1", Some(With(10, 1))),
            ("pc-q35-4.0.1", Some(With(10, 1))),
            ("pc-i440fx-1.7", Some(Early(8, 2))),
            ("pc-i440fx-2.0", Some(AtLatest(10, 0))),
            ("pc-i440fx-2.12", Some(With(10, 1))),
            ("virt-2.6", Some(With(10, 1))),
            ("s390-ccw-virtio-2.12", Some(AtLatest(10, 1))),
            ("s390-ccw-virtio-5.2", Some(With(11, 2))),
            ("pseries-2.12-sxxm", None),
            ("pc-q35-rhel9.2.0", None),
            ("pc-q35-8.2-noble", None),
            ("pc-i440fx-focal", None),
            // The policy is about other families: a board may have a number in its name.
            ("xenfv-4.2", None),
            ("realview-eb-1.0", None),
            ("microvm", None),
            ("q35", None),
        ] {
            assert_eq!(removal(machine, None), version, "{machine}");
        }
    }

    #[test]
    fn each_that_went_early_has_a_version_within_its_policy() {
        for (family, from, to, removal_of_all) in EARLY {
            assert!(FAMILIES.contains(family) && from <= to, "{family}");
            for (major, minor, _) in [from, to] {
                let name = format!("{family}-{major}.{minor}");
                assert_eq!(removal(&name, None), Some(*removal_of_all), "{name}");
                assert!((major + 6, *minor) < FIRST, "{name} follows the policy");
            }
        }
    }

    #[test]
    fn no_release_of_the_past_is_predicted() {
        assert_eq!(removal("pc-q35-7.2", Some((13, 1, 0))), Some(Removal::With(13, 2)));
        assert_eq!(removal("pc-q35-7.2", Some((13, 2, 0))), None);
        assert_eq!(removal("pc-i440fx-2.3", Some((9, 2, 4))), Some(Removal::AtLatest(10, 0)));
        assert_eq!(removal("pc-i440fx-2.3", Some((10, 0, 5))), None);
        assert_eq!(removal("pc-i440fx-1.7", Some((8, 1, 5))), Some(Removal::Early(8, 2)));
        assert_eq!(removal("pc-i440fx-1.7", Some((8, 2, 0))), None);
    }
}
