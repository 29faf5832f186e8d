//! Rules that fit changes of any area.

use super::Severity::{Breaking, Info, Warning};
use super::{Mirror, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "enum-value-lost",
        area: None,
        severity: Breaking,
        summary: "a choice is gone",
        explanation: "Both sides list the choices of a device or feature, and one of them is gone: \
            a disk bus, a video model, a kind of graphics. Mostly QEMU was built without it, or a \
            module package is missing (spice, virtio-gpu, usb-redirect); some choices follow the \
            host: the emulated TPM needs swtpm, vfio needs an IOMMU. Guests that ask for it do not \
            start and cannot arrive. libvirt also corrects its lists, as 11.4 did with floppies; \
            then the choice never worked.",
        advice: "Search the guests' XML for the value, install the missing package, or let `virsh \
            edit GUEST` choose what is left.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "value-changed",
        area: None,
        severity: Info,
        summary: "a value is another",
        explanation: "A number, a text or a list is not what it was, and no rule knows it to do \
            harm: a raised limit, a default, a size, a mark that was taken back. Guests start and \
            move as before, as far as the document tells. Guests that make use of a raised limit \
            cannot be moved back to a host without it.",
        advice: "Nothing need be done. If the value matters to you, follow the path with `domcaps \
            diff OLD NEW PATH`.",
        mirror: Mirror::Rule("value-changed"),
    },
    Rule {
        id: "reporting-changed",
        area: None,
        severity: Info,
        summary: "newly or no longer reported; the host need not differ",
        explanation: "Only one side says anything, and what is absent is not a no: libvirt's own \
            documentation asks not to read anything into it. Or a newer libvirt lists more of what \
            was there before. An upgrade of libvirt does both on an unchanged host: 10.9 began to \
            list blockers, 10.10 and 11.0 the versioned CPU models, 12.1 firmwareFeatures. Guests \
            start and move as before; but a name that only the newer libvirt knows, such as \
            EPYC-v1, can be used only there.",
        advice: "Nothing need be done. `domcaps diff OLD NEW --full` lists each of them.",
        mirror: Mirror::Rule("reporting-changed"),
    },
    Rule {
        id: "other-virttype",
        area: None,
        severity: Info,
        summary: "differs between domain types, not between hosts",
        explanation: "The two documents are of different domain types, such as kvm and qemu. Each \
            accelerator has CPU models, features and limits of its own, so what one lists and the \
            other does not is no gain and no loss of the host. The change of the domain type itself \
            is reported as virttype-changed.",
        advice: "Compare documents of one domain type: `virsh domcapabilities --virttype kvm`.",
        mirror: Mirror::Rule("other-virttype"),
    },
    Rule {
        id: "goes-with-another",
        area: None,
        severity: Info,
        summary: "follows from another change, which is reported by itself",
        explanation: "One cause is reported once. Where the choice firmware='efi' is lost for a machine, \
            its images and what they offer go with it; where every image of a list is gone, one of \
            them stands for all. Guests that need what this is about are hit by the other change too, \
            and with --used-by it is judged by itself where a guest needs it.",
        advice: "Act on the other change.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "no-longer-reported",
        area: None,
        severity: Warning,
        summary: "no longer said to be supported; it may or may not be gone",
        explanation: "The old side said yes, to a device, a feature or a CPU model, and the new \
            one does not say: the element is missing, or usable is unknown. Silence is not a no, \
            so this is no loss; but whoever went by the yes cannot any more. After a downgrade of \
            libvirt it is to be expected. Without a change of libvirt it means that the host can \
            no longer tell, for example because QEMU could not be asked.",
        advice: "If libvirt is among what changed alongside, let it be. If not, start a guest that \
            uses it on this host before others depend on it.",
        mirror: Mirror::Rule("reporting-changed"),
    },
    Rule {
        id: "gained",
        area: None,
        severity: Info,
        summary: "new",
        explanation: "The host can do something that it could not do, or both sides list their \
            choices and the new one has one more. Nothing that worked stops working. Guests that \
            make use of it can move only to hosts that have it too, which matters while a fleet is \
            half upgraded.",
        advice: "Nothing need be done. Let new guests use it once every host they may move to has \
            it; `domcaps diff HOST-A HOST-B` tells.",
        mirror: Mirror::None(
            "what a loss means depends on what is lost, so losses have rules of their own",
        ),
    },
];
