//! Parts of a guest's XML that must agree with each other, whatever the host: libvirt refuses guests of
//! QEMU where they do not.
//!
//! Each was refused by real daemons (libvirt 9.0.0 and 11.3.0); the words are libvirt's own.

use std::collections::HashSet;

use super::Reader;
use crate::model::GuestConflict;
use crate::parse::xml::Element;

/// Everything that contradicts itself.
pub(super) fn conflicts(reader: &Reader<'_>) -> Vec<GuestConflict> {
    if !matches!(reader.virttype(), "kvm" | "qemu") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut refuse = |element: String, text: &str| {
        found.push(GuestConflict { element, text: text.to_owned() });
    };
    disks(reader, &mut refuse);
    boot(reader, &mut refuse);
    // "Number of CPUs in <numa> exceeds the <vcpu> count".
    let vcpus = reader.text(&["vcpu"]).map_or(Some(1), |text| text.parse::<u64>().ok());
    if let (Some(vcpus), Some(numa)) = (vcpus, reader.at(&["cpu", "numa"])) {
        let cells = reader.xml.children(numa).filter_map(|cell| reader.xml.attribute(cell, "cpus"));
        let counts: Option<Vec<u64>> = cells.map(count).collect();
        if counts.is_some_and(|counts| counts.iter().sum::<u64>() > vcpus) {
            refuse("cpu/numa".to_owned(), "its cells have more CPUs than the guest");
        }
    }
    devices(reader, &mut refuse);
    pci_root(reader, &mut refuse);
    displays(reader, &mut refuse);
    // "qemu driver doesn't support the '%s' action for 'on_reboot'/'on_poweroff'/'on_crash'".
    for name in ["on_poweroff", "on_reboot", "on_crash"] {
        let action = reader.text(&[name]).unwrap_or_default();
        let is_preserved = action == "preserve" && name != "on_crash";
        if action == "rename-restart" || is_preserved {
            refuse(format!("{name} {action}"), "libvirt does not support it for QEMU");
        }
    }
    // "host doesn't support paravirtual spinlocks".
    let spinlock = reader.at(&["features", "pvspinlock"]);
    let spinlock = spinlock.and_then(|it| reader.xml.attribute(it, "state"));
    if reader.virttype() == "qemu" && spinlock == Some("on") {
        refuse("features/pvspinlock state=on".to_owned(), "only guests of KVM can have it");
    }
    found
}

/// How many numbers a set such as `0-3,8` holds; none where it is written otherwise.
fn count(set: &str) -> Option<u64> {
    set.split(',').try_fold(0_u64, |all, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        all.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

/// A disk, as far as its parts must agree.
struct DiskParts<'x> {
    /// `disk` where the XML does not say it.
    device: &'x str,
    source: &'x str,
    /// The bus, where the XML names it.
    bus: Option<&'x str>,
    has_wwn: bool,
    is_removable: bool,
    /// The number of its I/O thread.
    thread: Option<u64>,
}

impl<'x> DiskParts<'x> {
    fn of(reader: &Reader<'x>, disk: &'x Element<'x>) -> Self {
        let xml = reader.xml;
        let child = |name: &str| xml.child(disk, name);
        let of_child = |name: &str, attribute: &str| {
            child(name).and_then(|element| xml.attribute(element, attribute))
        };
        Self {
            device: xml.attribute(disk, "device").unwrap_or("disk"),
            source: xml.attribute(disk, "type").unwrap_or("file"),
            bus: of_child("target", "bus"),
            has_wwn: child("wwn").is_some(),
            is_removable: of_child("target", "removable").is_some(),
            thread: of_child("driver", "iothread").and_then(|number| number.parse().ok()),
        }
    }

    /// Why libvirt refuses it.
    fn conflicts(&self, threads: u64) -> Vec<&'static str> {
        let mut found = Vec::new();
        let is_on = |buses: &[&str]| self.bus.is_none_or(|bus| buses.contains(&bus));
        match self.device {
            // "Invalid bus type '%s' for floppy disk".
            "floppy" if !is_on(&["fdc", "xen"]) => found.push("a floppy needs bus fdc"),
            // "disk type of '%s' does not support ejectable media".
            "cdrom" if self.bus == Some("virtio") => {
                found.push("bus virtio has no media that can be ejected");
            }
            // "disk device='lun' is only valid for block type disk source".
            "lun" if self.source == "file" => found.push("a lun needs a block device"),
            "lun" if !is_on(&["virtio", "scsi"]) => found.push("a lun needs bus virtio or scsi"),
            _ => {}
        }
        // "Invalid bus type 'fdc' for disk".
        if self.device != "floppy" && self.bus == Some("fdc") {
            found.push("only floppies can have bus fdc");
        }
        // "Only ide and scsi disk support wwn".
        if self.has_wwn && matches!(self.bus, Some("virtio" | "usb")) {
            found.push("its bus has no place for a wwn");
        }
        // "removable is only valid for usb or scsi disks".
        if self.is_removable && !is_on(&["usb", "scsi"]) {
            found.push("removable is only for bus usb or scsi");
        }
        // "IOThreads not available for bus %s target %s", "Disk iothread '%u' not defined in iothreadid".
        if self.thread.is_some() && !is_on(&["virtio"]) {
            found.push("its bus has no I/O threads");
        }
        if self.thread.is_some_and(|thread| thread > threads) {
            found.push("its I/O thread is not defined");
        }
        found
    }
}

fn disks(reader: &Reader<'_>, refuse: &mut impl FnMut(String, &str)) {
    // Where threads are defined one by one, any number can be.
    let threads = match reader.at(&["iothreadids"]) {
        Some(_) => u64::MAX,
        None => reader.text(&["iothreads"]).and_then(|text| text.parse().ok()).unwrap_or(0),
    };
    let mut targets = HashSet::new();
    reader.each(|element, path, place| match path {
        "devices/disk" => {
            for text in DiskParts::of(reader, element).conflicts(threads) {
                refuse(place.to_owned(), text);
            }
        }
        // "target '%s' duplicated for disk sources".
        "devices/disk/target" => {
            let name = reader.xml.attribute(element, "dev");
            if let Some(name) = name.filter(|name| !targets.insert(*name)) {
                refuse(format!("{place} dev={name}"), "another disk has this target");
            }
        }
        _ => {}
    });
}

/// "The PCI controller with index='0' must be model='%s' for this machine type". Without an index the
/// first one is that.
fn pci_root(reader: &Reader<'_>, refuse: &mut impl FnMut(String, &str)) {
    let machine = reader.at(&["os", "type"]).and_then(|it| reader.xml.attribute(it, "machine"));
    let root = match machine {
        Some(name) if name == "q35" || name.starts_with("pc-q35") => "pcie-root",
        Some(name) if name == "pc" || name.starts_with("pc-i440fx") => "pci-root",
        _ => return,
    };
    let (mut first, mut has_root) = (None, false);
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        if path != "devices/controller" || attribute("type") != Some("pci") {
            return;
        }
        let model = attribute("model").unwrap_or(root);
        match attribute("index") {
            Some("0") => {
                has_root = true;
                if model != root {
                    refuse(format!("{place} model={model}"), "the first is the machine's own root");
                }
            }
            None if first.is_none() => first = Some((place.to_owned(), model)),
            _ => {}
        }
    });
    if let Some((place, model)) = first.filter(|(_, model)| !has_root && *model != root) {
        refuse(format!("{place} model={model}"), "the first is the machine's own root");
    }
}

fn displays(reader: &Reader<'_>, refuse: &mut impl FnMut(String, &str)) {
    let source = reader.at(&["memoryBacking", "source"]);
    let source = source.and_then(|it| reader.xml.attribute(it, "type"));
    let mut graphics = HashSet::new();
    let mut videos: Vec<(String, &str, bool)> = Vec::new();
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        match path {
            // "only 1 graphics device of each type (sdl, vnc, spice, …) is supported".
            "devices/graphics" => {
                let kind = attribute("type").unwrap_or_default();
                if !graphics.insert(kind) {
                    refuse(format!("{place} type={kind}"), "a guest has one of each type at most");
                }
            }
            "devices/video/model" => {
                let model = attribute("type").unwrap_or_default();
                // "'blob' support for virtio-gpu devices requires a memfd memory backend".
                if attribute("blob") == Some("on") && source != Some("memfd") {
                    refuse(format!("{place} blob=on"), "it needs memory of type memfd");
                }
                videos.push((place.to_owned(), model, attribute("primary") == Some("yes")));
            }
            // "3d acceleration is supported only with 'virtio' video device".
            "devices/video/model/acceleration" if attribute("accel3d") == Some("yes") => {
                let model = videos.last().map_or("", |(_, model, _)| model);
                if model != "virtio" {
                    refuse(format!("{place} accel3d=yes"), "only model virtio can have it");
                }
            }
            _ => {}
        }
    });
    let primary = videos.iter().position(|(.., is_primary)| *is_primary).unwrap_or(0);
    for (nth, (place, model, _)) in videos.iter().enumerate() {
        let is_first_only = ["bochs", "cirrus", "ramfb", "vga", "vmvga"].contains(model);
        // "video type '%s' is only valid as primary video device", "a 'none' video type must be the only
        // video device defined for the domain".
        if nth != primary && is_first_only || *model == "none" && videos.len() > 1 {
            refuse(format!("{place} type={model}"), "it cannot stand beside another video device");
        }
    }
}

fn devices(reader: &Reader<'_>, refuse: &mut impl FnMut(String, &str)) {
    let mut iommus = 0;
    let mut panics = HashSet::new();
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        match path {
            "devices/input" => {
                let kind = attribute("type").unwrap_or_default();
                // "ps2 bus does not support %s input device".
                if attribute("bus") == Some("ps2") && !matches!(kind, "mouse" | "keyboard") {
                    refuse(format!("{place} bus=ps2"), "bus ps2 has a mouse and a keyboard alone");
                }
                // "virtio (non-)transitional models are not supported for input type=%s".
                let is_transitional =
                    attribute("model").is_some_and(|it| it.contains("transitional"));
                if is_transitional && kind != "passthrough" {
                    refuse(
                        place.to_owned(),
                        "only an input that is passed through has such a model",
                    );
                }
            }
            // "only a single IOMMU device is supported".
            "devices/iommu" => {
                iommus += 1;
                if iommus == 2 {
                    refuse(place.to_owned(), "a guest has one IOMMU at most");
                }
            }
            // "unsupported pit tickpolicy 'merge'".
            "clock/timer"
                if attribute("name") == Some("pit") && attribute("tickpolicy") == Some("merge") =>
            {
                refuse(format!("{place} tickpolicy=merge"), "QEMU's pit cannot do that");
            }
            // "Multiple panic devices with model '%s'".
            "devices/panic" if attribute("model").is_some_and(|it| !panics.insert(it)) => {
                refuse(place.to_owned(), "another panic device has this model");
            }
            // "cannot use/hotplug a memory device when domain 'maxMemory' is not defined".
            "devices/memory"
                if attribute("model") != Some("sgx-epc") && reader.at(&["maxMemory"]).is_none() =>
            {
                refuse(place.to_owned(), "a memory device needs maxMemory");
            }
            _ => {}
        }
    });
}

fn boot(reader: &Reader<'_>, refuse: &mut impl FnMut(String, &str)) {
    let (mut of_device, mut has_os, mut has_serial) = (None, false, false);
    let mut serial_wanted = None;
    reader.each(|element, path, place| match path {
        "os/boot" => has_os = true,
        "devices/serial" => has_serial = true,
        "os/bios" if reader.xml.attribute(element, "useserial") == Some("yes") => {
            serial_wanted = Some(format!("{place} useserial=yes"));
        }
        _ if path.starts_with("devices/") && path.ends_with("/boot") => {
            of_device.get_or_insert_with(|| place.to_owned());
        }
        _ => {}
    });
    // "per-device boot elements cannot be used together with os/boot elements".
    if let Some(place) = of_device.filter(|_| has_os) {
        refuse(place, "it cannot stand beside <boot> of <os>");
    }
    // "Domain '%s' sysinfo are not available".
    let smbios = reader.at(&["os", "smbios"]).and_then(|it| reader.xml.attribute(it, "mode"));
    if smbios == Some("sysinfo") && reader.at(&["sysinfo"]).is_none() {
        refuse("os/smbios mode=sysinfo".to_owned(), "it needs <sysinfo>");
    }
    // "need at least one serial port to use BIOS serial output".
    if let Some(place) = serial_wanted.filter(|_| !has_serial) {
        refuse(place, "it needs a serial port");
    }
}

#[cfg(test)]
mod tests {
    /// How many contradictions a guest with this inside has.
    fn refused_of(kind: &str, inside: &str) -> usize {
        let text = format!("<domain type='{kind}'>{inside}</domain>");
        crate::parse::guest(text.as_bytes()).unwrap().refused.len()
    }

    fn refused(inside: &str) -> usize {
        refused_of("qemu", inside)
    }

    fn disk(attributes: &str, inside: &str) -> usize {
        refused(&format!(
            "<iothreads>1</iothreads><devices><disk {attributes}>{inside}</disk></devices>"
        ))
    }

    #[test]
    fn a_disk_agrees_with_its_bus() {
        let on = |device: &str, bus: &str| {
            disk(&format!("type='block' device='{device}'"), &format!("<target bus='{bus}'/>"))
        };
        for (device, good, bad) in [
            ("floppy", "fdc", "sata"),
            ("disk", "virtio", "fdc"),
            ("cdrom", "sata", "virtio"),
            ("lun", "scsi", "sata"),
        ] {
            assert_eq!((on(device, good), on(device, bad)), (0, 1), "{device}");
        }
        let lun =
            |source: &str| disk(&format!("type='{source}' device='lun'"), "<target bus='scsi'/>");
        assert_eq!((lun("block"), lun("file"), lun("network")), (0, 1, 0));
        let with = |bus: &str, inside: &str| disk("", &format!("<target bus='{bus}'/>{inside}"));
        assert_eq!((with("scsi", "<wwn>5</wwn>"), with("virtio", "<wwn>5</wwn>")), (0, 1));
        let thread = |number: &str| format!("<driver iothread='{number}'/>");
        assert_eq!((with("virtio", &thread("1")), with("sata", &thread("1"))), (0, 1));
        assert_eq!(with("virtio", &thread("2")), 1);
        let removable = |bus: &str| disk("", &format!("<target bus='{bus}' removable='on'/>"));
        assert_eq!((removable("usb"), removable("virtio")), (0, 1));
        let threads = "<iothreadids><iothread id='9'/></iothreadids>\
            <devices><disk><driver iothread='9'/><target bus='virtio'/></disk></devices>";
        assert_eq!(refused(threads), 0);
    }

    #[test]
    fn targets_are_different() {
        let two = |other: &str| {
            refused(&format!(
                "<devices><disk><target dev='vda'/></disk><disk><target dev='{other}'/></disk></devices>"
            ))
        };
        assert_eq!((two("vdb"), two("vda")), (0, 1));
    }

    #[test]
    fn boot_order_stands_in_one_place() {
        let (os, device) =
            ("<os><boot dev='hd'/></os>", "<devices><disk><boot order='1'/></disk></devices>");
        assert_eq!((refused(os), refused(device), refused(&format!("{os}{device}"))), (0, 0, 1));
        let smbios = "<os><smbios mode='sysinfo'/></os>";
        assert_eq!((refused(smbios), refused(&format!("{smbios}<sysinfo/>"))), (1, 0));
        let bios = "<os><bios useserial='yes'/></os>";
        assert_eq!(refused(bios), 1);
        assert_eq!(refused(&format!("{bios}<devices><serial type='pty'/></devices>")), 0);
    }

    #[test]
    fn cells_have_no_more_cpus_than_the_guest() {
        let cells = |cpus: &str| {
            refused(&format!("<vcpu>4</vcpu><cpu><numa><cell cpus='{cpus}'/></numa></cpu>"))
        };
        assert_eq!((cells("0-3"), cells("0-1,3"), cells("0-4"), cells("0-1,^1")), (0, 0, 1, 0));
    }

    #[test]
    fn devices_agree_with_the_guest() {
        let input =
            |attributes: &str| refused(&format!("<devices><input {attributes}/></devices>"));
        assert_eq!((input("type='mouse' bus='ps2'"), input("type='tablet' bus='ps2'")), (0, 1));
        let model = "bus='virtio' model='virtio-transitional'";
        assert_eq!(input(&format!("type='passthrough' {model}")), 0);
        assert_eq!(input(&format!("type='tablet' {model}")), 1);
        let iommu = "<iommu model='virtio'/>";
        assert_eq!(refused(&format!("<devices>{iommu}</devices>")), 0);
        assert_eq!(refused(&format!("<devices>{iommu}{iommu}</devices>")), 1);
        let memory = |model: &str| format!("<devices><memory model='{model}'/></devices>");
        assert_eq!((refused(&memory("dimm")), refused(&memory("sgx-epc"))), (1, 0));
        assert_eq!(refused(&format!("<maxMemory slots='1'/>{}", memory("dimm"))), 0);
    }

    #[test]
    fn displays_go_together() {
        let video = |model: &str| format!("<video><model type='{model}'/></video>");
        let two = |one: &str, other: &str| {
            refused(&format!("<devices>{}{}</devices>", video(one), video(other)))
        };
        assert_eq!((two("vga", "qxl"), two("qxl", "vga"), two("virtio", "none")), (0, 1, 1));
        let primary = "<video><model type='vga' primary='yes'/></video>";
        assert_eq!(refused(&format!("<devices>{}{primary}</devices>", video("qxl"))), 0);
        let graphics = |other: &str| {
            refused(&format!("<devices><graphics type='vnc'/><graphics type='{other}'/></devices>"))
        };
        assert_eq!((graphics("spice"), graphics("vnc")), (0, 1));
        let accelerated = |model: &str| {
            let inside = "<acceleration accel3d='yes'/>";
            refused(&format!(
                "<devices><video><model type='{model}'>{inside}</model></video></devices>"
            ))
        };
        assert_eq!((accelerated("virtio"), accelerated("vga")), (0, 1));
        let blob = "<devices><video><model type='virtio' blob='on'/></video></devices>";
        let memory = "<memoryBacking><source type='memfd'/></memoryBacking>";
        assert_eq!((refused(&format!("{memory}{blob}")), refused(blob)), (0, 1));
        let pit = |policy: &str| {
            refused(&format!("<clock><timer name='pit' tickpolicy='{policy}'/></clock>"))
        };
        assert_eq!((pit("delay"), pit("merge")), (0, 1));
    }

    #[test]
    fn the_first_pci_controller_is_the_machine_s_root() {
        let controllers = |machine: &str, controllers: &str| {
            refused(&format!(
                "<os><type arch='x86_64' machine='{machine}'>hvm</type></os>\
                 <devices>{controllers}</devices>"
            ))
        };
        let root = "<controller type='pci' index='0' model='pcie-root'/>";
        let port = "<controller type='pci' model='pcie-root-port'/>";
        assert_eq!(controllers("q35", root), 0);
        assert_eq!(controllers("q35", &format!("{root}{port}")), 0);
        assert_eq!((controllers("q35", port), controllers("pc", root)), (1, 1));
        assert_eq!(controllers("virt", port), 0);
    }

    #[test]
    fn what_happens_at_the_end_is_what_qemu_can_do() {
        let action = |name: &str, action: &str| refused(&format!("<{name}>{action}</{name}>"));
        assert_eq!((action("on_reboot", "restart"), action("on_reboot", "preserve")), (0, 1));
        assert_eq!((action("on_crash", "preserve"), action("on_crash", "rename-restart")), (0, 1));
        let panic = "<panic model='isa'/>";
        assert_eq!(refused(&format!("<devices>{panic}<panic model='pvpanic'/></devices>")), 0);
        assert_eq!(refused(&format!("<devices>{panic}{panic}</devices>")), 1);
    }

    #[test]
    fn only_guests_of_qemu_are_held_to_it() {
        let lock = "<features><pvspinlock state='on'/></features>";
        assert_eq!((refused(lock), refused_of("kvm", lock)), (1, 0));
        let floppy = "<devices><disk device='floppy'><target bus='sata'/></disk></devices>";
        assert_eq!((refused(floppy), refused_of("xen", floppy)), (1, 0));
    }
}
