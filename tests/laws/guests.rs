//! Guests for the laws of verdicts: those that are started on real daemons (`tests/daemons`), those of
//! `tests/guests`, and others made by editing.

use std::path::Path;

use domcaps::model::{Guest, Target};

#[path = "../daemons/table.rs"]
mod table;

/// What guests have beside a machine.
const PARTS: [&str; 16] = [
    "",
    "<devices><graphics type='spice'/></devices>",
    "<devices><video><model type='qxl'/></video></devices>",
    "<devices><disk device='disk'><target bus='sata'/></disk></devices>",
    "<devices><disk device='floppy'><target bus='fdc'/></disk></devices>",
    "<devices><tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices>",
    "<devices><watchdog model='itco'/></devices>",
    "<devices><panic model='pvpanic'/></devices>",
    "<devices><sound model='virtio'/></devices>",
    "<devices><emulator>/usr/local/bin/qemu-system-x86_64</emulator></devices>",
    "<vcpu>288</vcpu>",
    "<cpu check='partial'><model fallback='forbid'>qemu64</model></cpu>",
    "<cpu check='full'><model fallback='forbid'>EPYC-Rome</model></cpu>",
    "<cpu check='none'><model>Icelake-Client</model><feature name='avx2'/></cpu>",
    "<cpu mode='host-model'><feature name='vmx' policy='forbid'/></cpu>",
    "<launchSecurity type='sev'/>",
];

const MACHINES: [&str; 8] = [
    "machine='pc-q35-7.2'",
    "machine='pc-q35-5.2'",
    "machine='pc-i440fx-2.1'",
    "machine='pc-i440fx-10.0'",
    "machine='isapc'",
    "machine='q35'",
    "",
    "machine='gone'",
];

/// Guests made of each machine and each part, for x86 under both domain types, and for Arm.
fn edited() -> Vec<String> {
    let mut guests = Vec::new();
    let mut add = |kind: &str, arch: &str, machine: &str, part: &str| {
        let os = format!("<os><type arch='{arch}' {machine}>hvm</type></os>");
        guests.push(format!("<domain type='{kind}'>{os}{part}</domain>"));
    };
    for part in PARTS {
        for machine in MACHINES {
            add("qemu", "x86_64", machine, part);
            add("kvm", "x86_64", machine, part);
        }
        add("qemu", "aarch64", "machine='virt'", part);
        add("qemu", "aarch64", "machine='virt-7.2'", part);
    }
    guests
}

/// Guests of a document's target, with each part.
pub(crate) fn of_target(target: &Target) -> Vec<Guest> {
    let Target { arch, virttype, machine, .. } = target;
    let os = format!("<os><type arch='{arch}' machine='{machine}'>hvm</type></os>");
    let guest = |part: &str| format!("<domain type='{virttype}'>{os}{part}</domain>");
    let texts = PARTS.iter().map(|part| guest(part));
    texts.map(|text| domcaps::parse::guest(text.as_bytes()).unwrap()).collect()
}

/// All of them.
pub(crate) fn all() -> Vec<Guest> {
    let started = table::table();
    let texts = edited().into_iter().chain(started.iter().map(table::TableGuest::xml));
    let guests = texts.filter_map(|text| domcaps::parse::guest(text.as_bytes()).ok());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    let files = domcaps::guests::read(&[folder], &mut std::io::empty()).guests;
    let guests: Vec<Guest> = guests.chain(files.into_iter().map(|it| it.guest)).collect();
    assert!(guests.len() > 480, "{}", guests.len());
    guests
}
