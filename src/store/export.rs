//! Reading what leaves the database as rows: snapshots of a period, and each content once.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::{Row, params};

use super::error::StoreError;
use super::ids::{BodyId, HostId, JsonNames, ProfileId};
use super::observed::{machine, target};
use super::open::Store;
use super::snapshot::{SnapshotRow, context_at, context_columns, snapshot_row};
use crate::model::{Context, Hash, Machine, Target, Time};

/// From when to when, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Nothing older.
    pub since: Option<Time>,
    /// Nothing newer.
    pub until: Option<Time>,
}

/// Which snapshots of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Its newest complete one.
    Newest,
    /// All of them, in whatever state.
    All,
    /// Those whose content is other than before.
    Changed,
}

/// A snapshot with all that is known of it.
#[derive(Clone, Debug)]
pub struct ToldSnapshot {
    /// The snapshot.
    pub row: SnapshotRow,
    /// Its content is other than that of the complete snapshot before.
    pub is_change: bool,
    /// Id of its content.
    pub profile: Hash,
    /// What explains changes.
    pub context: Context,
    /// Its tags.
    pub tags: Vec<String>,
}

/// What one target of a profile gave.
#[derive(Clone, Debug)]
pub struct ToldOutcome {
    /// The target.
    pub target: Target,
    /// The document's number here and its id, where it gave one.
    pub document: Option<(BodyId, Hash)>,
    /// Class and words of libvirt's error, where it gave none.
    pub error: Option<(String, String)>,
}

/// One value of a document, or one member of a set or list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldValue {
    /// The capability's path.
    pub path: String,
    /// What kind of value it is.
    pub kind: String,
    /// The value; none for an empty set or list.
    pub value: Option<String>,
    /// Place of a member.
    pub position: Option<i64>,
}

impl ToldSnapshot {
    /// What it holds.
    #[must_use]
    pub fn content(&self) -> ProfileId {
        self.row.profile
    }
}

impl Period {
    fn bounds(self) -> (i64, i64) {
        let or = |time: Option<Time>, other| time.map_or(other, Time::milliseconds);
        (or(self.since, i64::MIN), or(self.until, i64::MAX))
    }
}

/// A condition on `host_snapshot s` with the parameters host, since and until.
fn condition(reach: Reach) -> &'static str {
    match reach {
        Reach::Newest => {
            "s.host_id = ?1 AND s.state = 'complete' AND s.taken_at BETWEEN ?2 AND ?3
             ORDER BY s.taken_at DESC LIMIT 1"
        }
        Reach::All => "s.host_id = ?1 AND s.taken_at BETWEEN ?2 AND ?3 ORDER BY s.taken_at",
        Reach::Changed => {
            "s.host_id = ?1 AND s.is_change = 1 AND s.taken_at BETWEEN ?2 AND ?3 ORDER BY s.taken_at"
        }
    }
}

impl Store {
    /// The groups of every host that is in any.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn groups(&self) -> Result<HashMap<HostId, BTreeSet<String>>, StoreError> {
        self.sql(|connection| {
            let mut select = connection
                .prepare("SELECT host_id, name FROM host_group ORDER BY host_id, name")?;
            let mut rows = select.query([])?;
            let mut groups: HashMap<HostId, BTreeSet<String>> = HashMap::new();
            while let Some(row) = rows.next()? {
                groups.entry(row.get(0)?).or_default().insert(row.get(1)?);
            }
            Ok(groups)
        })
    }

    /// Snapshots of a host, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn told_snapshots(
        &self,
        host: HostId,
        reach: Reach,
        period: Period,
    ) -> Result<Vec<ToldSnapshot>, StoreError> {
        let condition = condition(reach);
        let sql = format!(
            "SELECT h.name, s.host_id, s.hash, s.taken_at, s.state, s.profile_id, s.context_id,
                    s.is_change, p.hash AS profile, {},
                    (SELECT json_group_array(t.name ORDER BY t.name) FROM snapshot_tag t
                     WHERE t.host_id = s.host_id AND t.taken_at = s.taken_at) AS tags
             FROM host_snapshot s JOIN host h USING (host_id)
             JOIN profile p USING (profile_id) JOIN context c USING (context_id)
             WHERE {condition}",
            context_columns("c.", |_| true)
        );
        let (since, until) = period.bounds();
        self.sql(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            select.query_map(params![host, since, until], told_snapshot)?.collect()
        })
    }

    /// The profiles of a host's snapshots, added to `found`.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn add_profiles(
        &self,
        host: HostId,
        reach: Reach,
        period: Period,
        found: &mut BTreeSet<(Hash, ProfileId)>,
    ) -> Result<(), StoreError> {
        let condition = condition(reach);
        let sql = format!(
            "SELECT p.hash, s.profile_id FROM host_snapshot s JOIN profile p USING (profile_id)
             WHERE {condition}"
        );
        let (since, until) = period.bounds();
        self.sql(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut rows = select.query(params![host, since, until])?;
            while let Some(row) = rows.next()? {
                found.insert((row.get(0)?, row.get(1)?));
            }
            Ok(())
        })
    }

    /// What each target of a profile gave, in order of the targets.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn told_outcomes(&self, profile: ProfileId) -> Result<Vec<ToldOutcome>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT t.emulator, t.arch, t.virttype, t.machine, b.body_id, b.hash, f.class, f.message
                 FROM profile_target JOIN head USING (head_id) JOIN target t USING (target_id)
                 LEFT JOIN body b USING (body_id) LEFT JOIN failure f USING (failure_id)
                 WHERE profile_id = ?
                 ORDER BY t.arch, t.virttype, t.machine, t.emulator",
            )?;
            select.query_map([profile], told_outcome)?.collect()
        })
    }

    /// The machine list of a profile; empty where none was collected.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn told_machines(&self, profile: ProfileId) -> Result<Vec<Machine>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT m.emulator, m.arch, m.virttype, m.name, m.canonical, m.max_cpus, m.deprecated
                 FROM profile JOIN listed_machine m USING (machine_list_id)
                 WHERE profile_id = ? ORDER BY m.position",
            )?;
            select.query_map([profile], machine)?.collect()
        })
    }

    /// What a document says, by path; as the view `capability` has it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn told_values(&self, document: BodyId) -> Result<Vec<ToldValue>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT pa.path, v.kind, m.value, m.key
                 FROM body_subtree JOIN subtree_capability USING (subtree_id)
                 JOIN path pa USING (path_id) JOIN value v USING (value_id)
                 LEFT JOIN json_each(CASE WHEN v.kind IN ('set', 'list') THEN v.value
                                          WHEN v.kind = 'null' THEN '[null]'
                                          ELSE json_array(v.value) END) m
                 WHERE body_id = ? ORDER BY pa.path, m.key",
            )?;
            let rows = select.query_map([document], |row| {
                Ok(ToldValue {
                    path: row.get(0)?,
                    kind: row.get(1)?,
                    value: row.get(2)?,
                    position: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }
}

fn told_snapshot(row: &Row<'_>) -> rusqlite::Result<ToldSnapshot> {
    let JsonNames(tags) = row.get("tags")?;
    Ok(ToldSnapshot {
        row: snapshot_row(row)?,
        is_change: row.get("is_change")?,
        profile: row.get("profile")?,
        context: context_at(row)?,
        tags,
    })
}

fn told_outcome(row: &Row<'_>) -> rusqlite::Result<ToldOutcome> {
    let target = target(row)?;
    let document = match row.get::<_, Option<BodyId>>(4)? {
        Some(body) => Some((body, row.get(5)?)),
        None => None,
    };
    let error = match row.get::<_, Option<String>>(6)? {
        Some(class) => Some((class, row.get(7)?)),
        None => None,
    };
    Ok(ToldOutcome { target, document, error })
}
