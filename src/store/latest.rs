//! Each host's newest snapshot, kept beside the history so that questions about a fleet need not walk it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::check::stored_latest;
use super::error::StoreError;
use super::ids::{HostId, ProfileId};
use super::open::Store;
use super::snapshot::{NewRow, SnapshotColumns, SnapshotRow, snapshot_row};
use super::writer::Writer;
use crate::model::{HostName, State, Time};

/// What `latest` means for a host, and whether anything newer was passed over for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The newest complete snapshot; where none is, the newest that has anything.
    pub snapshot: SnapshotRow,
    /// When the host was last asked: later where newer snapshots were partial, failed or suspect.
    pub newest_at: Time,
}

/// The newest snapshots of a host.
#[derive(Clone, Copy)]
pub(super) struct Newest {
    /// When the host was last asked.
    pub(super) newest_at: i64,
    /// What its newest complete snapshot holds, if there is one.
    pub(super) complete: Option<ProfileId>,
}

impl Writer<'_> {
    /// The newest snapshots of a host; none where it has none, or all failed.
    pub(super) fn newest_of(&self, host: HostId) -> Result<Option<Newest>, StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT newest_at, CASE WHEN state = 'complete' THEN profile_id END
                     FROM host_latest WHERE host_id = ?",
                )?
                .query_row([host], |row| {
                    Ok(Newest { newest_at: row.get(0)?, complete: row.get(1)? })
                })
                .optional()
        })
    }

    /// Takes in a snapshot that was just stored.
    pub(super) fn note_latest(&self, row: &NewRow<'_>) -> Result<(), StoreError> {
        let NewRow { host, snapshot, id, profile, context, newest } = row;
        let (at, state) = (snapshot.taken_at.milliseconds(), snapshot.state);
        self.sql(|connection| {
            // Every night of every host: one statement. The snapshots are counted on, since to count
            // them anew would cost as many rows as there were nights.
            if newest.is_some() && state == State::Complete {
                return connection
                    .prepare_cached(
                        "UPDATE host_latest SET taken_at = ?2, hash = ?3, profile_id = ?4,
                           context_id = ?5, state = 'complete', newest_at = ?2,
                           snapshots = snapshots + 1
                         WHERE host_id = ?1",
                    )?
                    .execute(params![host, at, id, profile, context])
                    .map(drop);
            }
            let is_there = connection
                .prepare_cached(
                    "UPDATE host_latest SET newest_at = max(newest_at, ?), snapshots = snapshots + 1
                     WHERE host_id = ?",
                )?
                .execute(params![at, host])?
                > 0;
            match state {
                State::Failed => Ok(()),
                _ if is_there => connection
                    .prepare_cached(
                        "UPDATE host_latest SET taken_at = ?2, hash = ?3, profile_id = ?4,
                           context_id = ?5, state = ?6
                         WHERE host_id = ?1
                           AND (?6 = 'complete', ?2) > (state = 'complete', taken_at)",
                    )?
                    .execute(params![host, at, id, profile, context, state.name()])
                    .map(drop),
                _ => insert_latest(connection, *host),
            }
        })
    }
}

/// Derives what `host_latest` holds of a host that it has nothing of.
fn insert_latest(connection: &Connection, host: HostId) -> rusqlite::Result<()> {
    let sql = format!("INSERT INTO host_latest {LATEST} WHERE h.host_id = ?");
    connection.prepare_cached(&sql)?.execute([host]).map(drop)
}

/// What `host_latest` holds: the rows of migrations 0002 and 0003. A condition on the host `h` may follow.
const LATEST: &str = "SELECT s.host_id, s.taken_at, s.hash, s.profile_id, s.context_id, s.state,
            (SELECT max(taken_at) FROM host_snapshot n WHERE n.host_id = s.host_id) AS newest_at,
            (SELECT count(*) FROM host_snapshot n WHERE n.host_id = s.host_id) AS snapshots
     FROM host h JOIN host_snapshot s ON s.host_id = h.host_id AND s.taken_at = (
       SELECT taken_at FROM host_snapshot n WHERE n.host_id = h.host_id AND n.state <> 'failed'
       ORDER BY n.state = 'complete' DESC, n.taken_at DESC LIMIT 1)";

impl Writer<'_> {
    /// Derives anew what is derived from the snapshots of each host; how many rows were wrong.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn settle_all(&mut self) -> Result<usize, StoreError> {
        let hosts: Vec<HostId> = self.sql(|connection| {
            connection
                .prepare_cached("SELECT host_id FROM host")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        let before = self.sql(stored_latest)?;
        let mut wrong = 0;
        for host in hosts {
            wrong += self.settle(host)?;
        }
        let after = self.sql(stored_latest)?;
        wrong += after.iter().filter(|(host, row)| before.get(*host) != Some(*row)).count();
        wrong += before.keys().filter(|host| !after.contains_key(host)).count();
        Ok(wrong)
    }

    /// Sets right what is derived from a host's snapshots, after some of them went; how many of them
    /// said wrongly whether they are a change.
    pub(super) fn settle(&self, host: HostId) -> Result<usize, StoreError> {
        self.sql(|connection| {
            let wrong = connection
                .prepare_cached(
                    "WITH derived AS (
                       SELECT taken_at, state = 'complete' AND profile_id IS NOT lag(profile_id)
                         OVER (PARTITION BY state = 'complete' ORDER BY taken_at) AS is_change
                       FROM host_snapshot WHERE host_id = ?1)
                     UPDATE host_snapshot AS s SET is_change = r.is_change FROM derived r
                     WHERE s.host_id = ?1 AND s.taken_at = r.taken_at
                       AND s.is_change <> r.is_change",
                )?
                .execute([host])?;
            connection
                .prepare_cached("DELETE FROM host_latest WHERE host_id = ?")?
                .execute([host])?;
            insert_latest(connection, host)?;
            Ok(wrong)
        })
    }
}

impl Store {
    /// Hosts, or those of a group, that have no complete snapshot since a moment, by name: among those
    /// that ever had any answer.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn silent_since(
        &self,
        from: Time,
        group: Option<&str>,
    ) -> Result<Vec<HostName>, StoreError> {
        let silent: Vec<HostId> = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT host_id FROM host_latest
                 WHERE (taken_at < ?1 OR state <> 'complete') AND (?2 IS NULL
                   OR host_id IN (SELECT host_id FROM host_group WHERE name = ?2))",
            )?;
            select.query_map(params![from.milliseconds(), group], |row| row.get(0))?.collect()
        })?;
        let mut names: Vec<HostName> = self.names_of(silent)?.into_values().collect();
        names.sort_unstable();
        Ok(names)
    }

    /// What `latest` means for a host; none where it has no snapshot, or all failed.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub(super) fn latest_of(&self, host: HostId) -> Result<Option<Latest>, StoreError> {
        self.sql(|connection| {
            let sql = format!("{SELECT} WHERE host_id = ?");
            connection.prepare_cached(&sql)?.query_row([host], latest).optional()
        })
    }

    /// The newest snapshot of each host, or of each host of a group, by name. A host without any
    /// answer is not among them.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn latest_of_all(&self, group: Option<&str>) -> Result<Vec<Latest>, StoreError> {
        self.sql(|connection| {
            // In the order of the tables while they are read.
            let mut select = connection.prepare_cached(&format!(
                "{SELECT}
                 WHERE ?1 IS NULL OR host_id IN (SELECT host_id FROM host_group WHERE name = ?1)"
            ))?;
            let (columns, newest) =
                (SnapshotColumns::of(&select)?, select.column_index("newest_at")?);
            let latest = |row: &Row<'_>| {
                let newest_at = Time::from_milliseconds(row.get(newest)?);
                Ok(Latest { snapshot: columns.read(row)?, newest_at })
            };
            let found: rusqlite::Result<Vec<Latest>> = select.query_map([group], latest)?.collect();
            let mut found = found?;
            found.sort_unstable_by(|a, b| a.snapshot.host.cmp(&b.snapshot.host));
            Ok(found)
        })
    }
}

impl Store {
    /// The snapshots that answer for their hosts and are later than a time, by host.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn latest_after(&self, time: Time) -> Result<Vec<SnapshotRow>, StoreError> {
        self.sql(|connection| {
            let mut select =
                connection.prepare_cached(&format!("{SELECT} WHERE taken_at > ? ORDER BY name"))?;
            select.query_map([time.milliseconds()], snapshot_row)?.collect()
        })
    }
}

/// The columns of a [`Latest`].
const SELECT: &str =
    "SELECT name, host_id, hash, taken_at, state, profile_id, context_id, newest_at
     FROM host_latest JOIN host USING (host_id)";

fn latest(row: &Row<'_>) -> rusqlite::Result<Latest> {
    let newest_at = Time::from_milliseconds(row.get("newest_at")?);
    Ok(Latest { snapshot: snapshot_row(row)?, newest_at })
}
