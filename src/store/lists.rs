//! Lists of hosts: what came from one follows it, what was set by hand stays.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use rusqlite::params;

use super::error::StoreError;
use super::ids::HostId;
use super::open::Store;
use super::writer::Writer;
use crate::model::{HostName, Time};

impl Store {
    /// The lists that ever named a host.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn known_lists(&self) -> Result<Vec<String>, StoreError> {
        self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT DISTINCT list FROM listed_host ORDER BY list")?;
            select.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// The hosts that a list named when it was last read.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn listed_in(&self, list: &str) -> Result<Vec<HostName>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT name FROM listed_host JOIN host USING (host_id)
                 WHERE list = ? AND left_at IS NULL ORDER BY name",
            )?;
            select.query_map([list], |row| row.get(0))?.collect()
        })
    }
}

impl Writer<'_> {
    /// Puts the rows of a list that was moved or removed under the one that is read in its place.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn replace_list(&mut self, old: &str, new: &str) -> Result<(), StoreError> {
        self.sql(|connection| {
            for table in ["listed_host", "listed_group"] {
                let sql = format!("UPDATE OR REPLACE {table} SET list = ? WHERE list = ?");
                connection.execute(&sql, params![new, old])?;
            }
            Ok(())
        })
    }

    /// Takes in what a list says: its hosts are known from now on, and their groups are those it puts
    /// them into, besides those that were set by hand. Where the list `is_whole`, hosts that it named
    /// before and names no more leave its groups; gives back those that no other list names.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn follow_list(
        &mut self,
        list: &str,
        hosts: &BTreeMap<HostName, BTreeSet<String>>,
        is_whole: bool,
        now: Time,
    ) -> Result<Vec<HostName>, StoreError> {
        let mut before = self.listed_groups(list)?;
        let mut named = HashSet::default();
        for (name, groups) in hosts {
            let host = self.add_host(name)?;
            named.insert(host);
            self.sql(|connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO listed_host (host_id, list) VALUES (?, ?)
                         ON CONFLICT DO UPDATE SET left_at = NULL WHERE left_at IS NOT NULL",
                    )?
                    .execute(params![host, list])
            })?;
            // Nearly always nothing moved, and a fleet has thousands.
            if before.remove(&host).unwrap_or_default() != *groups {
                self.set_listed_groups(host, list, groups)?;
            }
        }
        if is_whole { self.leave_list(list, &named, now) } else { Ok(Vec::new()) }
    }

    /// Takes hosts that a list does not name any more out of it and its groups.
    fn leave_list(
        &self,
        list: &str,
        named: &HashSet<HostId>,
        now: Time,
    ) -> Result<Vec<HostName>, StoreError> {
        let listed: Vec<(HostId, HostName, bool)> = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT host_id, name, EXISTS (
                   SELECT 1 FROM listed_host o
                   WHERE o.host_id = l.host_id AND o.list <> l.list AND o.left_at IS NULL)
                 FROM listed_host l JOIN host USING (host_id)
                 WHERE list = ? AND left_at IS NULL ORDER BY name",
            )?;
            select.query_map([list], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })?;
        let mut left = Vec::new();
        for (host, name, is_elsewhere) in listed {
            if named.contains(&host) {
                continue;
            }
            self.sql(|connection| {
                connection
                    .prepare_cached(
                        "UPDATE listed_host SET left_at = ? WHERE host_id = ? AND list = ?",
                    )?
                    .execute(params![now.milliseconds(), host, list])
            })?;
            self.set_listed_groups(host, list, &BTreeSet::new())?;
            if !is_elsewhere {
                left.push(name);
            }
        }
        Ok(left)
    }

    /// The groups that a list put each host into when it was last read.
    fn listed_groups(&self, list: &str) -> Result<HashMap<HostId, BTreeSet<String>>, StoreError> {
        self.sql(|connection| {
            let mut select = connection
                .prepare_cached("SELECT host_id, name FROM listed_group WHERE list = ?")?;
            let mut groups: HashMap<HostId, BTreeSet<String>> = HashMap::default();
            let mut rows = select.query([list])?;
            while let Some(row) = rows.next()? {
                groups.entry(row.get(0)?).or_default().insert(row.get(1)?);
            }
            Ok(groups)
        })
    }

    /// Sets the groups that a list puts a host into, and derives those it is in.
    fn set_listed_groups(
        &self,
        host: HostId,
        list: &str,
        groups: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached("DELETE FROM listed_group WHERE host_id = ? AND list = ?")?
                .execute(params![host, list])?;
            let mut insert = connection.prepare_cached(
                "INSERT INTO listed_group (host_id, list, name) VALUES (?, ?, ?)",
            )?;
            for group in groups {
                insert.execute(params![host, list, group])?;
            }
            for sql in [
                "DELETE FROM host_group WHERE host_id = ?1 AND by_hand = 0
                   AND name NOT IN (SELECT name FROM listed_group WHERE host_id = ?1)",
                "UPDATE host_group SET by_hand = 0 WHERE host_id = ?1 AND by_hand IS NULL
                   AND name IN (SELECT name FROM listed_group WHERE host_id = ?1)",
                "INSERT INTO host_group (name, host_id, by_hand)
                 SELECT DISTINCT name, host_id, 0 FROM listed_group WHERE host_id = ?1
                 ON CONFLICT DO NOTHING",
            ] {
                connection.prepare_cached(sql)?.execute([host])?;
            }
            Ok(())
        })
    }
}
