//! A snapshot from files.

use std::collections::BTreeSet;

use super::{Body, IngestError, Ingested, Known, Seen, Snapshot, unknown_elements};
use crate::model::{Capabilities, Context, Cut, Hash, HostName, Suspicion, Tag, Time};
use crate::observe::{self, BodyIndex, HostObservation};
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

/// All that one snapshot's files say, read and not yet stored.
pub struct Reading {
    observation: HostObservation<'static, Body>,
    unknown: BTreeSet<String>,
    /// Of the files.
    bytes: usize,
    /// Of the documents that were parsed.
    new_bytes: usize,
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

/// The bodies that a reader need not parse, and what it finds in the others.
struct Reader<'k, 's> {
    known: &'k Known<'s>,
    unknown: BTreeSet<String>,
    new_bytes: usize,
}

impl BodyIndex for Reader<'_, '_> {
    type Content = Body;
    type Error = StoreError;

    fn known(&mut self, body: Hash) -> Result<Option<(Body, Suspicion)>, StoreError> {
        Ok(self.known.suspicion(body)?.map(|suspicion| (Body::Known, suspicion)))
    }

    fn add(&mut self, body: Hash, capabilities: Capabilities, length: usize) -> Body {
        self.unknown.extend(unknown_elements(&capabilities));
        self.new_bytes += length;
        self.known.note(body, Suspicion::of(&capabilities));
        Body::New(Cut::new(capabilities))
    }
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
    let mut reader = Reader { known, unknown: BTreeSet::new(), new_bytes: 0 };
    let bytes = inputs.iter().map(|input| input.bytes.len()).sum();
    let observation = observe::files(inputs, &mut reader);
    let mut observation = observation.map_err(|error| IngestError::of(occasion.host, error))?;
    observation.is_incomplete |= occasion.is_partial;
    let host = || occasion.host.clone();
    if observation.is_empty() {
        return Err(IngestError::NoDocument { host: host(), bad: observation.bad });
    }
    if occasion.is_strict && !observation.bad.is_empty() {
        return Err(IngestError::Strict { host: host(), bad: observation.bad });
    }
    let Reader { unknown, new_bytes, .. } = reader;
    Ok(Reading { observation, unknown, bytes, new_bytes })
}

/// Stores what was read.
///
/// # Errors
/// Where the store does not take it. Where the host's time was taken, nothing of it is in the
/// transaction then; after any other error the transaction must not be committed.
pub fn store(
    writer: &mut Writer<'_>,
    occasion: &Occasion<'_>,
    reading: Reading,
) -> Result<Ingested, StoreError> {
    let Reading { mut observation, mut unknown, .. } = reading;
    let mut context = std::mem::take(&mut observation.info.context);
    context.api_flags = occasion.api_flags.and_then(Context::flags);
    let snapshot = Snapshot {
        host: occasion.host,
        taken_at: occasion.taken_at,
        tags: occasion.tags,
        groups: occasion.groups,
        context: &context,
        observation: &observation,
    };
    let stored = writer
        .whole(occasion.host, occasion.taken_at, |writer| snapshot.write(writer, &mut unknown))?;
    let ingested = snapshot.ingested(stored, unknown);
    Ok(Ingested { bad: observation.bad, ..ingested })
}

impl Reading {
    /// The bytes that it holds in memory, and those of them that it has read: what these say takes
    /// several times their room.
    #[must_use]
    pub fn bytes(&self) -> (usize, usize) {
        (self.bytes, self.new_bytes)
    }

    /// What was read.
    #[must_use]
    pub fn observation(&self) -> &HostObservation<'static, Body> {
        &self.observation
    }
}
