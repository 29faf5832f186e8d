//! Snapshot rows: one for each host and run.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::{OptionalExtension as _, Row, Statement, params};

use super::error::StoreError;
use super::ids::{ContextId, HostId, JsonNames, ProfileId};
use super::latest::Newest;
use super::open::Store;
use super::writer::{NewSnapshot, Writer};
use crate::model::{Context, ContextFact, Hash, HostName, State, Time};

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRow {
    /// Its host.
    pub host: HostName,
    pub(super) host_id: HostId,
    /// Its id.
    pub id: Hash,
    /// When it was taken.
    pub taken_at: Time,
    /// How far it can be trusted.
    pub state: State,
    pub(super) profile: ProfileId,
    pub(super) context: ContextId,
}

/// A snapshot and the identical ones that followed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first of them: when the content last changed.
    pub first: SnapshotRow,
    /// How many followed.
    pub followers: usize,
    /// When the last of them was taken.
    pub last_seen: Time,
    /// The content is other than that of the complete snapshot before.
    pub is_change: bool,
    /// Since when the host's content is what it was then.
    pub last_changed: Option<Time>,
    /// Tags of the first: a tagged snapshot begins a run of its own.
    pub tags: Vec<String>,
    /// How many targets gave a document.
    pub documents: i64,
    /// How many targets gave an error.
    pub failures: i64,
    /// What explains changes.
    pub context: Context,
}

/// The columns of some facts of a context, each behind `table`: `c.libvirt, c.hypervisor`.
pub(super) fn context_columns(table: &str, is_wanted: impl Fn(&ContextFact) -> bool) -> String {
    let facts = Context::FACTS.iter().filter(|fact| is_wanted(fact));
    facts.map(|fact| format!("{table}{}", fact.name)).collect::<Vec<_>>().join(", ")
}

/// The columns of a [`SnapshotRow`], from `host_snapshot` and `host`.
const COLUMNS: &str = "name, host_id, hash, taken_at, state, profile_id, context_id";

/// A row to insert.
pub(super) struct NewRow<'r> {
    pub(super) host: HostId,
    pub(super) snapshot: &'r NewSnapshot<'r>,
    pub(super) id: Hash,
    pub(super) profile: ProfileId,
    pub(super) context: ContextId,
    /// What the host's newest snapshot is, where the row is newer than that.
    pub(super) newest: Option<Newest>,
}

impl Writer<'_> {
    /// Inserts a row and says whether its content is new; what follows it may change or cease to.
    pub(super) fn insert_snapshot(&self, row: &NewRow<'_>) -> Result<bool, StoreError> {
        let NewRow { host, snapshot, id, profile, context, newest } = row;
        let at = snapshot.taken_at.milliseconds();
        let counts = snapshot.state == State::Complete;
        let before = match newest {
            Some(newest) => newest.complete,
            None => self
                .neighbour(
                    *host,
                    at,
                    "SELECT taken_at, profile_id FROM host_snapshot
                 WHERE host_id = ? AND taken_at < ? AND state = 'complete'
                 ORDER BY taken_at DESC LIMIT 1",
                )?
                .map(|(_, profile)| profile),
        };
        let is_change = counts && before.is_none_or(|before| before != *profile);
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO host_snapshot
                     (host_id, taken_at, hash, profile_id, context_id, state, is_change)
                     VALUES (?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![host, at, id, profile, context, snapshot.state, is_change])
        })?;
        if counts && newest.is_none() {
            let after = self.neighbour(
                *host,
                at,
                "SELECT taken_at, profile_id FROM host_snapshot
                 WHERE host_id = ? AND taken_at > ? AND state = 'complete'
                 ORDER BY taken_at LIMIT 1",
            )?;
            if let Some((after, other)) = after {
                self.sql(|connection| {
                    connection
                        .prepare_cached(
                            "UPDATE host_snapshot SET is_change = ? WHERE host_id = ? AND taken_at = ?",
                        )?
                        .execute(params![other != *profile, host, after])
                })?;
            }
        }
        Ok(is_change)
    }

    /// The complete snapshot next to a moment.
    fn neighbour(
        &self,
        host: HostId,
        at: i64,
        select: &str,
    ) -> Result<Option<(i64, ProfileId)>, StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(select)?
                .query_row(params![host, at], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
    }
}

impl Store {
    /// The snapshots of one host or of all, oldest first, identical follow-ups collapsed.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn runs(&self, host: Option<HostId>) -> Result<Vec<Run>, StoreError> {
        // Of one host, its part of the table and not all of it.
        let condition = if host.is_some() { "host_id = ?1" } else { "?1 IS NULL" };
        let sql = format!(
            "SELECT name, host_id, hash, taken_at, state, profile_id, context_id, is_change,
                    (SELECT json_group_array(t.name) FROM snapshot_tag t
                     WHERE t.host_id = s.host_id AND t.taken_at = s.taken_at) AS tags
             FROM host_snapshot s JOIN host USING (host_id)
             WHERE {condition} ORDER BY name, taken_at"
        );
        let rows = self.sql(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let columns = SnapshotColumns::of(&select)?;
            let [is_change, tags] =
                [select.column_index("is_change")?, select.column_index("tags")?];
            let rows = select.query_map([host], |row| {
                let JsonNames(tags) = row.get(tags)?;
                Ok((columns.read(row)?, row.get::<_, bool>(is_change)?, tags))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut runs: Vec<Run> = Vec::new();
        let mut changed: Option<(HostId, Time)> = None;
        for (row, is_change, tags) in rows {
            if is_change {
                changed = Some((row.host_id, row.taken_at));
            }
            let last_changed = changed.filter(|(host, _)| *host == row.host_id).map(|(_, at)| at);
            match runs.last_mut().filter(|run| run.first.is_like(&row) && tags.is_empty()) {
                Some(run) => {
                    run.followers += 1;
                    run.last_seen = row.taken_at;
                }
                None => {
                    let (documents, failures) = self.outcome_counts(row.profile)?;
                    let context = self.context(&row)?;
                    let last_seen = row.taken_at;
                    let first = row;
                    runs.push(Run {
                        first,
                        followers: 0,
                        last_seen,
                        is_change,
                        last_changed,
                        tags,
                        documents,
                        failures,
                        context,
                    });
                }
            }
        }
        Ok(runs)
    }

    fn outcome_counts(&self, profile: ProfileId) -> Result<(i64, i64), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached("SELECT count(body_id), count(failure_id) FROM profile_target WHERE profile_id = ?")?
                .query_row([profile], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// The context of a snapshot.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn context(&self, snapshot: &SnapshotRow) -> Result<Context, StoreError> {
        self.context_of(snapshot.context)
    }

    pub(super) fn context_of(&self, context: ContextId) -> Result<Context, StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {} FROM context WHERE context_id = ?",
                    context_columns("", |_| true)
                ))?
                .query_row([context], context_at)
        })
    }

    /// A number for each of some contexts, equal where all is equal but the facts of which each host has
    /// its own, such as the URI: they say nothing of what it supports.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn contexts_alike(
        &self,
        contexts: &BTreeSet<ContextId>,
    ) -> Result<HashMap<ContextId, usize>, StoreError> {
        let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut alike = HashMap::with_capacity(contexts.len());
        let mut text = Vec::with_capacity(160);
        let is_shared = |fact: &ContextFact| !fact.is_host_unique;
        let count = Context::FACTS.iter().filter(|fact| is_shared(fact)).count();
        let columns = context_columns("", is_shared);
        self.each_context(&columns, contexts, |context, row| {
            text.clear();
            for column in 1..=count {
                text.extend(row.get_ref(column)?.as_bytes_or_null()?.unwrap_or(b"\0"));
                text.push(0x1f);
            }
            let number = match numbers.get(&text) {
                Some(known) => *known,
                None => {
                    numbers.insert(text.clone(), numbers.len());
                    numbers.len() - 1
                }
            };
            alike.insert(context, number);
            Ok(())
        })?;
        Ok(alike)
    }

    /// The first snapshot that `condition` on `host_snapshot s` selects.
    pub(super) fn snapshot_where(
        &self,
        condition: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM host_snapshot s JOIN host USING (host_id) WHERE {condition}"
        );
        self.sql(|connection| {
            connection.prepare_cached(&sql)?.query_row(parameters, snapshot_row).optional()
        })
    }

    /// All snapshots that `condition` on `host_snapshot s` selects.
    pub(super) fn snapshots_where(
        &self,
        condition: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<SnapshotRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM host_snapshot s JOIN host USING (host_id) WHERE {condition}"
        );
        self.sql(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let columns = SnapshotColumns::of(&select)?;
            select.query_map(parameters, |row| columns.read(row))?.collect()
        })
    }

    /// The shortest beginning of its id that no other snapshot of the host has, of six digits at
    /// least: an id is asked for as `HOST@id:PREFIX`.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn short_id(&self, snapshot: &SnapshotRow) -> Result<String, StoreError> {
        let neighbours: (Option<Hash>, Option<Hash>) = self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT (SELECT max(hash) FROM host_snapshot WHERE host_id = ?1 AND hash < ?2),
                            (SELECT min(hash) FROM host_snapshot WHERE host_id = ?1 AND hash > ?2)",
                )?
                .query_row(params![snapshot.host_id, snapshot.id], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
        })?;
        let full = snapshot.id.to_string();
        let shared = |other: Option<Hash>| {
            let other = other.map(|other| other.to_string()).unwrap_or_default();
            full.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
        };
        let needed = shared(neighbours.0).max(shared(neighbours.1)) + 1;
        Ok(full[..needed.clamp(6, full.len())].to_owned())
    }
}

impl SnapshotRow {
    /// Whether both hold the same.
    #[must_use]
    pub fn has_content_of(&self, other: &Self) -> bool {
        self.profile == other.profile
    }

    /// What it holds: snapshots of equal content have the same.
    #[must_use]
    pub fn content(&self) -> ProfileId {
        self.profile
    }

    /// What explains changes of it: snapshots under equal versions and settings have the same.
    #[must_use]
    pub fn context_id(&self) -> ContextId {
        self.context
    }

    /// Whether nothing but the time differs.
    fn is_like(&self, other: &Self) -> bool {
        (self.host_id, self.profile, self.context, self.state)
            == (other.host_id, other.profile, other.context, other.state)
    }
}

/// Where the columns of a [`SnapshotRow`] stand: looked up by name once for a statement, since there can
/// be a row for each host and night.
pub(super) struct SnapshotColumns([usize; 7]);

impl SnapshotColumns {
    const NAMES: [&'static str; 7] =
        ["name", "host_id", "hash", "taken_at", "state", "profile_id", "context_id"];

    pub(super) fn of(statement: &Statement<'_>) -> rusqlite::Result<Self> {
        let mut columns = [0; 7];
        for (column, name) in columns.iter_mut().zip(Self::NAMES) {
            *column = statement.column_index(name)?;
        }
        Ok(Self(columns))
    }

    pub(super) fn read(&self, row: &Row<'_>) -> rusqlite::Result<SnapshotRow> {
        let Self([host, host_id, id, taken_at, state, profile, context]) = *self;
        Ok(SnapshotRow {
            host: row.get(host)?,
            host_id: row.get(host_id)?,
            id: row.get(id)?,
            taken_at: Time::from_milliseconds(row.get(taken_at)?),
            state: row.get(state)?,
            profile: row.get(profile)?,
            context: row.get(context)?,
        })
    }
}

pub(super) fn snapshot_row(row: &Row<'_>) -> rusqlite::Result<SnapshotRow> {
    SnapshotColumns::of(row.as_ref())?.read(row)
}

/// A context, its columns read by their names.
pub(super) fn context_at(row: &Row<'_>) -> rusqlite::Result<Context> {
    Context::from_values(|name| row.get(name))
}
