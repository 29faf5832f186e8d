//! Tags: names for snapshots.

use rusqlite::params;

use super::error::StoreError;
use super::ids::HostId;
use super::snapshot::SnapshotRow;
use super::writer::Writer;
use crate::model::{Tag, Time};

impl Writer<'_> {
    pub(super) fn add_tag(&self, host: HostId, tag: &Tag, at: Time) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO snapshot_tag (host_id, name, taken_at) VALUES (?, ?, ?)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![host, tag.as_str(), at.milliseconds()])
                .map(drop)
        })
    }

    /// Tags a snapshot, and takes tags off it; the tags that it has then, sorted.
    ///
    /// # Errors
    /// Where it does not have a tag that is to be taken off, or the database cannot be written.
    pub fn set_tags(
        &mut self,
        snapshot: &SnapshotRow,
        add: &[Tag],
        remove: &[Tag],
    ) -> Result<Vec<String>, StoreError> {
        let (host, at) = (snapshot.host_id, snapshot.taken_at);
        for tag in add {
            self.add_tag(host, tag, at)?;
        }
        for tag in remove {
            let count = self.sql(|connection| {
                connection.execute(
                    "DELETE FROM snapshot_tag WHERE host_id = ? AND taken_at = ? AND name = ?",
                    params![host, at.milliseconds(), tag.as_str()],
                )
            })?;
            if count == 0 {
                let (host, tag) = (snapshot.host.clone(), tag.clone());
                return Err(StoreError::NotTagged { host, taken_at: at, tag });
            }
        }
        self.sql(|connection| {
            let mut select = connection.prepare(
                "SELECT name FROM snapshot_tag WHERE host_id = ? AND taken_at = ? ORDER BY name",
            )?;
            select.query_map(params![host, at.milliseconds()], |row| row.get(0))?.collect()
        })
    }
}
