//! Rules about devices.

use super::Area::Devices;
use super::Severity::Breaking;
use super::{Mirror, Rule};

pub(super) const RULES: &[Rule] = &[Rule {
    id: "device-lost",
    area: Some(Devices),
    severity: Breaking,
    summary: "a kind of device is gone",
    explanation: "libvirt says supported='no' for a whole kind of device that it offered before. \
        It asks the QEMU binary, so the cause is a build without the device or a missing module \
        package (qemu-system-modules-spice, qemu-kvm-device-usb-redirect and their like), for some \
        devices also the host: an emulated TPM needs swtpm. Guests with such a device do not start \
        and cannot arrive, and it cannot be hot-plugged.",
    advice: "Install the module package or helper that the other side has; otherwise remove the \
        element from the guests that `virsh dumpxml GUEST --inactive` shows with it.",
    mirror: Mirror::Rule("gained"),
}];
