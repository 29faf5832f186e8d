//! Versions of many contexts at once: for questions about a fleet.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use rusqlite::Row;

use super::error::StoreError;
use super::ids::ContextId;
use super::open::Store;

/// What of a context tells kinds of hosts apart; many contexts share each of these texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// libvirt's version.
    pub libvirt: Option<Rc<str>>,
    /// Hypervisor and version.
    pub hypervisor: Option<Rc<str>>,
    /// Vendor and signature of the host's CPU.
    pub cpu: Option<Rc<str>>,
}

impl Store {
    /// The versions in contexts. Each host has a context of its own, since that holds its URI.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn versions(
        &self,
        contexts: impl IntoIterator<Item = ContextId>,
    ) -> Result<HashMap<ContextId, Versions>, StoreError> {
        // In the order in which they stand: the contexts of a fleet are many pages.
        let contexts: BTreeSet<ContextId> = contexts.into_iter().collect();
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT libvirt, hypervisor, cpu FROM context WHERE context_id = ?",
            )?;
            let mut texts = HashSet::new();
            let mut found = HashMap::with_capacity(contexts.len());
            for context in contexts {
                found.insert(
                    context,
                    select.query_row([context], |row| versions(row, &mut texts))?,
                );
            }
            Ok(found)
        })
    }
}

fn versions(row: &Row<'_>, texts: &mut HashSet<Rc<str>>) -> rusqlite::Result<Versions> {
    let mut text = |at: usize| -> rusqlite::Result<Option<Rc<str>>> {
        let Some(text) = row.get_ref(at)?.as_str_or_null()? else { return Ok(None) };
        if let Some(known) = texts.get(text) {
            return Ok(Some(Rc::clone(known)));
        }
        let text: Rc<str> = text.into();
        texts.insert(Rc::clone(&text));
        Ok(Some(text))
    };
    Ok(Versions { libvirt: text(0)?, hypervisor: text(1)?, cpu: text(2)? })
}
