//! A snapshot from files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use super::{Body, Bytes, Document, IngestError, Ingested, Lookup, Snapshot, unknown_elements};
use crate::bad_files::BadFiles;
use crate::host_info::HostInfo;
use crate::model::{Capabilities, Context, FailureClass, Hash, HostName, State, Tag, Target, Time};
use crate::parse;
use crate::source::Input;
use crate::store::{BodyId, StoreError, Writer};

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
struct File<'i> {
    path: &'i Path,
    bytes: &'i [u8],
    head: parse::Head,
    hash: Hash,
    body: Body,
}

/// All that one snapshot's files say, read and not yet stored.
#[derive(Default)]
pub struct Reading<'i> {
    documents: BTreeMap<Target, File<'i>>,
    /// Bodies that stood in an earlier file: they are not parsed again.
    parsed: HashMap<Hash, Rc<Capabilities>>,
    info: HostInfo,
    bad: BadFiles,
    unknown: BTreeSet<String>,
}

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
    let mut context = reading.info.context.clone();
    context.api_flags = occasion.api_flags.and_then(Context::flags);
    let snapshot = snapshot(occasion, &reading, &context);
    let stored = writer.whole(occasion.host, occasion.taken_at, |writer| snapshot.write(writer))?;
    let ingested = snapshot.ingested(stored, reading.unknown.clone());
    Ok(Ingested { bad: reading.bad.files, ..ingested })
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
        if self.info.take(input, &mut self.bad) {
            return Ok(());
        }
        match parse::document(&input.bytes) {
            Ok(document) => {
                self.unknown.extend(unknown_elements(&document.capabilities));
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
        let file = File { path: &input.path, bytes: &input.bytes, head, hash, body };
        let target = file.head.target.clone();
        match self.documents.get(&target) {
            Some(first) if first.bytes != file.bytes => Err(IngestError::TwoDocuments {
                target: Box::new(target),
                first: first.path.to_owned(),
                second: input.path.clone(),
            }),
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
    reading: &'d Reading<'_>,
    context: &'d Context,
) -> Snapshot<'d> {
    let document = |file: &'d File<'_>| Document {
        hash: file.hash,
        head: &file.bytes[file.head.range.clone()],
        head_at: file.head.range.start,
        body: file.body.clone(),
        bytes: Bytes::Around(&file.head, file.bytes),
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
