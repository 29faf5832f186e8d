//! `os.loader.value`: libvirt picks the first that fits, so the order of the rest means little.

use super::{Comparison, Difference, Kind, Plain};
use crate::model::{LOADERS, Members};

/// Each path that came or went, and the first one where it is another.
pub(super) fn compare(comparison: &mut Comparison<'_, '_>, old: Members<'_>, new: Members<'_>) {
    comparison.members(LOADERS, old, new);
    if let (Some(old), Some(new)) = (old.iter().next(), new.iter().next())
        && old != new
    {
        let first = Difference::new(Kind::Changed, &format!("{LOADERS}[0]"));
        let first = first.with_sides(Some(Plain::text(old)), Some(Plain::text(new)));
        comparison.found.push(first);
    }
}
