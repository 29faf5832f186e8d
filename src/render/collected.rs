//! What a collection did, as a table.

use std::collections::HashMap;
use std::io::Write;

use crate::collect::{Refused, Site};
use crate::model::{HostName, Time, counted, some_of};

/// What became of one host.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The host.
    pub host: String,
    /// In a word.
    pub outcome: Outcome,
    /// When its snapshot was taken, where one was stored.
    pub taken_at: Option<Time>,
    /// The snapshot's id.
    pub snapshot: Option<String>,
    /// Targets that gave a document.
    pub documents: usize,
    /// Targets that the host cannot do.
    pub unsupported: usize,
    /// Targets that gave no answer this time.
    pub transient: usize,
    /// Targets that were not, or may not be, asked.
    pub refused: usize,
    /// How many changes there are since the snapshot before, where there is one to compare with.
    pub changes: Option<usize>,
    /// How many of these are breaking.
    pub breaking: Option<usize>,
    /// What changed, where anything did: rows with the same text changed alike.
    pub alike: Option<String>,
    /// It is partial as it was asked for: what is missing was not to be asked.
    pub is_narrowed: bool,
    /// How long the host was asked, in seconds, where it was reached.
    pub seconds: Option<f64>,
    /// Why it is not whole.
    pub reason: Option<String>,
    /// domcaps was interrupted before the host was collected.
    pub is_interrupted: bool,
}

/// When a collection began and ended.
#[derive(Clone, Copy, Debug)]
pub struct RunTimes {
    /// Before the first host was asked.
    pub started_at: Time,
    /// After the last was stored.
    pub ended_at: Time,
}

/// What became of a host, in the order in which a reader wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing could be had.
    Failed,
    /// Some targets did not answer.
    Partial,
    /// Answered, but not to be believed.
    Suspect,
    /// Its capabilities are other than before.
    Changed,
    /// There is nothing to compare with.
    Stored,
    /// Its capabilities are as before.
    Unchanged,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] =
        [Self::Failed, Self::Partial, Self::Suspect, Self::Changed, Self::Stored, Self::Unchanged];

    /// The name used in the table and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Suspect => "suspect",
            Self::Changed => "changed",
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
        }
    }
}

impl Collected {
    /// A host of which nothing is stored.
    #[must_use]
    pub fn failed(host: &HostName, reason: String) -> Self {
        Self {
            host: host.to_string(),
            outcome: Outcome::Failed,
            taken_at: None,
            snapshot: None,
            documents: 0,
            unsupported: 0,
            transient: 0,
            refused: 0,
            changes: None,
            breaking: None,
            alike: None,
            is_narrowed: false,
            seconds: None,
            reason: Some(reason),
            is_interrupted: false,
        }
    }

    /// A host that was not collected, because domcaps was interrupted.
    #[must_use]
    pub fn interrupted(host: &HostName, reason: String) -> Self {
        Self { is_interrupted: true, ..Self::failed(host, reason) }
    }

    /// What is wrong with it, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { host, outcome, reason, .. } = self;
        let reason = reason.as_deref().unwrap_or_default();
        match outcome {
            Outcome::Failed | Outcome::Partial | Outcome::Suspect => {
                format!("{host}: {}: {reason}", outcome.name())
            }
            _ => format!("{host}: {reason}"),
        }
    }
}

/// With more hosts than these, those that need no look are only counted.
const FEW: usize = 20;

/// Writes a row for each host, what needs a look first, and the counts below, with that of the
/// entries that could not be asked. Where there is a `width`, long reasons are cut to fit.
///
/// # Errors
/// Where the output cannot be written.
pub fn table(
    rows: &[Collected],
    refused: usize,
    width: Option<usize>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let needs_no_look = |row: &Collected| {
        matches!(row.outcome, Outcome::Stored | Outcome::Unchanged) && row.reason.is_none()
    };
    let is_shown =
        |row: &&Collected| !row.is_interrupted && (rows.len() <= FEW || !needs_no_look(row));
    let mut alike: HashMap<&str, Vec<&Collected>> = HashMap::new();
    for row in rows {
        if let Some(what) = what_changed(row) {
            alike.entry(what).or_default().push(row);
        }
    }
    let mut shown = Vec::new();
    for row in rows.iter().filter(is_shown) {
        match what_changed(row).and_then(|what| alike.get(what)) {
            Some(hosts) if hosts.len() >= MANY_ALIKE => {
                if std::ptr::eq(hosts[0], row) {
                    shown.push(alike_cells(hosts, width));
                }
            }
            _ => shown.push(cells(row, width)),
        }
    }
    if !shown.is_empty() {
        let header =
            ["host", "outcome", "documents", "errors", "changes", "breaking", "seconds", "reason"];
        super::table::table(&header, &shown, out)?;
    }
    let counts = Outcome::ALL.into_iter().filter_map(|outcome| {
        let is_counted = |row: &&Collected| row.outcome == outcome && !row.is_interrupted;
        let count = rows.iter().filter(is_counted).count();
        (count > 0).then(|| format!("{count} {}", outcome.name()))
    });
    let refused = (refused > 0).then(|| format!("{refused} of the list not asked"));
    let interrupted = rows.iter().filter(|row| row.is_interrupted).count();
    let interrupted = (interrupted > 0).then(|| format!("{interrupted} not collected"));
    let counts = counts.chain(interrupted).chain(refused).collect::<Vec<_>>().join(", ");
    writeln!(out, "{}: {counts}", counted(rows.len(), "host"))
}

/// So many hosts that changed alike are one row.
const MANY_ALIKE: usize = 4;

/// What changed of a host of which nothing else is to be said.
fn what_changed(row: &Collected) -> Option<&str> {
    row.alike.as_deref().filter(|_| row.outcome == Outcome::Changed && row.reason.is_none())
}

/// The one row of hosts that changed alike; what differs among them is left out.
fn alike_cells(rows: &[&Collected], width: Option<usize>) -> Vec<String> {
    const NAMED: usize = 3;
    let mut all = rows.iter().map(|row| cells(row, width));
    let mut common = all.next().unwrap_or_default();
    for row in all {
        for (cell, other) in common.iter_mut().zip(row) {
            if *cell != other {
                cell.clear();
            }
        }
    }
    let named = some_of(rows.iter().map(|row| row.host.as_str()), NAMED);
    if let Some(host) = common.first_mut() {
        *host = format!("{} hosts ({named})", rows.len());
    }
    common
}

fn cells(row: &Collected, width: Option<usize>) -> Vec<String> {
    let is_stored = row.snapshot.is_some();
    let number = |number: usize| if is_stored { number.to_string() } else { String::new() };
    vec![
        row.host.clone(),
        row.outcome.name().to_owned(),
        number(row.documents),
        number(row.unsupported + row.transient + row.refused),
        row.changes.map(|changes| changes.to_string()).unwrap_or_default(),
        row.breaking.map(|breaking| breaking.to_string()).unwrap_or_default(),
        row.seconds.map(|seconds| format!("{seconds:.1}")).unwrap_or_default(),
        shortened(
            row.reason.as_deref().unwrap_or_default(),
            width.map_or(usize::MAX, |width| width / 2),
        ),
    ]
}

/// The beginning of a text that is too long; stderr has it whole.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// A site of a list, and whether the database has its host.
pub struct ListedSite<'c> {
    /// The site.
    pub site: &'c Site,
    /// The database has it.
    pub is_known: bool,
}

/// What a list of hosts says.
pub struct ListCheck<'c> {
    /// What lists them.
    pub list: &'c str,
    /// The hosts that would be asked.
    pub sites: Vec<ListedSite<'c>>,
    /// Entries that could not be asked.
    pub refused: &'c [Refused],
    /// Hosts that the list named when it was last read, and names no more.
    pub leaving: &'c [HostName],
}

/// Writes what a list says: a row for each host that would be asked, then what is wrong.
///
/// # Errors
/// Where the output cannot be written.
pub fn list_check(check: &ListCheck<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let row = |ListedSite { site, is_known }: &ListedSite<'_>| {
        let tags = site.tags.iter().map(crate::model::Tag::as_str).collect::<Vec<_>>().join(" ");
        let state = if *is_known { "stored" } else { "new" };
        vec![site.name.to_string(), site.uri.clone(), site.groups.join(" "), tags, state.to_owned()]
    };
    let rows: Vec<Vec<String>> = check.sites.iter().map(row).collect();
    if !rows.is_empty() {
        super::table::table(&["host", "uri", "groups", "tags", "state"], &rows, out)?;
    }
    for refused in check.refused {
        writeln!(
            out,
            "not asked: {}: {}",
            super::plain(&refused.name),
            super::plain(&refused.why)
        )?;
    }
    for host in check.leaving {
        writeln!(
            out,
            "no longer listed: {host}: its history stays; `domcaps host forget {host}` removes it"
        )?;
    }
    let s = if check.sites.len() == 1 { "" } else { "s" };
    let refused = match check.refused.len() {
        0 => String::new(),
        count => format!(", {count} of the list could not be"),
    };
    writeln!(out, "{} host{s} would be asked{refused}", check.sites.len())
}
