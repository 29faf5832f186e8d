//! Does it matter: gives each change a rule, a severity and a reason, and alters nothing else.
//!
//! Two tables are data: the rules ([`rules()`]), and what is known of libvirt's reporting
//! ([`knowledge`]). Which rule a change falls under follows from its path and kind (`judge`), unless
//! a new version of libvirt explains it, or another change beside it does (`renamed`). What a site
//! thinks of it is its [`Policy`].

mod finding;
mod fingerprint;
mod hints;
mod judge;
pub mod knowledge;
mod policy;
mod reason;
mod renamed;
mod table;

use std::str::FromStr;

pub use finding::{Finding, GuestHits, Judge, Seen, UsedBy};
pub use fingerprint::{Fingerprint, fingerprint};
pub use policy::{Ignore, Policy};
use table::rule;
pub use table::{find, rules};

/// How much a change matters to someone who runs guests. Sorts the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Guests that use it no longer start, or can no longer move.
    Breaking,
    /// Cannot be decided from the documents: someone should look.
    Warning,
    /// Nothing that worked stops working.
    Info,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Self; 3] = [Self::Breaking, Self::Warning, Self::Info];

    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|each| each.name() == text);
        found.ok_or_else(|| format!("`{text}` is no severity: write breaking, warning or info"))
    }
}

/// What part of a host a rule is about; reports are grouped by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// The document or the host as a whole.
    Document,
    /// Emulators, arches, domain types, machines.
    Machines,
    /// Firmware and loaders.
    Firmware,
    /// CPU modes, models and features.
    Cpu,
    /// Devices.
    Devices,
    /// Everything else: features, memory, iothreads, and what is new to libvirt.
    Features,
}

impl Area {
    /// Every area, in the order of the reports.
    pub const ALL: [Self; 6] =
        [Self::Document, Self::Machines, Self::Firmware, Self::Cpu, Self::Devices, Self::Features];

    /// The name used in headings and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Machines => "machines",
            Self::Firmware => "firmware",
            Self::Cpu => "cpu",
            Self::Devices => "devices",
            Self::Features => "features",
        }
    }

    /// The area of a capability path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path.split(['.', '[']).next().unwrap_or_default() {
            "document" => Self::Document,
            "emulator" | "arch" | "virttype" | "machine" | "target" | "alias" => Self::Machines,
            "os" => Self::Firmware,
            "cpu" | "vcpu" => Self::Cpu,
            "devices" => Self::Devices,
            _ => Self::Features,
        }
    }
}

/// One entry of the rule table.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable, kebab-case.
    pub id: &'static str,
    /// What it is about; `None` for a rule of changes anywhere, whose path says it.
    pub area: Option<Area>,
    /// What a change of it does to guests.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
    /// What it means, why it happens and who is hit.
    pub explanation: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// What the same change is called with the sides swapped.
    pub mirror: Mirror,
}

/// The rule of the change back.
#[derive(Debug, PartialEq, Eq)]
pub enum Mirror {
    /// Of this id; of the rule's own id where both directions matter alike.
    Rule(&'static str),
    /// There is none, for this reason.
    None(&'static str),
}
