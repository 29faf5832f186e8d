//! Which bodies need not be read.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::model::Hash;
use crate::store::{Store, StoreError};

/// Bodies that were read already, by any thread.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashSet<Hash>>);

/// Knows bodies that are stored, and those that others read to store them.
#[derive(Debug)]
pub struct Known<'s> {
    seen: &'s Seen,
    store: Option<&'s Store>,
}

impl<'s> Known<'s> {
    /// Knows what is in a database, where there is one, and what others have seen.
    #[must_use]
    pub fn new(seen: &'s Seen, store: Option<&'s Store>) -> Self {
        Self { seen, store }
    }

    /// Whether a body is well-formed, because it was read before.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn holds(&self, body: Hash) -> Result<bool, StoreError> {
        if self.seen.bodies().contains(&body) {
            return Ok(true);
        }
        let is_stored = self.store.map_or(Ok(false), |store| store.has_body(body))?;
        if is_stored {
            self.note(body);
        }
        Ok(is_stored)
    }

    /// Notes a body that is well-formed.
    pub fn note(&self, body: Hash) {
        self.seen.bodies().insert(body);
    }
}

impl Seen {
    fn bodies(&self) -> std::sync::MutexGuard<'_, HashSet<Hash>> {
        // A set is whole between two calls, whatever became of a thread.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
