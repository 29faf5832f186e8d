//! What was observed of a host becomes a stored snapshot: the one place where parser and store meet.
//!
//! It comes from [files](ingest()) or from a [visit](visit()), as one [`HostObservation`]. Documents are
//! split and hashed first; only a body that the store does not know is parsed. All of a snapshot is read
//! before any of it is written, so a bad file leaves nothing behind.

mod files;
mod known;
mod visit;

use std::collections::BTreeSet;

use thiserror::Error;

use crate::model::{Capabilities, Context, Cut, FailureClass, HostName, State, Tag, Target, Time};
use crate::observe::{BadFile, HostObservation, ObserveError, ObservedDocument, TargetTwice};
use crate::parse;
use crate::store::{BodyId, NewBody, NewOutcome, NewSnapshot, Store, StoreError, Stored, Writer};

pub use files::{Occasion, Reading, ingest, read, store};
pub use known::{Known, Seen};
pub use visit::visit;

/// What came of a snapshot.
#[derive(Debug)]
pub struct Ingested {
    /// The stored snapshot.
    pub stored: Stored,
    /// Documents in it.
    pub documents: usize,
    /// How far it can be trusted.
    pub state: State,
    /// Targets that gave no document: the class of the failure, and its text.
    pub failures: Vec<(Target, FailureClass, String)>,
    /// All that was asked was answered, and can be believed.
    pub is_whole: bool,
    /// Targets of the newest complete snapshot that were not to be asked this time: then this one
    /// is partial.
    pub left_out: usize,
    /// Files that were left out, each with the reason.
    pub bad: Vec<BadFile>,
    /// Elements that no libvirt up to 11.3.0 prints.
    pub unknown: BTreeSet<String>,
}

/// Why no snapshot was stored.
#[derive(Debug, Error)]
pub enum IngestError {
    /// No file holds a good domainCapabilities document; the bad ones are told apart.
    #[error("host {host}: no good domainCapabilities document{}", if bad.is_empty() { " among the files" } else { "" })]
    NoDocument {
        /// The host.
        host: HostName,
        /// The files that were bad.
        bad: Vec<BadFile>,
    },
    /// `--strict`, and a file is bad.
    #[error("host {host}: nothing stored because of bad files (--strict)")]
    Strict {
        /// The host.
        host: HostName,
        /// The files that were bad.
        bad: Vec<BadFile>,
    },
    /// Two documents of one target, and they differ.
    #[error(transparent)]
    TwoDocuments(#[from] TargetTwice),
    /// They say more than is kept of one host.
    #[error("host {host}: nothing stored: {error}")]
    TooMuch {
        /// The host.
        host: HostName,
        /// The limits.
        error: parse::OverBudget,
    },
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IngestError {
    /// The bad files behind it.
    #[must_use]
    pub fn bad_files(&self) -> &[BadFile] {
        match self {
            Self::NoDocument { bad, .. } | Self::Strict { bad, .. } => bad,
            Self::TwoDocuments(_) | Self::TooMuch { .. } | Self::Store(_) => &[],
        }
    }
}

impl IngestError {
    /// Why a host's files gave no observation.
    fn of(host: &HostName, error: ObserveError<StoreError>) -> Self {
        match error {
            ObserveError::Twice(twice) => Self::TwoDocuments(twice),
            ObserveError::TooMuch(error) => Self::TooMuch { host: host.clone(), error },
            ObserveError::Index(error) => Self::Store(error),
        }
    }
}

/// A body: known to be stored when it was looked for, or read and to be stored.
#[derive(Debug)]
pub enum Body {
    /// It is stored, or another document of the same run brings it.
    Known,
    /// It was read.
    New(Cut),
}

/// A document's body in the store, put there if need be; `unknown` takes the elements of one that had
/// to be read again.
fn stored_body(
    document: &ObservedDocument<'_, Body>,
    writer: &mut Writer<'_>,
    unknown: &mut BTreeSet<String>,
) -> Result<BodyId, StoreError> {
    if let Some(known) = writer.body(document.body)? {
        return Ok(known);
    }
    let bytes = document.text.body();
    let again;
    let cut = match &document.content {
        Body::New(cut) => cut,
        // It went meanwhile (`prune` ran), the snapshot was refused that was to bring it, or one
        // that is yet to be written has it.
        Body::Known => {
            again = read_again(writer.store(), &bytes)?;
            unknown.extend(unknown_elements(again.capabilities()));
            &again
        }
    };
    let head_at = document.text.head_at();
    writer.add_body(&NewBody { hash: document.body, bytes: &bytes, head_at, cut })
}

/// Reads a body that was well-formed when it was stored.
fn read_again(store: &Store, bytes: &[u8]) -> Result<Cut, StoreError> {
    let document = parse::document(bytes);
    let document = document.map_err(|error| StoreError::Damaged {
        path: store.path().to_owned(),
        what: format!("it held a document that is bad: {error}"),
    })?;
    Ok(Cut::new(document.capabilities))
}

/// The elements of a document that no libvirt up to 11.3.0 prints.
fn unknown_elements(capabilities: &Capabilities) -> impl Iterator<Item = String> {
    capabilities.iter().map(|(path, _)| path).filter_map(parse::unknown_element)
}

/// A snapshot, ready to be stored.
struct Snapshot<'d> {
    host: &'d HostName,
    taken_at: Time,
    tags: &'d [Tag],
    groups: &'d [String],
    context: &'d Context,
    observation: &'d HostObservation<'d, Body>,
}

impl Snapshot<'_> {
    /// What was stored of it.
    fn ingested(&self, stored: Stored, unknown: BTreeSet<String>) -> Ingested {
        let HostObservation { documents, failures, .. } = self.observation;
        let failures = failures
            .iter()
            .map(|(target, (class, why))| (target.clone(), *class, why.clone().into_owned()));
        let state = self.observation.state();
        Ingested {
            stored,
            documents: documents.len(),
            state,
            failures: failures.collect(),
            is_whole: state == State::Complete,
            left_out: 0,
            bad: Vec::new(),
            unknown,
        }
    }

    /// Writes it, bodies first.
    fn write(
        &self,
        writer: &mut Writer<'_>,
        unknown: &mut BTreeSet<String>,
    ) -> Result<Stored, StoreError> {
        let HostObservation { documents, failures, info, .. } = self.observation;
        let mut outcomes = Vec::with_capacity(documents.len() + failures.len());
        // What was read goes first: several targets may have it, and the others have it not.
        let is_new =
            |document: &&ObservedDocument<'_, Body>| matches!(document.content, Body::New(_));
        for document in documents.values().filter(is_new) {
            stored_body(document, writer, unknown)?;
        }
        for (target, document) in documents {
            let body = NewOutcome::Document(stored_body(document, writer, unknown)?);
            outcomes.push((target, document.text.head(), body));
        }
        for (target, (class, message)) in failures {
            outcomes.push((target, &[][..], NewOutcome::Failed(*class, message)));
        }
        writer.add_snapshot(&NewSnapshot {
            host: self.host,
            taken_at: self.taken_at,
            state: self.observation.state(),
            context: self.context,
            machines: info.machines.as_ref(),
            outcomes,
            tags: self.tags,
            groups: self.groups,
        })
    }
}
