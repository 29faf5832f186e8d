//! What explains a change: the versions and settings beside a host's capabilities.

use super::{Hash, Hasher};

/// The context of a snapshot. Unknown stays `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The daemon's libvirt version (`Running against daemon`), never the client's.
    pub libvirt: Option<String>,
    /// Hypervisor and version, such as `QEMU 10.0.13`.
    pub hypervisor: Option<String>,
    /// Kernel release.
    pub kernel: Option<String>,
    /// Vendor and signature of the host's CPU, such as `AMD family 25 model 1 stepping 1`.
    pub cpu: Option<String>,
    /// Microcode version, as `virsh capabilities` says it.
    pub microcode: Option<String>,
    /// Version of the guests' firmware packages.
    pub firmware: Option<String>,
    /// CPU flags of the API call, comma-separated and sorted; `None` is the plain call.
    pub api_flags: Option<String>,
    /// The connection the documents came over.
    pub uri: Option<String>,
}

impl Context {
    /// The names of all values, in the order of the reports.
    pub const NAMES: [&'static str; 8] =
        ["libvirt", "hypervisor", "kernel", "cpu", "microcode", "firmware", "api_flags", "uri"];

    /// Every value under its name, in the order of the reports.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("libvirt", self.libvirt.as_deref()),
            ("hypervisor", self.hypervisor.as_deref()),
            ("kernel", self.kernel.as_deref()),
            ("cpu", self.cpu.as_deref()),
            ("microcode", self.microcode.as_deref()),
            ("firmware", self.firmware.as_deref()),
            ("api_flags", self.api_flags.as_deref()),
            ("uri", self.uri.as_deref()),
        ]
    }

    /// Whether two values of `cpu` name different CPUs. libvirt 8.0 and older print no `<signature>`
    /// (`src/conf/cpu_conf.c`), so a bare vendor leaves the rest unknown.
    #[must_use]
    pub fn is_other_cpu(old: &str, new: &str) -> bool {
        let is_vendor_of = |vendor: &str, cpu: &str| {
            cpu.strip_prefix(vendor).is_some_and(|it| it.starts_with(" family "))
        };
        old != new && !is_vendor_of(old, new) && !is_vendor_of(new, old)
    }

    /// CPU flags as they are compared: sorted, each once; `None` where there are none.
    #[must_use]
    pub fn flags(text: &str) -> Option<String> {
        let mut flags: Vec<&str> = text.split([',', ' ']).filter(|flag| !flag.is_empty()).collect();
        flags.sort_unstable();
        flags.dedup();
        (!flags.is_empty()).then(|| flags.join(","))
    }

    /// The content address.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut hasher = Hasher::new();
        for (name, value) in self.named() {
            hasher.part(name.as_bytes()).optional(value.map(str::as_bytes));
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn a_vendor_alone_does_not_contradict_a_signature() {
        let (amd, milan) = ("AMD", "AMD family 25 model 1 stepping 1");
        assert!(!Context::is_other_cpu(amd, milan) && !Context::is_other_cpu(milan, amd));
        assert!(!Context::is_other_cpu(milan, milan));
        assert!(Context::is_other_cpu("Intel", milan) && Context::is_other_cpu(milan, "Intel"));
        assert!(Context::is_other_cpu(milan, "AMD family 25 model 1 stepping 2"));
    }
}
