//! Does it matter: gives each change a rule, a severity and a reason, and alters nothing else.
//!
//! The rules are data, in [`RULES`]; which rule a change falls under is decided by [`judge()`] from
//! its path and kind alone.

mod fingerprint;
mod judge;
mod reason;
mod table;

use crate::diff::Change;

pub use fingerprint::fingerprint;
pub use judge::judge;
pub use table::{RULES, rule};

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
    /// What a change of it does to guests.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
}

/// A change and what is to be thought of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What changed.
    pub change: Change,
    /// The rule it falls under.
    pub rule: &'static Rule,
    /// The rule's severity, unless the snapshot is suspect.
    pub severity: Severity,
    /// Why it matters, in one sentence without a full stop.
    pub reason: String,
    /// Names the finding across runs.
    pub fingerprint: String,
}

/// Judges every change, less severely where the new side is not to be believed; the result is in the order of the reports: severity, path, value, kind,
/// targets.
#[must_use]
pub fn findings(changes: Vec<Change>, became_suspect: bool) -> Vec<Finding> {
    let finding = |change: Change| {
        let rule = judge(&change.difference);
        // Of an answer that is not to be believed, nothing can be decided.
        let severity =
            if became_suspect { rule.severity.max(Severity::Warning) } else { rule.severity };
        let reason = reason::reason(rule, &change);
        let fingerprint = fingerprint(&change.difference);
        Finding { change, rule, severity, reason, fingerprint }
    };
    let mut findings: Vec<Finding> = changes.into_iter().map(finding).collect();
    findings.sort_by(|a, b| {
        let severity = a.severity.cmp(&b.severity);
        let difference = || a.change.difference.cmp(&b.change.difference);
        severity.then_with(difference).then_with(|| a.change.targets.cmp(&b.change.targets))
    });
    findings
}
