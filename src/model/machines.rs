//! The machine list of a host: the guests part of `virsh capabilities`.

use std::sync::{Arc, OnceLock};

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
#[derive(Clone, Debug)]
pub struct MachineList {
    machines: Arc<[Machine]>,
    hash: Hash,
    /// Positions sorted by arch, domain type and name; made when a name is first looked up.
    by_name: Arc<OnceLock<Box<[u32]>>>,
}

impl PartialEq for MachineList {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.machines == other.machines
    }
}

impl Eq for MachineList {}

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
        Self { machines: machines.into(), hash, by_name: Arc::default() }
    }

    /// The machines, sorted by emulator, arch, virttype and name; an alias that is listed twice counts once.
    ///
    /// Ubuntu's QEMU 8.2 calls `pc-i440fx-noble` and `pc-i440fx-8.2` pc. libvirt takes the one that QEMU names
    /// first, which is the distribution's own; here it is the last, since a name sorts behind a number.
    pub fn iter(&self) -> impl Iterator<Item = &Machine> {
        let next = self.machines.iter().skip(1).map(Some).chain([None]);
        let pairs = self.machines.iter().zip(next);
        pairs
            .filter(|(one, next)| !next.is_some_and(|next| is_one_alias(one, next)))
            .map(|(it, _)| it)
    }

    /// Every entry, also of aliases that are listed twice: what is stored and hashed.
    pub fn entries(&self) -> impl Iterator<Item = &Machine> {
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
        /// So many are looked through sooner than sorted.
        const FEW: usize = 32;
        let key = |each: &'_ Machine| -> bool {
            each.name == name && each.arch == arch && each.virttype == virttype
        };
        let found = if self.machines.len() <= FEW {
            self.iter().find(|each| key(each))
        } else {
            let by_name = self.by_name.get_or_init(|| by_name(&self.machines));
            let machine = |position: &u32| &self.machines[*position as usize];
            let wanted = (arch, virttype, name);
            let at = by_name.partition_point(|position| name_key(machine(position)) < wanted);
            let mut all = by_name[at..].iter().map(machine).take_while(|each| key(each)).peekable();
            let mut found = all.next();
            while let Some(next) =
                all.next_if(|next| found.is_some_and(|it| is_one_alias(it, next)))
            {
                found = Some(next);
            }
            found
        };
        found.and_then(|each| each.canonical.as_deref())
    }

    /// The content address.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

/// Whether two entries that stand beside one another are of one alias.
fn is_one_alias(one: &Machine, next: &Machine) -> bool {
    one.canonical.is_some()
        && next.canonical.is_some()
        && one.name == next.name
        && (&one.virttype, &one.arch, &one.emulator) == (&next.virttype, &next.arch, &next.emulator)
}

fn name_key(machine: &Machine) -> (&str, &str, &str) {
    (&machine.arch, &machine.virttype, &machine.name)
}

/// Machines of one name keep their order: the first counts.
fn by_name(machines: &[Machine]) -> Box<[u32]> {
    let count = u32::try_from(machines.len()).unwrap_or(u32::MAX);
    let mut positions: Vec<u32> = (0..count).collect();
    positions.sort_by_key(|position| name_key(&machines[*position as usize]));
    positions.into()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(emulator: &str, name: String, canonical: Option<&str>) -> Machine {
        Machine {
            emulator: Some(emulator.to_owned()),
            arch: "x86_64".to_owned(),
            virttype: "kvm".to_owned(),
            name,
            canonical: canonical.map(str::to_owned),
            max_cpus: None,
            deprecated: false,
        }
    }

    #[test]
    fn an_alias_that_is_listed_twice_is_the_distribution_s() {
        for more in [0, 100] {
            let mut machines: Vec<Machine> =
                (0..more).map(|nth| machine("/a", format!("m{nth}"), None)).collect();
            for canonical in ["pc-i440fx-8.2", "pc-i440fx-noble"] {
                machines.push(machine("/a", canonical.to_owned(), None));
                machines.push(machine("/a", "pc".to_owned(), Some(canonical)));
            }
            machines.push(machine("/b", "pc".to_owned(), Some("pc-i440fx-9.0")));
            let list = MachineList::new(machines);
            let first = list.canonical_of("x86_64", "kvm", "pc");
            assert_eq!(first, Some("pc-i440fx-noble"), "{more}");
            let aliases = list.iter().filter_map(|it| it.canonical.as_deref());
            assert_eq!(aliases.collect::<Vec<_>>(), ["pc-i440fx-noble", "pc-i440fx-9.0"]);
            assert_eq!(list.entries().count(), list.iter().count() + 1, "what is stored stays");
        }
    }

    #[test]
    fn names_are_found_in_lists_of_any_length() {
        for count in [3, 500] {
            let mut machines: Vec<Machine> =
                (0..count).map(|nth| machine("/b", format!("m{nth}"), None)).collect();
            machines.push(machine("/b", "pc".to_owned(), Some("m2")));
            machines.push(machine("/a", "pc".to_owned(), Some("m1")));
            let list = MachineList::new(machines);
            assert_eq!(
                list.canonical_of("x86_64", "kvm", "pc"),
                Some("m1"),
                "the first emulator's"
            );
            assert_eq!(list.canonical_of("x86_64", "kvm", "m1"), None);
            assert_eq!(list.canonical_of("x86_64", "qemu", "pc"), None);
        }
    }
}
