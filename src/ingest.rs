//! From files to a stored snapshot: the one place where parser and store meet.
//!
//! Documents are split and hashed first; only a body that the store does not know is parsed. All
//! of a snapshot is read before any of it is written, so a bad file leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use thiserror::Error;

use crate::bad_files::{BadFile, BadFiles};
use crate::host_info::HostInfo;
use crate::model::{Capabilities, Context, FailureClass, Hash, HostName, State, Tag, Target, Time};
use crate::parse;
use crate::source::Input;
use crate::store::{BodyId, NewBody, NewOutcome, NewSnapshot, StoreError, Stored, Writer};

/// What the documents of one snapshot do not say themselves.
#[derive(Clone, Debug)]
pub struct Occasion<'a> {
    /// The host.
    pub host: &'a HostName,
    /// When the documents were taken.
    pub taken_at: Time,
    /// Tags for the snapshot.
    pub tags: &'a [Tag],
    /// Groups for the host.
    pub groups: &'a [String],
    /// CPU flags of the API call, where they were given.
    pub api_flags: Option<&'a str>,
    /// A bad file refuses the whole snapshot.
    pub is_strict: bool,
    /// Files could not even be read: what is missing says nothing.
    pub is_partial: bool,
}

/// What came of a snapshot's files.
#[derive(Debug)]
pub struct Ingested {
    /// The stored snapshot.
    pub stored: Stored,
    /// Documents in it.
    pub documents: usize,
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
            Self::TwoDocuments { .. } | Self::Store(_) => &[],
        }
    }
}

/// One good document, ready to be stored.
struct Document<'i> {
    path: &'i Path,
    bytes: &'i [u8],
    head: parse::Head,
    hash: Hash,
    body: Body,
}

enum Body {
    Known(BodyId),
    New(Rc<Capabilities>),
}

/// All that one snapshot's files say, read and not yet stored.
#[derive(Default)]
pub struct Reading<'i> {
    documents: BTreeMap<Target, Document<'i>>,
    /// Bodies that stood in an earlier file: they are not parsed again.
    parsed: HashMap<Hash, Rc<Capabilities>>,
    info: HostInfo,
    bad: BadFiles,
    unknown: BTreeSet<String>,
}

/// Finds the body of an address, where it is stored already.
pub type Lookup<'l> = &'l mut dyn FnMut(Hash) -> Result<Option<BodyId>, StoreError>;

/// Nothing is stored yet.
///
/// # Errors
/// None.
pub fn nothing_stored(_: Hash) -> Result<Option<BodyId>, StoreError> {
    Ok(None)
}

/// Stores the snapshot that `inputs` are, within the writer's transaction.
///
/// # Errors
/// Where nothing could be stored; the transaction may still be committed without this snapshot.
pub fn ingest(
    writer: &mut Writer<'_>,
    occasion: &Occasion<'_>,
    inputs: &[Input],
) -> Result<Ingested, IngestError> {
    let reading = read(occasion, inputs, &mut |hash| writer.body(hash))?;
    Ok(store(writer, occasion, reading)?)
}

/// Reads the files of a snapshot.
///
/// # Errors
/// Where there is nothing to store.
pub fn read<'i>(
    occasion: &Occasion<'_>,
    inputs: &'i [Input],
    lookup: Lookup<'_>,
) -> Result<Reading<'i>, IngestError> {
    let mut reading = Reading::default();
    for input in inputs {
        reading.read(lookup, input)?;
    }
    let host = || occasion.host.clone();
    if reading.documents.is_empty() {
        return Err(IngestError::NoDocument { host: host(), bad: reading.bad.files });
    }
    if occasion.is_strict && !reading.bad.files.is_empty() {
        return Err(IngestError::Strict { host: host(), bad: reading.bad.files });
    }
    Ok(reading)
}

/// Stores what was read.
///
/// # Errors
/// Where the store does not take it: then nothing of it is in the transaction.
pub fn store(
    writer: &mut Writer<'_>,
    occasion: &Occasion<'_>,
    reading: Reading<'_>,
) -> Result<Ingested, StoreError> {
    let stored = writer
        .whole(occasion.host, occasion.taken_at, |writer| write(writer, occasion, &reading))?;
    let Reading { documents, bad, unknown, .. } = reading;
    Ok(Ingested { stored, documents: documents.len(), bad: bad.files, unknown })
}

impl<'i> Reading<'i> {
    fn read(&mut self, lookup: Lookup<'_>, input: &'i Input) -> Result<(), IngestError> {
        // A known body needs no parse: it was well-formed when it was stored.
        if let Some(head) = parse::split(&input.bytes) {
            let hash = head.body_hash(&input.bytes);
            if let Some(body) = lookup(hash)? {
                return self.add(input, head, hash, Body::Known(body));
            }
            if let Some(capabilities) = self.parsed.get(&hash).map(Rc::clone) {
                return self.add(input, head, hash, Body::New(capabilities));
            }
        }
        match self.info.take(input) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(bad) => {
                self.bad.other(bad);
                return Ok(());
            }
        }
        match parse::document(&input.bytes) {
            Ok(document) => {
                let paths = document.capabilities.iter().map(|(path, _)| path);
                self.unknown.extend(paths.filter_map(parse::unknown_element));
                let hash = document.head.body_hash(&input.bytes);
                let capabilities = Rc::new(document.capabilities);
                self.parsed.insert(hash, Rc::clone(&capabilities));
                self.add(input, document.head, hash, Body::New(capabilities))
            }
            Err(error) => {
                self.bad.document(input, error);
                Ok(())
            }
        }
    }

    fn add(
        &mut self,
        input: &'i Input,
        head: parse::Head,
        hash: Hash,
        body: Body,
    ) -> Result<(), IngestError> {
        let document = Document { path: &input.path, bytes: &input.bytes, head, hash, body };
        let target = document.head.target.clone();
        match self.documents.get(&target) {
            Some(first) if first.bytes != document.bytes => Err(IngestError::TwoDocuments {
                target: Box::new(target),
                first: first.path.to_owned(),
                second: input.path.clone(),
            }),
            Some(_) => Ok(()),
            None => {
                self.documents.insert(target, document);
                Ok(())
            }
        }
    }
}

fn write(
    writer: &mut Writer<'_>,
    occasion: &Occasion<'_>,
    reading: &Reading<'_>,
) -> Result<Stored, StoreError> {
    let mut outcomes = Vec::with_capacity(reading.documents.len());
    for (target, document) in &reading.documents {
        let body = match &document.body {
            Body::Known(body) => *body,
            Body::New(capabilities) => writer.add_body(&NewBody {
                hash: document.hash,
                bytes: &document.head.body(document.bytes),
                head_at: document.head.range.start,
                capabilities,
            })?,
        };
        let head = &document.bytes[document.head.range.clone()];
        outcomes.push((target, head, NewOutcome::Document(body)));
    }
    for (target, message) in &reading.bad.targets {
        if !reading.documents.contains_key(target) {
            outcomes.push((target, &[][..], NewOutcome::Failed(FailureClass::Transient, message)));
        }
    }
    let mut context = reading.info.context.clone();
    context.api_flags = occasion.api_flags.and_then(Context::flags);
    writer.add_snapshot(&NewSnapshot {
        host: occasion.host,
        taken_at: occasion.taken_at,
        state: if occasion.is_partial { State::Partial } else { reading.bad.state() },
        context: &context,
        machines: reading.info.machines.as_ref(),
        outcomes,
        tags: occasion.tags,
        groups: occasion.groups,
    })
}
