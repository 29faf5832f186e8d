//! Why a single value comes and goes on a host whose QEMU has it: what it needs beside QEMU.

use crate::diff::Difference;
use crate::model::glob;

/// A capability path, its value (both with `*`), and what to look for when it is lost.
struct Hint {
    path: &'static str,
    value: &'static str,
    text: &'static str,
}

const SPICE: &str = "spice and qxl may be in a package of their own that is not installed (Debian since \
    QEMU 8.1: qemu-system-modules-spice)";

/// The names are those of Debian and Ubuntu.
const OVMF: &str = "Debian's ovmf has no 2M images since 2023.11, only OVMF_CODE_4M";

/// Sources: libvirt 11.3.0 `src/qemu/qemu_capabilities.c`; Debian's qemu and edk2 changelogs; captures
/// with and without the packages.
const HINTS: &[Hint] = &[
    Hint { path: "devices.graphics.type", value: "spice", text: SPICE },
    Hint { path: "devices.channel.type", value: "spicevmc", text: SPICE },
    Hint { path: "devices.video.modelType", value: "qxl", text: SPICE },
    Hint {
        path: "devices.graphics.type",
        value: "rdp",
        text: "libvirt lists it only where qemu-rdp is installed",
    },
    Hint {
        path: "devices.tpm.backendModel",
        value: "emulator",
        text: "it needs swtpm and swtpm_setup on the host",
    },
    Hint {
        path: "devices.hostdev.pciBackend",
        value: "*",
        text: "it needs an IOMMU that is switched on, and /dev/vfio/vfio",
    },
    Hint { path: "os.loader.value", value: "/usr/share/OVMF/OVMF_CODE.fd", text: OVMF },
    Hint { path: "os.loader.value", value: "/usr/share/OVMF/OVMF_CODE.secboot.fd", text: OVMF },
    Hint { path: "os.loader.value", value: "/usr/share/OVMF/OVMF_CODE.ms.fd", text: OVMF },
];

/// What to look for where this is lost.
pub(super) fn hint(difference: &Difference) -> Option<&'static str> {
    let value = difference.value.as_deref()?;
    let found =
        HINTS.iter().find(|hint| glob(hint.path, &difference.path) && glob(hint.value, value));
    found.map(|hint| hint.text)
}
