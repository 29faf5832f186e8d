//! One side of a comparison: what an operand names, read from the store or from files, in the form
//! that [`crate::diff`] compares.
//!
//! A document is known by its content ([`Content`]); [`Contents`] looks inside only where the two
//! sides have different content.

mod contents;
mod files;
mod parsed;
mod parts;
mod stored;
mod visited;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use thiserror::Error;

use crate::collect::RawBody;
use crate::diff::{Observed, Outcome, WholeHost};
use crate::model::{HostName, Machine, MachineList, State, Target, TargetPattern, Time};
use crate::observe::{BadFile, TargetTwice};
use crate::source::SourceError;
use crate::store::{BodyId, StoreError};

pub use contents::{Content, Contents};
pub use files::from_files;
pub use parsed::Number;
pub use parts::Pieces;
pub use stored::{Snapshots, from_snapshot, from_store};
pub use visited::{from_visit, of_visit};

/// Where a side comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The host, for a stored side.
    pub host: Option<HostName>,
    /// The snapshot's id in full, for a stored side.
    pub snapshot: Option<String>,
    /// The shortest unique beginning of that id.
    pub short: Option<String>,
    /// When it was taken, for a stored side; the day of its capture, for a release.
    pub taken_at: Option<Time>,
    /// The path as given, for files; the selector, for a release.
    pub source: Option<String>,
}

/// How to get a document's bytes back.
#[derive(Clone, Debug)]
pub enum Raw {
    /// They are here.
    Bytes(Vec<u8>),
    /// In two: the identity, and the rest, which other documents may share.
    Split {
        /// The identity.
        head: Vec<u8>,
        /// The rest.
        body: Rc<RawBody>,
    },
    /// The store has them.
    Stored(BodyId, Vec<u8>),
}

/// One side.
#[derive(Debug)]
pub struct Side {
    /// Where it comes from.
    pub origin: Origin,
    /// What it holds.
    pub observed: Observed<Content>,
    /// The bytes of each document.
    pub raw: BTreeMap<Target, Raw>,
    /// Newer snapshots that `latest` passed over.
    pub passed_over: Vec<(Time, State)>,
    /// Files that were left out.
    pub bad: Vec<BadFile>,
    /// Paths that gave nothing.
    pub unread: Vec<SourceError>,
}

/// Why an operand gives no side.
#[derive(Debug, Error)]
pub enum SideError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The path cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The one file is bad.
    #[error(transparent)]
    Bad(#[from] BadFile),
    /// No file is good.
    #[error("{}: no good domainCapabilities document there", path.display())]
    NoDocument {
        /// The file or folder.
        path: PathBuf,
        /// The files that were bad.
        bad: Vec<BadFile>,
    },
    /// Two documents of one target, and they differ.
    #[error(transparent)]
    TwoDocuments(#[from] TargetTwice),
    /// They say more than is kept of one host.
    #[error("{}: {error}", path.display())]
    TooMuch {
        /// The folder.
        path: PathBuf,
        /// The limits.
        error: crate::parse::OverBudget,
    },
    /// No target of the snapshot is meant.
    #[error("{operand}: no such target; nearest{}", to_choose_from(there))]
    NoTarget {
        /// The operand.
        operand: String,
        /// What there is.
        there: Vec<String>,
    },
    /// One document is needed and several are meant.
    #[error("{operand} has {} documents; name one as HOST:TARGET{}", there.len(), to_choose_from(there))]
    SeveralTargets {
        /// The operand.
        operand: String,
        /// Those that are meant.
        there: Vec<String>,
    },
}

/// `: a, b, c, …`: enough to choose from.
fn to_choose_from(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if shown.is_empty() { String::new() } else { format!(": {shown}{more}") }
}

impl Side {
    /// Keeps the targets that `pattern` means.
    ///
    /// # Errors
    /// Where it means none.
    pub fn choose(&mut self, pattern: &TargetPattern, operand: &str) -> Result<(), SideError> {
        let Observed { outcomes, machines, is_chosen, whole, .. } = &mut self.observed;
        let all_of_it = WholeHost { outcomes: outcomes.clone(), machines: machines.clone() };
        let canonical = |arch: &str, virttype: &str, name: &str| {
            machines.as_ref()?.canonical_of(arch, virttype, name)
        };
        let all: Vec<Target> = outcomes.keys().cloned().collect();
        outcomes.retain(|target, _| pattern.matches(target, canonical));
        let is_meant = |machine: &&Machine| {
            let target = Target {
                arch: machine.arch.clone(),
                virttype: machine.virttype.clone(),
                machine: machine.canonical.as_ref().unwrap_or(&machine.name).clone(),
                emulator: String::new(),
            };
            pattern.matches(&target, canonical)
        };
        let meant = machines
            .as_ref()
            .map(|list| MachineList::new(list.iter().filter(is_meant).cloned().collect()));
        if outcomes.is_empty() && meant.as_ref().is_none_or(MachineList::is_empty) {
            let mut there: Vec<&Target> = all.iter().collect();
            there.sort_by_cached_key(|target| std::cmp::Reverse(pattern.likeness(target)));
            let there = there.into_iter().map(Target::to_string).collect();
            return Err(SideError::NoTarget { operand: operand.to_owned(), there });
        }
        *machines = meant;
        *is_chosen = true;
        whole.get_or_insert_with(|| Box::new(all_of_it));
        Ok(())
    }

    /// The one document of this side.
    ///
    /// # Errors
    /// Where there are several, or none.
    pub fn single(&self, operand: &str) -> Result<(&Target, &Content), SideError> {
        let documents: Vec<_> = self.documents().collect();
        match documents[..] {
            [one] => Ok(one),
            [] => Err(SideError::NoTarget { operand: operand.to_owned(), there: Vec::new() }),
            _ => Err(SideError::SeveralTargets {
                operand: operand.to_owned(),
                there: documents.iter().map(|(target, _)| target.to_string()).collect(),
            }),
        }
    }

    /// The targets that gave a document.
    pub fn documents(&self) -> impl Iterator<Item = (&Target, &Content)> {
        self.observed.outcomes.iter().filter_map(|(target, outcome)| match outcome {
            Outcome::Document(content) => Some((target, content)),
            Outcome::Failed { .. } => None,
        })
    }
}
