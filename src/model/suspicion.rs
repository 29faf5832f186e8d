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
