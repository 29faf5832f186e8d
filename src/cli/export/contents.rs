//! Profiles, documents and what they say: each written once, however many hosts have it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::{Out, Work};
use crate::cli::failure::Failure;
use crate::model::{Hash, glob};
use crate::render::export;
use crate::store::{BodyId, ProfileId, Reach, Store, StoreError, ToldValue};

/// The profiles that are meant, by id.
fn chosen(store: &Store, work: &Work<'_>) -> Result<BTreeSet<(Hash, ProfileId)>, StoreError> {
    let mut found = BTreeSet::new();
    for (host, _) in work.hosts {
        store.add_profiles(*host, work.reach(Reach::All), work.period, &mut found)?;
    }
    Ok(found)
}

pub(super) fn profiles(store: &Store, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    for (hash, profile) in chosen(store, work)? {
        for told in store.told_outcomes(profile)? {
            out.row(&export::profile(hash, &told))?;
        }
    }
    Ok(())
}

pub(super) fn machines(store: &Store, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    for (hash, profile) in chosen(store, work)? {
        for machine in store.told_machines(profile)? {
            out.row(&export::machine(hash, &machine))?;
        }
    }
    Ok(())
}

pub(super) fn documents(store: &Store, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut documents: BTreeMap<Hash, BodyId> = BTreeMap::new();
    for (_, profile) in chosen(store, work)? {
        let outcomes = store.told_outcomes(profile)?;
        documents
            .extend(outcomes.iter().filter_map(|told| told.document).map(|(id, hash)| (hash, id)));
    }
    for (hash, document) in documents {
        for told in values(store, work, document)? {
            out.row(&export::document(hash, &told))?;
        }
    }
    Ok(())
}

/// Values that are kept while the next snapshot may need them: a few hundred documents' worth.
const KEPT: usize = 500_000;

pub(super) fn capabilities(
    store: &Store,
    work: &Work<'_>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let mut known: HashMap<BodyId, Rc<[ToldValue]>> = HashMap::new();
    let mut kept = 0;
    for (host, _) in work.hosts {
        for told in store.told_snapshots(*host, work.reach(Reach::Changed), work.period)? {
            for outcome in store.told_outcomes(told.content())? {
                let Some((document, _)) = outcome.document else { continue };
                let values = match known.get(&document) {
                    Some(values) => Rc::clone(values),
                    None => {
                        let values: Rc<[ToldValue]> = values(store, work, document)?.into();
                        kept += values.len();
                        if kept > KEPT {
                            known.clear();
                            kept = values.len();
                        }
                        known.insert(document, Rc::clone(&values));
                        values
                    }
                };
                let mut cells = export::place(&told.row, &outcome.target);
                for value in values.iter() {
                    export::capability(&mut cells, value);
                    out.row(&cells)?;
                }
            }
        }
    }
    Ok(())
}

/// What a document says at the paths that are meant.
fn values(store: &Store, work: &Work<'_>, document: BodyId) -> Result<Vec<ToldValue>, StoreError> {
    let mut values = store.told_values(document)?;
    if !work.paths.is_empty() {
        values.retain(|value| work.paths.iter().any(|wanted| glob(wanted, &value.path)));
    }
    Ok(values)
}
