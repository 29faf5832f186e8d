//! Attempts to collect hosts: who answered, who does not, since when and why.

use std::time::Duration;

use foldhash::HashMap;
use rusqlite::{OptionalExtension as _, Row, params};

use super::error::StoreError;
use super::ids::HostId;
use super::open::Store;
use super::writer::Writer;
use crate::model::{HostName, Time};

/// How an attempt to collect a host ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// All that was asked for was answered, and differs from what was stored before.
    Stored,
    /// All that was asked for was answered as before.
    Unchanged,
    /// It was cut short.
    Partial,
    /// Answers that cannot be true.
    Suspect,
    /// The host was not reached, or gave no document.
    Failed,
}

impl AttemptOutcome {
    /// Every outcome.
    pub const ALL: [Self; 5] =
        [Self::Stored, Self::Unchanged, Self::Partial, Self::Suspect, Self::Failed];

    /// The name used in the database and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
            Self::Partial => "partial",
            Self::Suspect => "suspect",
            Self::Failed => "failed",
        }
    }

    /// Whether all that was asked for was answered.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Stored | Self::Unchanged)
    }
}

/// An attempt to collect a host.
#[derive(Clone, Debug)]
pub struct NewAttempt<'a> {
    /// The host.
    pub host: &'a HostName,
    /// When it began.
    pub started_at: Time,
    /// How long it took, retries included.
    pub duration: Duration,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why it was no success.
    pub reason: Option<&'a str>,
    /// The list that named the host, if one did.
    pub list: Option<&'a str>,
}

/// A list of hosts that names a host, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostListing {
    /// The list: the path of its file.
    pub list: String,
    /// When it was first seen not to name the host any more.
    pub left_at: Option<Time>,
}

/// What collecting a host came to, up to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostContact {
    /// Its number in this database.
    pub id: HostId,
    /// The host.
    pub host: HostName,
    /// When it was last tried.
    pub last_attempt: Option<Time>,
    /// When it last answered whole; of a host that is only imported, when its newest snapshot was taken.
    pub last_success: Option<Time>,
    /// The first attempt since then that was no success.
    pub failing_since: Option<Time>,
    /// How many attempts in a row were no success.
    pub failures: u64,
    /// How the last attempt ended.
    pub outcome: Option<AttemptOutcome>,
    /// Why the last attempt was no success.
    pub reason: Option<String>,
    /// The lists that name it, or did.
    pub lists: Vec<HostListing>,
}

impl HostContact {
    /// Whether there is no success since `cutoff`.
    #[must_use]
    pub fn is_stale(&self, cutoff: Time) -> bool {
        self.last_success.is_none_or(|last| last < cutoff)
    }

    /// Whether its last attempt was no success.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failing_since.is_some()
    }

    /// When it left the lists that named it: none where one still does, or none ever did.
    #[must_use]
    pub fn left_at(&self) -> Option<Time> {
        let left: Option<Vec<Time>> = self.lists.iter().map(|listing| listing.left_at).collect();
        left?.into_iter().max()
    }
}

/// How long attempts are kept one by one.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

impl Writer<'_> {
    /// Notes an attempt. One of a host that is neither stored nor listed is not: its name may be a
    /// mistake.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn note_attempt(&mut self, attempt: &NewAttempt<'_>) -> Result<(), StoreError> {
        let started = attempt.started_at.milliseconds();
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let is_success = attempt.outcome.is_success();
        self.sql(|connection| {
            let host: Option<HostId> = connection
                .prepare_cached("SELECT host_id FROM host WHERE name = ?")?
                .query_row([attempt.host.as_str()], |row| row.get(0))
                .optional()?;
            let Some(host) = host else { return Ok(()) };
            connection
                .prepare_cached("DELETE FROM attempt WHERE host_id = ? AND started_at < ?")?
                .execute(params![host, started.saturating_sub(milliseconds(KEPT))])?;
            connection
                .prepare_cached("INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    host,
                    started,
                    milliseconds(attempt.duration),
                    attempt.outcome,
                    attempt.reason,
                    attempt.list,
                ])?;
            connection
                .prepare_cached(
                    "INSERT INTO host_contact
                     VALUES (?1, ?2, iif(?3, ?2, NULL), iif(?3, NULL, ?2), iif(?3, 0, 1), ?4, ?5)
                     ON CONFLICT (host_id) DO UPDATE SET
                       last_attempt = ?2,
                       last_success = iif(?3, ?2, last_success),
                       failing_since = iif(?3, NULL, ifnull(failing_since, ?2)),
                       failures = iif(?3, 0, failures + 1),
                       outcome = ?4, reason = ?5",
                )?
                .execute(params![host, started, is_success, attempt.outcome, attempt.reason])
                .map(drop)
        })
    }
}

impl Store {
    /// What collecting each host came to, or each of a group, by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn contacts(&self, group: Option<&str>) -> Result<Vec<HostContact>, StoreError> {
        let mut lists = self.listings()?;
        let mut contacts = self.contacts_where(group, None)?;
        for contact in &mut contacts {
            contact.lists = lists.remove(&contact.id).unwrap_or_default();
        }
        Ok(contacts)
    }

    /// The hosts, or those of a group, that fail or had no success since `cutoff`, by name; without
    /// their lists.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn not_current(
        &self,
        group: Option<&str>,
        cutoff: Time,
    ) -> Result<Vec<HostContact>, StoreError> {
        self.contacts_where(group, Some(cutoff))
    }

    /// How long the last attempt of each host took.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn attempt_durations(
        &self,
    ) -> Result<std::collections::HashMap<HostId, Duration>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT a.host_id, a.duration_ms FROM host_contact c
                 JOIN attempt a ON a.host_id = c.host_id AND a.started_at = c.last_attempt",
            )?;
            let rows = select.query_map([], |row| {
                let milliseconds = row.get::<_, i64>(1)?.try_into().unwrap_or_default();
                Ok((row.get(0)?, Duration::from_millis(milliseconds)))
            })?;
            rows.collect()
        })
    }

    /// When and why the last attempt of a host was no success.
    pub(super) fn last_failure(&self, host: HostId) -> Result<Option<(Time, String)>, StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT last_attempt, ifnull(reason, outcome) FROM host_contact
                     WHERE host_id = ? AND failing_since IS NOT NULL",
                )?
                .query_row([host], |row| Ok((Time::from_milliseconds(row.get(0)?), row.get(1)?)))
                .optional()
        })
    }

    fn contacts_where(
        &self,
        group: Option<&str>,
        cutoff: Option<Time>,
    ) -> Result<Vec<HostContact>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT * FROM (
                   SELECT h.host_id, h.name, c.last_attempt,
                          CASE WHEN c.host_id IS NULL THEN l.taken_at
                               WHEN l.state = 'complete'
                               THEN max(l.taken_at, ifnull(c.last_success, l.taken_at))
                               ELSE c.last_success END AS last_success,
                          c.failing_since, ifnull(c.failures, 0), c.outcome, c.reason
                   FROM host h LEFT JOIN host_contact c ON c.host_id = h.host_id
                   LEFT JOIN host_latest l ON l.host_id = h.host_id
                   WHERE ?1 IS NULL
                      OR h.host_id IN (SELECT host_id FROM host_group WHERE name = ?1))
                 WHERE ?2 IS NULL OR failing_since IS NOT NULL OR last_success IS NULL
                    OR last_success < ?2
                 ORDER BY name",
            )?;
            let cutoff = cutoff.map(Time::milliseconds);
            select.query_map(params![group, cutoff], contact)?.collect()
        })
    }

    /// The lists of each host.
    fn listings(&self) -> Result<HashMap<HostId, Vec<HostListing>>, StoreError> {
        self.sql(|connection| {
            let mut select = connection
                .prepare_cached("SELECT host_id, list, left_at FROM listed_host ORDER BY 1, 2")?;
            let mut lists: HashMap<HostId, Vec<HostListing>> = HashMap::default();
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let left_at = row.get::<_, Option<i64>>(2)?.map(Time::from_milliseconds);
                let listing = HostListing { list: row.get(1)?, left_at };
                lists.entry(row.get(0)?).or_default().push(listing);
            }
            Ok(lists)
        })
    }
}

fn contact(row: &Row<'_>) -> rusqlite::Result<HostContact> {
    let time = |column: usize| {
        row.get::<_, Option<i64>>(column).map(|time| time.map(Time::from_milliseconds))
    };
    Ok(HostContact {
        id: row.get(0)?,
        host: row.get(1)?,
        last_attempt: time(2)?,
        last_success: time(3)?,
        failing_since: time(4)?,
        failures: row.get::<_, i64>(5)?.try_into().unwrap_or_default(),
        outcome: row.get(6)?,
        reason: row.get(7)?,
        lists: Vec::new(),
    })
}
