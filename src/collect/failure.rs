//! What kind of failure an error of libvirt is.
//!
//! virsh prints an error's text and not its number. The client speaks English (`LC_ALL=C`), but a
//! daemon under another locale answers in its own language: what is not recognized is a matter of
//! the moment, which is never taken for a loss.

use crate::model::FailureClass;

/// The host cannot do it: how such errors begin, and what they hold behind that (libvirt 9.0.0 to
/// 11.3.0, `virQEMUCapsCacheLookupDefault` and `qemuConnectGetDomainCapabilities`). The whole shape
/// counts: what QEMU prints may quote anything.
const UNSUPPORTED: [(&str, &str); 10] = [
    ("invalid argument: the machine '", "is not supported by emulator"),
    ("invalid argument: the accel '", "is not supported by"),
    ("invalid argument: KVM is not supported by", ""),
    ("invalid argument: unable to find any emulator to serve '", ""),
    ("unsupported configuration: unable to find any emulator to serve '", ""),
    ("invalid argument: architecture from emulator '", "doesn't match given architecture"),
    ("invalid argument: unknown virttype: ", ""),
    ("invalid argument: unknown architecture: ", ""),
    ("unsupported configuration: Emulator '", "does not support arch '"),
    ("unsupported configuration: Emulator '", "does not support virt type '"),
];

/// Not for this user, or not in this way.
const REFUSED: [&str; 14] = [
    // A driver without domainCapabilities says nothing about its targets.
    "not supported by the connection driver",
    "access denied",
    "operation forbidden",
    "authentication failed",
    "authentication unavailable",
    "authentication cancelled",
    "Permission denied",
    "Host key verification failed",
    "nc: not found",
    "unsupported flags",
    "doesn't support option",
    "unknown command",
    "no connection driver available",
    "certificate",
];

/// The connection is gone, or is not the one it was.
const LOST: [&str; 10] = [
    "Disconnected from",
    "Failed to reconnect to the hypervisor",
    RECONNECTED,
    "End of file while reading data",
    "Cannot recv data",
    "cannot recv data",
    "Cannot write data",
    "client socket is closed",
    "connection closed due to keepalive timeout",
    "failed to connect to the hypervisor",
];

/// What virsh says, as an error, when it has a connection again.
const RECONNECTED: &str = "Reconnected to the hypervisor";

/// The class of an error.
pub(super) fn class(message: &str) -> FailureClass {
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    // A lost connection may quote anything behind it, and a refusal what it refused.
    if is_lost(message) {
        FailureClass::Transient
    } else if says(&REFUSED) {
        FailureClass::Refused
    } else if is_unsupported(message) {
        FailureClass::Unsupported
    } else {
        FailureClass::Transient
    }
}

/// One error, alone, of a shape that is known.
fn is_unsupported(message: &str) -> bool {
    let has_shape = |(begin, inside): &(&str, &str)| {
        message.strip_prefix(begin).is_some_and(|rest| rest.contains(inside))
    };
    !message.contains(super::errors::BETWEEN) && UNSUPPORTED.iter().any(has_shape)
}

/// Whether the connection is gone, or was made anew: then what follows may be another daemon's.
pub(super) fn is_lost(message: &str) -> bool {
    LOST.iter().any(|text| message.contains(text))
}

/// Whether what was answered may be another daemon's.
pub(super) fn is_of_another(message: &str) -> bool {
    message.contains(RECONNECTED)
}

/// Whether trying again may help where no connection could be had.
pub(super) fn is_worth_another_try(message: &str) -> bool {
    !REFUSED.iter().any(|text| message.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_class() {
        use FailureClass::{Refused, Transient, Unsupported};
        for (message, expected) in [
            (
                "invalid argument: the machine 'pc-0.1' is not supported by emulator '/usr/bin/qemu-system-x86_64'",
                Unsupported,
            ),
            (
                "invalid argument: the accel 'kvm' is not supported by '/usr/bin/qemu-system-x86_64' on this host",
                Unsupported,
            ),
            (
                "invalid argument: architecture from emulator 'aarch64' doesn't match given architecture 'x86_64'",
                Unsupported,
            ),
            (
                "unsupported configuration: Emulator '/usr/bin/qemu-system-i386' does not support arch 'x86_64'",
                Unsupported,
            ),
            (
                "internal error: Failed to start QEMU binary /q for probing: warning: TSC scaling is not supported by the host: Killed",
                Transient,
            ),
            (
                "invalid argument: the machine 'pc' is not supported by emulator '/q'; out of memory",
                Transient,
            ),
            ("invalid argument: unknown virttype: nosuch", Unsupported),
            ("Cannot check QEMU binary /nonexistent: No such file or directory", Transient),
            (
                "Failed to read pidfile /var/lib/libvirt/qemu/qmp-1FYLZ3/qmp.pid: No such file or directory",
                Transient,
            ),
            (
                "unsupported configuration: unable to find any emulator to serve 'ia64' architecture",
                Unsupported,
            ),
            (
                "this function is not supported by the connection driver: virConnectGetDomainCapabilities",
                Refused,
            ),
            (
                "operation forbidden: read only access prevents virConnectGetDomainCapabilities",
                Refused,
            ),
            ("access denied: 'connect' denied access", Refused),
            ("unsupported flags (0x1) in function qemuConnectGetDomainCapabilities", Refused),
            ("command 'domcapabilities' doesn't support option --expand-cpu-features", Refused),
            ("Disconnected from qemu:///system due to end of file", Transient),
            ("Le domaine n'est pas pris en charge", Transient),
            ("internal error: Failed to start QEMU binary /q for probing: Killed", Transient),
            ("", Transient),
        ] {
            assert_eq!(class(message), expected, "{message}");
        }
    }
}
