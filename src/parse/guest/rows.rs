//! Which attribute of a guest asks for which capability: the table.
//!
//! Paths and names are those of libvirt's own test documents (`tests/domaincapsdata`, 11.3.0 and
//! up to 12.5); which values an enum can hold at all is from `virQEMUCapsFillDomainCaps`.

use super::{Needs, Reader};
use crate::model::Wanted;

/// What an attribute's value asks for.
enum Takes {
    /// A member of the set, whatever it is.
    Member,
    /// A member of the set, where libvirt can report it at all: other values work, or not, without
    /// a word of domainCapabilities.
    Among(&'static [&'static str]),
    /// Like [`Self::Among`], where the set is reported. libvirt could do it long before it said so,
    /// and nearly every guest has it.
    AmongIfReported(&'static [&'static str]),
    /// Support, with one of these values.
    Support(&'static [&'static str]),
    /// Support, by being there.
    Presence,
}

struct Row {
    /// The element, below `<domain>`.
    at: &'static str,
    attribute: &'static str,
    /// An attribute of the same element that must have that value.
    when: Option<(&'static str, &'static str)>,
    /// The capability.
    path: &'static str,
    takes: Takes,
}

const fn row(at: &'static str, attribute: &'static str, path: &'static str, takes: Takes) -> Row {
    Row { at, attribute, when: None, path, takes }
}

const fn when(name: &'static str, value: &'static str, row: Row) -> Row {
    Row {
        at: row.at,
        attribute: row.attribute,
        when: Some((name, value)),
        path: row.path,
        takes: row.takes,
    }
}

use Takes::{Among, AmongIfReported, Member, Presence, Support};

const ROWS: &[Row] = &[
    row("genid", "", "features.genid", Presence),
    row("memoryBacking/source", "type", "memoryBacking.sourceType", Member),
    row("os/varstore", "", "os.varstore", Presence),
    row("features/async-teardown", "enabled", "features.async-teardown", Support(&["yes"])),
    row("features/gic", "", "features.gic", Presence),
    row("features/gic", "version", "features.gic.version", Among(&["2", "3"])),
    row("features/hyperv", "mode", "features.hyperv", Support(&["passthrough", "host-model"])),
    // What the capability says is whether the state can be chosen (virQEMUCapsSupportsI8042Toggle).
    row("features/ps2", "state", "features.ps2", Support(&["on", "off"])),
    row("features/vmcoreinfo", "state", "features.vmcoreinfo", Support(&["on"])),
    row("devices/disk", "device", "devices.disk.diskDevice", Member),
    row("devices/disk", "model", "devices.disk.model", Member),
    row("devices/disk/target", "bus", "devices.disk.bus", Among(DISK_BUSES)),
    row(
        "devices/filesystem/driver",
        "type",
        "devices.filesystem.driverType",
        Among(&["path", "handle", "virtiofs"]),
    ),
    row("devices/graphics", "type", "devices.graphics.type", Member),
    row("devices/video/model", "type", "devices.video.modelType", Member),
    row("devices/hostdev", "mode", "devices.hostdev.mode", Member),
    when(
        "mode",
        "subsystem",
        row(
            "devices/hostdev",
            "type",
            "devices.hostdev.subsysType",
            Among(&["pci", "scsi", "usb"]),
        ),
    ),
    when(
        "mode",
        "capabilities",
        row("devices/hostdev", "type", "devices.hostdev.capsType", Member),
    ),
    row("devices/hostdev/source", "startupPolicy", "devices.hostdev.startupPolicy", Member),
    row("devices/rng", "model", "devices.rng.model", Member),
    row("devices/rng/backend", "model", "devices.rng.backendModel", Member),
    row("devices/tpm", "model", "devices.tpm.model", Member),
    row("devices/tpm/backend", "type", "devices.tpm.backendModel", Member),
    when(
        "type",
        "emulator",
        row("devices/tpm/backend", "version", "devices.tpm.backendVersion", Member),
    ),
    row("devices/redirdev", "bus", "devices.redirdev.bus", Member),
    row(
        "devices/channel",
        "type",
        "devices.channel.type",
        AmongIfReported(&["pty", "unix", "spicevmc"]),
    ),
    // Which backends QEMU has is told for consoles alone: no channel enum up to 12.5 holds this one.
    row("devices/channel", "type", "devices.console.type", AmongIfReported(&["qemu-vdagent"])),
    row("devices/console", "type", "devices.console.type", AmongIfReported(CONSOLES)),
    row("devices/crypto", "model", "devices.crypto.model", Member),
    row("devices/crypto", "type", "devices.crypto.type", Member),
    row("devices/crypto/backend", "model", "devices.crypto.backendModel", Member),
    row(
        "devices/interface/backend",
        "type",
        "devices.interface.backendType",
        Among(&["default", "passt"]),
    ),
    // pseries and s390 guests have one without having asked.
    row("devices/panic", "model", "devices.panic.model", AmongIfReported(PANICS)),
];

/// All but `sd`, which QEMU has and libvirt 11.3 does not report.
pub(super) const DISK_BUSES: &[&str] =
    &["fdc", "ide", "nvme", "sata", "scsi", "uml", "usb", "virtio", "xen"];
const CONSOLES: &[&str] = &[
    "dbus",
    "dev",
    "file",
    "nmdm",
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
];
const PANICS: &[&str] = &["hyperv", "isa", "pseries", "pvpanic", "s390"];

/// Everything that the table finds in a guest.
pub(super) fn needs(reader: &Reader<'_>, needs: &mut Needs) {
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        let is_met = |when: &Option<(&str, &str)>| {
            when.is_none_or(|(name, value)| attribute(name) == Some(value))
        };
        for row in ROWS.iter().filter(|row| row.at == path && is_met(&row.when)) {
            if let Takes::Presence = row.takes {
                needs.add(row.path, Wanted::Supported, || place.to_owned());
                continue;
            }
            let Some(value) = attribute(row.attribute) else { continue };
            let wanted = match row.takes {
                Member => Wanted::Member(value.to_owned()),
                Among(known) if known.contains(&value) => Wanted::Member(value.to_owned()),
                AmongIfReported(known) if known.contains(&value) => {
                    Wanted::MemberIfReported(value.to_owned())
                }
                Support(values) if values.contains(&value) => Wanted::Supported,
                _ => continue,
            };
            needs.add(row.path, wanted, || format!("{place} {}={value}", row.attribute));
        }
    });
}
