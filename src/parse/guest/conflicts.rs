//! What libvirt or QEMU refuses whatever the host's document says, and what may want for a part of
//! QEMU that no document speaks of.
//!
//! (seen) marks what real daemons refused (libvirt 9.0.0 and 11.3.0, `tests/daemons/guests.txt`).

use super::Reader;
use super::rows::DISK_BUSES;
use crate::model::{AudioBackend, GuestConflict, OpenQuestion};
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

const ONLY_PSERIES: &str = "only pseries guests can have it";
const POWER: MachineFamily = Arches(&["ppc64", "ppc64le"]);

/// Features that libvirt's qemu_validate.c (qemuValidateDomainDefFeatures) ties to a machine or an
/// architecture: "The '%s' feature is not supported for architecture '%s' or machine type '%s'".
const BOUND_FEATURES: &[(&str, MachineFamily, &str)] = &[
    ("gic", Virt, "only guests with a virt machine of Arm can have it"),
    ("ras", Virt, "only guests with a virt machine of Arm can have it"),
    ("aia", Arches(&["riscv64", "riscv32"]), "only guests of RISC-V can have it"),
    ("ioapic", Arches(&["x86_64", "i686"]), "only guests of x86 can have it"),
    ("hpt", POWER, ONLY_PSERIES),
    ("htm", POWER, ONLY_PSERIES),
    ("nested-hv", POWER, ONLY_PSERIES),
    ("ccf-assist", POWER, ONLY_PSERIES),
    ("cfpc", POWER, ONLY_PSERIES),
    ("sbbc", POWER, ONLY_PSERIES),
    ("ibs", POWER, ONLY_PSERIES),
];

/// Serial ports that belong to an architecture (qemu_validate.c).
const SERIAL_PORTS: &[(&str, MachineFamily, &str)] = &[
    ("spapr-vio-serial", POWER, ONLY_PSERIES),
    ("sclp-serial", Arches(&["s390", "s390x"]), ONLY_S390),
    ("isa-debug", Arches(&["x86_64", "i686"]), "only guests of x86 can have it"),
    (
        "system-serial",
        Arches(&["aarch64", "armv7l", "armv6l", "riscv64", "riscv32"]),
        "only guests of Arm and RISC-V can have it",
    ),
];

/// Every feature that a libvirt up to 12.9 reads (docs/formatdomain.rst, hypervisor features); it refuses
/// all others: "unexpected feature".
const KNOWN_FEATURES: &[&str] = &[
    "acpi",
    "aia",
    "apic",
    "async-teardown",
    "capabilities",
    "ccf-assist",
    "cfpc",
    "gic",
    "hap",
    "hpt",
    "htm",
    "hyperv",
    "ibs",
    "ioapic",
    "kvm",
    "msrs",
    "nested-hv",
    "pae",
    "pmu",
    "privnet",
    "ps2",
    "pvspinlock",
    "ras",
    "sbbc",
    "smm",
    "tcg",
    "viridian",
    "virtualization",
    "vmcoreinfo",
    "vmport",
    "xen",
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
    // ac97 to virtio: docs/formatdomain.rst, "Sound devices".
    UnknownPart {
        at: "devices/sound",
        attribute: "model",
        sure: &["ac97", "es1370", "ich6", "ich9", "pcspk", "sb16", "usb", "virtio"],
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
    // qemu_validate.c: "smartcard host mode is not supported by this QEMU binary"; the devices are a module.
    UnknownPart {
        at: "devices/smartcard",
        attribute: "mode",
        sure: &[],
        text: "which smart cards QEMU was built with is in no document",
    },
    // qemu_validate.c: "io uring is not supported by this QEMU binary".
    UnknownPart {
        at: "devices/disk/driver",
        attribute: "io",
        sure: &["native", "threads"],
        text: "whether QEMU was built with io_uring is in no document",
    },
    // "Unsupported controller model: %s" (qemu_validate.c); others are of other architectures.
    UnknownPart {
        at: "devices/controller",
        attribute: "model",
        sure: CONTROLLERS,
        text: "which controllers QEMU has is in no document",
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

/// As [`PARTS`], of guests of QEMU alone: other hypervisors have others.
const QEMU_PARTS: &[UnknownPart] = &[
    // "unsupported console target type xen" [D]; s390x has its own.
    UnknownPart {
        at: "devices/console/target",
        attribute: "type",
        sure: &["serial", "virtio"],
        text: "which consoles the machine has is in no document",
    },
    // "unsupported chardev 'nmdm'", "spicevmc device type only supports virtio" [D].
    UnknownPart { at: "devices/console", attribute: "type", sure: CHARACTERS, text: CHARACTER },
    UnknownPart { at: "devices/serial", attribute: "type", sure: CHARACTERS, text: CHARACTER },
    UnknownPart { at: "devices/parallel", attribute: "type", sure: CHARACTERS, text: CHARACTER },
    UnknownPart {
        at: "devices/channel/target",
        attribute: "type",
        sure: &["guestfwd", "virtio"],
        text: "only virtio and guestfwd are known of QEMU",
    },
    // "Cannot automatically add a new PCI bus" [D]: libvirt takes it for a device of another hypervisor.
    UnknownPart {
        at: "devices/memballoon",
        attribute: "model",
        sure: &["none", "virtio", "virtio-non-transitional", "virtio-transitional"],
        text: "only virtio is known of QEMU",
    },
    UnknownPart {
        at: "devices/controller",
        attribute: "type",
        sure: &["ccid", "fdc", "ide", "nvme", "pci", "sata", "scsi", "usb", "virtio-serial"],
        text: "it is not known of QEMU",
    },
    // "network device type 'null' is not supported by this hypervisor" [D].
    UnknownPart {
        at: "devices/interface",
        attribute: "type",
        sure: &[
            "bridge",
            "client",
            "direct",
            "ethernet",
            "hostdev",
            "mcast",
            "network",
            "server",
            "udp",
            "user",
            "vdpa",
            "vhostuser",
        ],
        text: "it is not known of QEMU",
    },
    // "3d acceleration is not supported by this QEMU binary" [D].
    UnknownPart {
        at: "devices/video/model/acceleration",
        attribute: "accel3d",
        sure: &["no"],
        text: "whether QEMU was built with virgl is in no document",
    },
    // "Unable to find a satisfying vhost-user-gpu" [D].
    UnknownPart {
        at: "devices/video/driver",
        attribute: "name",
        sure: &["qemu"],
        text: "which helpers the host has is in no document",
    },
    // "unsupported timer type (name) 'platform'" [D].
    UnknownPart {
        at: "clock/timer",
        attribute: "name",
        sure: &["armvtimer", "hpet", "hypervclock", "kvmclock", "pit", "rtc", "tsc"],
        text: "it is not known of QEMU",
    },
    // "unsupported input bus xen" [D].
    UnknownPart {
        at: "devices/input",
        attribute: "bus",
        sure: &["none", "ps2", "usb", "virtio"],
        text: "it is not known of QEMU",
    },
    // "only supports mount filesystem type" [D].
    UnknownPart {
        at: "devices/filesystem",
        attribute: "type",
        sure: &["mount"],
        text: "only mounts are known of QEMU",
    },
    // QEMU 4.0 removed `handle`, which libvirt up to 12.1 lists (NEWS 12.2.0); loop and nbd are of containers.
    UnknownPart {
        at: "devices/filesystem/driver",
        attribute: "type",
        sure: &["mtp", "path", "virtiofs"],
        text: "no QEMU since 4.0 is known to have it",
    },
];

/// Character devices that every QEMU has.
const CHARACTERS: &[&str] = &["dev", "file", "null", "pty", "stdio", "tcp", "udp", "unix", "vc"];
const CHARACTER: &str = "it needs more than QEMU alone, which is in no document";

/// Controllers that every QEMU of their architecture has (docs/formatdomain.rst, controllers).
const CONTROLLERS: &[&str] = &[
    "auto",
    "default",
    "dmi-to-pci-bridge",
    "ehci",
    "ich9-ehci1",
    "ich9-uhci1",
    "ich9-uhci2",
    "ich9-uhci3",
    "lsilogic",
    "lsisas1068",
    "lsisas1078",
    "nec-xhci",
    "none",
    "pci-bridge",
    "pci-expander-bus",
    "pci-ohci",
    "pci-root",
    "pcie-expander-bus",
    "pcie-root",
    "pcie-root-port",
    "pcie-switch-downstream-port",
    "pcie-switch-upstream-port",
    "pcie-to-pci-bridge",
    "piix3",
    "piix3-uhci",
    "piix4",
    "piix4-uhci",
    "qemu-xhci",
    "virtio",
    "virtio-non-transitional",
    "virtio-scsi",
    "virtio-transitional",
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
    let is_qemu = matches!(reader.virttype(), "kvm" | "qemu");
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        // "Configuring the 'armvtimer' timer is not supported for … arch=x86_64" [D].
        if path == "clock/timer" && attribute("name") == Some("armvtimer") {
            let text = "only guests with a virt machine of Arm can have it";
            if machine.is_other_than(Virt) {
                refuse(format!("{place} name=armvtimer"), text);
            }
        }
        // "'aes-key-wrap'/'dea-key-wrap' is not available on this architecture" [D].
        if path == "keywrap" && machine.is_other_than(Arches(&["s390", "s390x"])) {
            refuse(place.to_owned(), ONLY_S390);
        }
        // "nvram device is only supported for PPC64" [D].
        if path == "devices/nvram" && is_qemu && machine.is_other_than(POWER) {
            refuse(place.to_owned(), ONLY_PSERIES);
        }
        let model = attribute("model");
        for row in BOUND.iter().filter(|row| row.at == path && Some(row.model) == model) {
            if machine.is_other_than(row.only) {
                refuse(format!("{place} model={}", row.model), row.text);
            }
        }
        if let Some(name) = path.strip_prefix("features/").filter(|_| is_qemu) {
            let bound = BOUND_FEATURES.iter().find(|(own, ..)| *own == name);
            if let Some((.., text)) = bound.filter(|(_, only, _)| machine.is_other_than(*only)) {
                refuse(place.to_owned(), text);
            }
            // "TCG features are incompatible with domain type".
            if name == "tcg" && reader.virttype() == "kvm" {
                refuse(place.to_owned(), "only guests that QEMU emulates can have it");
            }
        }
        let Some(kind) = attribute("type") else { return };
        match (path, kind) {
            // "chardev 'spicevmc' not supported without spice graphics" [D].
            ("devices/channel" | "devices/redirdev", "spicevmc") | ("devices/audio", "spice")
                if !has_spice =>
            {
                refuse(format!("{place} type={kind}"), "it needs graphics of type spice");
            }
            // "Serial device with target type '%s' … not compatible with guest architecture" [D].
            ("devices/serial/target", _) => {
                let bound = SERIAL_PORTS.iter().find(|(own, ..)| *own == kind);
                if let Some((.., text)) = bound.filter(|(_, only, _)| machine.is_other_than(*only))
                {
                    refuse(format!("{place} type={kind}"), text);
                }
            }
            // "ivshmem device is no longer supported" [D].
            ("devices/shmem/model", "ivshmem") => {
                refuse(format!("{place} type={kind}"), "libvirt no longer supports it");
            }
            // "IDE controllers are unsupported for this QEMU binary or machine type" [D].
            ("devices/controller", "ide") if machine.is_q35() => {
                refuse(format!("{place} type={kind}"), "q35 machines have none");
            }
            // QEMU has no such card but for pseries [D].
            ("devices/interface/model", "spapr-vlan") if machine.is_other_than(POWER) => {
                refuse(format!("{place} type={kind}"), ONLY_PSERIES);
            }
            // "ACPI table type 'rawset' is not supported" (qemu_validate.c).
            ("os/acpi/table", "rawset") if is_qemu => {
                refuse(format!("{place} type={kind}"), "only guests of Xen can have it");
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
    topology(reader, &mut refuse);
    repeated_tables(reader, &mut refuse);
    firmware(reader, &machine, refuse);
    found
}

/// "CPU topology doesn't match maximum vcpu count" (qemu_validate.c): QEMU's own check of `-smp`.
fn topology(reader: &Reader<'_>, refuse: &mut impl FnMut(String, &str)) {
    let vcpus = reader.text(&["vcpu"]).map_or(Some(1), |text| text.parse::<u64>().ok());
    let (Some(vcpus), Some(topology)) = (vcpus, reader.at(&["cpu", "topology"])) else { return };
    let number = |name| match reader.xml.attribute(topology, name) {
        Some(text) => text.parse::<u64>().ok(),
        None => Some(1),
    };
    // "clusters > 1 not supported by this machine's CPU topology" (hw/core/machine-smp.c), and so for dies.
    let arch = GuestMachine::of(reader).arch.unwrap_or_default();
    let is_x86 = matches!(arch, "x86_64" | "i686");
    let is_arm = matches!(arch, "aarch64" | "armv7l" | "armv6l");
    for (name, is_lacking) in [("clusters", is_x86), ("dies", is_arm)] {
        if is_lacking && number(name).is_some_and(|count| count > 1) {
            refuse(format!("cpu/topology {name}"), "its machines have one at most");
        }
    }
    let factors = ["sockets", "dies", "clusters", "cores", "threads"].map(number);
    let product = factors.into_iter().try_fold(1_u64, |all, own| all.checked_mul(own?));
    let is_qemu = matches!(reader.virttype(), "kvm" | "qemu");
    if is_qemu && product.is_some_and(|product| product != vcpus) {
        refuse("cpu/topology".to_owned(), "it does not come to the number of virtual CPUs");
    }
}

/// "ACPI table type '%s' may only appear once"; before 11.2 there could be one at all.
fn repeated_tables(reader: &Reader<'_>, refuse: &mut impl FnMut(String, &str)) {
    let mut known: Vec<&str> = Vec::new();
    reader.each(|element, path, place| {
        let kind = reader.xml.attribute(element, "type").filter(|_| path == "os/acpi/table");
        match kind {
            Some(kind) if kind != "raw" && known.contains(&kind) => {
                refuse(format!("{place} type={kind}"), "there can be one of its type");
            }
            Some(kind) => known.push(kind),
            None => {}
        }
    });
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
    let is_qemu = matches!(reader.virttype(), "kvm" | "qemu");
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        let of_qemu = QEMU_PARTS.iter().filter(|_| is_qemu);
        for part in PARTS.iter().chain(of_qemu).filter(|part| part.at == path) {
            let value = attribute(part.attribute);
            if let Some(value) = value.filter(|value| !part.sure.contains(value)) {
                open(format!("{place} {}={value}", part.attribute), part.text);
            }
        }
        let feature = path.strip_prefix("features/").filter(|name| !name.contains('/'));
        if feature.is_some_and(|name| !KNOWN_FEATURES.contains(&name)) {
            open(place.to_owned(), "libvirt refuses features that it does not know");
        }
        // "ib700 model of watchdog cannot be used with this machine type" (11.3) [D]; 9.0 took it.
        if path == "devices/watchdog" && attribute("model") == Some("ib700") && machine.is_q35() {
            let text = "newer versions of libvirt refuse it for q35 machines";
            open(format!("{place} model=ib700"), text);
        }
    });
    // A q35's root ports need an interrupt controller that a 486 has not [D].
    let model = reader.text(&["cpu", "model"]).filter(|name| name.starts_with("486"));
    if let Some(name) = model.filter(|_| machine.is_q35()) {
        open(format!("cpu/model {name}"), "a q35 machine may need a later one");
    }
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

/// The audio backends that a guest names; that of spice is dealt with above.
pub(super) fn audio(reader: &Reader<'_>) -> Vec<AudioBackend> {
    let mut found = Vec::new();
    reader.each(|element, path, place| {
        let kind = reader.xml.attribute(element, "type").filter(|_| path == "devices/audio");
        if let Some(name) = kind.filter(|kind| !["none", "spice"].contains(kind)) {
            let (element, name) = (format!("{place} type={name}"), name.to_owned());
            found.push(AudioBackend { element, name });
        }
    });
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
    use super::{BOUND, BOUND_FEATURES, MachineFamily, PARTS, QEMU_PARTS, SERIAL_PORTS};
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
        for part in PARTS.iter().chain(QEMU_PARTS) {
            assert_eq!(opened(Q35, &nested(part.at, part.attribute, "unheard-of")), 1);
            for value in part.sure {
                assert_eq!(opened(Q35, &nested(part.at, part.attribute, value)), 0, "{value}");
            }
        }
        assert_eq!(opened(Q35, &nested("devices/watchdog", "model", "ib700")), 1);
        assert_eq!(opened(PC, &nested("devices/watchdog", "model", "ib700")), 0);
    }

    #[test]
    fn a_topology_comes_to_the_number_of_cpus() {
        let cpus = |vcpu: &str, topology: &str| {
            refused(Q35, &format!("{vcpu}<cpu><topology {topology}/></cpu>"))
        };
        let eight = "<vcpu current='2'>8</vcpu>";
        assert_eq!(cpus(eight, "sockets='2' dies='1' cores='2' threads='2'"), 0);
        assert_eq!(cpus(eight, "sockets='2' cores='2' threads='1'"), 1);
        let clusters = "sockets='2' clusters='2' cores='2' threads='1'";
        assert_eq!(cpus(eight, clusters), 1);
        let inside = format!("{eight}<cpu><topology {clusters}/></cpu>");
        assert_eq!(refused(ARM, &inside), 0);
        assert_eq!(refused(ARM, &inside.replace("clusters", "dies")), 1);
        assert_eq!(refused(Q35, &inside.replace("clusters", "dies")), 0);
        assert_eq!((cpus("", "sockets='1'"), cpus("", "sockets='2'")), (0, 1));
    }

    #[test]
    fn an_acpi_table_is_one_of_its_type() {
        let tables = |kinds: [&str; 2]| {
            let table = |kind| format!("<table type='{kind}'>/a</table>");
            let [one, other] = kinds.map(table);
            refused(Q35, &format!("<os><acpi>{one}{other}</acpi></os>"))
        };
        assert_eq!(tables(["slic", "slic"]), 1);
        assert_eq!((tables(["slic", "msdm"]), tables(["raw", "raw"])), (0, 0));
    }

    #[test]
    fn features_belong_to_their_machines() {
        for (name, only, _) in BOUND_FEATURES {
            let inside = format!("<features><{name}/></features>");
            let (own, other) = match only {
                MachineFamily::Virt => (ARM, Q35),
                MachineFamily::Arches(arches) if arches.contains(&"x86_64") => (Q35, ARM),
                MachineFamily::Arches(arches) if arches.contains(&"ppc64") => (POWER, Q35),
                _ => ("arch='riscv64' machine='virt'", Q35),
            };
            assert_eq!((refused(own, &inside), refused(other, &inside)), (0, 1), "{name}");
            assert_eq!(opened(own, &inside), 0, "{name}");
        }
        let port =
            |kind: &str| format!("<devices><serial><target type='{kind}'/></serial></devices>");
        for (kind, only, _) in SERIAL_PORTS {
            let (own, other) = match only {
                MachineFamily::Arches(arches) if arches.contains(&"x86_64") => (Q35, ARM),
                MachineFamily::Arches(arches) if arches.contains(&"s390x") => (S390, Q35),
                MachineFamily::Arches(arches) if arches.contains(&"ppc64") => (POWER, Q35),
                _ => (ARM, Q35),
            };
            assert_eq!((refused(own, &port(kind)), refused(other, &port(kind))), (0, 1), "{kind}");
        }
        let shared = |model: &str| nested("devices/shmem/model", "type", model);
        assert_eq!(
            (refused(Q35, &shared("ivshmem-plain")), refused(Q35, &shared("ivshmem"))),
            (0, 1)
        );
        let timer = nested("clock/timer", "name", "armvtimer");
        assert_eq!((refused(ARM, &timer), refused(Q35, &timer)), (0, 1));
        let keywrap = "<keywrap><cipher name='aes' state='on'/></keywrap>";
        assert_eq!((refused(S390, keywrap), refused(Q35, keywrap)), (0, 1));
        let ide = nested("devices/controller", "type", "ide");
        assert_eq!((refused(PC, &ide), refused(Q35, &ide)), (0, 1));
        let nvram = "<devices><nvram/></devices>";
        assert_eq!((refused(POWER, nvram), refused(Q35, nvram)), (0, 1));
        let card = "<devices><interface><model type='spapr-vlan'/></interface></devices>";
        assert_eq!((refused(POWER, card), refused(Q35, card)), (0, 1));
        let model = "<cpu><model>486</model></cpu>";
        assert_eq!((opened(Q35, model), opened(PC, model)), (1, 0));
        let tcg = "<features><tcg/></features>";
        assert_eq!(refused(Q35, tcg), 0);
        let text = format!("<domain type='kvm'><os><type {Q35}>hvm</type></os>{tcg}</domain>");
        assert_eq!(crate::parse::guest(text.as_bytes()).unwrap().refused.len(), 1);
        assert_eq!(opened(Q35, "<features><unheard-of/></features>"), 1);
        assert_eq!(opened(Q35, "<features><hyperv><unheard-of/></hyperv></features>"), 0);
        let table = |kind: &str| format!("<os><acpi><table type='{kind}'>/a</table></acpi></os>");
        assert_eq!((refused(Q35, &table("rawset")), refused(Q35, &table("slic"))), (1, 0));
    }

    #[test]
    fn devices_need_what_carries_them() {
        let devices = |inside: &str| format!("<devices>{inside}</devices>");
        for device in
            ["<channel type='spicevmc'/>", "<redirdev type='spicevmc'/>", "<audio type='spice'/>"]
        {
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
