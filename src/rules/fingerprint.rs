//! The name of a finding across runs, hosts and targets.

use crate::diff::{Difference, Plain};
use crate::model::Hasher;

/// Twelve hexadecimal digits of what changed. Neither the targets nor the hosts are part of it,
/// so a finding that was reviewed once is known wherever it turns up again.
#[must_use]
pub fn fingerprint(difference: &Difference) -> String {
    let plain = |side: &Option<Plain>| side.as_ref().map(|side| format!("{side:?}"));
    let mut hasher = Hasher::new();
    hasher
        .part(difference.kind.name().as_bytes())
        .part(difference.path.as_bytes())
        .optional(difference.value.as_deref().map(str::as_bytes))
        .optional(plain(&difference.old).as_deref().map(str::as_bytes))
        .optional(plain(&difference.new).as_deref().map(str::as_bytes));
    hasher.finish().to_string()[..12].to_owned()
}
