//! The table: one entry for each change of libvirt's reporting.
//!
//! Seen in documents of one QEMU under several versions of libvirt (`tests/one-qemu`), or read in the
//! source that each entry names.

use super::{Entry, When};
use crate::diff::Kind;
use crate::model::CUSTOM_MODELS;

/// Every entry, by version.
pub const KNOWLEDGE: &[Entry] = &[
    Entry {
        since: (7, 1, 0),
        path: "cpu.mode[custom].model[*].deprecated",
        value: None,
        kind: Kind::Reported,
        when: When::Always,
        reason: "libvirt 7.1 began to say which CPU models are deprecated",
        source: "docs/formatdomaincaps.rst",
    },
    Entry {
        since: (10, 0, 0),
        path: "cpu.mode[custom].model[*].vendor",
        value: None,
        kind: Kind::Changed,
        when: When::SameHost,
        reason: "libvirt learnt who makes the CPU model; on s390x by 10.0",
        source: "documents of libvirt 9.0 and 10.0",
    },
    Entry {
        since: (10, 10, 0),
        path: CUSTOM_MODELS,
        value: Some("*-v*"),
        kind: Kind::Gained,
        when: When::Always,
        reason: "libvirt 10.10 and 11.0 began to list the versioned names of CPU models",
        source: "NEWS 10.10.0, 11.0.0",
    },
    Entry {
        since: (11, 4, 0),
        path: "devices.disk.bus",
        value: Some("fdc"),
        kind: Kind::Lost,
        when: When::NoPcOrSameHost,
        reason: "libvirt 11.4 ceased to list floppy drives where QEMU has none",
        source: "NEWS 11.4.0",
    },
    Entry {
        since: (11, 4, 0),
        path: "devices.disk.diskDevice",
        value: Some("floppy"),
        kind: Kind::Lost,
        when: When::NoPcOrSameHost,
        reason: "libvirt 11.4 ceased to list floppy drives where QEMU has none",
        source: "NEWS 11.4.0",
    },
    Entry {
        since: (11, 10, 0),
        path: "features.tdx",
        value: None,
        kind: Kind::Lost,
        when: When::Always,
        reason: "libvirt before 11.10 said yes to TDX wherever QEMU had the code",
        source: "NEWS 11.10.0",
    },
    Entry {
        since: (11, 10, 0),
        path: "features.launchSecurity.sectype",
        value: Some("tdx"),
        kind: Kind::Lost,
        when: When::Always,
        reason: "libvirt before 11.10 said yes to TDX wherever QEMU had the code",
        source: "NEWS 11.10.0",
    },
    Entry {
        since: (11, 10, 0),
        path: "features.launchSecurity",
        value: None,
        kind: Kind::Lost,
        when: When::Only("tdx"),
        reason: "libvirt before 11.10 said yes to TDX wherever QEMU had the code",
        source: "NEWS 11.10.0",
    },
    Entry {
        since: (12, 0, 0),
        path: "features.hyperv",
        value: None,
        kind: Kind::Unreported,
        when: When::Emulated,
        reason: "libvirt ceased to list Hyper-V enlightenments of emulated guests",
        source: "documents of libvirt 11.6 and 12.0 with QEMU 11.1",
    },
    Entry {
        since: (12, 2, 0),
        path: "devices.filesystem.driverType",
        value: Some("handle"),
        kind: Kind::Lost,
        when: When::Always,
        reason: "QEMU 4.0 removed it, and libvirt listed it until 12.2",
        source: "NEWS 12.2.0",
    },
];
