//! Finding the snapshot that a user means.

use rusqlite::params;

use super::error::StoreError;
use super::ids::HostId;
use super::latest::Latest;
use super::open::Store;
use super::snapshot::SnapshotRow;
use crate::model::{HostName, State, Tag, Time, When};

/// A snapshot, and newer ones that were passed over because they cannot be trusted whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The snapshot.
    pub snapshot: SnapshotRow,
    /// Time and state of those passed over, newest first.
    pub passed_over: Vec<(Time, State)>,
}

impl Store {
    /// The snapshot of `host` that `when` means.
    ///
    /// # Errors
    /// Where there is no such host or snapshot, or several.
    pub fn resolve(&self, host: &str, when: &When) -> Result<Resolved, StoreError> {
        let (id, name) = self.host(host)?;
        let found = match when {
            When::Latest => return self.latest(id, &name),
            When::Changes(count) => self.changes_back(id, *count)?,
            When::Runs(count) => self.snapshot_where(
                "host_id = ? ORDER BY taken_at DESC LIMIT 1 OFFSET ?",
                params![id, count],
            )?,
            When::At(time) => self.snapshot_where(
                "host_id = ? AND taken_at <= ? ORDER BY taken_at DESC LIMIT 1",
                params![id, time.milliseconds()],
            )?,
            When::Id(prefix) => self.by_id(id, &name, prefix)?,
            When::Tag(tag) => self.by_tag(id, tag)?,
        };
        match found {
            Some(snapshot) => Ok(Resolved { snapshot, passed_over: Vec::new() }),
            None => Err(self.no_snapshot(id, name, when)?),
        }
    }

    fn latest(&self, host: HostId, name: &HostName) -> Result<Resolved, StoreError> {
        let Some(Latest { snapshot, newest_at }) = self.latest_of(host)? else {
            return Err(self.no_snapshot(host, name.clone(), &When::Latest)?);
        };
        if snapshot.state != State::Complete || newest_at == snapshot.taken_at {
            return Ok(Resolved { snapshot, passed_over: Vec::new() });
        }
        let newer = self.snapshots_where(
            "host_id = ? AND taken_at > ? ORDER BY taken_at DESC",
            params![host, snapshot.taken_at.milliseconds()],
        )?;
        let passed_over = newer.iter().map(|each| (each.taken_at, each.state)).collect();
        Ok(Resolved { snapshot, passed_over })
    }

    /// The oldest complete snapshot of a host.
    ///
    /// # Errors
    /// Where there is no such host.
    pub fn first_complete(&self, host: &str) -> Result<Option<SnapshotRow>, StoreError> {
        let (id, _) = self.host(host)?;
        self.snapshot_where(
            "host_id = ? AND state = 'complete' ORDER BY taken_at LIMIT 1",
            params![id],
        )
    }

    /// The newest complete snapshot before the `count`th change of content, counted back.
    fn changes_back(&self, host: HostId, count: u32) -> Result<Option<SnapshotRow>, StoreError> {
        if count == 0 {
            return self.snapshot_where(
                "host_id = ? AND state = 'complete' ORDER BY taken_at DESC LIMIT 1",
                params![host],
            );
        }
        self.snapshot_where(
            "host_id = ?1 AND state = 'complete' AND taken_at <
               (SELECT taken_at FROM host_snapshot WHERE host_id = ?1 AND is_change = 1
                ORDER BY taken_at DESC LIMIT 1 OFFSET ?2)
             ORDER BY taken_at DESC LIMIT 1",
            params![host, count - 1],
        )
    }

    /// The newest complete snapshot before another, asked for under the same CPU flags.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn comparable_before(&self, row: &SnapshotRow) -> Result<Option<SnapshotRow>, StoreError> {
        self.snapshot_where(
            "host_id = ?1 AND taken_at < ?2 AND state = 'complete' AND context_id IN
               (SELECT old.context_id FROM context old, context new
                WHERE new.context_id = ?3 AND old.api_flags IS new.api_flags)
             ORDER BY taken_at DESC LIMIT 1",
            params![row.host_id, row.taken_at.milliseconds(), row.context],
        )
    }

    fn by_id(
        &self,
        host: HostId,
        name: &HostName,
        prefix: &str,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        // Whole bytes bound the range; an odd digit is compared as text.
        let bytes = |digit: char| {
            let text = format!("{prefix}{digit}");
            let even = &text[..text.len() - text.len() % 2];
            let byte = |at: usize| u8::from_str_radix(&even[at..at + 2], 16).unwrap_or_default();
            (0..even.len()).step_by(2).map(byte).collect::<Vec<u8>>()
        };
        let (low, mut high) = (bytes('0'), bytes('f'));
        high.resize(crate::model::Hash::LENGTH, 0xff);
        let found = self.snapshots_where(
            "host_id = ?3 AND hash BETWEEN ?1 AND ?2 ORDER BY hash LIMIT 5",
            params![low, high, host],
        )?;
        let mut found: Vec<SnapshotRow> =
            found.into_iter().filter(|each| each.id.to_string().starts_with(prefix)).collect();
        if found.len() > 1 {
            return Err(StoreError::AmbiguousId {
                host: name.clone(),
                prefix: prefix.to_owned(),
                candidates: found.iter().map(|each| each.id.to_string()).collect(),
            });
        }
        Ok(found.pop())
    }

    fn by_tag(&self, host: HostId, tag: &Tag) -> Result<Option<SnapshotRow>, StoreError> {
        self.snapshot_where(
            "host_id = ?1 AND taken_at =
               (SELECT max(taken_at) FROM snapshot_tag WHERE host_id = ?1 AND name = ?2)",
            params![host, tag.as_str()],
        )
    }

    /// The error that says what there is instead.
    /// `; its tags are pre-upgrade, gold`: those of a host, nearest first.
    fn nearest_tags(&self, host: HostId, wanted: &Tag) -> Result<String, StoreError> {
        const SHOWN: usize = 5;
        let tags: Vec<String> = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT DISTINCT name FROM snapshot_tag WHERE host_id = ? ORDER BY name",
            )?;
            select.query_map([host], |row| row.get(0))?.collect()
        })?;
        let mut tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        tags.sort_by_key(|tag| std::cmp::Reverse(shared_start(tag, wanted.as_str())));
        let more = if tags.len() > SHOWN { ", …" } else { "" };
        let shown = tags.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        Ok(match tags.len() {
            0 => String::new(),
            1 => format!("; its tag is {shown}"),
            _ => format!("; its tags are {shown}{more}"),
        })
    }

    fn no_snapshot(
        &self,
        host: HostId,
        name: HostName,
        when: &When,
    ) -> Result<StoreError, StoreError> {
        let (count, first, last): (i64, Option<i64>, Option<i64>) = self.sql(|connection| {
            connection.query_row(
                "SELECT count(*), min(taken_at), max(taken_at) FROM host_snapshot WHERE host_id = ?",
                [host],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
        })?;
        let time = |at: i64| Time::from_milliseconds(at);
        let hint = match (first, last) {
            (Some(first), Some(last)) if count > 1 => {
                format!(": it has {count}, from {} to {}", time(first), time(last))
            }
            (Some(first), _) => format!(": it has one, of {}", time(first)),
            _ => match self.last_failure(host)? {
                Some((at, reason)) => {
                    format!(": it was never collected; the attempt of {at} failed: {reason}")
                }
                None => ": it has none at all".to_owned(),
            },
        };
        let hint = match when {
            When::Tag(tag) => format!("{hint}{}", self.nearest_tags(host, tag)?),
            _ => hint,
        };
        Ok(StoreError::NoSnapshot { host: name, moment: when.to_string(), hint: Some(hint) })
    }
}

/// How many letters two names begin with alike.
fn shared_start(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count()
}
