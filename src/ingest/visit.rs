//! A snapshot from a visit to a host.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Body, Bytes, Document, Ingested, Snapshot, unknown_elements};
use crate::collect::{Observed, RawBody, Site, Visit};
use crate::model::{Cut, FailureClass, Hash, MachineList, State, Tag, Target};
use crate::parse;
use crate::store::{StoreError, Writer};

/// Stores what a visit brought, within the writer's transaction. A document that is ill-formed
/// becomes a target that did not answer. A visit that was to ask only some targets, and left out some
/// that the host's newest complete snapshot has, is partial: it does not take that one's place.
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
    let Bodies { good, bad, mut unknown } = bodies(writer, visit)?;
    // In the order of the targets, as the visit has them.
    let mut documents = Vec::with_capacity(visit.observed.len());
    let mut failures = BTreeMap::new();
    for (target, observed) in &visit.observed {
        match observed {
            Observed::Failed(class, why) => {
                failures.insert(target, (*class, why.as_str()));
            }
            Observed::Document { head, body } => match good.get(body) {
                Some(known) => documents.push((target, document(visit, head, *body, known))),
                None => {
                    let why = bad.get(body).map_or("", String::as_str);
                    failures.insert(target, (FailureClass::Transient, why));
                }
            },
        }
    }
    let left_out = left_out(writer, site, visit)?;
    let state = match visit.state {
        State::Complete if documents.is_empty() && !bad.is_empty() => State::Failed,
        State::Complete if !bad.is_empty() || left_out > 0 => State::Partial,
        other => other,
    };
    let snapshot = Snapshot {
        host: &site.name,
        taken_at: visit.taken_at,
        tags,
        groups: &site.groups,
        state,
        context: &visit.info.context,
        machines: visit.info.machines.as_ref(),
        documents,
        failures,
    };
    let stored =
        writer.whole(&site.name, visit.taken_at, |writer| snapshot.write(writer, &mut unknown))?;
    Ok(Ingested { left_out, ..snapshot.ingested(stored, unknown) })
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

/// The bodies of a visit: those that can be stored, and what is wrong with the others.
#[derive(Default)]
struct Bodies {
    good: HashMap<Hash, Body>,
    bad: HashMap<Hash, String>,
    unknown: BTreeSet<String>,
}

/// Reads each body that the store does not know.
fn bodies(writer: &mut Writer<'_>, visit: &Visit) -> Result<Bodies, StoreError> {
    let mut bodies = Bodies::default();
    let mut budget = parse::HostBudget::default();
    let mut over = None;
    for (hash, raw) in &visit.bodies {
        if writer.body(*hash)?.is_some() {
            bodies.good.insert(*hash, Body::Known);
            continue;
        }
        if let Some(why) = &over {
            bodies.bad.insert(*hash, ToString::to_string(why));
            continue;
        }
        match parse::document(&raw.bytes) {
            Ok(document) => {
                over = budget.take(&document.capabilities).err();
                bodies.unknown.extend(unknown_elements(&document.capabilities));
                bodies.good.insert(*hash, Body::New(Cut::new(document.capabilities)));
            }
            Err(error) => drop(bodies.bad.insert(*hash, format!("its document is bad: {error}"))),
        }
    }
    Ok(bodies)
}

fn document<'d>(visit: &'d Visit, head: &'d [u8], hash: Hash, body: &'d Body) -> Document<'d> {
    let raw: &RawBody = &visit.bodies[&hash];
    Document { hash, head, head_at: raw.head_at, body, bytes: Bytes::Body(&raw.bytes) }
}
