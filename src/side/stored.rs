//! A side from the store.

use std::collections::BTreeMap;

use super::{Content, Contents, Origin, Raw, Side, SideError};
use crate::diff::{Observed, Outcome};
use crate::model::{TargetPattern, When};
use crate::store::{Resolved, SnapshotRow, Store, StoreError};

/// The snapshot of `host` that `when` means, and the targets that `target` means.
///
/// # Errors
/// Where there is no such snapshot or target.
pub fn from_store(
    contents: &Contents,
    host: &str,
    when: &When,
    target: Option<&TargetPattern>,
    operand: &str,
) -> Result<Side, SideError> {
    let store = store_of(contents)?;
    let Resolved { snapshot, passed_over } = store.resolve(host, when)?;
    let mut side = from_snapshot(contents, &snapshot)?;
    side.passed_over = passed_over;
    if let Some(pattern) = target {
        side.choose(pattern, operand)?;
    }
    Ok(side)
}

/// A snapshot that was found in the store.
///
/// # Errors
/// Where the store cannot be read.
pub fn from_snapshot(contents: &Contents, snapshot: &SnapshotRow) -> Result<Side, StoreError> {
    let store = store_of(contents)?;
    let stored = store.snapshot(snapshot)?;
    let mut outcomes = BTreeMap::new();
    let mut raw = BTreeMap::new();
    for (target, outcome) in stored.outcomes {
        let outcome = match outcome {
            Ok(document) => {
                raw.insert(target.clone(), Raw::Stored(document.body, document.head));
                let is_empty = document.is_empty;
                Outcome::Document(Content::Stored { tree: document.tree, is_empty })
            }
            Err((class, message)) => Outcome::Failed { class, message },
        };
        outcomes.insert(target, outcome);
    }
    Ok(Side {
        origin: Origin { short: Some(store.short_id(snapshot)?), ..Origin::of(snapshot) },
        observed: Observed {
            outcomes,
            machines: stored.machines,
            state: snapshot.state,
            context: stored.context,
            is_chosen: false,
        },
        raw,
        passed_over: Vec::new(),
        bad: Vec::new(),
        unread: Vec::new(),
    })
}

fn store_of(contents: &Contents) -> Result<&Store, StoreError> {
    contents.store.as_ref().ok_or_else(|| StoreError::Missing { path: "".into() })
}

impl Origin {
    /// Where a snapshot comes from; its id in full only.
    #[must_use]
    pub fn of(snapshot: &SnapshotRow) -> Self {
        Self {
            host: Some(snapshot.host.clone()),
            snapshot: Some(snapshot.id.to_string()),
            short: None,
            taken_at: Some(snapshot.taken_at),
            source: None,
        }
    }
}
