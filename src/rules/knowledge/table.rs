//! The table: one entry for each change that comes with a version and not with a host.
//!
//! Seen in documents of one QEMU under several versions of libvirt (`tests/one-qemu`), or read in the
//! source that each entry names.

use super::Component::{Libvirt, Qemu};
use super::{Component, Entry, When};
use crate::diff::Kind::{self, Changed, Gained, Lost, Reported, Unreported};
use crate::model::CUSTOM_MODELS;

const fn entry(
    (component, since): (Component, super::Version),
    kind: Kind,
    (path, value): (&'static str, Option<&'static str>),
    when: When,
    (reason, source): (&'static str, &'static str),
) -> Entry {
    Entry { component, since, kind, path, value, when, reason, source }
}

const HOST_FEATURES: &str = "cpu.mode[host-model].feature";

const FLOPPY: (&str, &str) =
    ("libvirt 11.4 ceased to list floppy drives where QEMU has none", "NEWS 11.4.0");

const PCOMMIT: (&str, &str) = (
    "QEMU 9.1 ceased to emulate pcommit, an instruction that no CPU was ever sold with",
    "QEMU 9.1, target/i386; documents of QEMU 7.2 and 10.0",
);

const TDX: (&str, &str) =
    ("libvirt before 11.10 said yes to TDX wherever QEMU had the code", "NEWS 11.10.0");

const EMULATED_TDX: (&str, &str) = (
    "libvirt by 11.6 and until 11.9 said yes to TDX wherever QEMU had the code, even under emulation",
    "NEWS 11.10.0; documents of libvirt 11.3 and 11.6 with QEMU 11.1",
);

/// Every entry, by version.
pub const KNOWLEDGE: &[Entry] = &[
    entry(
        (Libvirt, (7, 1, 0)),
        Reported,
        ("cpu.mode[custom].model[*].deprecated", None),
        When::Always,
        (
            "libvirt 7.1 began to say which CPU models are deprecated",
            "docs/formatdomaincaps.rst of 11.3.0",
        ),
    ),
    entry(
        (Libvirt, (9, 10, 0)),
        Reported,
        (HOST_FEATURES, Some("vmx-*")),
        When::SameHost,
        ("libvirt 9.10 began to list the VMX features of host-model", "NEWS 10.2.0"),
    ),
    entry(
        (Libvirt, (10, 0, 0)),
        Changed,
        ("cpu.mode[custom].model[*].vendor", None),
        When::SameHost,
        (
            "libvirt learnt who makes the CPU model; on s390x by 10.0",
            "documents of libvirt 9.0 and 10.0 with QEMU 7.2",
        ),
    ),
    entry(
        (Libvirt, (10, 10, 0)),
        Gained,
        (CUSTOM_MODELS, Some("*-v*")),
        When::NoVersionsBefore,
        (
            "libvirt 10.10 and 11.0 began to list the versioned names of CPU models",
            "NEWS 10.10.0, 11.0.0",
        ),
    ),
    entry(
        (Libvirt, (11, 4, 0)),
        Lost,
        ("devices.disk.bus", Some("fdc")),
        When::NoPcOrSameHost,
        FLOPPY,
    ),
    entry(
        (Libvirt, (11, 4, 0)),
        Lost,
        ("devices.disk.diskDevice", Some("floppy")),
        When::NoPcOrSameHost,
        FLOPPY,
    ),
    entry(
        (Libvirt, (11, 4, 0)),
        Lost,
        ("devices.hostdev.pciBackend", None),
        When::NoPc,
        (
            "libvirt 11.3 listed PCI assignment where there is no PCI or no VFIO",
            "libvirt's tests/domaincapsdata of 11.3.0 and 12.x: sparc, aarch64 under hvf",
        ),
    ),
    entry(
        (Libvirt, (11, 6, 0)),
        Gained,
        ("features.launchSecurity", None),
        When::Emulated,
        EMULATED_TDX,
    ),
    entry(
        (Libvirt, (11, 6, 0)),
        Gained,
        ("features.launchSecurity.sectype", Some("tdx")),
        When::Emulated,
        EMULATED_TDX,
    ),
    entry((Libvirt, (11, 10, 0)), Lost, ("features.tdx", None), When::Always, TDX),
    entry(
        (Libvirt, (11, 10, 0)),
        Lost,
        ("features.launchSecurity.sectype", Some("tdx")),
        When::Always,
        TDX,
    ),
    entry((Libvirt, (11, 10, 0)), Lost, ("features.launchSecurity", None), When::Only("tdx"), TDX),
    entry(
        (Libvirt, (12, 0, 0)),
        Unreported,
        ("features.hyperv", None),
        When::Emulated,
        (
            "libvirt 12.0 with QEMU 10.2 or newer lists no Hyper-V enlightenments under emulation",
            "documents of libvirt 11.6 and 12.0 with QEMU 11.1",
        ),
    ),
    entry(
        (Libvirt, (12, 2, 0)),
        Lost,
        ("devices.filesystem.driverType", Some("handle")),
        When::Always,
        ("QEMU 4.0 removed it, and libvirt listed it until 12.2", "NEWS 12.2.0"),
    ),
    entry(
        (Qemu, (10, 2, 0)),
        Unreported,
        ("features.hyperv", None),
        When::Emulated,
        (
            "libvirt 12.0 with QEMU 10.2 or newer lists no Hyper-V enlightenments under emulation",
            "documents of libvirt 12.8 with QEMU 10.0 and 11.1",
        ),
    ),
    entry((Qemu, (9, 1, 0)), Lost, (HOST_FEATURES, Some("pcommit")), When::Emulated, PCOMMIT),
    // The same under two versions of libvirt, which cannot be compared.
    entry((Qemu, (9, 1, 0)), Unreported, (HOST_FEATURES, Some("pcommit")), When::Emulated, PCOMMIT),
];
