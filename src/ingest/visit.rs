//! A snapshot from a visit to a host.

use std::collections::{BTreeSet, HashMap};

use super::{Body, Ingested, Snapshot, unknown_elements};
use crate::collect::{Site, Visit};
use crate::model::{Capabilities, Cut, Hash, MachineList, State, Suspicion, Tag, Target};
use crate::observe::{self, BodyIndex, ObserveError};
use crate::store::{StoreError, Writer};

/// Stores what a visit brought, within the writer's transaction. A visit that was to ask only some
/// targets, and left out some that the host's newest complete snapshot has, is partial: it does not
/// take that one's place.
///
/// # Errors
/// Where the store does not take it. Where the host's time was taken, nothing of it is in the
/// transaction then; after any other error the transaction must not be committed.
pub fn visit(
    writer: &mut Writer<'_>,
    site: &Site,
    tags: &[Tag],
    visit: &Visit,
) -> Result<Ingested, StoreError> {
    let mut stored = StoredBodies { writer, read: HashMap::new(), unknown: BTreeSet::new() };
    let mut observation = observe::visit(visit, &mut stored).map_err(|error| match error {
        ObserveError::Index(error) => error,
        // A visit asks for each target once, and what is too much is an error of its target.
        ObserveError::Twice(_) | ObserveError::TooMuch(_) => StoreError::Damaged {
            path: stored.writer.store().path().to_owned(),
            what: error.to_string(),
        },
    })?;
    let StoredBodies { mut unknown, .. } = stored;
    let is_whole = observation.state() == State::Complete;
    let left_out = left_out(writer, site, visit)?;
    observation.is_incomplete |= left_out > 0;
    let snapshot = Snapshot {
        host: &site.name,
        taken_at: visit.taken_at,
        tags,
        groups: &site.groups,
        context: &visit.info.context,
        observation: &observation,
    };
    let stored =
        writer.whole(&site.name, visit.taken_at, |writer| snapshot.write(writer, &mut unknown))?;
    Ok(Ingested { left_out, is_whole, ..snapshot.ingested(stored, unknown) })
}

/// The bodies of the store that is written to.
struct StoredBodies<'a, 's> {
    writer: &'a mut Writer<'s>,
    /// Those that are to be stored.
    read: HashMap<Hash, Suspicion>,
    unknown: BTreeSet<String>,
}

impl BodyIndex for StoredBodies<'_, '_> {
    type Content = Body;
    type Error = StoreError;

    fn known(&mut self, body: Hash) -> Result<Option<(Body, Suspicion)>, StoreError> {
        if let Some(suspicion) = self.read.get(&body) {
            return Ok(Some((Body::Known, *suspicion)));
        }
        Ok(self.writer.judged_body(body)?.map(|(_, suspicion)| (Body::Known, suspicion)))
    }

    fn add(&mut self, body: Hash, capabilities: Capabilities, _length: usize) -> Body {
        self.unknown.extend(unknown_elements(&capabilities));
        self.read.insert(body, Suspicion::of(&capabilities));
        Body::New(Cut::new(capabilities))
    }
}

/// How many targets a visit passed over that the newest complete snapshot has and the host still
/// lists. Where an alias has moved on, what it points to now stands for what it pointed to then.
fn left_out(writer: &Writer<'_>, site: &Site, visit: &Visit) -> Result<usize, StoreError> {
    if visit.passed_over.is_empty() {
        return Ok(0);
    }
    let Some(newest) = writer.newest_complete(&site.name, visit.taken_at)? else {
        return Ok(0);
    };
    // By what they point to; of several the first counts.
    let mut aliases = HashMap::new();
    for alias in newest.machines.iter().flat_map(MachineList::iter) {
        if let Some(canonical) = &alias.canonical {
            aliases.entry((&alias.arch, &alias.virttype, canonical)).or_insert(alias);
        }
    }
    let moved_on = |target: &Target| {
        let now = visit.info.machines.as_ref()?;
        let alias = aliases.get(&(&target.arch, &target.virttype, &target.machine))?;
        let machine = now.canonical_of(&alias.arch, &alias.virttype, &alias.name)?.to_owned();
        Some(visit.observed.contains_key(&Target { machine, ..target.clone() }))
    };
    let is_missed =
        |target: &Target| visit.passed_over.contains(target) && !moved_on(target).unwrap_or(false);
    Ok(newest.outcomes.keys().filter(|target| is_missed(target)).count())
}
