//! Snapshots that were removed one by one, and why.

use rusqlite::{Row, params};

use super::error::StoreError;
use super::open::Store;
use super::snapshot::SnapshotRow;
use super::writer::Writer;
use crate::model::{Hash, HostName, Time};

/// A snapshot that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedSnapshot {
    /// The name of the host then.
    pub host: HostName,
    /// When it was taken.
    pub taken_at: Time,
    /// Its id.
    pub id: Hash,
    /// When it was removed.
    pub removed_at: Time,
    /// Why.
    pub reason: String,
}

impl Writer<'_> {
    /// Removes one snapshot with its tags, and keeps the reason. Its content stays until `prune`.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn remove_snapshot(
        &mut self,
        snapshot: &SnapshotRow,
        reason: &str,
        now: Time,
    ) -> Result<(), StoreError> {
        self.sql(|connection| {
            let row = params![
                snapshot.host.as_str(),
                snapshot.taken_at.milliseconds(),
                snapshot.id,
                now.milliseconds(),
                reason
            ];
            connection.execute("INSERT INTO removed_snapshot VALUES (?, ?, ?, ?, ?)", row)
        })?;
        self.forget_snapshots(snapshot.host_id, &[(snapshot.taken_at, snapshot.taken_at)])
    }
}

impl Store {
    /// The snapshots that were removed, in that order: of all hosts, or of one.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn removed(&self, host: Option<&str>) -> Result<Vec<RemovedSnapshot>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare(
                "SELECT host, taken_at, hash, removed_at, reason FROM removed_snapshot
                 WHERE ?1 IS NULL OR host = ?1 ORDER BY removed_at, rowid",
            )?;
            let removed = |row: &Row<'_>| {
                Ok(RemovedSnapshot {
                    host: row.get(0)?,
                    taken_at: Time::from_milliseconds(row.get(1)?),
                    id: row.get(2)?,
                    removed_at: Time::from_milliseconds(row.get(3)?),
                    reason: row.get(4)?,
                })
            };
            select.query_map([host], removed)?.collect()
        })
    }
}
