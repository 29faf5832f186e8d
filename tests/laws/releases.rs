//! Releases that have one QEMU under two versions of libvirt.

use std::collections::BTreeSet;

use domcaps::diff::Kind;
use domcaps::judging;
use domcaps::report::Builder;
use domcaps::rules::{Policy, Severity};
use domcaps::side::Contents;

use crate::hosts::{self, HostFiles};

/// What Debian sid has more than Debian 13 with backports, though both have QEMU 11.1.3: it
/// was installed with `qemu-system-arm` and `qemu-efi-aarch64` too, and its `ovmf` is newer.
const PACKAGES: [(&str, &str); 5] = [
    ("emulator", "/usr/bin/qemu-system-aarch64"),
    ("emulator", "/usr/bin/qemu-system-arm"),
    ("os.loader.value", "/usr/share/AAVMF/AAVMF_CODE.fd"),
    ("os.loader.value", "/usr/share/ovmf/OVMF.amdsev.fd"),
    ("os.loader.value", "/usr/share/ovmf/OVMF.inteltdx.ms.fd"),
];

/// What is not merely information between two hosts: path and value, and whether it is a loss.
fn needs_review(old: &HostFiles, new: &HostFiles) -> BTreeSet<(String, String, bool)> {
    let mut contents = Contents::default();
    let sides = [old, new].map(|host| host.side(&mut contents));
    let sides = sides.each_ref();
    let comparison = judging::compare(&contents, sides).unwrap();
    let policy = Policy::default();
    let mut builder = Builder::new(&policy);
    judging::add(&mut builder, &contents, sides, &comparison, None).unwrap();
    let report = builder.finish(None, None);
    let findings = report.findings.iter().filter(|it| it.severity < Severity::Info);
    findings
        .map(|it| {
            let value = it.difference.value.clone().unwrap_or_default();
            (it.difference.path.clone(), value, it.difference.kind == Kind::Lost)
        })
        .collect()
}

#[test]
fn one_qemu_under_two_libvirts_differs_in_packages_only() {
    let mut hosts = hosts::releases();
    let mut take = |name: &str| {
        let at = hosts.iter().position(|host| host.name == name).unwrap();
        hosts.swap_remove(at)
    };
    let (backports, sid) = (take("deb13-bpo"), take("sid"));
    let lost = PACKAGES.map(|(path, value)| (path.to_owned(), value.to_owned(), true));
    assert_eq!(needs_review(&sid, &backports), BTreeSet::from(lost));
    assert_eq!(needs_review(&backports, &sid), BTreeSet::new());
}
