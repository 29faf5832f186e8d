//! Which paths stand already: any two elements can come to one path, since names may hold dots.

use std::hash::{BuildHasher as _, Hasher as _};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::model::Capabilities;

/// The paths of the capabilities that a walk has appended. Their text stands there and not here.
pub(super) struct Seen {
    /// Which capability stands at each. No more than that: thousands of them are asked about.
    paths: HashTable<u32>,
    /// How often each was asked for that was asked for more than once.
    counts: HashMap<u32, u32>,
    state: DefaultHashBuilder,
}

impl Seen {
    /// With room for so many paths.
    pub(super) fn with_capacity(paths: usize) -> Self {
        let state = DefaultHashBuilder::default();
        Self { paths: HashTable::with_capacity(paths), counts: HashMap::new(), state }
    }

    /// Where the path stands: how often it was asked for by now. Where it does not, nothing, and it
    /// is the path of what is appended next.
    pub(super) fn copy(&mut self, path: &str, out: &Capabilities) -> Option<u32> {
        let hash = |path: &str| {
            let mut hasher = self.state.build_hasher();
            hasher.write(path.as_bytes());
            hasher.finish()
        };
        let is_it = |known: &u32| out.path_at(*known as usize) == path;
        let rehash = |known: &u32| hash(out.path_at(*known as usize));
        match self.paths.entry(hash(path), is_it, rehash) {
            Entry::Occupied(known) => {
                let count = self.counts.entry(*known.get()).or_insert(1);
                *count += 1;
                Some(*count)
            }
            Entry::Vacant(new) => {
                new.insert(u32::try_from(out.len()).expect("limited by MAX_ITEMS"));
                None
            }
        }
    }
}
