//! The output of `virsh version --daemon`.

use crate::model::Context;

/// What it says of the host: the daemon's libvirt and the hypervisor. `Using library` is the
/// client's version and tells nothing of a remote host; so it is not read.
///
/// Translated or unknown output gives an empty context: unknown stays unknown.
#[must_use]
pub fn version(output: &str) -> Context {
    let after = |label: &str| {
        let line = output.lines().find_map(|line| line.trim().strip_prefix(label))?.trim();
        (!line.is_empty()).then(|| line.to_owned())
    };
    Context {
        libvirt: after("Running against daemon:"),
        hypervisor: after("Running hypervisor:"),
        ..Context::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_s_version_is_the_host_s() {
        let output = "Compiled against library: libvirt 9.0.0\nUsing library: libvirt 9.0.0\n\
            Using API: QEMU 9.0.0\nRunning hypervisor: QEMU 10.0.13\nRunning against daemon: 11.3.0\n\n";
        let context = version(output);
        assert_eq!(context.libvirt.as_deref(), Some("11.3.0"));
        assert_eq!(context.hypervisor.as_deref(), Some("QEMU 10.0.13"));
    }

    #[test]
    fn without_the_daemon_s_line_the_host_s_libvirt_is_unknown() {
        assert_eq!(version("Using library: libvirt 9.0.0\n"), Context::default());
    }
}
