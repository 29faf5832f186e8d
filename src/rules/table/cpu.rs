//! Rules about CPU modes, CPU models and their features.

use super::Area::Cpu;
use super::Severity::{Breaking, Warning};
use super::{Mirror, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "cpu-mode-lost",
        area: Some(Cpu),
        severity: Breaking,
        summary: "a CPU mode is gone",
        explanation: "host-passthrough needs hardware virtualization and goes with it; host-model \
            goes where libvirt cannot name the host's CPU any more; custom goes where QEMU no \
            longer tells its models. Guests with that `<cpu mode=` cannot start here. A running \
            host-model guest carries its CPU as a custom model when it migrates, so it needs \
            custom on the receiving side.",
        advice: "If kvm is gone too, repair that first (`virt-host-validate qemu`). Otherwise give \
            the guests a model that `virsh hypervisor-cpu-models` lists as usable, with `<cpu \
            mode='custom'>`.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "cpu-model-removed",
        area: Some(Cpu),
        severity: Breaking,
        summary: "a CPU model is gone",
        explanation: "QEMU or libvirt no longer knows the name. QEMU removes CPU models some \
            releases after it marked them deprecated: Icelake-Client was marked in 5.2 and is gone \
            since 7.1. A downgrade loses the models that came since, and libvirt lists a model \
            only if it knows it too. Guests with the name in `<cpu><model>` cannot start, and a \
            guest that runs with it, also one started as host-model, cannot arrive.",
        advice: "Find the guests by `<model>` in `virsh dumpxml GUEST --inactive` and give them \
            the nearest model that both sides list, `virsh hypervisor-cpu-models --all`. They need \
            a full shutdown for it.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "cpu-model-unusable",
        area: Some(Cpu),
        severity: Breaking,
        summary: "a CPU model cannot be used any more",
        explanation: "The model is known, but the host no longer has all features of it; the \
            blockers, reported since libvirt 10.9, name the missing ones. The CPU itself rarely is \
            the cause: a microcode or BIOS update, a kernel option or another kernel took them \
            away. The classic is TSX: hle and rtm went with microcode updates on many Intel CPUs, \
            and Linux since 5.4 has the option tsx= that can switch it off. Guests of the model do \
            not start, and running ones cannot be migrated here.",
        advice: "Look at what changed alongside: microcode, kernel, firmware, QEMU. Either bring \
            the features back, or give the guests at their next shutdown a variant without them, \
            such as Skylake-Client-noTSX-IBRS, or `<feature policy='disable' name='hle'/>` and so \
            on for each blocker.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "cpu-model-deprecated",
        area: Some(Cpu),
        severity: Warning,
        summary: "a CPU model is marked deprecated",
        explanation: "QEMU announces that the model will go. libvirt passes the mark on since 7.1 \
            and prints it only where it is set, so a document without it says that the model is \
            not deprecated. Guests of the model start and migrate as before. QEMU keeps what it \
            deprecates for the release that marks it and one more at least, so the model may be \
            gone two releases later.",
        advice: "Use another model for new guests, and change `<cpu><model>` of old ones at a \
            planned shutdown; `virsh hypervisor-cpu-models` lists what the host can run.",
        mirror: Mirror::Rule("reporting-changed"),
    },
    Rule {
        id: "cpu-canonical-moved",
        area: Some(Cpu),
        severity: Warning,
        summary: "the name of a CPU model means another version of it",
        explanation: "A model name without version, such as EPYC, stands for one versioned model, \
            such as EPYC-v1, and now for another. Versions of one model differ in features, so the \
            same XML gives a guest another CPU at its next cold start than it had before. Between \
            hosts on which the name means different versions, live migration can fail, or guests \
            get features on one that the other lacks. Versioned names can be used in libvirt since \
            10.10.",
        advice: "Name the version in the guest's XML, `<model>EPYC-v1</model>`, wherever guests \
            must keep their CPU; see `virsh domcapabilities` for the attribute canonical on both \
            sides.",
        mirror: Mirror::Rule("cpu-canonical-moved"),
    },
    Rule {
        id: "host-model-changed",
        area: Some(Cpu),
        severity: Warning,
        summary: "host-model names another CPU model",
        explanation: "host-model is the named model nearest to the host plus a list of features. \
            libvirt chooses the name from its own CPU map, so an upgrade of libvirt or QEMU can \
            change it on the same hardware; microcode and kernel updates can as well. Running \
            guests keep their CPU, guests that start from now on get the new one, and those may be \
            refused by hosts whose libvirt does not know the name or whose CPU lacks a feature. \
            The feature lists of two different models are not comparable, so none are shown.",
        advice: "In a mixed fleet do not migrate host-model guests from upgraded to old hosts; use \
            a model from `virsh hypervisor-cpu-baseline` over all of them instead. `virsh \
            domcapabilities --expand-cpu-features` (libvirt 12.2) lists the features in full, \
            which can be compared.",
        mirror: Mirror::Rule("host-model-changed"),
    },
    Rule {
        id: "cpu-feature-lost",
        area: Some(Cpu),
        severity: Warning,
        summary: "host-model has lost a CPU feature",
        explanation: "host-model lists features as a difference to the model it names, and this \
            one is no longer required there. It can be gone: microcode, BIOS, kernel or QEMU took \
            it away, and guests that run with it cannot arrive, guests with `<feature \
            policy='require'>` for it cannot start. Or it was only folded into the model's \
            definition by a newer libvirt, and nothing changed. The document cannot tell the two \
            apart.",
        advice: "Compare `virsh domcapabilities --expand-cpu-features` of both sides, or, before \
            libvirt 12.2, `virsh hypervisor-cpu-baseline --features` with the host-model CPU. If \
            microcode or kernel changed alongside, believe the loss.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "migratable-lost",
        area: Some(Cpu),
        severity: Breaking,
        summary: "guests of a CPU mode cannot be migrated any more",
        explanation: "`migratable='on'` of host-passthrough and maximum keeps CPU features out of \
            the guest that block a migration, above all invtsc. Where on is no longer offered, \
            QEMU cannot do that: host-passthrough guests whose XML says it do not start, and \
            guests without it may hold features that keep them from moving even to an identical \
            host. On aarch64, ppc64 and s390x only off was ever offered.",
        advice: "Check that the emulator is the one you mean, then give guests that must be able \
            to move a `<cpu mode='host-model'>` or a custom model.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "vcpu-max-lowered",
        area: Some(Cpu),
        severity: Warning,
        summary: "fewer virtual CPUs than before",
        explanation: "The limit is that of the machine type, and under kvm that of the kernel's \
            KVM if it is lower. It was raised over time (q35: 288, with QEMU 8.1 1024, with 9.0 \
            4096), so it falls after a downgrade, with another kernel, or where an alias points to \
            an older machine. Only guests with more `<vcpu>` than the new limit are hit: they do \
            not start and cannot arrive.",
        advice: "Look for guests above the limit with `virsh vcpucount GUEST --maximum --config`; \
            lower `<vcpu>`, or place them on a host with the old limit.",
        mirror: Mirror::Rule("value-changed"),
    },
];
