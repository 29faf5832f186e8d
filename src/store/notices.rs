//! What is still to be told: to each sink of `domcaps notify`, and to the command of `--on-change`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rusqlite::params;

use super::changes::ChangePoint;
use super::error::StoreError;
use super::ids::{EventId, HostId};
use super::open::Store;
use super::snapshot::SnapshotRow;
use super::writer::Writer;
use crate::model::{HostName, Time};

/// How far a sink was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkCursor {
    /// The sink's name in domcaps.toml.
    pub name: String,
    /// The last event that it was told of, or that was there before the sink.
    pub told: EventId,
    /// When something was last delivered to it.
    pub delivered_at: Option<Time>,
    /// When a run last named it.
    seen_at: Time,
    /// Tells this sink of this database from any other.
    nonce: String,
}

impl SinkCursor {
    /// Whether a run named it within the last day, so that it is not about to be given up.
    #[must_use]
    pub fn is_seen_since_yesterday(&self, now: Time) -> bool {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        self.seen_at.milliseconds() > now.milliseconds() - DAY
    }

    /// The id of a notice of what happened up to an event. The same again, after a `kill -9`, has the
    /// same id.
    #[must_use]
    pub fn notice_id(&self, last: EventId) -> String {
        format!("{}-{}-{}", self.nonce, self.told.0, last.0)
    }
}

/// What happened since an event.
#[derive(Clone, Debug)]
pub struct NewEvents {
    /// The last event of it.
    pub last: EventId,
    /// Changes of content and first snapshots, oldest first.
    pub changes: Vec<ChangePoint>,
    /// Hosts that began to fail, and still do.
    pub failing: BTreeSet<HostId>,
    /// Hosts that failed and are well again.
    pub recovered: Vec<HostRecovery>,
}

/// A host that failed, and is well again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRecovery {
    /// The host.
    pub host: HostName,
    /// Since when it had failed.
    pub failing_since: Time,
    /// When it answered again.
    pub recovered_at: Time,
}

/// How long a sink that no run names any more is kept, and what it was not told of.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What became known, of one kind or another.
enum EventKind {
    Change,
    Failing,
    Recovered { since: Time },
}

impl Writer<'_> {
    /// Makes sure that all that happens from now on is kept for these sinks, until they were told.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn keep_for_sinks<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n str>,
        now: Time,
    ) -> Result<(), StoreError> {
        self.sql(|connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO notice_sink (name, nonce, told, seen_at)
                 VALUES (?1, lower(hex(randomblob(8))),
                   ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'notice_event'), 0), ?2)
                 ON CONFLICT (name) DO UPDATE SET seen_at = max(seen_at, ?2)",
            )?;
            for name in names {
                insert.execute(params![name, now.milliseconds()])?;
            }
            Ok(())
        })
    }

    /// Notes that a sink was told of all up to an event; what no sink waits for any more goes.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn note_told(
        &mut self,
        sink: &str,
        last: EventId,
        is_delivered: bool,
        now: Time,
    ) -> Result<(), StoreError> {
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        self.sql(|connection| {
            connection.execute(
                "UPDATE notice_sink SET told = max(told, ?2), delivered_at = iif(?3, ?4, delivered_at)
                 WHERE name = ?1",
                params![sink, last, is_delivered, now.milliseconds()],
            )?;
            connection.execute(
                "DELETE FROM notice_sink WHERE seen_at < ?",
                [now.milliseconds().saturating_sub(kept)],
            )?;
            connection.execute(
                "DELETE FROM notice_event
                 WHERE event_id <= (SELECT ifnull(min(told), 0) FROM notice_sink)",
                [],
            )
        })?;
        Ok(())
    }

    /// Notes that the command of `--on-change` is to be run for a change.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn expect_hook(&mut self, host: &HostName, taken_at: Time) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO pending_hook
                     SELECT host_id, ?2 FROM host WHERE name = ?1",
                )?
                .execute(params![host.as_str(), taken_at.milliseconds()])
                .map(drop)
        })
    }

    /// Notes that nothing is to be run for a change any more.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn settle_hook(&mut self, host: &HostName, taken_at: Time) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "DELETE FROM pending_hook WHERE taken_at = ?2
                     AND host_id = (SELECT host_id FROM host WHERE name = ?1)",
                )?
                .execute(params![host.as_str(), taken_at.milliseconds()])
                .map(drop)
        })
    }
}

impl Store {
    /// How far each sink was told, by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn sink_cursors(&self) -> Result<BTreeMap<String, SinkCursor>, StoreError> {
        self.sql(|connection| {
            let mut select = connection
                .prepare("SELECT name, told, delivered_at, seen_at, nonce FROM notice_sink")?;
            let cursors = select.query_map([], |row| {
                let name: String = row.get(0)?;
                let delivered_at = row.get::<_, Option<i64>>(2)?.map(Time::from_milliseconds);
                let cursor = SinkCursor {
                    name: name.clone(),
                    told: row.get(1)?,
                    delivered_at,
                    seen_at: Time::from_milliseconds(row.get(3)?),
                    nonce: row.get(4)?,
                };
                Ok((name, cursor))
            })?;
            cursors.collect()
        })
    }

    /// How far a sink that is new would have been told.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn new_cursor(&self, name: &str) -> Result<SinkCursor, StoreError> {
        let told = self.sql(|connection| {
            connection.query_row(
                "SELECT ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'notice_event'), 0)",
                [],
                |row| row.get(0),
            )
        })?;
        let seen_at = Time::from_milliseconds(0);
        let nonce = "new".to_owned();
        Ok(SinkCursor { name: name.to_owned(), told, delivered_at: None, seen_at, nonce })
    }

    /// What happened since an event: a host that failed and recovered is told as it is now.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn events_since(&self, told: EventId) -> Result<NewEvents, StoreError> {
        let mut last = told;
        let mut changed: Vec<(HostId, Time)> = Vec::new();
        let mut contacts: BTreeMap<HostId, Option<(Time, Time)>> = BTreeMap::new();
        for (event, host, at, kind) in self.events(told)? {
            last = event;
            match kind {
                EventKind::Change => changed.push((host, at)),
                EventKind::Failing => drop(contacts.insert(host, None)),
                EventKind::Recovered { since } => {
                    contacts.insert(host, Some((since, at)));
                }
            }
        }
        let names = self.names_of(contacts.keys().copied())?;
        let recovered = contacts.iter().filter_map(|(host, recovery)| {
            let (failing_since, recovered_at) = (*recovery)?;
            Some(HostRecovery { host: names[host].clone(), failing_since, recovered_at })
        });
        Ok(NewEvents {
            last,
            changes: self.changes_at(&changed)?,
            recovered: recovered.collect(),
            failing: contacts
                .iter()
                .filter(|(_, it)| it.is_none())
                .map(|(host, _)| *host)
                .collect(),
        })
    }

    fn events(&self, told: EventId) -> Result<Vec<(EventId, HostId, Time, EventKind)>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare(
                "SELECT event_id, host_id, at, kind, ifnull(since, at) FROM notice_event
                 WHERE event_id > ? ORDER BY event_id",
            )?;
            let events = select.query_map([told], |row| {
                let since = Time::from_milliseconds(row.get(4)?);
                let kind = match row.get_ref(3)?.as_str()? {
                    "failing" => EventKind::Failing,
                    "recovered" => EventKind::Recovered { since },
                    _ => EventKind::Change,
                };
                Ok((row.get(0)?, row.get(1)?, Time::from_milliseconds(row.get(2)?), kind))
            })?;
            events.collect()
        })
    }

    /// The changes for which the command of `--on-change` has not succeeded yet, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn pending_hooks(&self) -> Result<Vec<(HostName, Time, Option<SnapshotRow>)>, StoreError> {
        let pending: Vec<(HostId, HostName, i64)> = self.sql(|connection| {
            let mut select = connection.prepare(
                "SELECT host_id, name, taken_at FROM pending_hook JOIN host USING (host_id)
                 ORDER BY taken_at, name",
            )?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        })?;
        let mut found = Vec::with_capacity(pending.len());
        for (host, name, at) in pending {
            let rows = self.snapshots_where("host_id = ? AND taken_at = ?", (host, at))?;
            found.push((name, Time::from_milliseconds(at), rows.into_iter().next()));
        }
        Ok(found)
    }
}
