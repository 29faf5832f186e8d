//! What a guest's XML needs of libvirt's version: values that an older libvirt refuses to read.
//!
//! libvirt ignores elements and attributes that it does not know, but refuses unknown values of those it does.
//! Versions are from libvirt's NEWS, or from what its documentation says of each ("Since 11.2.0").
//! (seen) marks what a real libvirt 9.0.0 was seen to refuse.

use super::Reader;
use crate::model::NewerSyntax;
use crate::parse::xml::Element;

/// An attribute's value that some version introduced.
struct NewerValue {
    /// The element, below `<domain>`.
    at: &'static str,
    attribute: &'static str,
    value: &'static str,
    since: [u32; 3],
}

const fn newer(
    at: &'static str,
    attribute: &'static str,
    value: &'static str,
    since: [u32; 3],
) -> NewerValue {
    NewerValue { at, attribute, value, since }
}

/// The table: one line for each value, in the order of the versions.
const VALUES: &[NewerValue] = &[
    // docs/formatdomain.rst: hard drives, input devices, memory devices, IOMMU devices.
    newer("devices/disk", "type", "vhostuser", [7, 1, 0]),
    newer("devices/memory", "model", "virtio-pmem", [7, 1, 0]),
    newer("devices/input", "type", "evdev", [7, 4, 0]),
    newer("devices/memory", "model", "virtio-mem", [7, 9, 0]),
    newer("devices/iommu", "model", "virtio", [8, 3, 0]),
    newer("devices/memory", "model", "sgx-epc", [8, 10, 0]),
    // NEWS 8.4.0, "qemu: D-Bus display"; docs/formatdomain.rst, audio backends.
    newer("devices/audio", "type", "dbus", [8, 4, 0]),
    // NEWS 9.1.0; "unknown watchdog model", "unknown panic model" [D].
    newer("devices/watchdog", "model", "itco", [9, 1, 0]),
    newer("devices/panic", "model", "pvpanic", [9, 1, 0]),
    // docs/formatstorageencryption.rst, "luks-any format" [D].
    newer("devices/disk/encryption", "format", "luks-any", [9, 3, 0]),
    newer("devices/disk/source/encryption", "format", "luks-any", [9, 3, 0]),
    // NEWS 9.8.0, vDPA block devices [D].
    newer("devices/disk", "type", "vhostvdpa", [9, 8, 0]),
    // NEWS 9.10.0 [D].
    newer("devices/audio", "type", "pipewire", [9, 10, 0]),
    // NEWS 10.2.0, "Support for driver type mtp in <filesystem/> devices" [D].
    newer("devices/filesystem/driver", "type", "mtp", [10, 2, 0]),
    // NEWS 10.4.0, "qemu: Support for virtio sound model" [D].
    newer("devices/sound", "model", "virtio", [10, 4, 0]),
    // NEWS 10.5.0, "Introduce SEV-SNP support".
    newer("launchSecurity", "type", "sev-snp", [10, 5, 0]),
    // docs/formatdomain.rst, acpi: before, `slic` is the only one.
    newer("os/acpi/table", "type", "raw", [11, 2, 0]),
    newer("os/acpi/table", "type", "rawset", [11, 2, 0]),
    newer("os/acpi/table", "type", "msdm", [11, 2, 0]),
    // NEWS 11.5.0, "qemu: add support for AMD IOMMU device", "qemu: Add support for NVMe disks".
    newer("devices/iommu", "model", "amd", [11, 5, 0]),
    newer("devices/disk/target", "bus", "nvme", [11, 5, 0]),
    newer("devices/controller", "type", "nvme", [11, 5, 0]),
    // NEWS 11.9.0, "Introduce Hyper-V host-model mode".
    newer("features/hyperv", "mode", "host-model", [11, 9, 0]),
];

/// Elements that an older libvirt refuses: below `<features>` it passes over nothing ("unexpected
/// feature"). docs/formatdomain.rst, hypervisor features.
const FEATURES: &[(&str, [u32; 3])] = &[
    ("tcg", [8, 0, 0]),
    ("async-teardown", [9, 6, 0]),
    ("ras", [10, 4, 0]),
    ("ps2", [10, 7, 0]),
    ("aia", [11, 1, 0]),
    ("virtualization", [12, 1, 0]),
];

/// Values that an older libvirt passes over, so that the guest it starts is another: NEWS 9.2.0, "Add
/// support for QCOW2 formatted firmware".
const IGNORED: &[NewerValue] = &[
    newer("os/loader", "format", "qcow2", [9, 2, 0]),
    newer("os/nvram", "format", "qcow2", [9, 2, 0]),
];

/// Hyper-V enlightenments that an older libvirt refuses whatever their state: NEWS 10.7.0 (seen).
const ENLIGHTENMENTS: [(&str, [u32; 3]); 2] =
    [("emsr_bitmap", [10, 7, 0]), ("xmm_input", [10, 7, 0])];

/// Everything that needs a libvirt of some version.
pub(super) fn syntax(reader: &Reader<'_>) -> Vec<NewerSyntax> {
    let mut found = Vec::new();
    let (mut watchdogs, mut tables) = (0, 0);
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        found.extend(values(reader, element, path, place));
        found.extend(features(path, place));
        match path {
            "devices/watchdog" => {
                watchdogs += 1;
                // NEWS 9.1.0: several watchdogs [D]; the itco is one of them, and is dealt with above.
                if watchdogs == 2 && attribute("model") != Some("itco") {
                    let is_left_out_of_migration = found
                        .iter()
                        .any(|it| it.is_left_out_of_migration && it.element.contains("watchdog"));
                    let second = refused(place.to_owned(), [9, 1, 0]);
                    found.push(NewerSyntax { is_left_out_of_migration, ..second });
                }
            }
            // docs/formatdomain.rst, acpi; "Only one acpi table is supported" [D].
            "os/acpi/table" => {
                tables += 1;
                if tables == 2 {
                    found.push(refused(place.to_owned(), [11, 2, 0]));
                }
            }
            // NEWS 9.5.0, "Properly handle slots for non-DIMM <memory> devices" [D].
            "devices/memory" if attribute("model") == Some("virtio-mem") && !has_slots(reader) => {
                let element = format!("{place} model=virtio-mem without slots of maxMemory");
                found.push(refused(element, [9, 5, 0]));
            }
            // docs/formatdomain.rst, cpu/topology: an older libvirt does not count the clusters.
            "cpu/topology" if attribute("clusters").is_some_and(|clusters| clusters != "1") => {
                let clusters = refused(format!("{place} clusters"), [10, 1, 0]);
                found.push(NewerSyntax { is_refused: false, ..clusters });
            }
            // "IOMMU interrupt remapping requires split I/O APIC" (9.0) [D]; NEWS 10.10.0, "Automatically add
            // IOMMU when needed", turns on what it needs.
            "devices/iommu/driver" if attribute("intremap") == Some("on") && !has_split(reader) => {
                let element = format!("{place} intremap=on without ioapic driver=qemu");
                found.push(NewerSyntax { is_refused: false, ..refused(element, [10, 10, 0]) });
            }
            // NEWS 9.6.0, "Support removable attribute for scsi disk".
            "devices/disk/target"
                if attribute("bus") == Some("scsi") && attribute("removable").is_some() =>
            {
                found.push(refused(format!("{place} removable"), [9, 6, 0]));
            }
            // NEWS 11.0.0, "virtiofs: Allow read only mode" [D].
            "devices/filesystem/readonly" if is_virtiofs(reader, place) => {
                found.push(refused(place.to_owned(), [11, 0, 0]));
            }
            _ => {}
        }
    });
    found.extend(interrupts(reader));
    found.extend(chosen_image(reader));
    found
}

/// What an older libvirt refuses.
fn refused(element: String, since: [u32; 3]) -> NewerSyntax {
    NewerSyntax { element, since, is_refused: true, is_left_out_of_migration: false }
}

/// The values of an element that are in the tables.
fn values(reader: &Reader<'_>, element: &Element<'_>, path: &str, place: &str) -> Vec<NewerSyntax> {
    let attribute = |name: &str| reader.xml.attribute(element, name);
    let is_met = |row: &&NewerValue| row.at == path && attribute(row.attribute) == Some(row.value);
    let named =
        |row: &NewerValue| refused(format!("{place} {}={}", row.attribute, row.value), row.since);
    let refused = VALUES.iter().filter(is_met).map(|row| {
        // libvirt adds an itco to every q35 guest since 9.1 and leaves it out of the migration
        // XML where it does what it does by default (qemu_domain.c, qemuDomainDefFormatBufInternal).
        let is_default =
            row.value == "itco" && attribute("action").is_none_or(|action| action == "reset");
        NewerSyntax { is_left_out_of_migration: is_default, ..named(row) }
    });
    let ignored = IGNORED.iter().filter(is_met);
    let ignored = ignored.map(|row| NewerSyntax { is_refused: false, ..named(row) });
    refused.chain(ignored).collect()
}

/// Features that older libvirts do not know, among them enlightenments.
fn features(path: &str, place: &str) -> Option<NewerSyntax> {
    let name = path.strip_prefix("features/")?;
    let known = match name.strip_prefix("hyperv/") {
        Some(name) => ENLIGHTENMENTS.iter().find(|(own, _)| *own == name),
        None => FEATURES.iter().find(|(own, _)| *own == name),
    };
    known.map(|(_, since)| refused(place.to_owned(), *since))
}

/// Whether QEMU has the I/O APIC, and not the kernel.
fn has_split(reader: &Reader<'_>) -> bool {
    let ioapic = reader.at(&["features", "ioapic"]);
    ioapic.is_some_and(|ioapic| reader.xml.attribute(ioapic, "driver") == Some("qemu"))
}

/// Whether the guest says how many memory devices there can be.
fn has_slots(reader: &Reader<'_>) -> bool {
    let memory = reader.at(&["maxMemory"]);
    memory.is_some_and(|memory| reader.xml.attribute(memory, "slots").is_some())
}

/// Whether the filesystem of this place is shared by virtiofs.
fn is_virtiofs(reader: &Reader<'_>, place: &str) -> bool {
    let own = place.strip_suffix("/readonly").unwrap_or(place);
    let mut is_own = false;
    reader.each(|element, path, at| {
        is_own |= path == "devices/filesystem/driver"
            && at.strip_suffix("/driver") == Some(own)
            && reader.xml.attribute(element, "type") == Some("virtiofs");
    });
    is_own
}

/// More than 255 virtual CPUs on x86 need an IOMMU with extended interrupts, which libvirt adds by
/// itself since 10.10.0 (NEWS, "qemu: Automatically add IOMMU when needed") (seen).
fn interrupts(reader: &Reader<'_>) -> Option<NewerSyntax> {
    let count: u32 = reader.text(&["vcpu"])?.parse().ok()?;
    let kind = reader.at(&["os", "type"])?;
    let is_x86 = reader.xml.attribute(kind, "arch") == Some("x86_64");
    if count <= 255 || !is_x86 || reader.at(&["devices", "iommu"]).is_some() {
        return None;
    }
    Some(NewerSyntax {
        element: format!("vcpu {count} without an iommu"),
        since: [10, 10, 0],
        is_refused: true,
        is_left_out_of_migration: false,
    })
}

/// The image beside `firmware=`, as newer libvirts print it once they have chosen one (seen).
fn chosen_image(reader: &Reader<'_>) -> Option<NewerSyntax> {
    let os = reader.at(&["os"])?;
    let firmware = reader.xml.attribute(os, "firmware")?;
    let image = reader.text(&["os", "loader"])?;
    Some(NewerSyntax {
        element: format!("os/loader {image} beside firmware={firmware}"),
        since: [9, 2, 0],
        is_refused: false,
        is_left_out_of_migration: false,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::Guest;

    fn guest(inside: &str) -> Guest {
        let text = format!(
            "<domain type='kvm'><os><type arch='x86_64' machine='q35'/></os>{inside}</domain>"
        );
        crate::parse::guest(text.as_bytes()).unwrap()
    }

    /// The versions that a guest with this inside needs.
    fn since(inside: &str) -> Vec<[u32; 3]> {
        guest(inside).newer.iter().map(|it| it.since).collect()
    }

    #[test]
    fn each_line_of_the_table_finds_its_value_and_no_other() {
        for row in super::VALUES.iter().chain(super::IGNORED) {
            let names: Vec<&str> = row.at.split('/').collect();
            let with = |value: &str| {
                let (last, above) = names.split_last().unwrap();
                let inner = format!("<{last} {}='{value}'/>", row.attribute);
                above.iter().rev().fold(inner, |inside, name| format!("<{name}>{inside}</{name}>"))
            };
            // A virtio-mem needs slots beside it.
            let with = |value| format!("<maxMemory slots='1'/>{}", with(value));
            assert_eq!(since(&with(row.value)), [row.since], "{} {}", row.at, row.value);
            assert_eq!(since(&with("i6300esb")), [] as [[u32; 3]; 0], "{}", row.at);
        }
    }

    #[test]
    fn the_itco_that_libvirt_adds_is_left_out_of_the_migration() {
        let is_left_out = |action: &str| {
            let inside = format!("<devices><watchdog model='itco' {action}/></devices>");
            guest(&inside).newer[0].is_left_out_of_migration
        };
        assert!(
            is_left_out("") && is_left_out("action='reset'") && !is_left_out("action='poweroff'")
        );
    }

    #[test]
    fn enlightenments_are_refused_in_any_state() {
        for state in ["on", "off"] {
            let inside = |name: &str| {
                since(&format!("<features><hyperv><{name} state='{state}'/></hyperv></features>"))
            };
            assert_eq!(inside("emsr_bitmap"), [[10, 7, 0]]);
            assert_eq!(inside("relaxed"), [] as [[u32; 3]; 0]);
        }
    }

    #[test]
    fn features_are_refused_by_a_libvirt_that_does_not_know_them() {
        for (name, version) in super::FEATURES {
            assert_eq!(since(&format!("<features><{name}/></features>")), [*version], "{name}");
        }
        assert_eq!(since("<features><acpi/><pae/></features>"), [] as [[u32; 3]; 0]);
    }

    #[test]
    fn what_takes_more_than_a_value() {
        let none = [] as [[u32; 3]; 0];
        let slic = "<table type='slic'>/a</table>";
        assert_eq!(since(&format!("<os><acpi>{slic}</acpi></os>")), none);
        assert_eq!(since(&format!("<os><acpi>{slic}{slic}</acpi></os>")), [[11, 2, 0]]);
        let memory = "<devices><memory model='virtio-mem'/></devices>";
        assert_eq!(since(memory), [[7, 9, 0], [9, 5, 0]]);
        assert_eq!(since(&format!("<maxMemory slots='2'/>{memory}")), [[7, 9, 0]]);
        let iommu = "<devices><iommu><driver intremap='on'/></iommu></devices>";
        assert_eq!(since(iommu), [[10, 10, 0]]);
        assert_eq!(since(&format!("<features><ioapic driver='qemu'/></features>{iommu}")), none);
        let removable = |bus: &str| {
            since(&format!("<devices><disk><target bus='{bus}' removable='on'/></disk></devices>"))
        };
        assert_eq!((removable("scsi"), removable("usb")), (vec![[9, 6, 0]], vec![]));
        let clusters = |count: &str| since(&format!("<cpu><topology clusters='{count}'/></cpu>"));
        assert_eq!((clusters("2"), clusters("1")), (vec![[10, 1, 0]], vec![]));
        let watchdog = "<watchdog model='i6300esb'/>";
        assert_eq!(since(&format!("<devices>{watchdog}</devices>")), none);
        assert_eq!(since(&format!("<devices>{watchdog}{watchdog}</devices>")), [[9, 1, 0]]);
        assert_eq!(since("<vcpu>255</vcpu>"), none);
        assert_eq!(since("<vcpu>288</vcpu>"), [[10, 10, 0]]);
        assert_eq!(since("<vcpu>288</vcpu><devices><iommu model='intel'/></devices>"), none);
        let shared = |kind: &str, inside: &str| {
            let driver = format!("<driver type='{kind}'/>{inside}");
            since(&format!("<devices><filesystem>{driver}</filesystem></devices>"))
        };
        assert_eq!(shared("virtiofs", "<readonly/>"), [[11, 0, 0]]);
        assert_eq!(shared("virtiofs", ""), none);
        assert_eq!(shared("path", "<readonly/>"), none);
    }
}
