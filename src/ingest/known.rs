//! Which bodies need not be read.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Hash, Suspicion};
use crate::store::{Store, StoreError};

/// Bodies that were read already, by any thread, and what speaks against each.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<Hash, Suspicion>>);

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

    /// What speaks against a body that is well-formed, because it was read before.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn suspicion(&self, body: Hash) -> Result<Option<Suspicion>, StoreError> {
        if let Some(known) = self.seen.bodies().get(&body) {
            return Ok(Some(*known));
        }
        let stored = self.store.map_or(Ok(None), |store| store.suspicion(body))?;
        if let Some(suspicion) = stored {
            self.note(body, suspicion);
        }
        Ok(stored)
    }

    /// Notes a body that is well-formed.
    pub fn note(&self, body: Hash, suspicion: Suspicion) {
        self.seen.bodies().insert(body, suspicion);
    }
}

impl Seen {
    fn bodies(&self) -> std::sync::MutexGuard<'_, HashMap<Hash, Suspicion>> {
        // A map is whole between two calls, whatever became of a thread.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
