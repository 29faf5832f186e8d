//! A snapshot from files.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Body, Bytes, Document, IngestError, Ingested, Known, Seen, Snapshot, unknown_elements,
};
use crate::bad_files::BadFiles;
use crate::host_info::HostInfo;
use crate::model::{Context, Cut, FailureClass, Hash, HostName, State, Tag, Target, Time};
use crate::parse;
use crate::source::Input;
use crate::store::{StoreError, Writer};

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

/// One good file.
struct File {
    /// Which of the inputs it is.
    at: usize,
    head: parse::Head,
    hash: Hash,
    body: Body,
}

/// All that one snapshot's files say, read and not yet stored.
#[derive(Default)]
pub struct Reading {
    inputs: Vec<Input>,
    documents: BTreeMap<Target, File>,
    info: HostInfo,
    bad: BadFiles,
    unknown: BTreeSet<String>,
    /// Of the documents that were parsed.
    new_bytes: usize,
    /// What these say.
    budget: parse::HostBudget,
    over: Option<parse::OverBudget>,
}

/// Stores the snapshot that `inputs` are, within the writer's transaction.
///
/// # Errors
/// Where nothing could be stored; the transaction may still be committed without this snapshot.
pub fn ingest(
    writer: &mut Writer<'_>,
    occasion: &Occasion<'_>,
    inputs: Vec<Input>,
) -> Result<Ingested, IngestError> {
    let reading = read(occasion, inputs, &Known::new(&Seen::default(), Some(writer.store())))?;
    Ok(store(writer, occasion, reading)?)
}

/// Reads the files of a snapshot: all but what is known.
///
/// # Errors
/// Where there is nothing to store.
pub fn read(
    occasion: &Occasion<'_>,
    inputs: Vec<Input>,
    known: &Known<'_>,
) -> Result<Reading, IngestError> {
    let mut reading = Reading { inputs, ..Reading::default() };
    for at in 0..reading.inputs.len() {
        reading.read(known, at)?;
        if let Some(error) = reading.over {
            return Err(IngestError::TooMuch { host: occasion.host.clone(), error });
        }
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
/// Where the store does not take it. Where the host's time was taken, nothing of it is in the
/// transaction then; after any other error the transaction must not be committed.
pub fn store(
    writer: &mut Writer<'_>,
    occasion: &Occasion<'_>,
    mut reading: Reading,
) -> Result<Ingested, StoreError> {
    let mut context = std::mem::take(&mut reading.info.context);
    context.api_flags = occasion.api_flags.and_then(Context::flags);
    let mut unknown = std::mem::take(&mut reading.unknown);
    let snapshot = snapshot(occasion, &reading, &context);
    let stored = writer
        .whole(occasion.host, occasion.taken_at, |writer| snapshot.write(writer, &mut unknown))?;
    let ingested = snapshot.ingested(stored, unknown);
    Ok(Ingested { bad: reading.bad.files, ..ingested })
}

impl Reading {
    /// The bytes that it holds in memory, and those of them that it has read: what these say takes
    /// several times their room.
    #[must_use]
    pub fn bytes(&self) -> (usize, usize) {
        (self.inputs.iter().map(|input| input.bytes.len()).sum(), self.new_bytes)
    }

    fn read(&mut self, known: &Known<'_>, at: usize) -> Result<(), IngestError> {
        let input = &self.inputs[at];
        // A known body needs no parse: it was well-formed when it was stored.
        if let Some(head) = parse::split(&input.bytes) {
            let hash = head.body_hash(&input.bytes);
            if known.holds(hash)? {
                return self.add(File { at, head, hash, body: Body::Known });
            }
        }
        if self.info.take(input, &mut self.bad) {
            return Ok(());
        }
        match parse::document(&input.bytes) {
            Ok(document) => {
                let hash = document.head.body_hash(&input.bytes);
                self.unknown.extend(unknown_elements(&document.capabilities));
                self.new_bytes += input.bytes.len();
                self.over = self.budget.take(&document.capabilities).err();
                known.note(hash);
                let body = Body::New(Cut::new(document.capabilities));
                self.add(File { at, head: document.head, hash, body })
            }
            Err(error) => {
                self.bad.document(input, error);
                Ok(())
            }
        }
    }

    fn add(&mut self, file: File) -> Result<(), IngestError> {
        let target = file.head.target.clone();
        match self.documents.get(&target) {
            Some(first) if self.inputs[first.at].bytes != self.inputs[file.at].bytes => {
                Err(IngestError::TwoDocuments {
                    target: Box::new(target),
                    first: self.inputs[first.at].path.clone(),
                    second: self.inputs[file.at].path.clone(),
                })
            }
            Some(_) => Ok(()),
            None => {
                self.documents.insert(target, file);
                Ok(())
            }
        }
    }
}

fn snapshot<'d>(
    occasion: &Occasion<'d>,
    reading: &'d Reading,
    context: &'d Context,
) -> Snapshot<'d> {
    let document = |file: &'d File| {
        let bytes = &reading.inputs[file.at].bytes;
        Document {
            hash: file.hash,
            head: &bytes[file.head.range.clone()],
            head_at: file.head.range.start,
            body: &file.body,
            bytes: Bytes::Around(&file.head, bytes),
        }
    };
    let transient = |message: &'d String| (FailureClass::Transient, message.as_str());
    Snapshot {
        host: occasion.host,
        taken_at: occasion.taken_at,
        tags: occasion.tags,
        groups: occasion.groups,
        state: if occasion.is_partial { State::Partial } else { reading.bad.state() },
        context,
        machines: reading.info.machines.as_ref(),
        documents: reading
            .documents
            .iter()
            .map(|(target, file)| (target, document(file)))
            .collect(),
        failures: reading
            .bad
            .targets
            .iter()
            .map(|(target, why)| (target, transient(why)))
            .collect(),
    }
}
