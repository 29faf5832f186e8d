//! Whether the store holds what was stored: what its documents say is derived again with the parser.
//! Beside [`crate::ingest`] the one place where parser and store meet.

use std::collections::HashSet;

use crate::model::{Capabilities, Suspicion, shared_hash, subtrees};
use crate::parse;
use crate::store::{Counts, Damage, REHASHES, Store, StoreError, StoredBody};

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// How much was looked at.
    pub counts: Counts,
    /// The documents were read, too.
    pub has_read_data: bool,
    /// What is damaged.
    pub damage: Vec<Damage>,
}

/// Looks whether all fits together; with `reads_data` every hash is computed anew and every document
/// is read again. `progress` is told how many steps of how many are done.
///
/// # Errors
/// Where the database cannot be read at all.
pub fn check(
    store: &Store,
    reads_data: bool,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Checked, StoreError> {
    let bodies = if reads_data { store.stored_bodies() } else { Ok(Vec::new()) };
    let (bodies, unread) = match bodies {
        Ok(bodies) => (bodies, None),
        Err(error) => (Vec::new(), Some(Damage::new("bodies", format!("cannot be read: {error}")))),
    };
    let steps = 1 + if reads_data { REHASHES.len() + bodies.len() } else { 0 };
    progress(0, steps);
    let mut damage = store.check_structure();
    damage.extend(unread);
    let mut done = 1;
    progress(done, steps);
    if reads_data {
        for (kind, rehash) in REHASHES {
            match rehash(store) {
                Ok(found) => damage.extend(found),
                Err(error) => damage.push(Damage::new(kind, format!("cannot be read: {error}"))),
            }
            done += 1;
            progress(done, steps);
        }
        for body in &bodies {
            if let Err(what) = read_again(store, body) {
                damage.push(Damage::new(format!("body {}", body.hash), what));
            }
            done += 1;
            progress(done, steps);
        }
    }
    // A page that cannot be read is met by many looks.
    let mut known = HashSet::new();
    damage.retain(|each| known.insert(each.clone()));
    let counts = match store.counts() {
        Ok(counts) => counts,
        Err(_) if !damage.is_empty() => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(Checked { counts, has_read_data: reads_data, damage })
}

/// Whether a body's bytes are its own, and say what is stored of it.
fn read_again(store: &Store, body: &StoredBody) -> Result<(), String> {
    let no_head = (Vec::new(), crate::model::Target::default());
    let (head, _) = body.heads.first().unwrap_or(&no_head);
    // Its hash is compared there.
    let bytes = store.document(body.id, head).map_err(|error| match error {
        StoreError::Damaged { what, .. } => what,
        other => other.to_string(),
    })?;
    let document = parse::document(&bytes).map_err(|error| error.to_string())?;
    derived(body, &document.capabilities)?;
    for (head, target) in &body.heads {
        let bytes = store.document(body.id, head).map_err(|error| error.to_string())?;
        let found = match parse::split(&bytes) {
            Some(found) => found,
            None => parse::document(&bytes).map_err(|error| error.to_string())?.head,
        };
        if found.target != *target {
            return Err(format!("its identity is not the target that is stored, {target}"));
        }
    }
    Ok(())
}

fn derived(body: &StoredBody, capabilities: &Capabilities) -> Result<(), String> {
    let root = subtrees(capabilities);
    if root.hash != body.tree {
        return Err("its capabilities are not those that are stored".to_owned());
    }
    if shared_hash(&root, capabilities) != body.shared {
        return Err("its shared_hash is not that of its capabilities".to_owned());
    }
    if capabilities.is_empty_document() != body.is_empty {
        return Err("is_empty_document is wrong".to_owned());
    }
    if Suspicion::of(capabilities) != body.suspicion {
        return Err("its suspicion is not what it says".to_owned());
    }
    Ok(())
}
