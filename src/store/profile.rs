//! Profiles, machine lists and contexts: what an unchanged run shares with the one before.

use std::borrow::Cow;

use rusqlite::{OptionalExtension as _, params};

use super::error::StoreError;
use super::ids::{BodyId, ContextId, ProfileId};
use super::snapshot::context_columns;
use super::writer::{NewAnswer, NewOutcome, NewSnapshot, Writer};
use crate::model::{
    Context, FailureClass, HOST_UNIQUE, Hash, Hasher, Machine, MachineList, Target,
};

/// What a target gave, as a profile's hashes see it.
pub(super) enum Gave<'o> {
    /// A body: its address, and that of its capabilities without what is unique to a host.
    Document(Hash, Hash),
    /// libvirt's error.
    Failed(FailureClass, Cow<'o, str>),
}

/// What of the outcomes a hash is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    All,
    /// Without what is unique to a host, and the words of errors.
    Shared,
}

/// A hash of a profile. Outcomes come sorted by target.
pub(super) fn profile_hash<'o>(
    part: Part,
    list: Option<Hash>,
    outcomes: impl Iterator<Item = (&'o Target, &'o [u8], &'o Gave<'o>)>,
) -> Hash {
    let mut hasher = Hasher::new();
    hasher.optional(list.as_ref().map(|hash| hash.as_bytes().as_slice()));
    for (target, head, gave) in outcomes {
        if part == Part::All {
            hasher.part(head);
        }
        for name in [&target.emulator, &target.arch, &target.virttype, &target.machine] {
            hasher.part(name.as_bytes());
        }
        match gave {
            Gave::Document(all, shared) => {
                let content = if part == Part::All { all } else { shared };
                hasher.part(b"document").part(content.as_bytes());
            }
            Gave::Failed(class, message) => {
                let message = if part == Part::All { message } else { "" };
                hasher.part(class.name().as_bytes()).part(message.as_bytes());
            }
        }
    }
    hasher.finish()
}

/// What a profile's hashes need to know of a body.
#[derive(Clone, Copy)]
pub(super) struct BodyHashes {
    /// Its address.
    all: Hash,
    /// That of its capabilities without what is unique to a host.
    shared: Hash,
    /// It has something unique to a host.
    is_unique: bool,
}

impl Writer<'_> {
    /// Stores which target gave which outcome, or finds it stored.
    pub(super) fn add_profile(
        &mut self,
        snapshot: &NewSnapshot<'_>,
    ) -> Result<(ProfileId, Hash), StoreError> {
        let mut outcomes: Vec<_> = snapshot.outcomes.iter().collect();
        outcomes.sort_by_key(|(target, ..)| *target);
        let list = snapshot.machines.map(MachineList::hash);
        let mut gave = Vec::with_capacity(outcomes.len());
        let mut has_unique = false;
        for (.., outcome) in &outcomes {
            gave.push(match outcome {
                NewOutcome::Document(body) => {
                    let BodyHashes { all, shared, is_unique } = self.body_hashes(*body)?;
                    has_unique |= is_unique;
                    Gave::Document(all, shared)
                }
                NewOutcome::Failed(class, message) => Gave::Failed(*class, Cow::Borrowed(message)),
            });
        }
        let hash_of = |part| {
            let named = outcomes.iter().zip(&gave);
            profile_hash(part, list, named.map(|((target, head, _), gave)| (*target, *head, gave)))
        };
        let hash = hash_of(Part::All);
        if let Some(known) = self.known_profile(hash)? {
            return Ok((known, hash));
        }
        let hashes = (hash, hash_of(Part::Shared));
        let id = self.insert_profile(hashes, snapshot.machines, &outcomes)?;
        if has_unique {
            self.note_unique(id)?;
        }
        self.known.profiles.insert(hash, id);
        Ok((id, hash))
    }

    fn known_profile(&mut self, hash: Hash) -> Result<Option<ProfileId>, StoreError> {
        if let Some(known) = self.known.profiles.get(&hash) {
            return Ok(Some(*known));
        }
        let found = self.find("SELECT profile_id FROM profile WHERE hash = ?", hash)?;
        let found = found.map(ProfileId);
        if let Some(found) = found {
            self.known.profiles.insert(hash, found);
        }
        Ok(found)
    }

    /// The profile of an address, which must be stored.
    pub(super) fn profile_of(&mut self, hash: Hash) -> Result<ProfileId, StoreError> {
        let known = self.known_profile(hash)?;
        known.ok_or_else(|| self.store.damaged(format!("content {hash} is not stored")))
    }

    fn insert_profile(
        &mut self,
        (hash, shared): (Hash, Hash),
        machines: Option<&MachineList>,
        outcomes: &[&NewAnswer<'_>],
    ) -> Result<ProfileId, StoreError> {
        let list = machines.map(|machines| self.add_machine_list(machines)).transpose()?;
        let id = self.sql(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO profile (hash, shared_hash, machine_list_id) VALUES (?, ?, ?)",
                )?
                .insert(params![hash, shared, list])
        })?;
        for (target, head, outcome) in outcomes {
            self.add_outcome(id, target, head, *outcome)?;
        }
        Ok(ProfileId(id))
    }

    /// Notes the values of a profile that are unique to its host; they stand in parts of the documents.
    fn note_unique(&self, profile: ProfileId) -> Result<(), StoreError> {
        let paths = serde_json::json!(HOST_UNIQUE).to_string();
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "UPDATE profile SET host_unique = coalesce((
                       SELECT group_concat(value, char(31)) FROM (
                         SELECT DISTINCT v.value
                         FROM path pa
                         CROSS JOIN (SELECT DISTINCT body_id FROM profile_target
                                     WHERE profile_id = ?1) t
                         CROSS JOIN body b ON b.body_id = t.body_id
                         CROSS JOIN subtree s
                           ON s.subtree_id = b.subtree_id AND s.hash <> b.shared_hash
                         CROSS JOIN json_each(s.parts) p
                         CROSS JOIN subtree_capability sc
                           ON sc.subtree_id = p.value AND sc.path_id = pa.path_id
                         JOIN value v USING (value_id)
                         WHERE pa.path IN (SELECT value FROM json_each(?2)) ORDER BY v.value)), '')
                     WHERE profile_id = ?1",
                )?
                .execute(params![profile, paths])
                .map(drop)
        })
    }

    fn body_hashes(&mut self, body: BodyId) -> Result<BodyHashes, StoreError> {
        if let Some(known) = self.known.body_hashes.get(&body) {
            return Ok(*known);
        }
        let found = self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT b.hash, shared_hash, s.hash <> shared_hash
                     FROM body b JOIN subtree s USING (subtree_id) WHERE body_id = ?",
                )?
                .query_row([body], |row| {
                    Ok(BodyHashes { all: row.get(0)?, shared: row.get(1)?, is_unique: row.get(2)? })
                })
        })?;
        self.known.body_hashes.insert(body, found);
        Ok(found)
    }

    /// The number of the row that has this address.
    fn find(&self, select: &str, hash: Hash) -> Result<Option<i64>, StoreError> {
        self.sql(|connection| {
            connection.prepare_cached(select)?.query_row([hash], |row| row.get(0)).optional()
        })
    }

    fn add_outcome(
        &mut self,
        profile: i64,
        target: &Target,
        head: &[u8],
        outcome: NewOutcome<'_>,
    ) -> Result<(), StoreError> {
        let head = self.head_id(target, head)?;
        self.sql(|connection| {
            let (body, failure) = match outcome {
                NewOutcome::Document(body) => (Some(body), None),
                NewOutcome::Failed(class, message) => {
                    let failure = params![class, message];
                    connection
                        .prepare_cached(
                            "INSERT INTO failure (class, message) VALUES (?, ?) ON CONFLICT DO NOTHING",
                        )?
                        .execute(failure)?;
                    let id: i64 = connection
                        .prepare_cached("SELECT failure_id FROM failure WHERE class = ? AND message = ?")?
                        .query_row(failure, |row| row.get(0))?;
                    (None, Some(id))
                }
            };
            connection
                .prepare_cached(
                    "INSERT INTO profile_target (profile_id, head_id, body_id, failure_id)
                     VALUES (?, ?, ?, ?)",
                )?
                .execute(params![profile, head, body, failure])
                .map(drop)
        })
    }

    /// The identity of a target as it stood in a document.
    fn head_id(&mut self, target: &Target, bytes: &[u8]) -> Result<i64, StoreError> {
        let known = self.known.heads.get(target).into_iter().flatten();
        if let Some((_, known)) = known.into_iter().find(|(known, _)| known == bytes) {
            return Ok(*known);
        }
        let Target { emulator, arch, virttype, machine } = target;
        let head = self.sql(|connection| {
            let of_target = params![arch, virttype, machine, emulator];
            connection
                .prepare_cached(
                    "INSERT INTO target (arch, virttype, machine, emulator) VALUES (?, ?, ?, ?)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(of_target)?;
            let target: i64 = connection
                .prepare_cached(
                    "SELECT target_id FROM target
                     WHERE arch = ? AND virttype = ? AND machine = ? AND emulator = ?",
                )?
                .query_row(of_target, |row| row.get(0))?;
            connection
                .prepare_cached(
                    "INSERT INTO head (target_id, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING",
                )?
                .execute(params![target, bytes])?;
            connection
                .prepare_cached("SELECT head_id FROM head WHERE target_id = ? AND bytes = ?")?
                .query_row(params![target, bytes], |row| row.get(0))
        })?;
        self.known.heads.entry(target.clone()).or_default().push((bytes.to_vec(), head));
        Ok(head)
    }

    fn add_machine_list(&self, machines: &MachineList) -> Result<i64, StoreError> {
        let hash = machines.hash();
        if let Some(known) =
            self.find("SELECT machine_list_id FROM machine_list WHERE hash = ?", hash)?
        {
            return Ok(known);
        }
        self.sql(|connection| {
            let id = connection
                .prepare_cached("INSERT INTO machine_list (hash) VALUES (?)")?
                .insert([hash])?;
            let mut insert = connection
                .prepare_cached("INSERT INTO listed_machine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
            for (position, machine) in (0_i64..).zip(machines.entries()) {
                let Machine { emulator, arch, virttype, name, canonical, max_cpus, deprecated } =
                    machine;
                insert.execute(params![
                    id, position, emulator, arch, virttype, name, canonical, max_cpus, deprecated
                ])?;
            }
            Ok(id)
        })
    }

    /// Stores what explains changes, or finds it stored; the hash is that of all of it.
    pub(super) fn add_context(
        &mut self,
        context: &Context,
        hash: Hash,
    ) -> Result<ContextId, StoreError> {
        if let Some(known) = self.known.contexts.get(&hash) {
            return Ok(*known);
        }
        let found = self.find("SELECT context_id FROM context WHERE hash = ?", hash)?;
        let id = match found {
            Some(known) => ContextId(known),
            None => self.insert_context(context, hash)?,
        };
        self.known.contexts.insert(hash, id);
        Ok(id)
    }

    fn insert_context(&self, context: &Context, hash: Hash) -> Result<ContextId, StoreError> {
        let sql = format!(
            "INSERT INTO context (hash, {}) VALUES (?{})",
            context_columns("", |_| true),
            ", ?".repeat(Context::NAMES.len())
        );
        self.sql(|connection| {
            let mut insert = connection.prepare_cached(&sql)?;
            insert.raw_bind_parameter(1, hash)?;
            for (at, (_, value)) in context.named().enumerate() {
                insert.raw_bind_parameter(at + 2, value)?;
            }
            insert.raw_execute()?;
            Ok(ContextId(connection.last_insert_rowid()))
        })
    }
}
