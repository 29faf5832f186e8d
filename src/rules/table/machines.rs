//! Rules about emulators, architectures, domain types and machine types.

use super::Area::Machines;
use super::Severity::{Breaking, Info, Warning};
use super::{Mirror, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "emulator-lost",
        area: Some(Machines),
        severity: Breaking,
        summary: "an emulator is gone",
        explanation: "libvirt no longer lists this QEMU binary. Either it was uninstalled, or \
            libvirt can no longer probe it: each libvirt sets a least QEMU version (6.2 since \
            libvirt 11.2, 7.2 since 12.4) and passes over anything older. Guests whose XML names \
            the binary cannot start, and no guest that needs it can be migrated here.",
        advice: "Find its guests by `<emulator>` in `virsh dumpxml GUEST --inactive`. Install the \
            package again, or let `virsh edit GUEST` name an emulator that `virsh capabilities` \
            still lists.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "emulator-moved",
        area: Some(Machines),
        severity: Warning,
        summary: "the emulator is at another path",
        explanation: "The only emulator for an architecture and domain type has another path than \
            before. libvirt takes `<emulator>` of a guest literally: where nothing is at that path \
            any more, the guest does not start (\"Cannot check QEMU binary\"). Paths change with a \
            package version (Nix, Homebrew), between distributions (/usr/libexec/qemu-kvm, \
            /usr/bin/qemu-system-x86_64) and with a link such as /usr/bin/kvm. Whether the old path \
            still leads to a QEMU is in no document.",
        advice: "Look for the old path on the host. If it is not there, remove `<emulator>` from the \
            guests that `virsh dumpxml GUEST --inactive` shows with it, so that libvirt takes its \
            default, or leave a link.",
        mirror: Mirror::Rule("emulator-moved"),
    },
    Rule {
        id: "arch-lost",
        area: Some(Machines),
        severity: Breaking,
        summary: "guests of an architecture cannot run any more",
        explanation: "The host has the emulator and no longer serves this guest architecture with \
            it. Distributions package QEMU by architecture, so this mostly follows from a removed \
            or replaced package; a 32-bit architecture can also go with a host kernel or CPU that \
            dropped it. Guests of it cannot start here, and none can be migrated here.",
        advice: "Look for `<type arch=` in `virsh dumpxml GUEST --inactive` to find the guests, \
            and install the package that holds this architecture's QEMU, or move them to a host \
            that has it.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "virttype-lost",
        area: Some(Machines),
        severity: Breaking,
        summary: "a domain type is gone: for kvm, hardware virtualization is lost",
        explanation: "libvirt offers a domain type only while the host can run it. Where kvm is \
            gone, /dev/kvm cannot be used: the kvm_intel or kvm_amd module is not loaded, \
            virtualization is switched off in the BIOS, or the daemon may not open the device. \
            Guests with `<domain type='kvm'>` do not start and cannot arrive; under type qemu they \
            would be emulated, many times slower, with other CPU models.",
        advice: "Run `virt-host-validate qemu`, then check `ls -l /dev/kvm`, the kernel module and \
            the BIOS; restart virtqemud or libvirtd afterwards.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "virttype-changed",
        area: Some(Machines),
        severity: Warning,
        summary: "the two documents are of different domain types",
        explanation: "`virsh domcapabilities` without `--virttype` answers for the best domain type \
            that the host has, so it falls from kvm to qemu where /dev/kvm cannot be used any more. \
            Guests with `<domain type='kvm'>` do not start then. Or two documents of different types \
            were compared on purpose. Either way, whatever else differs compares accelerators and is \
            no change of the host.",
        advice: "Ask the host with `virsh domcapabilities --virttype kvm`. If it has no kvm, run \
            `virt-host-validate qemu`; if it has, compare documents of one type.",
        mirror: Mirror::Rule("virttype-changed"),
    },
    Rule {
        id: "machine-removed",
        area: Some(Machines),
        severity: Breaking,
        summary: "a machine type is gone",
        explanation: "A guest records its versioned machine type when it is defined and can start, \
            be restored or arrive by live migration only where QEMU has exactly that type. QEMU \
            marks a versioned type deprecated three years after it came and removes it after six: \
            M.n goes with QEMU (M+6).n. QEMU 10.1, which dropped pc-q35-4.1 and older ones, was the \
            first to do so; those before went one by one, up to pc-i440fx-2.3 by 10.0. Types of a distribution, such as pc-q35-rhel9.2.0 or pc-i440fx-focal, \
            exist in that distribution's builds only, and so go with a change of distribution.",
        advice: "Before the upgrade, list the guests with `grep -l \"machine='NAME'\" \
            /etc/libvirt/qemu/*.xml` and move each to a newer type: shut it down and change `<type \
            machine=` with `virsh edit GUEST`. Saved states of the old type must be resumed first; \
            they cannot be converted.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "machine-aliased",
        area: Some(Machines),
        severity: Warning,
        summary: "a machine type has become an alias of another",
        explanation: "The name still works, and means another machine type: a board that had one \
            machine got versioned ones, or was renamed. Guests of the name start as what it now \
            stands for, with whatever differs in it. A running guest of the old machine may not \
            arrive here by live migration, since its machine has another name.",
        advice: "Compare both with `domcaps diff OLD:NAME NEW:NAME`, and name the versioned machine \
            type in `<type machine=` of guests that must stay as they are.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "target-lost",
        area: Some(Machines),
        severity: Breaking,
        summary: "a machine type is gone for one domain type",
        explanation: "The machine type is still there for another domain type of the same emulator \
            and architecture, and no longer for this one. Machines differ in what accelerates \
            them: some run under emulation only, and KVM can refuse what TCG runs. Guests of this \
            combination of `<domain type=` and `<type machine=` cannot start or arrive here.",
        advice: "Compare the host's answers with `virsh domcapabilities --virttype kvm --machine \
            NAME` and `--virttype qemu`; move the guests to another machine type, or to a host \
            that has both.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "machine-deprecated",
        area: Some(Machines),
        severity: Warning,
        summary: "QEMU marks a machine type deprecated and will remove it",
        explanation: "Nothing stops working yet; the removal is announced. A versioned machine \
            type is marked three years after its release and removed three years later: pc-q35-M.n \
            is marked with QEMU (M+3).n and gone with (M+6).n. Machines without a version follow \
            QEMU's general policy and can go two releases after the mark. QEMU means deprecated \
            types for guests that exist already, not for new ones.",
        advice: "List what is marked with `domcaps machines HOST --deprecated`, define new guests \
            with a current type, and move old ones at their next shutdown with `virsh edit GUEST`.",
        mirror: Mirror::Rule("value-changed"),
    },
    Rule {
        id: "alias-lost",
        area: Some(Machines),
        severity: Warning,
        summary: "a machine alias is gone",
        explanation: "The name is neither an alias nor a machine type any more. libvirt replaces an \
            alias by the type it stands for when a guest is defined, so guests that exist name the \
            type; but transient guests and programs that define a guest at each start (Nova, \
            Terraform) name the alias, and theirs do not start. Aliases go with their machine \
            types, as pc on a host without i440fx, or alone, as raspi3 with QEMU 6.2.",
        advice: "Search templates and transient guests for `<type machine='NAME'>` and name a type \
            that `domcaps machines HOST` lists.",
        mirror: Mirror::Rule("alias-moved"),
    },
    Rule {
        id: "alias-moved",
        area: Some(Machines),
        severity: Info,
        summary: "a machine alias points to another machine type",
        explanation: "Aliases such as pc, q35 and virt stand for the newest machine type of their \
            family, so they move with every QEMU upgrade. libvirt replaces an alias by the type it \
            stands for when a guest is defined: guests that exist keep theirs. Only guests defined \
            from now on get the new type, and those cannot be migrated to hosts whose QEMU does \
            not have it.",
        advice: "As long as older hosts are in the fleet, define guests that must be able to move \
            with a versioned type that all hosts have: `<type machine='pc-q35-7.2'>` rather than \
            q35.",
        mirror: Mirror::Rule("alias-moved"),
    },
];
