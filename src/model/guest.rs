//! A guest: a libvirt domain, reduced to what it needs of a host.

use std::fmt;

/// What libvirt's domain XML (`virsh dumpxml`, docs/formatdomain.rst) asks of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guest {
    /// Its name; empty where the XML gives none.
    pub name: String,
    /// Architecture; libvirt takes the host's where the XML names none.
    pub arch: Option<String>,
    /// Domain type: `kvm`, `qemu`, `xen`, ….
    pub virttype: String,
    /// Machine, canonical in what libvirt prints of a defined guest; an alias only in a file that
    /// was never defined.
    pub machine: Option<String>,
    /// Path of the emulator.
    pub emulator: Option<String>,
    /// What it needs beyond these, each thing once, in the order of the table in `parse/guest`.
    pub needs: Vec<Need>,
}

/// One thing that a guest needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Full path of the capability that says whether a host has it.
    pub path: String,
    /// What must stand there.
    pub wanted: Wanted,
    /// Where the guest's XML says so: `devices/disk[2]/target bus=ide`, the first place of several.
    pub element: String,
    /// What says the same where libvirt does not report `path` yet.
    pub instead: Option<(String, Wanted)>,
}

/// What a guest wants of a capability.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// Support.
    Supported,
    /// A member of a set.
    Member(String),
    /// A member of a set that libvirt began to report long after it could do what the set says:
    /// where it is not reported, it decides nothing.
    MemberIfReported(String),
    /// A text; decides nothing where it is not reported.
    TextIfReported(String),
    /// A firmware image among those that libvirt lists.
    Loader {
        /// Its path.
        path: String,
        /// One that is not listed cannot be had: libvirt is to choose it, or it is one of a firmware
        /// package. Any other file may be there without libvirt listing it.
        must_be_listed: bool,
    },
    /// A number not below this one.
    AtLeast(i64),
    /// A CPU model that can be used.
    Model {
        /// Its name.
        name: String,
        /// Features that the guest does without, so that they do not block the model.
        without: Vec<String>,
        /// `check='none'`: the guest starts with what there is of the model.
        is_unchecked: bool,
    },
    /// A CPU feature.
    Feature {
        /// Its name.
        name: String,
        /// `check='none'`: the guest starts without it.
        is_unchecked: bool,
    },
    /// A CPU feature that the host must not have (`policy='forbid'`).
    NoFeature(String),
}

impl Need {
    /// A need of one capability.
    #[must_use]
    pub fn new(path: &str, wanted: Wanted, element: String) -> Self {
        Self { path: path.to_owned(), wanted, element, instead: None }
    }

    /// What is wanted, with what is wanted instead.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &Wanted)> {
        let instead = self.instead.iter().map(|(path, wanted)| (path.as_str(), wanted));
        std::iter::once((self.path.as_str(), &self.wanted)).chain(instead)
    }
}

impl Guest {
    /// Whether it needs this CPU mode: `host-passthrough`, `host-model`, `maximum`.
    #[must_use]
    pub fn has_cpu_mode(&self, mode: &str) -> bool {
        let path = format!("cpu.mode[{mode}]");
        self.needs.iter().any(|need| need.path == path && need.wanted == Wanted::Supported)
    }

    /// The need for this member of this set, where it has one.
    #[must_use]
    pub fn needs_member(&self, path: &str, member: &str) -> Option<&Need> {
        self.needs.iter().find(|need| {
            need.path == path && matches!(&need.wanted, Wanted::Member(name) if name == member)
        })
    }
}

impl fmt::Display for Guest {
    /// `arch/virttype/machine`, `*` for what the XML leaves open.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        write!(f, "{}/{}/{}", part(&self.arch), self.virttype, part(&self.machine))
    }
}
