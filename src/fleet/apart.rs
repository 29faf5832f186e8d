//! What sets a cohort apart from another.

use crate::diff::{Change, Difference, Kind, Plain, Scope, snapshots};
use crate::model::{CUSTOM_MODELS, HOST_MODEL, LOADERS};
use crate::side::{Contents, Side};
use crate::store::StoreError;

/// What one cohort has otherwise than another.
#[derive(Debug, Default)]
pub struct Apart {
    /// What is lost, gained or changed on the way to it, most important first.
    pub changes: Vec<ApartChange>,
    /// How many capabilities only it says anything of.
    pub reported: usize,
    /// How many only the other says anything of.
    pub unreported: usize,
    /// How many pairs of documents were compared.
    pub targets: usize,
}

/// One difference, and on how many targets there is.
#[derive(Debug)]
pub struct ApartChange {
    /// The difference.
    pub difference: Difference,
    /// How many targets have it.
    pub targets: usize,
}

/// Compares what speaks for a cohort with what speaks for another. The same `contents` for many
/// comparisons compares each two parts of documents once.
///
/// # Errors
/// Where the database cannot be read.
pub fn apart(contents: &Contents, from: &Side, to: &Side) -> Result<Apart, StoreError> {
    let scope = Scope::between(&from.observed.context, &to.observed.context, false);
    let compare = |old: &_, new: &_| contents.compare(old, new, scope);
    let comparison = snapshots(&from.observed, &to.observed, compare)?;
    let mut apart = Apart { targets: comparison.pairs.len(), ..Apart::default() };
    for Change { difference, targets, .. } in comparison.changes {
        match difference.kind {
            Kind::Reported => apart.reported += 1,
            Kind::Unreported => apart.unreported += 1,
            _ => apart.changes.push(ApartChange { difference, targets: targets.len() }),
        }
    }
    apart.changes.sort_by(|a, b| {
        let key = |it: &ApartChange| rank(&it.difference);
        key(a).cmp(&key(b)).then_with(|| a.difference.cmp(&b.difference))
    });
    Ok(apart)
}

/// How much a difference matters to whoever places guests: least is most. Levels first, then what
/// guests name in their XML, last what is only said of it.
fn rank(difference: &Difference) -> u8 {
    let path = difference.path.as_str();
    let is_support = difference.value.is_none()
        && matches!(difference.kind, Kind::Lost | Kind::Gained)
        && [&difference.old, &difference.new]
            .iter()
            .all(|side| matches!(side, Some(Plain::Text(_))));
    match path {
        "document" | "emulator" | "arch" | "virttype" => 0,
        "machine" | "target" => 1,
        _ if path.starts_with(CUSTOM_MODELS) && is_support => 2,
        _ if is_support => 3,
        LOADERS => 4,
        _ if path.starts_with("alias[") => 7,
        _ if path.starts_with("machine[") => 9,
        CUSTOM_MODELS => 8,
        _ if path.starts_with(CUSTOM_MODELS) => 9,
        _ if path == format!("{HOST_MODEL}.model") => 5,
        _ if path.starts_with(HOST_MODEL) => 7,
        _ => 6,
    }
}
