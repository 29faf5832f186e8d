//! Change points: snapshots whose content is other than that of the complete snapshot before.

use rusqlite::{OptionalExtension as _, Params, Row, Statement, params};

use super::error::StoreError;
use super::ids::{ContextId, HostId, ProfileId};
use super::open::Store;
use super::snapshot::SnapshotRow;
use crate::model::{Hash, HostName, State, Time};

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
        // In the order of the table while it is read: its pages are many more than are kept.
        let mut found = self.changed(
            "s.is_change > 0 AND s.taken_at BETWEEN ?1 AND ?2 AND (?3 IS NULL
               OR s.host_id IN (SELECT host_id FROM host_group WHERE name = ?3))",
            (from.milliseconds(), to.milliseconds(), group),
        )?;
        found.sort_unstable_by_key(|row| (row.host, row.at));
        let mut points = self.change_points(&found)?;
        points.sort_by(|a, b| {
            let (a, b) = (&a.after, &b.after);
            a.taken_at.cmp(&b.taken_at).then_with(|| a.host.cmp(&b.host))
        });
        Ok(points)
    }

    /// The changes of a host up to a moment, oldest first; the first of them is how it began.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn changes_of(&self, host: HostId, to: Time) -> Result<Vec<ChangePoint>, StoreError> {
        let found = self.changed(
            "s.is_change = 1 AND s.host_id = ? AND s.taken_at <= ? ORDER BY s.taken_at",
            (host, to.milliseconds()),
        )?;
        self.change_points(&found)
    }

    /// The changes that came with snapshots of these hosts and times, oldest first. Where one of them was
    /// removed since, the next complete one tells of what it brought.
    pub(super) fn changes_at(
        &self,
        snapshots: &[(HostId, Time)],
    ) -> Result<Vec<ChangePoint>, StoreError> {
        let sql = format!(
            "{CHANGED} WHERE s.host_id = ?1 AND s.taken_at = (
               SELECT min(taken_at) FROM host_snapshot
               WHERE host_id = ?1 AND taken_at >= ?2 AND state = 'complete') AND s.is_change > 0"
        );
        let mut found: Vec<Changed> = self.sql(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(snapshots.len());
            for (host, at) in snapshots {
                let row = select.query_row(params![host, at.milliseconds()], changed).optional()?;
                found.extend(row);
            }
            Ok(found)
        })?;
        found.sort_unstable_by_key(|row| (row.at, row.host));
        found.dedup_by_key(|row| (row.at, row.host));
        self.change_points(&found)
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
        let sql = format!("{CHANGED} WHERE {condition} ORDER BY s.taken_at DESC");
        let found = self.sql(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut before = connection.prepare_cached(BEFORE)?;
            let mut rows = select.query([host])?;
            while let Some(row) = rows.next()? {
                let after = changed(row)?;
                if let Some(before) = after.before(&mut before)? {
                    return Ok(Some((after, before)));
                }
            }
            Ok(None)
        })?;
        let Some((after, before)) = found else { return Ok(None) };
        let names = self.names_of([after.host])?;
        let row = |row: Changed| row.named(&names[&row.host]);
        Ok(Some(ChangePoint { before: Some(row(before)), after: row(after) }))
    }

    /// The changed snapshots that `condition` on `host_snapshot s` selects.
    fn changed(
        &self,
        condition: &str,
        parameters: impl Params,
    ) -> Result<Vec<Changed>, StoreError> {
        let sql = format!("{CHANGED} WHERE {condition}");
        self.sql(|connection| {
            connection.prepare_cached(&sql)?.query_map(parameters, changed)?.collect()
        })
    }

    /// Changed snapshots, each with the complete one before it.
    fn change_points(&self, found: &[Changed]) -> Result<Vec<ChangePoint>, StoreError> {
        let names = self.names_of(found.iter().map(|row| row.host))?;
        self.sql(|connection| {
            let mut before = connection.prepare_cached(BEFORE)?;
            let point = |after: &Changed| {
                let name = &names[&after.host];
                let before = after.before(&mut before)?.map(|before| before.named(name));
                Ok(ChangePoint { before, after: after.named(name) })
            };
            found.iter().map(point).collect()
        })
    }
}

/// What an index knows of a changed snapshot.
const CHANGED: &str =
    "SELECT s.host_id, s.taken_at, s.hash, s.profile_id, s.context_id FROM host_snapshot s";

/// The complete snapshot before another.
const BEFORE: &str = "SELECT host_id, taken_at, hash, profile_id, context_id FROM host_snapshot
     WHERE host_id = ? AND taken_at < ? AND state = 'complete' ORDER BY taken_at DESC LIMIT 1";

/// A complete snapshot, without the name of its host.
struct Changed {
    host: HostId,
    at: i64,
    id: Hash,
    profile: ProfileId,
    context: ContextId,
}

fn changed(row: &Row<'_>) -> rusqlite::Result<Changed> {
    Ok(Changed {
        host: row.get(0)?,
        at: row.get(1)?,
        id: row.get(2)?,
        profile: row.get(3)?,
        context: row.get(4)?,
    })
}

impl Changed {
    fn before(&self, select: &mut Statement<'_>) -> rusqlite::Result<Option<Self>> {
        select.query_row(params![self.host, self.at], changed).optional()
    }

    fn named(&self, host: &HostName) -> SnapshotRow {
        SnapshotRow {
            host: host.clone(),
            host_id: self.host,
            id: self.id,
            taken_at: Time::from_milliseconds(self.at),
            state: State::Complete,
            profile: self.profile,
            context: self.context,
        }
    }
}
