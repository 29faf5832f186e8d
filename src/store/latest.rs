//! Each host's newest snapshot, kept beside the history so that questions about a fleet need not walk it.

use rusqlite::params;

use super::error::StoreError;
use super::ids::HostId;
use super::open::Store;
use super::snapshot::{SnapshotRow, snapshot_row};
use super::writer::Writer;
use crate::model::{State, Time};

/// What `latest` means for a host, and whether anything newer was passed over for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The newest complete snapshot; where none is, the newest that has anything.
    pub snapshot: SnapshotRow,
    /// When the host was last asked: later where newer snapshots were partial, failed or suspect.
    pub newest_at: Time,
}

impl Writer<'_> {
    /// Takes in a snapshot that was just stored.
    pub(super) fn note_latest(
        &self,
        host: HostId,
        at: i64,
        state: State,
    ) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "UPDATE host_latest SET newest_at = max(newest_at, ?) WHERE host_id = ?",
                )?
                .execute(params![at, host])?;
            if state == State::Failed {
                return Ok(());
            }
            connection
                .prepare_cached(
                    "INSERT INTO host_latest
                     SELECT host_id, taken_at, hash, profile_id, context_id, state,
                            (SELECT max(taken_at) FROM host_snapshot WHERE host_id = ?1)
                     FROM host_snapshot WHERE host_id = ?1 AND taken_at = ?2
                     ON CONFLICT (host_id) DO UPDATE SET taken_at = excluded.taken_at,
                       hash = excluded.hash, profile_id = excluded.profile_id,
                       context_id = excluded.context_id, state = excluded.state
                     WHERE (excluded.state = 'complete', excluded.taken_at)
                         > (host_latest.state = 'complete', host_latest.taken_at)",
                )?
                .execute(params![host, at])
                .map(drop)
        })
    }
}

impl Store {
    /// The newest snapshot of each host, or of each host of a group, by name. A host without any
    /// answer is not among them.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn latest_of_all(&self, group: Option<&str>) -> Result<Vec<Latest>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT name, host_id, hash, taken_at, state, profile_id, context_id, newest_at
                 FROM host_latest JOIN host USING (host_id)
                 WHERE ?1 IS NULL OR host_id IN (SELECT host_id FROM host_group WHERE name = ?1)
                 ORDER BY name",
            )?;
            let rows = select.query_map([group], |row| {
                let newest_at = Time::from_milliseconds(row.get(7)?);
                Ok(Latest { snapshot: snapshot_row(row)?, newest_at })
            })?;
            rows.collect()
        })
    }
}
