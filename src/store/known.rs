//! What writers have looked up: kept from one transaction to the next, as long as nobody else wrote.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use super::error::StoreError;
use super::ids::{BodyId, ContextId, ProfileId, TreeId};
use super::open::Store;
use super::pack::Packer;
use super::profile::BodyHashes;
use crate::model::{Hash, Suspicion, Target};

/// More than this of one kind is forgotten and looked up again: a fleet whose documents all differ
/// would fill the memory.
const MOST: usize = 1 << 17;

/// Row numbers by content.
#[derive(Default)]
pub(super) struct Known {
    pub(super) trees: HashMap<Hash, TreeId>,
    pub(super) bodies: HashMap<Hash, (BodyId, Suspicion)>,
    pub(super) body_hashes: HashMap<BodyId, BodyHashes>,
    pub(super) contexts: HashMap<Hash, ContextId>,
    pub(super) heads: HashMap<Target, Vec<(Vec<u8>, i64)>>,
    pub(super) profiles: HashMap<Hash, ProfileId>,
    pub(super) paths: HashMap<String, i64>,
    pub(super) packer: Packer,
}

/// What the last writer knew, and the version of the data that it left.
#[derive(Default)]
pub(super) struct Kept(RefCell<Option<(i64, Known)>>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Known {
    fn is_small(&self) -> bool {
        let sizes = [self.trees.len(), self.bodies.len(), self.contexts.len(), self.profiles.len()];
        sizes.into_iter().chain([self.paths.len(), self.heads.len()]).all(|size| size < MOST)
    }
}

impl Store {
    /// What is known within the transaction that has just begun. Row numbers hold until somebody
    /// removes rows: SQLite tells whether another connection has written since.
    pub(super) fn take_known(&self) -> Result<Known, StoreError> {
        let kept = self.kept.0.take();
        let version = self.data_version()?;
        Ok(kept.filter(|(then, _)| *then == version).map(|(_, known)| known).unwrap_or_default())
    }

    /// Keeps what was known at the end of a transaction, at this version of the data, for the next.
    pub(super) fn keep_known(&self, version: i64, known: Known) {
        if known.is_small() {
            self.kept.0.replace(Some((version, known)));
        }
    }

    /// Forgets it: rows may go.
    pub(super) fn forget_known(&self) {
        self.kept.0.take();
    }

    /// A number that changes when another connection writes, and not when this one does.
    pub(super) fn data_version(&self) -> Result<i64, StoreError> {
        self.sql(|connection| connection.query_row("PRAGMA data_version", [], |row| row.get(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(store: &Store) -> usize {
        store.take_known().unwrap().paths.len()
    }

    fn know_a_path(store: &mut Store) {
        let mut writer = store.writer().unwrap();
        writer.known.paths.insert("vcpu.max".to_owned(), 1);
        writer.commit().unwrap();
    }

    #[test]
    fn it_is_kept_while_nobody_else_writes_or_prunes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("d.db");
        let mut store = Store::create_or_open(&file).unwrap();
        know_a_path(&mut store);
        assert_eq!(count(&store), 1);
        know_a_path(&mut store);
        let mut other = Store::create_or_open(&file).unwrap();
        let host = "hv01".parse().unwrap();
        let writer = other.writer().unwrap();
        writer.add_host(&host).unwrap();
        writer.commit().unwrap();
        assert_eq!(count(&store), 0, "another connection wrote");
        know_a_path(&mut store);
        store.prune().unwrap();
        assert_eq!(count(&store), 0, "rows may have gone");
        know_a_path(&mut store);
        drop(store.writer().unwrap());
        assert_eq!(count(&store), 0, "what was rolled back may be known");
    }
}
