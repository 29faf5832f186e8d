//! The machine list of a host: the guests part of `virsh capabilities`.

use std::sync::Arc;

use super::{Hash, Hasher};

/// One machine that one emulator offers for one arch and virttype.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Machine {
    /// Path of the emulator; libvirt echoes it and resolves no link.
    pub emulator: Option<String>,
    /// Guest architecture.
    pub arch: String,
    /// Domain type: `kvm`, `qemu`, `xen`, ….
    pub virttype: String,
    /// Canonical name, or an alias.
    pub name: String,
    /// For an alias, the canonical name it points to.
    pub canonical: Option<String>,
    /// Most virtual CPUs, where libvirt says so.
    pub max_cpus: Option<i64>,
    /// Whether QEMU marks it deprecated. Printed only when it is.
    pub deprecated: bool,
}

/// All machines of a host, sorted, each once. A machine that is not in it cannot be had. A copy shares
/// the machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineList {
    machines: Arc<[Machine]>,
    hash: Hash,
}

impl Default for MachineList {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl MachineList {
    /// A list of these machines.
    #[must_use]
    pub fn new(mut machines: Vec<Machine>) -> Self {
        machines.sort();
        machines.dedup();
        let hash = hash(&machines);
        Self { machines: machines.into(), hash }
    }

    /// The machines, sorted by emulator, arch, virttype and name.
    pub fn iter(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    /// The canonical name behind `name` for an arch and virttype, where `name` is an alias.
    #[must_use]
    pub fn canonical_of(&self, arch: &str, virttype: &str, name: &str) -> Option<&str> {
        self.machines
            .iter()
            .find(|each| each.arch == arch && each.virttype == virttype && each.name == name)
            .and_then(|each| each.canonical.as_deref())
    }

    /// The content address.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

fn hash(machines: &[Machine]) -> Hash {
    let mut hasher = Hasher::new();
    for each in machines {
        hasher
            .optional(each.emulator.as_deref().map(str::as_bytes))
            .part(each.arch.as_bytes())
            .part(each.virttype.as_bytes())
            .part(each.name.as_bytes())
            .optional(each.canonical.as_deref().map(str::as_bytes))
            .optional(each.max_cpus.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice))
            .part(&[u8::from(each.deprecated)]);
    }
    hasher.finish()
}
