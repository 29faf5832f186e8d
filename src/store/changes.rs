//! Change points: snapshots whose content is other than that of the complete snapshot before.

use rusqlite::{Connection, Params, Row};

use super::error::StoreError;
use super::ids::HostId;
use super::open::Store;
use super::snapshot::{SnapshotRow, snapshot_row};
use crate::model::{State, Time};

/// A host's content changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePoint {
    /// The complete snapshot before; `None` where this is the host's first.
    pub before: Option<SnapshotRow>,
    /// The first snapshot that holds what is new.
    pub after: SnapshotRow,
}

impl Store {
    /// The changes of all hosts, or of a group's, from one moment to another, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn changes(
        &self,
        from: Time,
        to: Time,
        group: Option<&str>,
    ) -> Result<Vec<ChangePoint>, StoreError> {
        self.change_points(
            "s.is_change > 0 AND s.taken_at BETWEEN ?1 AND ?2 AND (?3 IS NULL
               OR s.host_id IN (SELECT host_id FROM host_group WHERE name = ?3))
             ORDER BY s.taken_at, h.name",
            (from.milliseconds(), to.milliseconds(), group),
        )
    }

    /// The changes of a host up to a moment, oldest first; the first of them is how it began.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn changes_of(&self, host: HostId, to: Time) -> Result<Vec<ChangePoint>, StoreError> {
        self.change_points(
            "s.is_change = 1 AND s.host_id = ? AND s.taken_at <= ? ORDER BY s.taken_at",
            (host, to.milliseconds()),
        )
    }

    /// The complete snapshots of a host up to a moment, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn complete_of(&self, host: HostId, to: Time) -> Result<Vec<SnapshotRow>, StoreError> {
        self.snapshots_where(
            "host_id = ? AND taken_at <= ? AND state = 'complete' ORDER BY taken_at",
            (host, to.milliseconds()),
        )
    }

    /// The newest change of a host, or of any; none where no host ever changed.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn last_change(&self, host: Option<HostId>) -> Result<Option<ChangePoint>, StoreError> {
        let condition = match host {
            Some(_) => "s.is_change = 1 AND s.host_id = ?1",
            None => "s.is_change > 0 AND ?1 IS NULL",
        };
        let condition =
            format!("{condition} AND p.taken_at IS NOT NULL ORDER BY s.taken_at DESC LIMIT 1");
        Ok(self.change_points(&condition, [host])?.pop())
    }

    fn change_points(
        &self,
        condition: &str,
        parameters: impl Params,
    ) -> Result<Vec<ChangePoint>, StoreError> {
        let sql = format!(
            "SELECT h.name, s.host_id, s.hash, s.taken_at, 'complete', s.profile_id, s.context_id,
                    p.hash, p.taken_at, p.profile_id, p.context_id
             FROM host_snapshot s JOIN host h ON h.host_id = s.host_id
             LEFT JOIN host_snapshot p ON p.host_id = s.host_id AND p.taken_at =
               (SELECT max(b.taken_at) FROM host_snapshot b
                WHERE b.host_id = s.host_id AND b.taken_at < s.taken_at AND b.state = 'complete')
             WHERE {condition}"
        );
        let read = |connection: &Connection| -> rusqlite::Result<Vec<ChangePoint>> {
            connection.prepare_cached(&sql)?.query_map(parameters, change_point)?.collect()
        };
        self.sql(read)
    }
}

fn change_point(row: &Row<'_>) -> rusqlite::Result<ChangePoint> {
    let after = snapshot_row(row)?;
    let before = match row.get::<_, Option<i64>>(8)? {
        Some(at) => Some(SnapshotRow {
            host: after.host.clone(),
            host_id: after.host_id,
            id: row.get(7)?,
            taken_at: Time::from_milliseconds(at),
            state: State::Complete,
            profile: row.get(9)?,
            context: row.get(10)?,
        }),
        None => None,
    };
    Ok(ChangePoint { before, after })
}
