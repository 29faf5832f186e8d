//! What sinks of `domcaps notify` are told: a notice as text, and as what each kind of receiver takes.
//!
//! Whatever comes from a host has nothing in it that a reader does not see or a receiver obeys.

mod receivers;

use std::fmt::Write as _;

use super::page::{Entry, Page, Purpose, counted};
use super::plain;
use super::words::cut;
use crate::model::{HostName, Time};
use crate::report::Report;
use crate::rules::Severity;
use crate::store::{HostContact, HostRecovery};

pub use receivers::request;

/// What is new, for one sink.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The same notice again has the same id.
    pub id: String,
    /// For whom.
    pub sink: String,
    /// When it was made.
    pub made_at: Time,
    /// Changes, worst first, as `changes` folds them.
    pub changes: Vec<NoticeChange>,
    /// Versions and settings that moved.
    pub context: Vec<String>,
    /// How many differences come from libvirt's reporting only.
    pub reporting: usize,
    /// Hosts of which there is a first snapshot.
    pub new_hosts: Vec<HostName>,
    /// Hosts that began to fail.
    pub failing: Vec<FailingHost>,
    /// Hosts that are well again.
    pub recovered: Vec<HostRecovery>,
    /// How many changes and hosts are left out, where the receiver takes no more.
    pub omitted: usize,
    /// It only tries the sink.
    pub is_test: bool,
    /// How much there is with what is left out.
    total: Option<NoticeCounts>,
}

/// How much there is in a notice, of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeCounts {
    /// Changes that are breaking.
    pub breaking: usize,
    /// Changes that need review.
    pub warning: usize,
    /// Informational changes.
    pub info: usize,
    /// Hosts that began to fail.
    pub failing: usize,
    /// Hosts that are well again.
    pub recovered: usize,
    /// Hosts of which there is a first snapshot.
    pub new_hosts: usize,
}

/// A change and the hosts it is of.
#[derive(Clone, Debug)]
pub struct NoticeChange {
    /// How much it matters.
    pub severity: Severity,
    /// `lost`, `gained`, …
    pub kind: &'static str,
    /// The rule that judged it.
    pub rule: &'static str,
    /// What changed.
    pub text: String,
    /// Which targets, where not all.
    pub place: Option<String>,
    /// Why it matters.
    pub reason: Option<String>,
    /// By name.
    pub hosts: Vec<String>,
    /// How many there are.
    pub host_count: usize,
    /// The guests that need what is no longer offered.
    pub guests: Vec<String>,
    /// Of its findings.
    pub fingerprints: Vec<String>,
}

/// A host that fails.
#[derive(Clone, Debug)]
pub struct FailingHost {
    /// The host.
    pub host: HostName,
    /// Since when.
    pub since: Option<Time>,
    /// When it last answered whole.
    pub last_success: Option<Time>,
    /// What its last attempt came to.
    pub reason: String,
}

impl FailingHost {
    /// A host as it is now.
    #[must_use]
    pub fn of(contact: &HostContact) -> Self {
        Self {
            host: contact.host.clone(),
            since: contact.failing_since,
            last_success: contact.last_success,
            reason: contact.reason.clone().unwrap_or_else(|| "no answer".to_owned()),
        }
    }
}

impl Notice {
    /// A notice that says nothing yet.
    #[must_use]
    pub fn empty(sink: &str, id: String, made_at: Time) -> Self {
        Self {
            id,
            sink: sink.to_owned(),
            made_at,
            changes: Vec::new(),
            context: Vec::new(),
            reporting: 0,
            new_hosts: Vec::new(),
            failing: Vec::new(),
            recovered: Vec::new(),
            omitted: 0,
            is_test: false,
            total: None,
        }
    }

    /// Adds the changes of a report that matter as much as `least`.
    pub fn add_changes(&mut self, report: &Report, least: Severity) {
        let page = Page::new(report, false);
        for section in &page.sections {
            match section.purpose {
                Purpose::Ignored => {}
                Purpose::Reporting if least == Severity::Info => {
                    self.reporting +=
                        section.entries.iter().map(|entry| entry.items.len()).sum::<usize>();
                }
                Purpose::Reporting => {}
                _ => self.changes.extend(
                    section
                        .entries
                        .iter()
                        .filter(|entry| entry.severity <= least)
                        .map(|entry| NoticeChange::of(entry, &page)),
                ),
            }
        }
        if least == Severity::Info {
            self.context = page
                .context
                .iter()
                .map(|moved| {
                    let hosts = moved.hosts.as_ref().map(|hosts| format!(" ({hosts})"));
                    let hosts = hosts.unwrap_or_default();
                    plain(&format!("{} {} → {}{hosts}", moved.name, moved.old, moved.new))
                        .into_owned()
                })
                .collect();
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.is_test
            && self.changes.is_empty()
            && self.context.is_empty()
            && self.reporting == 0
            && self.new_hosts.is_empty()
            && self.failing.is_empty()
            && self.recovered.is_empty()
    }

    /// The worst of it: a host that fails needs review.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let failing = (!self.failing.is_empty()).then_some(Severity::Warning);
        let worst = self.changes.iter().map(|change| change.severity).chain(failing).min();
        worst.unwrap_or(Severity::Info)
    }

    /// How much there is, with what is left out.
    #[must_use]
    pub fn counts(&self) -> NoticeCounts {
        let count = |severity: Severity| {
            self.changes.iter().filter(|change| change.severity == severity).count()
        };
        self.total.unwrap_or_else(|| NoticeCounts {
            breaking: count(Severity::Breaking),
            warning: count(Severity::Warning),
            info: count(Severity::Info),
            failing: self.failing.len(),
            recovered: self.recovered.len(),
            new_hosts: self.new_hosts.len(),
        })
    }

    /// All of it in one line.
    #[must_use]
    pub fn title(&self) -> String {
        if self.is_test {
            return format!("domcaps: test of the sink {}", self.sink);
        }
        let hosts = |hosts: usize, what: &str| match hosts {
            0 => None,
            count => Some(format!("{} {what}", counted(count, "host"))),
        };
        let changes = |changes: usize, one: &str, many: &str| match changes {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        };
        let counts = self.counts();
        let new = match counts.new_hosts {
            0 => None,
            count => Some(counted(count, "new host")),
        };
        let parts = [
            changes(counts.breaking, "breaking change", "breaking changes"),
            changes(counts.warning, "change needs review", "changes need review"),
            hosts(counts.failing, "failing"),
            hosts(counts.recovered, "recovered"),
            changes(counts.info, "informational change", "informational changes"),
            new,
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => "domcaps: version changes and reporting differences only".to_owned(),
            false => format!("domcaps: {}", parts.join(", ")),
        }
    }

    /// All of it as lines of plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (severity, heading) in [
            (Severity::Breaking, "Breaking changes"),
            (Severity::Warning, "Changes that need review"),
        ] {
            let changes = self.changes.iter().filter(|change| change.severity == severity);
            list(&mut text, heading, changes.map(NoticeChange::line));
        }
        list(&mut text, "Failing hosts", self.failing.iter().map(FailingHost::line));
        let recovered = self.recovered.iter();
        let recovered = recovered.map(|it| {
            format!("{} at {}, had failed since {}", it.host, it.recovered_at, it.failing_since)
        });
        list(&mut text, "Recovered hosts", recovered);
        let others = self.changes.iter().filter(|change| change.severity == Severity::Info);
        list(&mut text, "Informational changes", others.map(NoticeChange::line));
        list(&mut text, "New hosts", self.new_hosts.iter().map(ToString::to_string));
        list(&mut text, "Version changes", self.context.iter().cloned());
        if self.reporting > 0 {
            let count = counted(self.reporting, "reporting difference");
            writeln!(text, "{count}, which no guest notices").expect("a string takes all");
        }
        if self.omitted > 0 {
            let more =
                format!("{} more; `domcaps changes` and `domcaps status` list all", self.omitted);
            writeln!(text, "and {more}").expect("a string takes all");
        }
        if self.is_test {
            text.push_str("Notices arrive here. Nothing has changed.\n");
        }
        text
    }

    /// The same with at most so many changes, and hosts of each kind and change.
    #[must_use]
    fn limited(&self, most: usize) -> Self {
        fn keep<T>(list: &mut Vec<T>, most: usize) -> usize {
            let omitted = list.len().saturating_sub(most);
            list.truncate(most);
            omitted
        }
        let mut notice = self.clone();
        notice.total = Some(self.counts());
        notice.omitted = keep(&mut notice.changes, most)
            + keep(&mut notice.failing, most)
            + keep(&mut notice.recovered, most)
            + keep(&mut notice.new_hosts, most)
            + keep(&mut notice.context, most);
        for change in &mut notice.changes {
            keep(&mut change.hosts, most);
            keep(&mut change.guests, most);
            keep(&mut change.fingerprints, most);
        }
        notice
    }
}

/// A heading and what is below it, where there is anything.
fn list(text: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    text.push_str(heading);
    text.push('\n');
    for line in lines {
        text.push_str("- ");
        text.push_str(&line);
        text.push('\n');
    }
}

/// How long a text of a host may be within a notice.
const LONG: usize = 300;

/// What comes from a host, on one line.
fn shortened(text: &str) -> String {
    plain(&cut(text, LONG)).into_owned()
}

impl NoticeChange {
    fn of(entry: &Entry, page: &Page) -> Self {
        let groups = entry.groups.iter().filter_map(|group| page.groups.get(*group));
        let mut hosts: Vec<String> = groups.flat_map(|group| group.hosts.iter().cloned()).collect();
        hosts.sort();
        hosts.dedup();
        let text = match entry.summary.is_empty() {
            true => entry.label.clone(),
            false => format!("{}: {}", entry.label, entry.summary),
        };
        Self {
            severity: entry.severity,
            kind: entry.kind.name(),
            rule: entry.rule.id,
            text: shortened(&text),
            place: entry.place.as_deref().map(shortened),
            reason: entry.reason.as_deref().map(shortened),
            host_count: hosts.len(),
            hosts,
            guests: entry.guests.iter().map(|guest| shortened(guest)).collect(),
            fingerprints: entry.items.iter().map(super::page::Item::fingerprint).collect(),
        }
    }

    /// On one line.
    #[must_use]
    pub fn line(&self) -> String {
        const NAMED: usize = 3;
        let mut line = format!("{} {}", self.kind, self.text);
        let named = self.hosts.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = match self.host_count.saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let place = self.place.as_ref().map(|place| format!("; {place}")).unwrap_or_default();
        let hosts = counted(self.host_count, "host");
        write!(line, " ({hosts}: {named}{more}{place})").expect("a string takes all");
        if let Some(reason) = &self.reason {
            write!(line, ": {reason}").expect("a string takes all");
        }
        if !self.guests.is_empty() {
            let named = self.guests.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let guests = counted(self.guests.len(), "guest");
            write!(line, " [{guests}: {named}]").expect("a string takes all");
        }
        line
    }
}

impl FailingHost {
    /// On one line.
    #[must_use]
    pub fn line(&self) -> String {
        let since = self.since.map(|since| format!(" since {since}")).unwrap_or_default();
        let success = match self.last_success {
            Some(at) => format!("last success {at}"),
            None => "never collected".to_owned(),
        };
        format!("{}{since} ({success}): {}", self.host, shortened(&self.reason))
    }
}
