//! Subtrees: written once for the whole fleet, and read only where two of them differ.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::error::StoreError;
use super::ids::TreeId;
use super::open::Store;
use super::writer::Writer;
use crate::model::{Capabilities, DottedNames, Kind, Subtree};

/// How far below the root CPU models stand: mode, group, model.
const MAX_DEPTH: usize = 8;

impl Writer<'_> {
    /// Stores a subtree and all below it, or finds it stored.
    pub(super) fn add_tree(
        &mut self,
        tree: &Subtree,
        capabilities: &Capabilities,
    ) -> Result<TreeId, StoreError> {
        if let Some(known) = self.known.trees.get(&tree.hash) {
            return Ok(*known);
        }
        let found = self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT subtree_id FROM subtree WHERE hash = ?")?;
            select.query_row([tree.hash], |row| row.get(0)).optional()
        })?;
        let id = match found {
            Some(id) => id,
            None => self.insert_tree(tree, capabilities)?,
        };
        self.known.trees.insert(tree.hash, id);
        Ok(id)
    }

    fn insert_tree(
        &mut self,
        tree: &Subtree,
        capabilities: &Capabilities,
    ) -> Result<TreeId, StoreError> {
        let mut parts = Vec::with_capacity(tree.parts.len());
        for part in &tree.parts {
            parts.push(self.add_tree(part, capabilities)?.0);
        }
        let mut own = Vec::with_capacity(tree.own.len());
        for index in &tree.own {
            let (kind, value) = capabilities.encoded_at(*index);
            own.push((self.path_id(capabilities.at(*index).0)?, self.value_id(kind, value)?));
        }
        let parts = (!parts.is_empty()).then(|| serde_json::json!(parts).to_string());
        self.sql(|connection| {
            let id = connection
                .prepare_cached("INSERT INTO subtree (hash, path, parts) VALUES (?, ?, ?)")?
                .insert(params![tree.hash, tree.key(capabilities), parts])?;
            let mut insert = connection.prepare_cached(
                "INSERT INTO subtree_capability (subtree_id, path_id, value_id) VALUES (?, ?, ?)",
            )?;
            for (path, value) in own {
                insert.execute([id, path, value])?;
            }
            Ok(TreeId(id))
        })
    }

    /// Notes the elements whose names hold dots; libvirt prints none.
    pub(super) fn add_dotted_names(&self, names: &DottedNames) -> Result<(), StoreError> {
        for (path, name_at) in names.iter() {
            self.sql(|connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO dotted_name (path, name_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![path, i64::try_from(name_at).unwrap_or_default()])
            })?;
        }
        Ok(())
    }

    fn path_id(&mut self, path: &str) -> Result<i64, StoreError> {
        if let Some(known) = self.known.paths.get(path) {
            return Ok(*known);
        }
        let id = self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT path_id FROM path WHERE path = ?")?;
            match select.query_row([path], |row| row.get(0)).optional()? {
                Some(id) => Ok(id),
                None => {
                    connection.prepare_cached("INSERT INTO path (path) VALUES (?)")?.insert([path])
                }
            }
        })?;
        self.known.paths.insert(path.to_owned(), id);
        Ok(id)
    }

    fn value_id(&mut self, kind: Kind, value: &str) -> Result<i64, StoreError> {
        let text = match kind {
            Kind::Set | Kind::List => to_json(value),
            _ => value.to_owned(),
        };
        self.sql(|connection| {
            let mut select = connection
                .prepare_cached("SELECT value_id FROM value WHERE kind = ? AND value = ?")?;
            match select.query_row(params![kind, text], |row| row.get(0)).optional()? {
                Some(id) => Ok(id),
                None => connection
                    .prepare_cached("INSERT INTO value (kind, value) VALUES (?, ?)")?
                    .insert(params![kind, text]),
            }
        })
    }
}

/// The members of a set or list as a JSON array: what any SQLite tool can read.
fn to_json(encoded: &str) -> String {
    let mut holder = Capabilities::new();
    holder.push_encoded("", Kind::List, encoded);
    match holder.at(0).1 {
        crate::model::Value::List(members) => {
            serde_json::Value::from_iter(members.iter()).to_string()
        }
        _ => String::from("[]"),
    }
}

/// The part of two trees in which they differ.
#[derive(Debug, Default)]
pub struct Difference {
    /// What only the old tree holds.
    pub old: Capabilities,
    /// What only the new tree holds.
    pub new: Capabilities,
    /// The paths at or below which both hold the same.
    pub shared: Vec<String>,
}

/// A subtree as it was read.
#[derive(Debug)]
pub(super) struct Node {
    path: String,
    parts: Vec<TreeId>,
    own: Capabilities,
}

/// Subtrees that were read, by id. They hold while one moment of the database is read: once `prune`
/// has freed a subtree, its id may be another's, so whoever ends that moment clears them.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    whole: RefCell<HashMap<TreeId, Rc<Node>>>,
    parts: RefCell<HashMap<TreeId, Rc<[TreeId]>>>,
    paths: RefCell<HashMap<TreeId, Rc<str>>>,
}

impl Nodes {
    /// Forgets all: a subtree may be gone, and its number be another's.
    pub(super) fn clear(&self) {
        self.whole.borrow_mut().clear();
        self.parts.borrow_mut().clear();
        self.paths.borrow_mut().clear();
    }
}

impl Store {
    /// The subtrees that a tree consists of.
    ///
    /// # Errors
    /// Where the database cannot be read or is damaged.
    pub fn parts(&self, tree: TreeId) -> Result<Rc<[TreeId]>, StoreError> {
        let known = self.nodes.parts.borrow().get(&tree).map(Rc::clone);
        if let Some(known) = known {
            return Ok(known);
        }
        let parts: Option<String> = self.sql(|connection| {
            connection
                .prepare_cached("SELECT parts FROM subtree WHERE subtree_id = ?")?
                .query_row([tree], |row| row.get(0))
        })?;
        let parts: Rc<[TreeId]> = self.read_parts(tree, parts.as_deref())?.into();
        self.nodes.parts.borrow_mut().insert(tree, Rc::clone(&parts));
        Ok(parts)
    }

    /// The path that all of a subtree stands at or below.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn part_path(&self, tree: TreeId) -> Result<Rc<str>, StoreError> {
        let known = self.nodes.paths.borrow().get(&tree).map(Rc::clone);
        if let Some(known) = known {
            return Ok(known);
        }
        let path: String = self.sql(|connection| {
            connection
                .prepare_cached("SELECT path FROM subtree WHERE subtree_id = ?")?
                .query_row([tree], |row| row.get(0))
        })?;
        let path: Rc<str> = path.into();
        self.nodes.paths.borrow_mut().insert(tree, Rc::clone(&path));
        Ok(path)
    }

    /// What differs between the trees of two sides: ids are compared first, and only what differs is
    /// read.
    ///
    /// # Errors
    /// Where the database cannot be read or is damaged.
    pub fn difference(
        &self,
        old: &BTreeSet<TreeId>,
        new: &BTreeSet<TreeId>,
    ) -> Result<Difference, StoreError> {
        let mut difference = Difference::default();
        for side in [&mut difference.old, &mut difference.new] {
            self.read_dotted_names(side)?;
        }
        let mut level = (old.clone(), new.clone());
        for _ in 0..MAX_DEPTH {
            let shared: Vec<TreeId> = level.0.intersection(&level.1).copied().collect();
            for id in &shared {
                level.0.remove(id);
                level.1.remove(id);
                difference.shared.push(self.node(*id)?.path.clone());
            }
            if level.0.is_empty() && level.1.is_empty() {
                break;
            }
            level = (
                self.read_level(&level.0, &mut difference.old)?,
                self.read_level(&level.1, &mut difference.new)?,
            );
        }
        Ok(difference)
    }

    /// Every capability of a tree, in no particular order.
    ///
    /// # Errors
    /// Where the database cannot be read or is damaged.
    pub fn capabilities(&self, tree: TreeId) -> Result<Capabilities, StoreError> {
        let mut all = Capabilities::new();
        self.read_dotted_names(&mut all)?;
        let mut level = BTreeSet::from([tree]);
        for _ in 0..MAX_DEPTH {
            level = self.read_level(&level, &mut all)?;
        }
        Ok(all)
    }

    fn read_dotted_names(&self, into: &mut Capabilities) -> Result<(), StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached("SELECT path, name_at FROM dotted_name")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let name_at = usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
                into.dotted_mut().insert(row.get_ref(0)?.as_str()?, name_at);
            }
            Ok(())
        })
    }

    /// Collects the trees' own capabilities and gives their parts.
    fn read_level(
        &self,
        trees: &BTreeSet<TreeId>,
        into: &mut Capabilities,
    ) -> Result<BTreeSet<TreeId>, StoreError> {
        let mut below = BTreeSet::new();
        for tree in trees {
            let node = self.node(*tree)?;
            for index in 0..node.own.len() {
                let (kind, value) = node.own.encoded_at(index);
                into.push_encoded(node.own.at(index).0, kind, value);
            }
            below.extend(node.parts.iter().copied());
        }
        Ok(below)
    }

    fn read_parts(&self, tree: TreeId, parts: Option<&str>) -> Result<Vec<TreeId>, StoreError> {
        let Some(parts) = parts else { return Ok(Vec::new()) };
        let parts: Vec<i64> = serde_json::from_str(parts)
            .map_err(|error| self.damaged(format!("parts of subtree {}: {error}", tree.0)))?;
        // Parts are stored before the whole. Damage could make a circle, which nobody came out of.
        if parts.iter().any(|part| *part >= tree.0) {
            return Err(self.damaged(format!("subtree {} is a part of itself", tree.0)));
        }
        Ok(parts.into_iter().map(TreeId).collect())
    }

    /// One subtree, read once.
    fn node(&self, tree: TreeId) -> Result<Rc<Node>, StoreError> {
        if let Some(known) = self.nodes.whole.borrow().get(&tree) {
            return Ok(Rc::clone(known));
        }
        let mut own = Capabilities::new();
        let (path, parts): (String, Option<String>) = self.sql(|connection| {
            read_own(connection, tree, &mut own)?;
            connection
                .prepare_cached("SELECT path, parts FROM subtree WHERE subtree_id = ?")?
                .query_row([tree], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        let parts = self.read_parts(tree, parts.as_deref())?;
        let node = Rc::new(Node { path, parts, own });
        self.nodes.whole.borrow_mut().insert(tree, Rc::clone(&node));
        Ok(node)
    }
}

pub(super) fn read_own(
    connection: &Connection,
    tree: TreeId,
    into: &mut Capabilities,
) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT path, kind, value FROM subtree_capability
         JOIN path USING (path_id) JOIN value USING (value_id) WHERE subtree_id = ?",
    )?;
    let mut rows = select.query([tree])?;
    while let Some(row) = rows.next()? {
        let (path, value) = (row.get_ref(0)?.as_str()?, row.get_ref(2)?.as_str()?);
        let kind = row.get(1)?;
        match kind {
            Kind::Set | Kind::List => {
                let members: Vec<String> = serde_json::from_str(value).map_err(|error| {
                    rusqlite::Error::FromSqlConversionFailure(
                        2,
                        rusqlite::types::Type::Text,
                        error.into(),
                    )
                })?;
                let mut members: Vec<&str> = members.iter().map(String::as_str).collect();
                if kind == Kind::Set {
                    into.push_set(path, &mut members);
                } else {
                    into.push_list(path, &members);
                }
            }
            _ => into.push_encoded(path, kind, value),
        }
    }
    Ok(())
}
