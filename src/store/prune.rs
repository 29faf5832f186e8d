//! Freeing content that no snapshot holds any more.
//!
//! Marked and swept from the top down, level by level, each in a transaction of its own that looks
//! anew at what is referenced: a collector may store between two of them and waits for none longer
//! than one takes. A row number that was freed may be given out again; whoever reads does so at one
//! moment ([`Store::open`]), and what a [`super::Writer`] knows is forgotten here (`store/known.rs`).

use rusqlite::Connection;

use super::error::StoreError;
use super::open::Store;

/// What was freed.
#[derive(Debug, Default)]
pub struct Pruned {
    /// How many rows of each kind, in the order of the levels.
    pub freed: Vec<(&'static str, usize)>,
    /// By how many bytes the database became smaller.
    pub bytes: u64,
    /// How many bytes it has now.
    pub size: u64,
    /// Why the space could not be given back; it is used again by what is stored next.
    pub kept_back: Option<StoreError>,
}

/// A kind of content, how it is freed, and what goes with it. Kinds without a name are not counted.
type Sweep = (&'static str, &'static str);

/// From the top down. What a base is to others keeps it, and its own base.
const LEVELS: [&[Sweep]; 3] = [
    &[
        ("profiles", "DELETE FROM profile WHERE profile_id NOT IN (SELECT profile_id FROM host_snapshot)"),
        ("", "DELETE FROM profile_target WHERE profile_id NOT IN (SELECT profile_id FROM profile)"),
        ("contexts", "DELETE FROM context WHERE context_id NOT IN (SELECT context_id FROM host_snapshot)"),
    ],
    &[
        (
            "machine_lists",
            "DELETE FROM machine_list WHERE machine_list_id NOT IN
               (SELECT machine_list_id FROM profile WHERE machine_list_id IS NOT NULL)",
        ),
        (
            "",
            "DELETE FROM listed_machine WHERE machine_list_id NOT IN
               (SELECT machine_list_id FROM machine_list)",
        ),
        ("heads", "DELETE FROM head WHERE head_id NOT IN (SELECT head_id FROM profile_target)"),
        ("targets", "DELETE FROM target WHERE target_id NOT IN (SELECT target_id FROM head)"),
        (
            "failures",
            "DELETE FROM failure WHERE failure_id NOT IN
               (SELECT failure_id FROM profile_target WHERE failure_id IS NOT NULL)",
        ),
        (
            "bodies",
            "WITH RECURSIVE held (body_id) AS (
               SELECT body_id FROM profile_target WHERE body_id IS NOT NULL
               UNION SELECT base_id FROM held JOIN body_content USING (body_id)
                     WHERE base_id IS NOT NULL)
             DELETE FROM body WHERE body_id NOT IN (SELECT body_id FROM held)",
        ),
        ("", "DELETE FROM body_content WHERE body_id NOT IN (SELECT body_id FROM body)"),
    ],
    &[
        (
            "subtrees",
            "WITH RECURSIVE held (subtree_id) AS (
               SELECT subtree_id FROM body
               UNION SELECT p.value FROM held JOIN subtree s USING (subtree_id), json_each(s.parts) p)
             DELETE FROM subtree WHERE subtree_id NOT IN (SELECT subtree_id FROM held)",
        ),
        (
            "",
            "DELETE FROM subtree_capability WHERE subtree_id NOT IN (SELECT subtree_id FROM subtree)",
        ),
        ("values", "DELETE FROM value WHERE value_id NOT IN (SELECT value_id FROM subtree_capability)"),
        ("paths", "DELETE FROM path WHERE path_id NOT IN (SELECT path_id FROM subtree_capability)"),
        (
            "dotted_names",
            "DELETE FROM dotted_name WHERE NOT EXISTS
               (SELECT 1 FROM path p WHERE substr(p.path, 1, length(dotted_name.path)) = dotted_name.path)",
        ),
    ],
];

/// How many pages are given back in one transaction: 8 MiB.
const STEP: u32 = 2048;

impl Store {
    /// Frees what no snapshot holds any more and gives the space back to the file system.
    ///
    /// # Errors
    /// Where the database cannot be written: what was freed until then stays freed.
    pub fn prune(&mut self) -> Result<Pruned, StoreError> {
        let before = self.before_pruning()?;
        let mut pruned = Pruned::default();
        for level in LEVELS {
            let writer = self.writer()?;
            pruned.freed.extend(writer.sql(|connection| sweep(connection, level))?);
            writer.commit()?;
            self.forget_known();
        }
        self.sql(|connection| connection.execute_batch("PRAGMA foreign_keys = ON"))?;
        pruned.kept_back = self.give_back().err();
        pruned.size = self.sql(size)?;
        pruned.bytes = before.saturating_sub(pruned.size);
        Ok(pruned)
    }

    /// What [`Self::prune`] would do. It waits for its turn like a writer, and keeps nothing.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn prune_dry(&mut self) -> Result<Pruned, StoreError> {
        let before = self.before_pruning()?;
        let mut pruned = Pruned::default();
        let writer = self.writer()?;
        for level in LEVELS {
            pruned.freed.extend(writer.sql(|connection| sweep(connection, level))?);
        }
        pruned.bytes = writer.sql(|connection| {
            Ok(pragma(connection, "freelist_count")? * pragma(connection, "page_size")?)
        })?;
        pruned.size = before.saturating_sub(pruned.bytes);
        Ok(pruned)
    }

    /// Rows are swept in an order that leaves no reference without its row, so SQLite need not look
    /// for one at each: most of these columns have no index, which nothing else would use.
    fn before_pruning(&self) -> Result<u64, StoreError> {
        self.end_reading()?;
        self.check_writable()?;
        self.sql(|connection| connection.execute_batch("PRAGMA foreign_keys = OFF"))?;
        self.sql(size)
    }

    /// Moves pages from the end of the file to free ones and cuts it, in small steps. A database of
    /// before there was `prune` learns that by one `VACUUM`.
    fn give_back(&mut self) -> Result<(), StoreError> {
        let free = |store: &Self| store.sql(|connection| pragma(connection, "freelist_count"));
        if free(self)? > 0 && self.sql(|connection| pragma(connection, "auto_vacuum"))? == 0 {
            self.sql(|connection| {
                connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
            })?;
        }
        let mut left = free(self)?;
        while left > 0 {
            self.sql(|connection| {
                let mut step = connection.prepare(&format!("PRAGMA incremental_vacuum({STEP})"))?;
                let mut rows = step.query([])?;
                while rows.next()?.is_some() {}
                Ok(())
            })?;
            let now = free(self)?;
            // Others take free pages, and free some.
            if now >= left {
                break;
            }
            left = now;
        }
        self.cut_log()
    }
}

fn sweep(connection: &Connection, level: &[Sweep]) -> rusqlite::Result<Vec<(&'static str, usize)>> {
    let mut freed = Vec::new();
    for (kind, delete) in level {
        let count = connection.execute(delete, [])?;
        if !kind.is_empty() {
            freed.push((*kind, count));
        }
    }
    Ok(freed)
}

/// Bytes of the database, without its log.
fn size(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(pragma(connection, "page_count")? * pragma(connection, "page_size")?)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let value: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
    Ok(value.unsigned_abs())
}
