//! Rules about a host's answer as a whole.

use super::Area::Document;
use super::Severity::{Breaking, Warning};
use super::{Mirror, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "document-empty",
        area: Some(Document),
        severity: Breaking,
        summary: "the host answers with an empty document",
        explanation: "libvirt still answers, but offers no CPU mode and no device for this target. \
            That is what a driver says that knows nothing of a machine, for example after QEMU \
            could not be probed. It counts as one change and not as a thousand single losses: \
            nothing of what the document said before can be relied on. Guests of this target may \
            not start here, and nothing should be migrated here until the host answers in full \
            again.",
        advice: "Ask again with `virsh domcapabilities --machine NAME`, and look in the log of \
            virtqemud or libvirtd for a QEMU that could not be probed. A restart of the daemon \
            makes it try again.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "document-suspect",
        area: Some(Document),
        severity: Warning,
        summary: "the host's answers are not to be believed",
        explanation: "The document is well-formed and cannot be true: host-model disables most of \
            what its CPU model has, or not even kvm64, which every 64-bit x86 host can run, is \
            usable. This happens where /dev/kvm is only half usable, for example in a virtual \
            machine with broken nested virtualization. Whatever else changed together with it may \
            be no change of the host at all, so breaking changes are shown as warnings.",
        advice: "Check the host with `virt-host-validate qemu`, repair KVM or the nested \
            virtualization below it, and collect again before you act on any other line.",
        mirror: Mirror::Rule("value-changed"),
    },
];
