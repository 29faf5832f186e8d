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
    /// What older libvirts refuse to read.
    pub newer: Vec<NewerSyntax>,
    /// What no document speaks of, and libvirt may refuse when the guest starts.
    pub open: Vec<OpenQuestion>,
    /// What no host starts.
    pub refused: Vec<GuestConflict>,
    /// What keeps it from migrating, wherever it goes.
    pub blockers: Vec<MigrationBlocker>,
    /// Audio backends of QEMU.
    pub audio: Vec<AudioBackend>,
    /// Whether its CPU has several threads per core.
    pub has_threads: bool,
}

/// Part of a guest's XML that libvirt reads only since some version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewerSyntax {
    /// Where the guest's XML has it.
    pub element: String,
    /// libvirt's version that introduced it.
    pub since: [u32; 3],
    /// Whether an older libvirt is known to refuse it; else it may ignore it.
    pub is_refused: bool,
    /// libvirt leaves it out of what it sends to the destination of a migration.
    pub is_left_out_of_migration: bool,
}

/// Part of a guest's XML of which nothing tells whether libvirt accepts it on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQuestion {
    /// Where the guest's XML has it.
    pub element: String,
    /// Why it is open, in a few words without a full stop.
    pub text: String,
}

/// Part of a guest's XML that libvirt refuses whatever the host, since it contradicts another part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestConflict {
    /// Where the guest's XML has it.
    pub element: String,
    /// Why, in a few words without a full stop.
    pub text: String,
}

/// Part of a guest's XML that keeps it from migrating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationBlocker {
    /// Where the guest's XML has it.
    pub element: String,
    /// Whether libvirt or QEMU always refuses; else it depends on what no document tells.
    pub is_certain: bool,
    /// Why, in a few words without a full stop.
    pub text: String,
    /// The version of QEMU that can migrate it; none where no version is known to.
    pub lifted_by_qemu: Option<[u32; 3]>,
}

/// An audio backend that a guest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioBackend {
    /// Where the guest's XML has it.
    pub element: String,
    /// The type of `<audio>`.
    pub name: String,
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
    /// A member of a set that libvirt does not hold against a guest that QEMU emulates: whether QEMU
    /// refuses what is not in it is open.
    EmulatedMember(String),
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
    /// Some firmware image of this format among those that libvirt lists.
    ImageFormat(String),
    /// A number not below this one.
    AtLeast(i64),
    /// A number not below this one, where it is reported.
    AtLeastIfReported(i64),
    /// A CPU model that can be used.
    Model(CpuModelNeed),
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

/// A CPU model as a guest asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CpuModelNeed {
    /// Its name.
    pub name: String,
    /// Features that the guest does without, so that they do not block the model.
    pub without: Vec<String>,
    /// How libvirt compares the CPU with the host's.
    pub check: CpuCheck,
    /// `fallback='allow'`, on an architecture where libvirt can translate a model.
    pub may_fall_back: bool,
    /// `match='strict'`: the host must not have more.
    pub is_strict: bool,
    /// It names features beyond the model, other than to go without them.
    pub has_extra_features: bool,
    /// QEMU emulates the CPU.
    pub is_emulated: bool,
}

/// How libvirt compares a guest's CPU with the host's before it starts the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CpuCheck {
    /// Not at all: the guest starts with what there is.
    None,
    /// What the guest asks for must be there.
    #[default]
    Partial,
    /// Nothing beyond it may be there either.
    Full,
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
