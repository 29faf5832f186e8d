//! Hosts and their groups.

use std::collections::BTreeSet;
use std::rc::Rc;

use foldhash::HashMap;
use rusqlite::{OptionalExtension as _, Row, params};

use super::error::StoreError;
use super::ids::{ContextId, HostId};
use super::open::Store;
use super::writer::{Writer, snapshot_id};
use crate::model::{Hash, HostName, Time};

/// What is known of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRow {
    /// Its number in this database.
    pub id: HostId,
    /// Its name.
    pub name: HostName,
    /// How it is reached, where that is known.
    pub uri: Option<String>,
    /// The groups it is in, sorted.
    pub groups: Vec<String>,
    /// How many snapshots there are.
    pub snapshots: i64,
    /// When the newest snapshot was taken that holds any answer.
    pub last_seen: Option<Time>,
    /// When its capabilities last became other than they were.
    pub last_changed: Option<Time>,
    /// libvirt's version in that snapshot.
    pub libvirt: Option<Rc<str>>,
    /// Hypervisor and version in that snapshot.
    pub hypervisor: Option<Rc<str>>,
}

/// Changes to the groups of a host.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// To put it into.
    pub add: Vec<String>,
    /// To take it out of.
    pub remove: Vec<String>,
}

impl Writer<'_> {
    pub(super) fn add_host(&self, name: &HostName) -> Result<HostId, StoreError> {
        self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT host_id FROM host WHERE name = ?")?;
            match select.query_row([name.as_str()], |row| row.get(0)).optional()? {
                Some(id) => Ok(id),
                None => connection
                    .prepare_cached("INSERT INTO host (name) VALUES (?)")?
                    .insert([name.as_str()])
                    .map(HostId),
            }
        })
    }

    pub(super) fn add_group(&self, host: HostId, group: &str) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO host_group (name, host_id, by_hand) VALUES (?, ?, 1)
                     ON CONFLICT DO UPDATE SET by_hand = 1 WHERE by_hand IS NOT 1",
                )?
                .execute(params![group, host])
                .map(drop)
        })
    }

    /// Puts a host into groups and takes it out of others; sets its URI where one is given.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn set_host(
        &mut self,
        host: HostId,
        groups: &Groups,
        uri: Option<&str>,
    ) -> Result<(), StoreError> {
        for group in &groups.add {
            self.add_group(host, group)?;
        }
        self.sql(|connection| {
            for group in &groups.remove {
                connection.execute(
                    "DELETE FROM host_group WHERE host_id = ? AND name = ?",
                    params![host, group],
                )?;
            }
            if let Some(uri) = uri {
                let uri = (!uri.is_empty()).then_some(uri);
                connection
                    .execute("UPDATE host SET uri = ? WHERE host_id = ?", params![uri, host])?;
            }
            Ok(())
        })
    }
}

impl Writer<'_> {
    /// Gives a host another name. An id is a hash of the host's name too, so each snapshot gets a new
    /// one; how many there are.
    ///
    /// # Errors
    /// Where a host of that name is there, or the database cannot be written.
    pub fn rename_host(&mut self, host: HostId, name: &HostName) -> Result<usize, StoreError> {
        let is_taken: bool = self.sql(|connection| {
            connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM host WHERE name = ?)",
                [name.as_str()],
                |row| row.get(0),
            )
        })?;
        if is_taken {
            return Err(StoreError::HostExists { host: name.clone() });
        }
        self.sql(|connection| {
            let mut select = connection.prepare(
                "SELECT taken_at, p.hash, c.hash FROM host_snapshot
                 JOIN profile p USING (profile_id) JOIN context c USING (context_id)
                 WHERE host_id = ?",
            )?;
            let ids = select.query_map([host], |row| {
                let at = row.get(0)?;
                Ok((at, snapshot_id(name, at, row.get(1)?, row.get(2)?)))
            })?;
            let ids = ids.collect::<rusqlite::Result<Vec<(i64, Hash)>>>()?;
            connection.execute(
                "UPDATE host SET name = ? WHERE host_id = ?",
                params![name.as_str(), host],
            )?;
            let mut update = connection
                .prepare("UPDATE host_snapshot SET hash = ? WHERE host_id = ? AND taken_at = ?")?;
            for (at, id) in &ids {
                update.execute(params![id, host, at])?;
            }
            Ok(ids.len())
        })
        .and_then(|count| self.settle(host).map(|_| count))
    }

    /// Removes a host with all its snapshots, tags and groups.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn forget_host(&mut self, host: HostId) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection.execute("DELETE FROM host WHERE host_id = ?", [host]).map(drop)
        })
    }
}

impl Store {
    /// The number of a host.
    ///
    /// # Errors
    /// Where there is none of that name, or no host at all; both name what there is.
    pub fn host(&self, name: &str) -> Result<(HostId, HostName), StoreError> {
        let found = self.sql(|connection| {
            connection
                .prepare_cached("SELECT host_id FROM host WHERE name = ?")?
                .query_row([name], |row| row.get(0))
                .optional()
        })?;
        if let (Some(id), Ok(name)) = (found, name.parse()) {
            return Ok((id, name));
        }
        let mut known: Vec<String> = self.sql(|connection| {
            connection
                .prepare_cached("SELECT name FROM host ORDER BY name")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        if known.is_empty() {
            return Err(StoreError::Empty { path: self.path().to_owned() });
        }
        let shared =
            |other: &String| other.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
        known.sort_by_key(|other| std::cmp::Reverse(shared(other)));
        known.truncate(5);
        Err(StoreError::UnknownHost { host: name.to_owned(), known })
    }

    /// The names of all hosts, or of those of one group, sorted.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn host_names(&self, group: Option<&str>) -> Result<Vec<HostName>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT name FROM host WHERE ?1 IS NULL
                   OR host_id IN (SELECT host_id FROM host_group WHERE name = ?1) ORDER BY name",
            )?;
            select.query_map([group], |row| row.get(0))?.collect()
        })
    }

    /// How many hosts there are, or how many are in a group.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn count_hosts(&self, group: Option<&str>) -> Result<usize, StoreError> {
        let sql = match group {
            None => "SELECT count(*) FROM host WHERE ?1 IS NULL",
            Some(_) => "SELECT count(*) FROM host_group WHERE name = ?1",
        };
        let count: i64 =
            self.sql(|connection| connection.query_row(sql, [group], |row| row.get(0)))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The name of each host that has a number.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub(super) fn names_of(
        &self,
        hosts: impl IntoIterator<Item = HostId>,
    ) -> Result<HashMap<HostId, HostName>, StoreError> {
        let hosts: BTreeSet<HostId> = hosts.into_iter().collect();
        self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT name FROM host WHERE host_id = ?")?;
            let name = |host| Ok((host, select.query_row([host], |row| row.get(0))?));
            hosts.into_iter().map(name).collect()
        })
    }

    /// All hosts, or those of one group, by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn hosts(&self, group: Option<&str>) -> Result<Vec<HostRow>, StoreError> {
        let found: Vec<(HostRow, Option<Seen>)> = self.sql(|connection| {
            // Ends of indexes: the cost is a host's, not a snapshot's. Where all snapshots of a host
            // failed they are counted; nobody keeps many of those.
            let mut select = connection.prepare_cached(
                "SELECT h.host_id, h.name, h.uri,
                        ifnull(l.snapshots,
                          (SELECT count(*) FROM host_snapshot s WHERE s.host_id = h.host_id)),
                        (SELECT max(taken_at) FROM host_snapshot s INDEXED BY host_snapshot_change
                         WHERE s.host_id = h.host_id AND s.is_change = 1),
                        l.taken_at, l.context_id, l.newest_at
                 FROM host h LEFT JOIN host_latest l USING (host_id)
                 WHERE ?1 IS NULL OR h.host_id IN (SELECT host_id FROM host_group WHERE name = ?1)
                 ORDER BY h.name",
            )?;
            // The newest that holds any answer is nearly always the newest complete one.
            let mut newest = connection.prepare_cached(
                "SELECT taken_at, context_id FROM host_snapshot
                 WHERE host_id = ? AND state <> 'failed' ORDER BY taken_at DESC LIMIT 1",
            )?;
            let rows = select.query_map([group], |row| {
                let host = host_row(row)?;
                let seen = match row.get::<_, Option<i64>>(5)? {
                    None => None,
                    Some(at) if row.get::<_, i64>(7)? == at => Some((at, row.get(6)?)),
                    Some(_) => {
                        Some(newest.query_row([host.id], |row| Ok((row.get(0)?, row.get(1)?)))?)
                    }
                };
                Ok((host, seen))
            })?;
            rows.collect()
        })?;
        let mut groups = self.groups()?;
        let seen = found.iter().filter_map(|(_, seen)| *seen);
        let versions = self.versions(seen.map(|(_, context)| context))?;
        let known = |(mut host, seen): (HostRow, Option<Seen>)| {
            host.groups = groups.remove(&host.id).unwrap_or_default().into_iter().collect();
            if let Some((at, context)) = seen {
                host.last_seen = Some(Time::from_milliseconds(at));
                host.libvirt.clone_from(&versions[&context].libvirt);
                host.hypervisor.clone_from(&versions[&context].hypervisor);
            }
            host
        };
        Ok(found.into_iter().map(known).collect())
    }
}

/// When a snapshot was taken, and its context.
type Seen = (i64, ContextId);

/// What `host`, and indexes on the snapshots, know of a host.
fn host_row(row: &Row<'_>) -> rusqlite::Result<HostRow> {
    Ok(HostRow {
        id: row.get(0)?,
        name: row.get(1)?,
        uri: row.get(2)?,
        groups: Vec::new(),
        snapshots: row.get(3)?,
        last_seen: None,
        last_changed: row.get::<_, Option<i64>>(4)?.map(Time::from_milliseconds),
        libvirt: None,
        hypervisor: None,
    })
}
