//! What was observed of a host becomes a stored snapshot: the one place where parser and store meet.
//!
//! It comes from [files](ingest()) or from a [visit](visit()). Documents are split and hashed first;
//! only a body that the store does not know is parsed. All of a snapshot is read before any of it
//! is written, so a bad file leaves nothing behind.

mod files;
mod known;
mod visit;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use thiserror::Error;

use crate::bad_files::BadFile;
use crate::model::{
    Capabilities, Context, Cut, FailureClass, Hash, HostName, MachineList, State, Tag, Target, Time,
};
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
    #[error("{}: target {target} was given before, with other content, by {}", second.display(), first.display())]
    TwoDocuments {
        /// The target.
        target: Box<Target>,
        /// The file that gave it first.
        first: PathBuf,
        /// The other file.
        second: PathBuf,
    },
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
            Self::TwoDocuments { .. } | Self::TooMuch { .. } | Self::Store(_) => &[],
        }
    }
}

/// A body: known to be stored when it was looked for, or read and to be stored.
enum Body {
    Known,
    New(Cut),
}

/// One good document, ready to be stored.
struct Document<'d> {
    hash: Hash,
    head: &'d [u8],
    head_at: usize,
    body: &'d Body,
    bytes: Bytes<'d>,
}

impl Document<'_> {
    /// Its body in the store, put there if need be; `unknown` takes the elements of one that had to be
    /// read again.
    fn stored(
        &self,
        writer: &mut Writer<'_>,
        unknown: &mut BTreeSet<String>,
    ) -> Result<BodyId, StoreError> {
        if let Some(known) = writer.body(self.hash)? {
            return Ok(known);
        }
        let bytes = self.bytes.body();
        let again;
        let cut = match self.body {
            Body::New(cut) => cut,
            // It went meanwhile (`prune` ran), the snapshot was refused that was to bring it, or one
            // that is yet to be written has it.
            Body::Known => {
                again = read_again(writer.store(), &bytes)?;
                unknown.extend(unknown_elements(again.capabilities()));
                &again
            }
        };
        writer.add_body(&NewBody { hash: self.hash, bytes: &bytes, head_at: self.head_at, cut })
    }
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

/// Where the bytes of a body are. They are put together only where they are to be stored.
enum Bytes<'d> {
    /// In a whole document, around its head.
    Around(&'d parse::Head, &'d [u8]),
    /// Here.
    Body(&'d [u8]),
}

impl<'d> Bytes<'d> {
    fn body(&self) -> Cow<'d, [u8]> {
        match self {
            Self::Around(head, document) => head.body(document).into(),
            Self::Body(bytes) => (*bytes).into(),
        }
    }
}

/// A snapshot, ready to be stored.
struct Snapshot<'d> {
    host: &'d HostName,
    taken_at: Time,
    tags: &'d [Tag],
    groups: &'d [String],
    state: State,
    context: &'d Context,
    machines: Option<&'d MachineList>,
    /// Sorted by target.
    documents: Vec<(&'d Target, Document<'d>)>,
    failures: BTreeMap<&'d Target, (FailureClass, &'d str)>,
}

impl Snapshot<'_> {
    /// What was stored of it.
    fn ingested(&self, stored: Stored, unknown: BTreeSet<String>) -> Ingested {
        let failures = self
            .failures
            .iter()
            .map(|(target, (class, why))| ((*target).clone(), *class, (*why).to_owned()));
        Ingested {
            stored,
            documents: self.documents.len(),
            state: self.state,
            failures: failures.collect(),
            left_out: 0,
            bad: Vec::new(),
            unknown,
        }
    }

    /// Writes it, bodies first. Where a target has a document and a failure, the document counts.
    fn write(
        &self,
        writer: &mut Writer<'_>,
        unknown: &mut BTreeSet<String>,
    ) -> Result<Stored, StoreError> {
        let mut outcomes = Vec::with_capacity(self.documents.len() + self.failures.len());
        // What was read goes first: several targets may have it, and the others have it not.
        let is_new = |document: &Document<'_>| matches!(document.body, Body::New(_));
        for (_, document) in self.documents.iter().filter(|(_, document)| is_new(document)) {
            document.stored(writer, unknown)?;
        }
        for (target, document) in &self.documents {
            let body = NewOutcome::Document(document.stored(writer, unknown)?);
            outcomes.push((*target, document.head, body));
        }
        for (target, (class, message)) in &self.failures {
            if self.documents.binary_search_by_key(target, |(known, _)| *known).is_err() {
                outcomes.push((*target, &[][..], NewOutcome::Failed(*class, message)));
            }
        }
        writer.add_snapshot(&NewSnapshot {
            host: self.host,
            taken_at: self.taken_at,
            state: self.state,
            context: self.context,
            machines: self.machines,
            outcomes,
            tags: self.tags,
            groups: self.groups,
        })
    }
}
