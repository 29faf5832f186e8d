//! Rules about features, memory, I/O threads and confidential guests.

use super::Area::Features;
use super::Severity::{Breaking, Info, Warning};
use super::{Mirror, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "feature-lost",
        area: Some(Features),
        severity: Breaking,
        summary: "a feature is gone",
        explanation: "libvirt says supported='no' where it said yes: for a guest feature such as \
            vmcoreinfo, genid or ps2, for backup, or for memoryBacking. Most follow from the QEMU \
            binary, so a downgrade or a build of another distribution is the usual cause. Guests \
            whose XML asks for it do not start and cannot arrive; without backup, `virsh \
            backup-begin` fails.",
        advice: "Search the guests' XML for the element of that name and remove it where the guest \
            can do without, or run a QEMU that has it.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "iothreads-lost",
        area: Some(Features),
        severity: Breaking,
        summary: "I/O threads are gone",
        explanation: "The emulator no longer has the iothread object, which every QEMU of the last \
            decade has, so it is most likely not the binary it should be, or not QEMU. Guests with \
            `<iothreads>`, or a disk or controller with `<driver iothread=`, do not start and \
            cannot arrive.",
        advice: "Check `<emulator>` and what `virsh version` says of the hypervisor; without I/O \
            threads remove both from the guest's XML.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "launch-security-lost",
        area: Some(Features),
        severity: Breaking,
        summary: "a kind of confidential guest is gone",
        explanation: "SEV, SEV-SNP, TDX, SGX or s390 Secure Execution cannot be used any more. \
            Each needs hardware, BIOS, kernel and QEMU together: a BIOS reset, a kernel without \
            the module option (kvm_amd.sev=1, kvm_intel.tdx=1) or a daemon that may not open \
            /dev/sev is enough. Guests with that `<launchSecurity type=`, or with sgx-epc memory, \
            do not start. One loss is none: before 11.10 libvirt reported TDX wherever QEMU had \
            the code, and since then only where the kernel can do it.",
        advice: "Run `virt-host-validate qemu`, and look at the kernel command line and the BIOS \
            settings. If all is as it was, empty /var/cache/libvirt/qemu/capabilities and restart \
            the daemon: libvirt keeps what it has probed.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "launch-security-none",
        area: Some(Features),
        severity: Breaking,
        summary: "no guest of that kind can be started any more",
        explanation: "The kind of guest is supported, and the number of guests fell to zero: \
            maxESGuests for SEV-ES and SEV-SNP, maxGuests for plain SEV, the size of the enclave \
            memory for SGX. The BIOS splits a fixed number of keys between SEV and SEV-ES, so that \
            all for one kind is none for the other. A zero is a no, whatever supported says: guests \
            of that kind do not start.",
        advice: "Raise the number in the BIOS (the least ASID for SEV guests without ES, the memory \
            reserved for enclaves), or move the guests to a host that has some left.",
        mirror: Mirror::Rule("value-changed"),
    },
    Rule {
        id: "sev-parameters-changed",
        area: Some(Features),
        severity: Warning,
        summary: "SEV guests get other memory encryption parameters",
        explanation: "cbitpos is the address bit that marks encrypted memory, reducedPhysBits the \
            number of address bits that encryption costs; the CPU gives both. On one host they \
            change only with the CPU, or with a hypervisor below it. libvirt fills them in where \
            the XML leaves them out; where `<launchSecurity type='sev'>` names another \
            `<cbitpos>`, QEMU refuses to start. Live migration is not at stake: QEMU has none for \
            SEV guests.",
        advice: "Remove `<cbitpos>` and `<reducedPhysBits>` from the guests' `<launchSecurity>` \
            with `virsh edit GUEST`, so that each host fills in its own.",
        mirror: Mirror::Rule("sev-parameters-changed"),
    },
    Rule {
        id: "sev-guests-moved",
        area: Some(Features),
        severity: Info,
        summary: "the split between SEV and SEV-ES guests is another",
        explanation: "A CPU has a fixed number of keys for encrypted guests. A BIOS setting, the \
            least ASID for SEV guests without ES, splits them: those below it are for SEV-ES and \
            SEV-SNP (maxESGuests), the others for plain SEV (maxGuests), so that what one loses \
            the other gains. Nothing stops working before one of the two runs out; then a further \
            guest of that kind fails to start.",
        advice: "Compare both numbers with how many guests of each kind the host is to run, and \
            set the BIOS accordingly; a zero means that no guest of that kind can start.",
        mirror: Mirror::Rule("sev-guests-moved"),
    },
    Rule {
        id: "hyperv-feature-lost",
        area: Some(Features),
        severity: Breaking,
        summary: "a Hyper-V enlightenment is gone",
        explanation: "Enlightenments are interfaces of Hyper-V that make Windows guests fast and \
            keep their clocks right. QEMU offers those that it and KVM can do; evmcs, for example, \
            needs Intel hardware, and under emulation few remain. A guest whose `<hyperv>` \
            switches on one that is gone does not start and cannot arrive. libvirt lists them \
            since 9.0.",
        advice: "Find the guests with `<hyperv>` and remove that element, knowing that Windows \
            sees other hardware; if kvm, QEMU or the CPU changed alongside, look there first.",
        mirror: Mirror::Rule("gained"),
    },
];
