//! Looking capabilities up by their path: which are known, with which values, and in which subtrees.

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::params;

use super::error::StoreError;
use super::ids::{ContextId, PathId, TreeId, ValueId};
use super::open::Store;
use crate::model::{Context, HostName, Kind};

/// A value that capabilities have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredValue {
    /// Its kind.
    pub kind: Kind,
    /// Its text; the members of a set or list, each as it is.
    pub members: Vec<String>,
}

/// A subtree's own capabilities by their numbers, and what stands below it.
#[derive(Clone, Debug, Default)]
pub struct StoredTree {
    /// Its own capabilities.
    pub own: Vec<(PathId, ValueId)>,
    /// The subtrees below it.
    pub parts: Vec<TreeId>,
}

impl Store {
    /// Every path that any stored document has, by its text.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn known_paths(&self) -> Result<Vec<(String, PathId)>, StoreError> {
        self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT path, path_id FROM path ORDER BY path")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// The subtrees whose own capabilities hold a path, and its value in each.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn subtrees_with(&self, path: PathId) -> Result<Vec<(TreeId, ValueId)>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT subtree_id, value_id FROM subtree_capability WHERE path_id = ?",
            )?;
            select.query_map([path], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// The values that a path has in any stored document.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn values_at(&self, path: PathId) -> Result<Vec<StoredValue>, StoreError> {
        let ids: Vec<ValueId> = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT DISTINCT value_id FROM subtree_capability WHERE path_id = ?",
            )?;
            select.query_map([path], |row| row.get(0))?.collect()
        })?;
        ids.into_iter().map(|id| self.value(id)).collect()
    }

    /// A value by its number.
    ///
    /// # Errors
    /// Where the database cannot be read or is damaged.
    pub fn value(&self, id: ValueId) -> Result<StoredValue, StoreError> {
        let (kind, text): (Kind, String) = self.sql(|connection| {
            connection
                .prepare_cached("SELECT kind, value FROM value WHERE value_id = ?")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        let members = match kind {
            Kind::Set | Kind::List => serde_json::from_str(&text)
                .map_err(|error| self.damaged(format!("a set or list of values: {error}")))?,
            _ => vec![text],
        };
        Ok(StoredValue { kind, members })
    }

    /// One subtree.
    ///
    /// # Errors
    /// Where the database cannot be read or is damaged.
    pub fn tree(&self, tree: TreeId) -> Result<StoredTree, StoreError> {
        let own = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT path_id, value_id FROM subtree_capability WHERE subtree_id = ?",
            )?;
            select.query_map([tree], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        Ok(StoredTree { own, parts: self.parts(tree)?.to_vec() })
    }

    /// One value of each of some contexts (`libvirt`, `kernel`, …), equal texts once; none where it
    /// is not known, or there is no value of that name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn context_values(
        &self,
        name: &str,
        contexts: impl IntoIterator<Item = ContextId>,
    ) -> Result<HashMap<ContextId, Option<Rc<str>>>, StoreError> {
        let Some(column) = Context::NAMES.into_iter().find(|column| *column == name) else {
            return Ok(HashMap::new());
        };
        let select = format!("SELECT {column} FROM context WHERE context_id = ?");
        let mut texts: HashMap<String, Rc<str>> = HashMap::new();
        self.sql(|connection| {
            let mut select = connection.prepare_cached(&select)?;
            let mut values = HashMap::new();
            for context in contexts {
                if values.contains_key(&context) {
                    continue;
                }
                let text: Option<String> = select.query_row([context], |row| row.get(0))?;
                let shared = text.map(|text| match texts.get(&text) {
                    Some(known) => Rc::clone(known),
                    None => Rc::clone(texts.entry(text.clone()).or_insert_with(|| text.into())),
                });
                values.insert(context, shared);
            }
            Ok(values)
        })
    }

    /// The names of all groups, sorted.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn group_names(&self) -> Result<Vec<String>, StoreError> {
        self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT DISTINCT name FROM host_group ORDER BY name")?;
            select.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// The names of hosts that begin so, sorted, at most `most` of them.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn hosts_beginning(&self, prefix: &str, most: usize) -> Result<Vec<HostName>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT name FROM host WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name LIMIT ?2",
            )?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            select.query_map(params![prefix, most], |row| row.get(0))?.collect()
        })
    }
}
