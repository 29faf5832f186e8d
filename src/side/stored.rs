//! A side from the store.

use std::collections::BTreeMap;

use super::{Content, Contents, Origin, Raw, Side, SideError};
use crate::diff::{Observed, Outcome};
use crate::model::{TargetPattern, When};
use crate::store::{Resolved, StoreError};

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
    let store = contents.store.as_ref().ok_or_else(|| StoreError::Missing { path: "".into() })?;
    let Resolved { snapshot, passed_over } = store.resolve(host, when)?;
    let stored = store.snapshot(&snapshot)?;
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
    let mut side = Side {
        origin: Origin {
            short: Some(store.short_id(&snapshot)?),
            host: Some(snapshot.host),
            snapshot: Some(snapshot.id.to_string()),
            taken_at: Some(snapshot.taken_at),
            source: None,
        },
        observed: Observed {
            outcomes,
            machines: stored.machines,
            state: snapshot.state,
            context: stored.context,
            is_chosen: false,
        },
        raw,
        passed_over,
        bad: Vec::new(),
        unread: Vec::new(),
    };
    if let Some(pattern) = target {
        side.choose(pattern, operand)?;
    }
    Ok(side)
}
