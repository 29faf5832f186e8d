//! A report as a person reads it, whatever the format: the verdict, sections by what is to be done,
//! and findings folded into entries, one cause one entry.
//!
//! [`super::text`], [`super::markdown`] and [`super::html`] write one of these down and decide nothing.

mod context;
mod entries;
pub(super) mod fold;
pub(super) mod names;
mod targets;
mod verdict;

use crate::diff::{Difference, Kind};
pub(super) use crate::model::counted;
use crate::report::{IgnoreUse, Report};
use crate::rules::{Area, Rule, Severity, fingerprint};

pub use context::{Moved, side_name};
pub use targets::targets_in_short;

/// Everything that a page shows.
#[derive(Debug)]
pub struct Page {
    /// What is compared with what.
    pub title: String,
    /// In one sentence, whether it matters; without a full stop.
    pub verdict: String,
    /// The worst there is that is not ignored.
    pub worst: Option<Severity>,
    /// How many findings there are of each severity, and how many are ignored; none that are zero.
    pub counts: Vec<(&'static str, usize)>,
    /// How much was compared, and what was not: one sentence each.
    pub facts: Vec<String>,
    /// Versions and settings that moved.
    pub context: Vec<Moved>,
    /// What there is to read, in that order; none is empty.
    pub sections: Vec<Section>,
    /// The groups of hosts, for a report over a fleet.
    pub groups: Vec<Group>,
    /// Hosts that could not be compared, and why.
    pub silent: Vec<(String, String)>,
    /// The site's ignores.
    pub ignores: Vec<Accepted>,
    /// Whether it is over many hosts.
    pub is_fleet: bool,
}

/// What a section is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// What breaks.
    Breaking,
    /// What cannot be decided from the documents.
    Decide,
    /// What is new.
    New,
    /// What else changed.
    Other,
    /// What is gone and none of the guests needs.
    Unneeded,
    /// What is merely reported otherwise: it comes with a version, or from a list that serves no guest.
    Reporting,
    /// What the site ignores.
    Ignored,
}

impl Purpose {
    /// The heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Breaking => "What breaks",
            Self::Decide => "What to decide",
            Self::New => "What is new",
            Self::Other => "What else changed",
            Self::Unneeded => "What is gone and no judged guest needs",
            Self::Reporting => "Reported otherwise, nothing gained or lost",
            Self::Ignored => "Ignored",
        }
    }

    /// The name used in links.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Decide => "warning",
            Self::New => "info-gained",
            Self::Other => "info-other",
            Self::Unneeded => "unneeded",
            Self::Reporting => "reporting",
            Self::Ignored => "ignored",
        }
    }
}

/// Entries that ask for the same.
#[derive(Debug)]
pub struct Section {
    /// What for.
    pub purpose: Purpose,
    /// Worst first, then by area.
    pub entries: Vec<Entry>,
}

/// Findings that differ only in their value, or in the model they are about.
#[derive(Debug)]
pub struct Entry {
    /// Of all of them.
    pub severity: Severity,
    /// Of all of them.
    pub area: Area,
    /// Of all of them.
    pub kind: Kind,
    /// Of all of them.
    pub rule: &'static Rule,
    /// What they are about.
    pub label: String,
    /// Each finding.
    pub items: Vec<Item>,
    /// The items in short; empty where the label says all.
    pub summary: String,
    /// Where they were seen; `None` where that is everywhere.
    pub place: Option<String>,
    /// Why they matter; `None` where the rule says no more than the kind.
    pub reason: Option<String>,
    /// How many hosts, for a fleet.
    pub hosts: Option<String>,
    /// The groups of hosts, by their position.
    pub groups: Vec<usize>,
    /// The guests that need what is gone.
    pub guests: Vec<String>,
    /// Why the site ignores them.
    pub ignored: Option<String>,
}

/// One finding of an entry.
#[derive(Debug)]
pub struct Item {
    /// The finding's difference.
    pub difference: Difference,
}

impl Item {
    /// Which of it; may be empty.
    #[must_use]
    pub fn text(&self) -> String {
        fold::item(&self.difference)
    }

    /// The finding's fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.difference)
    }
}

impl Entry {
    /// The sign before it.
    #[must_use]
    pub fn sign(&self) -> char {
        match self.kind {
            Kind::Lost => '-',
            Kind::Gained => '+',
            Kind::Changed => '~',
            Kind::Reported => '>',
            Kind::Unreported => '<',
        }
    }
}

/// Hosts that went the same way.
#[derive(Debug)]
pub struct Group {
    /// Their names, sorted.
    pub hosts: Vec<String>,
    /// What their old sides are, in short.
    pub old: String,
    /// What their new sides are, in short.
    pub new: String,
    /// How many findings they have that are not ignored.
    pub findings: usize,
}

/// One of the site's ignores.
#[derive(Debug)]
pub struct Accepted {
    /// `active`; `stale` where it meets nothing any more; `expired`.
    pub state: &'static str,
    /// What it is for.
    pub what: String,
    /// Why.
    pub reason: String,
    /// How many findings it met.
    pub matched: usize,
}

impl Accepted {
    fn of(used: &IgnoreUse) -> Self {
        let ignore = &used.ignore;
        let parts = [&ignore.rule, &ignore.path, &ignore.value, &ignore.host, &ignore.fingerprint];
        Self {
            state: used.state(),
            what: parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "),
            reason: ignore.reason.clone(),
            matched: used.matched,
        }
    }
}

impl Page {
    /// The page of a report; `is_full` names all that is else summed up.
    #[must_use]
    pub fn new(report: &Report, is_full: bool) -> Self {
        let severities =
            Severity::ALL.map(|severity| (severity.name(), report.count_severity(severity)));
        let ignored = ("ignored", report.count_ignored());
        let counts = severities.into_iter().chain([ignored]).filter(|(_, count)| *count > 0);
        let fleet = report.fleet.as_ref();
        let silent = fleet.into_iter().flat_map(|fleet| &fleet.silent);
        Self {
            title: verdict::title(report),
            verdict: verdict::verdict(report),
            worst: report.worst(),
            counts: counts.collect(),
            facts: verdict::facts(report),
            context: context::moved(report),
            sections: entries::sections(report, is_full),
            groups: if fleet.is_some() { context::groups(report) } else { Vec::new() },
            silent: silent.map(|(host, why)| (host.to_string(), why.clone())).collect(),
            ignores: report.ignores.iter().map(Accepted::of).collect(),
            is_fleet: fleet.is_some(),
        }
    }
}
