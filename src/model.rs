//! The words of the domain as plain data: what a host reported, and nothing about where it came
//! from, where it is kept or how it is shown. No I/O, no XML, no SQL.

mod capabilities;
mod cell;
mod context;
mod guest;
mod hash;
mod machines;
mod natural;
mod nearest;
mod path;
mod place;
mod removal;
mod snapshot;
mod subtree;
mod suspicion;
mod target;
mod time;
mod version;
mod when;

pub use capabilities::{Capabilities, Kind, Members, Value, base_of_version};
pub use cell::Cell;
pub use context::{Context, ContextFact, HostInfo};
pub use guest::{
    AudioBackend, CpuCheck, CpuModelNeed, Guest, GuestConflict, MigrationBlocker, Need,
    NewerSyntax, OpenQuestion, Wanted,
};
pub use hash::{Hash, Hasher};
pub use machines::{Machine, MachineList};
pub use natural::{
    UBUNTU_RELEASES, counted, natural_order, noun_for, singular, some_of, version_order,
};
pub use nearest::{letters_apart, nearest_name};
pub use path::{
    DottedNames, SelectError, ancestors, elements, escape_key, is_at_or_below, is_below,
    matches_short, select,
};
pub use place::line_and_column;
pub use removal::{Removal, removal};
pub use snapshot::{FailureClass, HostFreshness, HostName, HostNameError, State, Tag, TagError};
pub use subtree::{Cut, Subtree, shared_hash, subtree_hash, subtrees};
pub use suspicion::Suspicion;
pub use target::{Target, TargetNames, TargetPattern, glob};
pub use time::{Period, Time, TimeError, Within, parse_duration};
pub use version::{VersionNumbers, version_numbers};
pub use when::{When, WhenError};

/// The path of values that are unique to one machine by design: never a difference between hosts.
///
/// `cpu0Id` is the identity of the first CPU (libvirt 9.0 and newer, `virDomainCapsFeatureSEVFormat`).
pub const HOST_UNIQUE: [&str; 1] = ["features.sev.cpu0Id"];

/// The mode in which a guest names a CPU model itself.
pub const CUSTOM_MODE: &str = "cpu.mode[custom]";
/// The names of the CPU models that mode custom accepts.
pub const CUSTOM_MODELS: &str = "cpu.mode[custom].model";
/// The mode in which libvirt names the model nearest to the host's CPU.
pub const HOST_MODEL: &str = "cpu.mode[host-model]";
/// The firmware images libvirt can use, in the order of its preference.
pub const LOADERS: &str = "os.loader.value";
