//! Removing snapshots. Their content stays until `prune`, which frees what nothing holds any more.

use std::collections::{BTreeMap, HashSet};

use rusqlite::params;

use super::error::StoreError;
use super::ids::HostId;
use super::open::Store;
use super::writer::Writer;
use crate::model::{Hash, HostName, State, Tag, Time};

/// One snapshot of a host's history, with what it takes to decide whether it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Its id.
    pub id: Hash,
    /// When it was taken.
    pub taken_at: Time,
    /// How far it can be trusted.
    pub state: State,
    /// Its content is other than that of the complete one before.
    pub is_change: bool,
    /// It is what `latest` means.
    pub is_latest: bool,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The host's libvirt version then.
    pub libvirt: Option<String>,
}

impl Store {
    /// Whether any of these hosts has a snapshot with that tag.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn is_tagged(&self, hosts: &[HostName], tag: &Tag) -> Result<bool, StoreError> {
        let hosts: HashSet<&str> = hosts.iter().map(HostName::as_str).collect();
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT DISTINCT h.name FROM snapshot_tag t JOIN host h USING (host_id)
                 WHERE t.name = ?",
            )?;
            let mut rows = select.query([tag.as_str()])?;
            while let Some(row) = rows.next()? {
                if hosts.contains(row.get_ref(0)?.as_str()?) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Every snapshot of a host, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn history(&self, host: HostId) -> Result<Vec<HistoryRow>, StoreError> {
        let mut tags: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT taken_at, name FROM snapshot_tag WHERE host_id = ? ORDER BY name",
            )?;
            let mut rows = select.query([host])?;
            while let Some(row) = rows.next()? {
                tags.entry(row.get(0)?).or_default().push(row.get(1)?);
            }
            let mut select = connection.prepare_cached(
                "SELECT s.hash, s.taken_at, s.state, s.is_change, 
                        l.taken_at IS NOT NULL AS is_latest, c.libvirt
                 FROM host_snapshot s JOIN context c USING (context_id)
                 LEFT JOIN host_latest l ON l.host_id = s.host_id AND l.taken_at = s.taken_at
                 WHERE s.host_id = ? ORDER BY s.taken_at",
            )?;
            let rows = select.query_map([host], |row| {
                let at: i64 = row.get("taken_at")?;
                Ok(HistoryRow {
                    id: row.get("hash")?,
                    taken_at: Time::from_milliseconds(at),
                    state: row.get("state")?,
                    is_change: row.get("is_change")?,
                    is_latest: row.get("is_latest")?,
                    tags: tags.remove(&at).unwrap_or_default(),
                    libvirt: row.get("libvirt")?,
                })
            })?;
            rows.collect()
        })
    }
}

impl Writer<'_> {
    /// Removes snapshots of a host, given as runs of neighbours: the times of the first and the last
    /// of each. What is left says what changed since what is left.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn forget_snapshots(
        &mut self,
        host: HostId,
        runs: &[(Time, Time)],
    ) -> Result<(), StoreError> {
        self.sql(|connection| {
            let mut delete = connection.prepare_cached(
                "DELETE FROM host_snapshot WHERE host_id = ? AND taken_at BETWEEN ? AND ?",
            )?;
            for (first, last) in runs {
                delete.execute(params![host, first.milliseconds(), last.milliseconds()])?;
            }
            Ok(())
        })?;
        self.settle(host).map(drop)
    }
}
