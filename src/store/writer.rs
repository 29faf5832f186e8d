//! Writing: one transaction with what it has already looked up.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::error::StoreError;
use super::ids::{BodyId, HostId};
use super::known::Known;
use super::observed::StoredSnapshot;
use super::open::Store;
use super::snapshot::NewRow;
use crate::model::{Context, FailureClass, Hash, HostName, MachineList, State, Tag, Target, Time};

/// A snapshot to store.
#[derive(Clone, Debug)]
pub struct NewSnapshot<'a> {
    /// The host.
    pub host: &'a HostName,
    /// When it was taken.
    pub taken_at: Time,
    /// How far it can be trusted.
    pub state: State,
    /// What explains changes.
    pub context: &'a Context,
    /// The machine list, where it was asked for.
    pub machines: Option<&'a MachineList>,
    /// Each target once.
    pub outcomes: Vec<NewAnswer<'a>>,
    /// Tags for this snapshot.
    pub tags: &'a [Tag],
    /// Groups to put the host into.
    pub groups: &'a [String],
}

/// A target, the bytes of its identity, and what it gave.
pub type NewAnswer<'a> = (&'a Target, &'a [u8], NewOutcome<'a>);

/// What a target gave.
#[derive(Clone, Copy, Debug)]
pub enum NewOutcome<'a> {
    /// A document, whose body is stored already.
    Document(BodyId),
    /// libvirt's error.
    Failed(FailureClass, &'a str),
}

/// What storing a snapshot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The snapshot's id.
    pub id: Hash,
    /// It is a new row; else the same was stored before.
    pub is_new: bool,
    /// Its content differs from the complete snapshot before it, or there is none before it.
    pub is_change: bool,
    /// What it holds.
    pub content: Content,
}

/// What a stored snapshot holds: which target gave what, and the machine list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content(Hash);

/// A transaction that writes. Dropped without [`Writer::commit`], nothing of it was stored.
pub struct Writer<'s> {
    pub(super) store: &'s Store,
    is_open: bool,
    /// What was looked up or inserted in this transaction, and in those before where it still holds.
    pub(super) known: Known,
}

impl Store {
    /// Begins a transaction that writes; waits while another process writes.
    ///
    /// # Errors
    /// Where the database cannot be locked.
    pub fn writer(&mut self) -> Result<Writer<'_>, StoreError> {
        self.end_reading()?;
        self.sql(|connection| connection.execute_batch("BEGIN IMMEDIATE"))?;
        let mut writer = Writer { store: self, is_open: true, known: Known::default() };
        writer.store.check_named()?;
        writer.known = writer.store.take_known()?;
        Ok(writer)
    }
}

impl Writer<'_> {
    /// The store as this transaction sees it.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.store
    }

    pub(super) fn sql<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.store.sql(run)
    }

    pub(super) fn io(&self, source: std::io::Error) -> StoreError {
        StoreError::Io { path: self.store.path().to_owned(), source }
    }

    /// Makes all of it last; only then may anything be said to be stored.
    ///
    /// # Errors
    /// Where the disk does not take it: then nothing of it is stored.
    pub fn commit(mut self) -> Result<(), StoreError> {
        // Asked within the transaction: once it has ended, somebody else may write.
        let version = self.store.data_version()?;
        self.store.check_named()?;
        self.sql(|connection| connection.execute_batch("COMMIT"))?;
        self.is_open = false;
        // What is acknowledged must be there for whoever opens the name next.
        self.store.check_named()?;
        self.store.keep_known(version, std::mem::take(&mut self.known));
        Ok(())
    }

    /// Stores a snapshot; the same again is no new row.
    ///
    /// # Errors
    /// Where the host has another snapshot of that time, or the database cannot be written.
    pub fn add_snapshot(&mut self, snapshot: &NewSnapshot<'_>) -> Result<Stored, StoreError> {
        let (_, hash) = self.add_profile(snapshot)?;
        self.add_known(snapshot, Content(hash))
    }

    /// Stores a snapshot that holds the same as one that is stored: its outcomes and machine list are
    /// not looked at.
    ///
    /// # Errors
    /// Where the content is not stored (any more), the host has another snapshot of that time, or the
    /// database cannot be written.
    pub fn add_known(
        &mut self,
        snapshot: &NewSnapshot<'_>,
        content: Content,
    ) -> Result<Stored, StoreError> {
        let Content(hash) = content;
        let profile = self.profile_of(hash)?;
        let context_hash = snapshot.context.hash();
        let context = self.add_context(snapshot.context, context_hash)?;
        let host = self.add_host(snapshot.host)?;
        let at = snapshot.taken_at.milliseconds();
        let id = snapshot_id(snapshot.host, at, hash, context_hash);
        for group in snapshot.groups {
            self.add_group(host, group)?;
        }
        // The first URI stays: one try by hand is not where every later run should ask.
        if let Some(uri) = &snapshot.context.uri {
            self.sql(|connection| {
                connection
                    .prepare_cached("UPDATE host SET uri = ? WHERE host_id = ? AND uri IS NULL")?
                    .execute(params![uri, host])
                    .map(drop)
            })?;
        }
        // Nearly always nothing newer is stored, and all that is asked of the history stands beside it.
        let newest = self.newest_of(host)?.filter(|newest| newest.newest_at < at);
        let stored = match newest {
            Some(_) => None,
            None => self.snapshot_at(host, snapshot.taken_at)?,
        };
        let stored = match stored {
            // An earlier build knew less of the same: its id stays.
            Some((other, is_change)) if was_known_as(snapshot, hash, other) => {
                Stored { id: other, is_new: false, is_change, content }
            }
            Some((other, _)) if other != id => {
                return Err(StoreError::OtherContent {
                    host: snapshot.host.clone(),
                    taken_at: snapshot.taken_at,
                    id: other,
                });
            }
            Some((_, is_change)) => Stored { id, is_new: false, is_change, content },
            None => {
                let row = NewRow { host, snapshot, id, profile, context, newest };
                let is_change = self.insert_snapshot(&row)?;
                self.note_latest(&row)?;
                Stored { id, is_new: true, is_change, content }
            }
        };
        for tag in snapshot.tags {
            self.add_tag(host, tag, snapshot.taken_at)?;
        }
        Ok(stored)
    }

    /// Runs `write`, which stores a snapshot of `host`: where it fails nothing of it stays, though
    /// the transaction goes on. Only a time that is taken already can be refused.
    ///
    /// # Errors
    /// What `write` fails with.
    pub fn whole<T>(
        &mut self,
        host: &HostName,
        at: Time,
        write: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let is_taken: bool = self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM host_snapshot JOIN host USING (host_id)
                     WHERE name = ? AND taken_at = ?)",
                )?
                .query_row(params![host.as_str(), at.milliseconds()], |row| row.get(0))
        })?;
        if !is_taken {
            return write(self);
        }
        self.sql(|connection| connection.execute_batch("SAVEPOINT snapshot"))?;
        let result = write(self);
        if result.is_err() {
            self.sql(|connection| connection.execute_batch("ROLLBACK TO snapshot"))?;
            // Some of what was looked up may be gone.
            self.known = Known::default();
        }
        self.sql(|connection| connection.execute_batch("RELEASE snapshot"))?;
        result
    }

    /// The host's newest complete snapshot before a time.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn newest_complete(
        &self,
        host: &HostName,
        before: Time,
    ) -> Result<Option<StoredSnapshot>, StoreError> {
        let newest = self.store.snapshot_where(
            "name = ? AND taken_at < ? AND state = 'complete' ORDER BY taken_at DESC LIMIT 1",
            params![host.as_str(), before.milliseconds()],
        )?;
        newest.map(|newest| self.store.snapshot(&newest)).transpose()
    }

    fn snapshot_at(&self, host: HostId, at: Time) -> Result<Option<(Hash, bool)>, StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT hash, is_change FROM host_snapshot WHERE host_id = ? AND taken_at = ?",
                )?
                .query_row(params![host, at.milliseconds()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
    }
}

/// Whether a snapshot is stored under another id because an earlier build did not read some fact of
/// its context.
fn was_known_as(snapshot: &NewSnapshot<'_>, profile: Hash, stored: Hash) -> bool {
    let at = snapshot.taken_at.milliseconds();
    let earlier = snapshot.context.as_known_before();
    earlier.into_iter().any(|known| snapshot_id(snapshot.host, at, profile, known.hash()) == stored)
}

/// The id of a snapshot.
pub(super) fn snapshot_id(host: &HostName, at: i64, profile: Hash, context: Hash) -> Hash {
    crate::model::Hasher::new()
        .part(host.as_str().as_bytes())
        .part(&at.to_le_bytes())
        .part(profile.as_bytes())
        .part(context.as_bytes())
        .finish()
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // Nothing can be done about a rollback that fails; SQLite rolls back when it next opens.
            let _already_ended = self.sql(|connection| connection.execute_batch("ROLLBACK"));
        }
    }
}
