//! QEMU's policy for versioned machine types.
//!
//! A versioned machine type is marked deprecated three major versions after it came and deleted six
//! after (QEMU, `docs/about/deprecated.rst` and `MACHINE_VER_DELETION_MAJOR` of `boards.h`). It was
//! agreed for 9.1 and deletes since 10.1: what was older by then went with 10.1 or is overdue.

/// When QEMU deletes a machine type: a version as (major, minor).
///
/// `None` for machines without a version, and for a distribution's own (`pc-q35-rhel9.2.0`,
/// `pc-q35-8.2-noble`), which live as long as the distribution says.
pub(super) fn removal(machine: &str) -> Option<(u32, u32)> {
    let (_, version) = machine.rsplit_once('-')?;
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    if numbers.any(|number| number.is_err()) {
        return None;
    }
    Some((major + 6, minor).max((10, 1)))
}

#[cfg(test)]
mod tests {
    use super::removal;

    #[test]
    fn six_major_versions_after_it_came() {
        for (machine, version) in [
            ("pc-q35-7.2", Some((13, 2))),
            ("pc-q35-4.0.1", Some((10, 1))),
            ("pc-i440fx-2.4", Some((10, 1))),
            ("s390-ccw-virtio-5.2", Some((11, 2))),
            ("pseries-2.12-sxxm", None),
            ("pc-q35-rhel9.2.0", None),
            ("pc-q35-8.2-noble", None),
            ("pc-i440fx-focal", None),
            ("microvm", None),
            ("q35", None),
        ] {
            assert_eq!(removal(machine), version, "{machine}");
        }
    }
}
