//! What explains a change: the versions and settings beside a host's capabilities.

use super::{Hash, Hasher, MachineList};

/// One fact of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextFact {
    /// Its name, in JSON, in `domcaps query` and as the column of the store.
    pub name: &'static str,
    /// Whether `domcaps query` knows it by its name alone; else as `context.NAME`: other things have
    /// that name too.
    pub is_queried: bool,
    /// Each host has its own, whatever it supports.
    pub is_host_unique: bool,
    /// It was added when contexts were stored already: it counts in their hashes only where it is
    /// known, so that no stored id changes.
    pub is_later: bool,
}

/// `queried` or `unqueried`; `shared` or `unique` to a host; `first` or `later`.
macro_rules! flag {
    (queried) => {
        true
    };
    (unqueried) => {
        false
    };
    (unique) => {
        true
    };
    (shared) => {
        false
    };
    (later) => {
        true
    };
    (first) => {
        false
    };
}

macro_rules! context_facts {
    ($($(#[doc = $doc:literal])+ $name:ident: $queried:ident $unique:ident $age:ident,)+) => {
        /// The context of a snapshot. Unknown stays `None`.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Context {$(
            $(#[doc = $doc])+
            pub $name: Option<String>,
        )+}

        impl Context {
            /// Every fact, in the order of the reports.
            pub const FACTS: &'static [ContextFact] = &[$(ContextFact {
                name: stringify!($name),
                is_queried: flag!($queried),
                is_host_unique: flag!($unique),
                is_later: flag!($age),
            },)+];

            /// The names of all facts, in the order of the reports.
            pub const NAMES: [&'static str; Self::FACTS.len()] = [$(stringify!($name),)+];

            /// Every value under its name, in the order of the reports.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> + Clone {
                [$((stringify!($name), self.$name.as_deref()),)+].into_iter()
            }

            /// A context from the value of each fact.
            ///
            /// # Errors
            /// What `value` fails with.
            pub fn from_values<E>(
                mut value: impl FnMut(&'static str) -> Result<Option<String>, E>,
            ) -> Result<Self, E> {
                Ok(Self { $($name: value(stringify!($name))?,)+ })
            }
        }
    };
}

// `docs/sql.md` and the schemas list them too, and a test says when they do not. The one table of facts: a line here and a column in a migration are a new fact. What is `later`
// stands behind all others, in the order in which it came.
context_facts! {
    /// The daemon's libvirt version (`Running against daemon`), never the client's.
    libvirt: queried shared first,
    /// Hypervisor and version, such as `QEMU 10.0.13`.
    hypervisor: queried shared first,
    /// Kernel release.
    kernel: queried shared first,
    /// Vendor and signature of the host's CPU, such as `AMD family 25 model 1 stepping 1`.
    cpu: unqueried shared first,
    /// Microcode version, as `virsh capabilities` says it.
    microcode: queried shared first,
    /// Version of the guests' firmware packages.
    firmware: unqueried shared first,
    /// CPU flags of the API call, comma-separated and sorted; `None` is the plain call.
    api_flags: queried shared first,
    /// The connection the documents came over.
    uri: queried unique first,
    /// Physical address bits of the host's CPU, as `virsh capabilities` says them: a guest that was
    /// given more than the target host has cannot migrate to it.
    maxphysaddr: queried shared later,
}

impl Context {
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

    /// The content address. A later fact counts only where it is known.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut hasher = Hasher::new();
        for (fact, (name, value)) in Self::FACTS.iter().zip(self.named()) {
            if !fact.is_later || value.is_some() {
                hasher.part(name.as_bytes()).optional(value.map(str::as_bytes));
            }
        }
        hasher.finish()
    }

    /// The same context as earlier builds knew it, the newest first: without the later facts.
    pub fn as_known_before(&self) -> impl Iterator<Item = Self> {
        let later = Self::FACTS.iter().filter(|fact| fact.is_later).count();
        let first = Self::FACTS.len() - later;
        (0..later).rev().filter_map(move |kept| {
            let mut values = self.named();
            let known = Self::from_values(|name| {
                let value = values.next().and_then(|(_, value)| value.map(str::to_owned));
                let at = Self::FACTS.iter().position(|fact| fact.name == name);
                Ok::<_, std::convert::Infallible>(value.filter(|_| at < Some(first + kept)))
            });
            let Ok(known) = known;
            (known != *self).then_some(known)
        })
    }
}

/// What a host says beside its documents.
#[derive(Clone, Debug, Default)]
pub struct HostInfo {
    /// From `virsh capabilities`.
    pub machines: Option<MachineList>,
    /// What explains changes.
    pub context: Context,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_fact_counts_in_the_hash_only_where_it_is_known() {
        let text = |text: &str| Some(text.to_owned());
        let old =
            Context { libvirt: text("9.0.0"), uri: text("qemu:///system"), ..Context::default() };
        // As the build before the first later fact hashed it; stored databases hold it.
        let mut hasher = Hasher::new();
        for (name, value) in [
            ("libvirt", Some("9.0.0")),
            ("hypervisor", None),
            ("kernel", None),
            ("cpu", None),
            ("microcode", None),
            ("firmware", None),
            ("api_flags", None),
            ("uri", Some("qemu:///system")),
        ] {
            hasher.part(name.as_bytes()).optional(value.map(str::as_bytes));
        }
        assert_eq!(old.hash(), hasher.finish());
        let new = Context { maxphysaddr: text("46"), ..old.clone() };
        assert_ne!(new.hash(), old.hash());
        assert!(new.as_known_before().eq([old.clone()]));
        assert_eq!(old.as_known_before().count(), 0);
    }

    #[test]
    fn later_facts_stand_behind_all_others() {
        assert!(Context::FACTS.is_sorted_by_key(|fact| fact.is_later));
    }

    #[test]
    fn a_vendor_alone_does_not_contradict_a_signature() {
        let (amd, milan) = ("AMD", "AMD family 25 model 1 stepping 1");
        assert!(!Context::is_other_cpu(amd, milan) && !Context::is_other_cpu(milan, amd));
        assert!(!Context::is_other_cpu(milan, milan));
        assert!(Context::is_other_cpu("Intel", milan) && Context::is_other_cpu(milan, "Intel"));
        assert!(Context::is_other_cpu(milan, "AMD family 25 model 1 stepping 2"));
    }
}
