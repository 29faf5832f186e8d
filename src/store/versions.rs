//! Versions of many contexts at once: for questions about a fleet.

use std::collections::BTreeSet;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
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
        let contexts: BTreeSet<ContextId> = contexts.into_iter().collect();
        let mut texts = HashSet::new();
        let mut found = HashMap::with_capacity(contexts.len());
        self.each_context("libvirt, hypervisor, cpu", &contexts, |context, row| {
            found.insert(context, versions(row, &mut texts)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Lends some columns of contexts, behind their number. Hosts that are asked together get contexts
    /// one after the other, so runs of them are read and not each for itself.
    pub(super) fn each_context(
        &self,
        columns: &str,
        contexts: &BTreeSet<ContextId>,
        mut see: impl FnMut(ContextId, &Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        /// To skip a row is quicker than to look for the next.
        const GAP: i64 = 4;
        let sql = format!(
            "SELECT context_id, {columns} FROM context WHERE context_id BETWEEN ? AND ?
             ORDER BY context_id"
        );
        self.sql(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let ids: Vec<ContextId> = contexts.iter().copied().collect();
            for run in ids.chunk_by(|a, b| b.0 - a.0 <= GAP) {
                let mut wanted = run.iter().peekable();
                let mut rows = select.query([run.first(), run.last()])?;
                while let Some(row) = rows.next()? {
                    let context = row.get(0)?;
                    if wanted.next_if_eq(&&context).is_some() {
                        see(context, row)?;
                    }
                }
                if wanted.next().is_some() {
                    return Err(rusqlite::Error::QueryReturnedNoRows);
                }
            }
            Ok(())
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
    Ok(Versions { libvirt: text(1)?, hypervisor: text(2)?, cpu: text(3)? })
}
