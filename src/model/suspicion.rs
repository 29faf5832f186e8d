//! Documents that are answers and yet cannot be true.

use super::{Capabilities, HOST_MODEL, Target, Value};

/// Why a body cannot be true, where kvm gave it. A property of the body: it is found when the body is
/// read, and stored beside it.
///
/// Seen on virtual machines with nested AMD virtualization, libvirt 9.0.0: host-model EPYC-Milan
/// with 46 features disabled (sse4.1, avx, popcnt …) against 11 required; and host-model kvm64 with
/// no model usable but 486 to pentium3, not even kvm64. A sound host disables the few features that
/// its microcode hides, and `kvm64` is QEMU's name for what every 64-bit x86 host can run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Suspicion {
    /// Nothing speaks against it.
    #[default]
    None,
    /// `kvm64` is not usable: cannot be true of a 64-bit x86 guest.
    LeastModelUnusable,
    /// The host-model disables far more features than it requires.
    FeaturesDisabled,
}

/// Whether the least CPU model of x86 is usable.
const LEAST_MODEL: &str = "cpu.mode[custom].model[kvm64].usable";

impl Suspicion {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::None, Self::LeastModelUnusable, Self::FeaturesDisabled];

    /// The name in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LeastModelUnusable => "least-model-unusable",
            Self::FeaturesDisabled => "features-disabled",
        }
    }

    /// Judges what a body says. `0004_observation.sql` says the same of bodies stored before.
    #[must_use]
    pub fn of(capabilities: &Capabilities) -> Self {
        const MANY: usize = 16;
        let (mut required, mut disabled) = (0, 0);
        let mut is_least_unusable = false;
        for (path, value) in capabilities.iter() {
            match value {
                Value::Text("no") if path == LEAST_MODEL => is_least_unusable = true,
                Value::Text(policy)
                    if path.starts_with(HOST_MODEL) && path.ends_with(".policy") =>
                {
                    required += usize::from(policy == "require");
                    disabled += usize::from(policy == "disable");
                }
                _ => {}
            }
        }
        // What counts whatever the architecture goes before what counts for one.
        if disabled >= MANY && disabled > 2 * required {
            Self::FeaturesDisabled
        } else if is_least_unusable {
            Self::LeastModelUnusable
        } else {
            Self::None
        }
    }

    /// Whether a document of this body and target cannot be true.
    #[must_use]
    pub fn counts_for(self, target: &Target) -> bool {
        target.virttype == "kvm"
            && match self {
                Self::None => false,
                // qemu-system-i386 has no 64-bit model on any host.
                Self::LeastModelUnusable => target.arch == "x86_64",
                Self::FeaturesDisabled => true,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn document(required: usize, disabled: usize, kvm64: &str) -> bool {
        of_arch("x86_64", required, disabled, kvm64)
    }

    fn of_arch(arch: &str, required: usize, disabled: usize, kvm64: &str) -> bool {
        let feature =
            |policy: &str, at| format!("<feature policy='{policy}' name='{policy}{at}'/>");
        let features: String = (0..required)
            .map(|at| feature("require", at))
            .chain((0..disabled).map(|at| feature("disable", at)))
            .collect();
        let text = format!(
            "<domainCapabilities><path>/q</path><domain>kvm</domain><machine>pc</machine><arch>x86_64</arch><cpu>\
             <mode name='host-model' supported='yes'><model>EPYC</model>{features}</mode>\
             <mode name='custom' supported='yes'><model usable='{kvm64}'>kvm64</model><model usable='no'>z</model>\
             </mode></cpu></domainCapabilities>"
        );
        let document = parse::document(text.as_bytes()).unwrap();
        let target = Target { arch: arch.to_owned(), ..document.head.target };
        Suspicion::of(&document.capabilities).counts_for(&target)
    }

    #[test]
    fn a_host_that_disables_most_of_its_model_is_not_to_be_believed() {
        assert!(document(11, 46, "yes"));
        assert!(!document(30, 3, "yes"));
        assert!(!document(2, 12, "yes"), "an odd CPU is still a CPU");
        assert!(!document(40, 46, "unknown"));
    }

    #[test]
    fn nor_is_one_that_cannot_run_what_every_host_can() {
        assert!(document(26, 1, "no"));
        assert!(!document(26, 1, "yes") && !document(0, 0, "unknown"));
        assert!(!of_arch("i686", 26, 1, "no"), "a 32-bit QEMU never runs a 64-bit model");
    }
}
