//! What a collection did, as a table.

use std::io::Write;

use crate::model::{HostName, Time, counted};

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
    /// It is partial as it was asked for: what is missing was not to be asked.
    pub is_narrowed: bool,
    /// How long the host was asked, in seconds, where it was reached.
    pub seconds: Option<f64>,
    /// Why it is not whole.
    pub reason: Option<String>,
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
            is_narrowed: false,
            seconds: None,
            reason: Some(reason),
        }
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
    let is_shown = |row: &&Collected| rows.len() <= FEW || !needs_no_look(row);
    let shown: Vec<Vec<String>> =
        rows.iter().filter(is_shown).map(|row| cells(row, width)).collect();
    if !shown.is_empty() {
        let header =
            ["host", "outcome", "documents", "errors", "changes", "breaking", "seconds", "reason"];
        super::table::table(&header, &shown, out)?;
    }
    let counts = Outcome::ALL.into_iter().filter_map(|outcome| {
        let count = rows.iter().filter(|row| row.outcome == outcome).count();
        (count > 0).then(|| format!("{count} {}", outcome.name()))
    });
    let refused = (refused > 0).then(|| format!("{refused} of the list not asked"));
    let counts = counts.chain(refused).collect::<Vec<_>>().join(", ");
    writeln!(out, "{}: {counts}", counted(rows.len(), "host"))
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
