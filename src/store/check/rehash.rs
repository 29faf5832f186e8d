//! Every address computed anew from what it is the address of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::Connection;

use super::Damage;
use crate::model::{Capabilities, FailureClass, Hash, Suspicion, Target, subtree_hash};
use crate::store::SnapshotRow;
use crate::store::error::StoreError;
use crate::store::ids::{BodyId, ContextId, MachineListId, TreeId};
use crate::store::observed::target;
use crate::store::open::Store;
use crate::store::profile::{Gave, Part, profile_hash};
use crate::store::tree::read_own;
use crate::store::writer::snapshot_id;

/// A body with all that is stored beside its bytes.
#[derive(Clone, Debug)]
pub struct StoredBody {
    /// Its number.
    pub id: BodyId,
    /// Its address.
    pub hash: Hash,
    /// Address of the root of its capabilities.
    pub tree: Hash,
    /// See [`crate::model::shared_hash`].
    pub shared: Hash,
    /// See [`Capabilities::is_empty_document`].
    pub is_empty: bool,
    /// What speaks against it.
    pub suspicion: Suspicion,
    /// Identities that it was stored with, and the targets they are of: one at least, but where only
    /// other bodies need it. Every identity is with one of its bodies.
    pub heads: Vec<(Vec<u8>, Target)>,
}

/// One kind of row: reads all and says which have another address than their content.
type Rehash = fn(&Store) -> Result<Vec<Damage>, StoreError>;

/// Every kind, with its name.
pub const REHASHES: [(&str, Rehash); 5] = [
    ("contexts", contexts),
    ("machine lists", machine_lists),
    ("subtrees", subtrees),
    ("profiles", profiles),
    ("snapshots", |store| store.sql(snapshots)),
];

/// The hashes differ, or what stands there cannot be read.
fn compared(place: String, stored: Hash, found: Result<Hash, StoreError>) -> Option<Damage> {
    match found {
        Ok(found) if found == stored => None,
        Ok(_) => Some(Damage::new(place, "its rows are not those that were stored")),
        Err(error) => Some(Damage::new(place, format!("cannot be read: {error}"))),
    }
}

fn contexts(store: &Store) -> Result<Vec<Damage>, StoreError> {
    let contexts = store.ids_and_hashes("SELECT context_id, hash FROM context")?;
    let check = |(id, hash): (i64, Hash)| {
        let found = store.context_of(ContextId(id)).map(|context| context.hash());
        compared(format!("context {hash}"), hash, found)
    };
    Ok(contexts.into_iter().filter_map(check).collect())
}

fn machine_lists(store: &Store) -> Result<Vec<Damage>, StoreError> {
    let lists = store.ids_and_hashes("SELECT machine_list_id, hash FROM machine_list")?;
    let check = |(id, hash): (i64, Hash)| {
        let found = store.machine_list(MachineListId(id)).map(|list| list.hash());
        compared(format!("machine list {hash}"), hash, found)
    };
    Ok(lists.into_iter().filter_map(check).collect())
}

fn subtrees(store: &Store) -> Result<Vec<Damage>, StoreError> {
    let trees = store.ids_and_hashes("SELECT subtree_id, hash FROM subtree")?;
    let check = |(id, hash): (i64, Hash)| {
        compared(format!("subtree {hash}"), hash, store.rehash_subtree(TreeId(id)))
    };
    Ok(trees.into_iter().filter_map(check).collect())
}

fn profiles(store: &Store) -> Result<Vec<Damage>, StoreError> {
    let profiles = store.ids_and_hashes("SELECT profile_id, hash FROM profile")?;
    let mut damage = Vec::new();
    for (id, hash) in profiles {
        let place = format!("profile {hash}");
        match store.rehash_profile(id) {
            Ok((found, shared, stored)) => {
                damage.extend(compared(place.clone(), hash, Ok(found)));
                if found == hash && shared != stored {
                    damage.push(Damage::new(place, "its shared_hash is not that of its content"));
                }
            }
            Err(error) => damage.extend(compared(place, hash, Err(error))),
        }
    }
    Ok(damage)
}

fn snapshots(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let mut select = connection.prepare(
        "SELECT h.name, s.taken_at, s.hash, p.hash, c.hash FROM host_snapshot s
         JOIN host h USING (host_id) JOIN profile p USING (profile_id) JOIN context c USING (context_id)",
    )?;
    let mut rows = select.query([])?;
    let mut damage = Vec::new();
    while let Some(row) = rows.next()? {
        let id: Hash = row.get(2)?;
        let host = row.get(0)?;
        if snapshot_id(&host, row.get(1)?, row.get(3)?, row.get(4)?) != id {
            let what = "its id is not that of its host, time, profile and context";
            damage.push(Damage::new(format!("host {host}, snapshot {id}"), what));
        }
    }
    Ok(damage)
}

impl Store {
    /// Every body, with what its bytes must say.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn stored_bodies(&self) -> Result<Vec<StoredBody>, StoreError> {
        let mut heads: BTreeMap<BodyId, Vec<(Vec<u8>, Target)>> = BTreeMap::new();
        self.sql(|connection| {
            // A head for each body, and a body for each head.
            let mut select = connection.prepare(
                "WITH pair AS (
                   SELECT body_id, min(head_id) AS head_id FROM profile_target
                   WHERE body_id IS NOT NULL GROUP BY body_id
                   UNION SELECT min(body_id), head_id FROM profile_target
                   WHERE body_id IS NOT NULL GROUP BY head_id)
                 SELECT body_id, bytes, emulator, arch, virttype, machine
                 FROM pair JOIN head USING (head_id) JOIN target USING (target_id)",
            )?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let target = Target {
                    emulator: row.get(2)?,
                    arch: row.get(3)?,
                    virttype: row.get(4)?,
                    machine: row.get(5)?,
                };
                heads.entry(row.get(0)?).or_default().push((row.get(1)?, target));
            }
            let mut select = connection.prepare(
                "SELECT body_id, b.hash, s.hash, shared_hash, is_empty_document, suspicion
                 FROM body b JOIN subtree s USING (subtree_id) ORDER BY body_id",
            )?;
            let rows = select.query_map([], |row| {
                let id = row.get(0)?;
                Ok(StoredBody {
                    id,
                    hash: row.get(1)?,
                    tree: row.get(2)?,
                    shared: row.get(3)?,
                    is_empty: row.get(4)?,
                    suspicion: row.get("suspicion")?,
                    heads: heads.remove(&id).unwrap_or_default(),
                })
            })?;
            rows.collect()
        })
    }

    /// Looks whether a snapshot holds what its id is the address of: every document with its identity,
    /// the machine list and the context. The documents' bytes are compared when they are read.
    ///
    /// # Errors
    /// Where something is not as it was stored, or the database cannot be read.
    pub fn verify(&self, snapshot: &SnapshotRow) -> Result<(), StoreError> {
        let profile = snapshot.content();
        let (found, _, _) = self.rehash_profile(profile.0)?;
        let stored: Hash = self.sql(|connection| {
            connection.query_row(
                "SELECT hash FROM profile WHERE profile_id = ?",
                [profile],
                |row| row.get(0),
            )
        })?;
        let context = self.context(snapshot)?.hash();
        let (host, at) = (&snapshot.host, snapshot.taken_at);
        let id = snapshot_id(host, at.milliseconds(), stored, context);
        if found == stored && id == snapshot.id {
            return Ok(());
        }
        let what =
            "holds something else than what was stored: `domcaps check --read-data` tells what";
        Err(self.damaged(format!("the snapshot of {host} of {at} {what}")))
    }

    fn ids_and_hashes(&self, select: &str) -> Result<Vec<(i64, Hash)>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare(select)?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    fn rehash_subtree(&self, tree: TreeId) -> Result<Hash, StoreError> {
        let mut own = Capabilities::new();
        let parts: Vec<(String, Hash)> = self.sql(|connection| {
            read_own(connection, tree, &mut own)?;
            let mut select = connection.prepare_cached(
                "SELECT t.path, t.hash FROM subtree s, json_each(s.parts) p
                 JOIN subtree t ON t.subtree_id = p.value WHERE s.subtree_id = ? ORDER BY p.key",
            )?;
            select.query_map([tree], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let mut order: Vec<usize> = (0..own.len()).collect();
        order.sort_unstable_by_key(|index| own.at(*index).0);
        Ok(subtree_hash(&own, &order, parts.iter().map(|(key, hash)| (key.as_str(), *hash))))
    }

    /// Both hashes of a profile as they must be, and the second as it is stored.
    fn rehash_profile(&self, profile: i64) -> Result<(Hash, Hash, Hash), StoreError> {
        let (list, stored): (Option<Hash>, Hash) = self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT l.hash, p.shared_hash FROM profile p
                     LEFT JOIN machine_list l USING (machine_list_id) WHERE profile_id = ?",
                )?
                .query_row([profile], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        let outcomes = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT emulator, arch, virttype, machine, bytes, b.hash, b.shared_hash, class, message
                 FROM profile_target JOIN head USING (head_id) JOIN target USING (target_id)
                 LEFT JOIN body b USING (body_id) LEFT JOIN failure USING (failure_id)
                 WHERE profile_id = ? ORDER BY arch, virttype, machine, emulator",
            )?;
            let rows = select.query_map([profile], |row| {
                let target = target(row)?;
                let gave = match row.get(5)? {
                    Some(hash) => Gave::Document(hash, row.get(6)?),
                    None => {
                        let class: Option<FailureClass> = row.get("class")?;
                        let message: Option<String> = row.get("message")?;
                        Gave::Failed(
                            class.unwrap_or(FailureClass::Transient),
                            message.map(Cow::Owned).unwrap_or_default(),
                        )
                    }
                };
                Ok((target, row.get::<_, Vec<u8>>(4)?, gave))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let [all, shared] = [Part::All, Part::Shared].map(|part| {
            let outcomes = outcomes.iter();
            profile_hash(part, list, outcomes.map(|(target, head, gave)| (target, &head[..], gave)))
        });
        Ok((all, shared, stored))
    }
}
