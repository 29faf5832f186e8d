//! Which paths stand already: any two elements can come to one path, since names may hold dots.

use std::hash::BuildHasher as _;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::model::Capabilities;

/// The paths of the capabilities that a walk has appended. Their text stands there and not here.
pub(super) struct Seen {
    paths: HashTable<Path>,
    state: DefaultHashBuilder,
}

struct Path {
    hash: u64,
    /// Which capability stands at it.
    index: usize,
    /// How often it was asked for.
    count: u32,
}

impl Seen {
    /// With room for so many paths.
    pub(super) fn with_capacity(paths: usize) -> Self {
        let state = DefaultHashBuilder::default();
        Self { paths: HashTable::with_capacity(paths), state }
    }

    /// Where the path stands: how often it was asked for by now. Where it does not, nothing, and it
    /// is the path of what is appended next.
    pub(super) fn copy(&mut self, path: &str, out: &Capabilities) -> Option<u32> {
        let hash = self.state.hash_one(path.as_bytes());
        let is_it = |known: &Path| known.hash == hash && out.at(known.index).0 == path;
        match self.paths.entry(hash, is_it, |known| known.hash) {
            Entry::Occupied(mut known) => {
                known.get_mut().count += 1;
                Some(known.get().count)
            }
            Entry::Vacant(new) => {
                new.insert(Path { hash, index: out.len(), count: 1 });
                None
            }
        }
    }
}
