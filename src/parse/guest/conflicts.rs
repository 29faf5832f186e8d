//! What libvirt or QEMU refuses whatever the host's document says, and what may want for a part of
//! QEMU that no document speaks of.
//!
//! (seen) marks what real daemons refused (libvirt 9.0.0 and 11.3.0, `tests/daemons/guests.txt`).

use super::Reader;
use super::rows::DISK_BUSES;
use crate::model::{GuestConflict, OpenQuestion};
use crate::parse::xml::Element;

/// The guest that a line of the table is for.
#[derive(Clone, Copy)]
enum MachineFamily {
    /// Guests of x86 with a machine of PC's second generation.
    Q35,
    /// All guests of these architectures.
    Arches(&'static [&'static str]),
    /// `virt` of Arm and RISC-V.
    Virt,
}

use MachineFamily::{Arches, Q35, Virt};

/// A model that works with some machines alone.
struct BoundModel {
    /// The element, below `<domain>`.
    at: &'static str,
    model: &'static str,
    only: MachineFamily,
    text: &'static str,
}

const fn bound(
    at: &'static str,
    model: &'static str,
    only: MachineFamily,
    text: &'static str,
) -> BoundModel {
    BoundModel { at, model, only, text }
}

const ONLY_Q35: &str = "only guests with a q35 machine can have it";
const ONLY_S390: &str = "only guests of s390x can have it";

/// Models that libvirt's qemu_validate.c ties to a machine or an architecture.
const BOUND: &[BoundModel] = &[
    // "itco model of watchdog is only part of q35 machine" [D].
    bound("devices/watchdog", "itco", Q35, ONLY_Q35),
    // "diag288 model of watchdog is allowed for s390 and s390x only" [D].
    bound("devices/watchdog", "diag288", Arches(&["s390", "s390x"]), ONLY_S390),
    // "only pSeries guests support panic device of model 'pseries'" [D].
    bound(
        "devices/panic",
        "pseries",
        Arches(&["ppc64", "ppc64le"]),
        "only pseries guests can have it",
    ),
    // "only S390 guests support panic device of model 's390'".
    bound("devices/panic", "s390", Arches(&["s390", "s390x"]), ONLY_S390),
    // "only i686 and x86_64 guests support panic device of model 'hyperv'".
    bound("devices/panic", "hyperv", Arches(&["x86_64", "i686"]), "only guests of x86 can have it"),
    // "IOMMU device: 'intel' is only supported with Q35 machines" [D]; so for amd.
    bound("devices/iommu", "intel", Q35, ONLY_Q35),
    bound("devices/iommu", "amd", Q35, ONLY_Q35),
    // "IOMMU device: 'smmuv3' is only supported with ARM Virt machines" [D].
    bound("devices/iommu", "smmuv3", Virt, "only guests with a virt machine of Arm can have it"),
];

/// An attribute's value that takes a part of QEMU which no document speaks of, or not surely.
struct UnknownPart {
    at: &'static str,
    attribute: &'static str,
    /// The values that are known to be in every QEMU.
    sure: &'static [&'static str],
    text: &'static str,
}

/// Everything but the values that are sure is open.
const PARTS: &[UnknownPart] = &[
    // libvirt reports sdl, dbus and egl-headless for a QEMU whose modules are not installed, and
    // egl-headless takes a GPU: "Display 'sdl' is not available" [D].
    UnknownPart {
        at: "devices/graphics",
        attribute: "type",
        sure: &["vnc", "spice", "rdp", "desktop"],
        text: "libvirt also reports it where QEMU's module or the GPU for it is missing",
    },
    // "Unknown audio driver `pa'" [D]; which backends QEMU was built with is in no document.
    UnknownPart {
        at: "devices/audio",
        attribute: "type",
        sure: &["none", "spice"],
        text: "which audio backends QEMU has is in no document",
    },
    // ac97 to virtio: docs/formatdomain.rst, "Sound devices".
    UnknownPart {
        at: "devices/sound",
        attribute: "model",
        sure: &["ac97", "es1370", "ich6", "ich7", "ich9", "pcspk", "sb16", "usb", "virtio"],
        text: "which sound cards libvirt and QEMU have is in no document",
    },
    // "'igb' is not a valid device model name" (QEMU 7.2) [D].
    UnknownPart {
        at: "devices/interface/model",
        attribute: "type",
        sure: &[
            "virtio",
            "virtio-transitional",
            "virtio-non-transitional",
            "e1000",
            "e1000e",
            "rtl8139",
            "spapr-vlan",
        ],
        text: "which network cards QEMU has is in no document",
    },
    // "machine type does not support if=sd" [D]; libvirt 11.3 does not report that bus.
    UnknownPart {
        at: "devices/disk/target",
        attribute: "bus",
        sure: DISK_BUSES,
        text: "which machines have this bus is in no document",
    },
    // "'dbus' is not a valid char driver name" [D]; the others are in every QEMU, or reported.
    UnknownPart {
        at: "devices/channel",
        attribute: "type",
        sure: &[
            "dev",
            "file",
            "null",
            "pipe",
            "pty",
            "qemu-vdagent",
            "spiceport",
            "spicevmc",
            "stdio",
            "tcp",
            "udp",
            "unix",
            "vc",
        ],
        text: "which character devices QEMU has is in no document",
    },
];

/// What no host starts.
pub(super) fn refused(reader: &Reader<'_>) -> Vec<GuestConflict> {
    let mut found = Vec::new();
    let mut refuse = |element: String, text: &str| {
        found.push(GuestConflict { element, text: text.to_owned() });
    };
    let machine = GuestMachine::of(reader);
    let has_spice = any(reader, "devices/graphics", "type", "spice");
    let is_shared = has_shared_memory(reader);
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        let model = attribute("model");
        for row in BOUND.iter().filter(|row| row.at == path && Some(row.model) == model) {
            if machine.is_other_than(row.only) {
                refuse(format!("{place} model={}", row.model), row.text);
            }
        }
        let Some(kind) = attribute("type") else { return };
        match (path, kind) {
            // "chardev 'spicevmc' not supported without spice graphics" [D].
            ("devices/channel", "spicevmc") | ("devices/audio", "spice") if !has_spice => {
                refuse(format!("{place} type={kind}"), "it needs graphics of type spice");
            }
            // "'virtiofs' requires shared memory" [D].
            ("devices/filesystem/driver", "virtiofs")
            | ("devices/disk", "vhostuser" | "vhostvdpa")
                if !is_shared =>
            {
                refuse(format!("{place} type={kind}"), "it needs memory that is shared");
            }
            _ => {}
        }
    });
    // "does not support os type 'exe'" [D]: containers and Xen have others.
    if let Some(kind) = reader.text(&["os", "type"])
        && matches!(reader.virttype(), "kvm" | "qemu")
        && kind != "hvm"
    {
        refuse(format!("os/type {kind}"), "guests of QEMU are of type hvm");
    }
    firmware(reader, &machine, refuse);
    found
}

/// What firmware and features of a guest contradict each other.
fn firmware(reader: &Reader<'_>, machine: &GuestMachine<'_>, mut refuse: impl FnMut(String, &str)) {
    let at = |path: &[&str], name: &str| {
        reader.at(path).and_then(|element| reader.xml.attribute(element, name))
    };
    // "Secure boot requires SMM feature enabled" [D].
    let smm = at(&["features", "smm"], "state");
    if at(&["os", "loader"], "secure") == Some("yes") && smm == Some("off") {
        refuse("os/loader secure=yes".to_owned(), "Secure Boot needs SMM, which is off");
    }
    // "firmware feature 'enrolled-keys' cannot be enabled when … 'secure-boot' is disabled" [D].
    let mut features = [None; 2];
    reader.each(|element, path, _| {
        if path == "os/firmware/feature" {
            let attribute = |name: &str| reader.xml.attribute(element, name);
            match attribute("name") {
                Some("secure-boot") => features[0] = attribute("enabled"),
                Some("enrolled-keys") => features[1] = attribute("enabled"),
                _ => {}
            }
        }
    });
    if features == [Some("no"), Some("yes")] {
        let text = "keys cannot be enrolled without Secure Boot";
        refuse("os/firmware/feature enrolled-keys=yes".to_owned(), text);
    }
    // "ACPI requires UEFI on this architecture" [D].
    let has_firmware = at(&["os"], "firmware").is_some() || reader.at(&["os", "loader"]).is_some();
    let is_arm = matches!(machine.arch, Some("aarch64" | "armv7l" | "armv6l"));
    if is_arm && reader.at(&["features", "acpi"]).is_some() && !has_firmware {
        refuse("features/acpi".to_owned(), "ACPI needs UEFI on this architecture");
    }
}

/// What may be refused for a reason that is in no document.
pub(super) fn open_questions(reader: &Reader<'_>) -> Vec<OpenQuestion> {
    let mut found = Vec::new();
    let mut open = |element: String, text: &str| {
        found.push(OpenQuestion { element, text: text.to_owned() });
    };
    let machine = GuestMachine::of(reader);
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        for part in PARTS.iter().filter(|part| part.at == path) {
            let value = attribute(part.attribute);
            if let Some(value) = value.filter(|value| !part.sure.contains(value)) {
                open(format!("{place} {}={value}", part.attribute), part.text);
            }
        }
        // "ib700 model of watchdog cannot be used with this machine type" (11.3) [D]; 9.0 took it.
        if path == "devices/watchdog" && attribute("model") == Some("ib700") && machine.is_q35() {
            let text = "newer versions of libvirt refuse it for q35 machines";
            open(format!("{place} model=ib700"), text);
        }
    });
    // "No PCI buses available" for the devices that libvirt adds by itself [D].
    let has_balloon = !any(reader, "devices/memballoon", "model", "none");
    if matches!(machine.machine, Some("microvm" | "isapc")) && has_balloon {
        let text = "it has no PCI bus, which the devices that libvirt adds need";
        open(format!("os/type machine={}", machine.machine.unwrap_or_default()), text);
    }
    // "Security driver model 'selinux' is not available" [D]; libvirt names the model itself in the XML
    // of a running guest, as type='dynamic'.
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        let model = attribute("model").filter(|model| !["dac", "none"].contains(model));
        if let Some(model) =
            model.filter(|_| path == "seclabel" && attribute("type") == Some("static"))
        {
            let text = "which security drivers the host has is in no document";
            open(format!("{place} model={model}"), text);
        }
    });
    // "APIC ID 255 requires x2APIC feature in CPU" [D]; kvm turns it on by itself.
    let vcpus = reader.text(&["vcpu"]).and_then(|text| text.parse::<u32>().ok());
    if vcpus.is_some_and(|vcpus| vcpus > 255)
        && machine.arch == Some("x86_64")
        && reader.virttype() == "qemu"
    {
        let text = "more than 255 need a CPU with x2apic, which an emulated one may lack";
        open("vcpu".to_owned(), text);
    }
    found
}

/// Whether an element there has this value.
fn any(reader: &Reader<'_>, at: &str, attribute: &str, value: &str) -> bool {
    let mut is_there = false;
    reader.each(|element, path, _| {
        is_there |= path == at && reader.xml.attribute(element, attribute) == Some(value);
    });
    is_there
}

/// Whether other processes can have the guest's memory.
fn has_shared_memory(reader: &Reader<'_>) -> bool {
    any(reader, "memoryBacking/access", "mode", "shared")
        || any(reader, "cpu/numa/cell", "memAccess", "shared")
}

/// What is known of a guest's machine.
struct GuestMachine<'x> {
    arch: Option<&'x str>,
    machine: Option<&'x str>,
}

impl<'x> GuestMachine<'x> {
    fn of(reader: &Reader<'x>) -> Self {
        let kind: Option<&Element<'x>> = reader.at(&["os", "type"]);
        let attribute = |name: &str| kind.and_then(|kind| reader.xml.attribute(kind, name));
        Self { arch: attribute("arch"), machine: attribute("machine") }
    }

    /// Whether the guest surely is of another family. A machine that is left out is libvirt's
    /// preferred one, which is no q35 before one is asked for; names of distributions vary, so only
    /// those of QEMU are judged.
    fn is_other_than(&self, family: MachineFamily) -> bool {
        match family {
            Arches(arches) => self.arch.is_some_and(|arch| !arches.contains(&arch)),
            Q35 => {
                let is_pc = |machine: &str| machine == "pc" || machine.starts_with("pc-i440fx");
                let is_x86 = matches!(self.arch, Some("x86_64" | "i686"));
                self.arch.is_some() && !is_x86 || self.machine.is_some_and(is_pc)
            }
            Virt => {
                let is_arm = matches!(self.arch, Some("aarch64" | "armv7l" | "armv6l"));
                self.arch.is_some() && !is_arm
            }
        }
    }

    /// Whether the guest surely has a q35 machine.
    fn is_q35(&self) -> bool {
        self.machine.is_some_and(|machine| machine == "q35" || machine.starts_with("pc-q35"))
    }
}

#[cfg(test)]
mod tests {
    use super::{BOUND, MachineFamily, PARTS};
    use crate::model::Guest;

    fn guest(kind: &str, inside: &str) -> Guest {
        let text = format!("<domain type='qemu'><os><type {kind}>hvm</type></os>{inside}</domain>");
        crate::parse::guest(text.as_bytes()).unwrap()
    }

    const Q35: &str = "arch='x86_64' machine='q35'";
    const PC: &str = "arch='x86_64' machine='pc-i440fx-7.2'";
    const ARM: &str = "arch='aarch64' machine='virt'";
    const S390: &str = "arch='s390x' machine='s390-ccw-virtio'";
    const POWER: &str = "arch='ppc64' machine='pseries'";

    /// The guest's element with one attribute, inside those above it.
    fn nested(at: &str, attribute: &str, value: &str) -> String {
        let names: Vec<&str> = at.split('/').collect();
        let (last, above) = names.split_last().unwrap();
        let inner = format!("<{last} {attribute}='{value}'/>");
        above.iter().rev().fold(inner, |inside, name| format!("<{name}>{inside}</{name}>"))
    }

    fn refused(kind: &str, inside: &str) -> usize {
        guest(kind, inside).refused.len()
    }

    fn opened(kind: &str, inside: &str) -> usize {
        guest(kind, inside).open.len()
    }

    #[test]
    fn a_bound_model_is_refused_elsewhere_and_not_where_it_belongs() {
        for row in BOUND {
            let inside = nested(row.at, "model", row.model);
            let (own, other) = match row.only {
                MachineFamily::Q35 => (Q35, PC),
                MachineFamily::Virt => (ARM, Q35),
                MachineFamily::Arches(arches) if arches.contains(&"s390x") => (S390, Q35),
                MachineFamily::Arches(arches) if arches.contains(&"ppc64") => (POWER, Q35),
                MachineFamily::Arches(_) => (Q35, ARM),
            };
            assert_eq!(refused(own, &inside), 0, "{} {own}", row.model);
            assert_eq!(refused(other, &inside), 1, "{} {other}", row.model);
            assert_eq!(refused("", &inside), 0, "{}", row.model);
        }
    }

    #[test]
    fn a_part_of_qemu_is_open_unless_every_qemu_has_it() {
        for part in PARTS {
            assert_eq!(opened(Q35, &nested(part.at, part.attribute, "unheard-of")), 1);
            for value in part.sure {
                assert_eq!(opened(Q35, &nested(part.at, part.attribute, value)), 0, "{value}");
            }
        }
        assert_eq!(opened(Q35, &nested("devices/watchdog", "model", "ib700")), 1);
        assert_eq!(opened(PC, &nested("devices/watchdog", "model", "ib700")), 0);
    }

    #[test]
    fn devices_need_what_carries_them() {
        let devices = |inside: &str| format!("<devices>{inside}</devices>");
        for device in ["<channel type='spicevmc'/>", "<audio type='spice'/>"] {
            assert_eq!(refused(Q35, &devices(device)), 1, "{device}");
            assert_eq!(refused(Q35, &devices(&format!("<graphics type='spice'/>{device}"))), 0);
        }
        let shared = [
            "<memoryBacking><access mode='shared'/></memoryBacking>",
            "<cpu><numa><cell memAccess='shared'/></numa></cpu>",
        ];
        for device in
            ["<filesystem><driver type='virtiofs'/></filesystem>", "<disk type='vhostuser'/>"]
        {
            assert_eq!(refused(Q35, &devices(device)), 1, "{device}");
            for memory in shared {
                assert_eq!(refused(Q35, &format!("{memory}{}", devices(device))), 0, "{memory}");
            }
        }
    }

    #[test]
    fn firmware_and_features_go_together() {
        let secure = |state: &str| {
            let text = format!(
                "<domain type='qemu'><os><type {Q35}>hvm</type><loader secure='yes'>/f</loader></os>\
                <features><smm state='{state}'/></features></domain>"
            );
            crate::parse::guest(text.as_bytes()).unwrap().refused.len()
        };
        assert_eq!((secure("off"), secure("on")), (1, 0));
        let keys = |boot: &str| {
            let text = format!(
                "<domain type='qemu'><os firmware='efi'><type {Q35}>hvm</type><firmware>\
                <feature name='enrolled-keys' enabled='yes'/>\
                <feature name='secure-boot' enabled='{boot}'/></firmware></os></domain>"
            );
            crate::parse::guest(text.as_bytes()).unwrap().refused.len()
        };
        assert_eq!((keys("no"), keys("yes")), (1, 0));
        let acpi = "<features><acpi/></features>";
        assert_eq!((refused(ARM, acpi), refused(Q35, acpi)), (1, 0));
    }

    #[test]
    fn guests_of_qemu_are_of_type_hvm() {
        let of = |virttype: &str, kind: &str| {
            let text = format!("<domain type='{virttype}'><os><type>{kind}</type></os></domain>");
            crate::parse::guest(text.as_bytes()).unwrap().refused.len()
        };
        assert_eq!((of("kvm", "exe"), of("kvm", "hvm"), of("lxc", "exe")), (1, 0, 0));
    }

    #[test]
    fn machines_without_pci_and_many_emulated_cpus_are_open() {
        let balloon = "<devices><memballoon model='none'/></devices>";
        let microvm = "arch='x86_64' machine='microvm'";
        assert_eq!((opened(microvm, ""), opened(microvm, balloon), opened(Q35, "")), (1, 0, 0));
        let label = |model: &str| format!("<seclabel type='static' model='{model}'/>");
        assert_eq!((opened(Q35, &label("selinux")), opened(Q35, &label("dac"))), (1, 0));
        assert_eq!(opened(Q35, "<vcpu>256</vcpu>"), 1);
        assert_eq!(opened(Q35, "<vcpu>255</vcpu>"), 0);
    }
}
