//! Two sides to findings: the one place where differences, guests and rules meet.

use crate::diff::{Change, Comparison, Scope, snapshots};
use crate::guests::{Answer, GuestImpacts};
use crate::model::Guest;
use crate::report::Builder;
use crate::rules::{GuestHits, Severity, UsedBy};
use crate::side::{Contents, Side, SideError};
use crate::store::StoreError;

/// The guests that severities follow.
pub struct JudgedGuests<'g> {
    /// All of them.
    pub guests: Vec<&'g Guest>,
    /// What one is called, by its number.
    pub name: &'g dyn Fn(usize) -> String,
}

/// What changed between two sides.
///
/// # Errors
/// Where the store cannot be read.
pub fn compare(contents: &Contents, [old, new]: [&Side; 2]) -> Result<Comparison, StoreError> {
    let is_one_host = old.origin.host.is_some() && old.origin.host == new.origin.host;
    let contexts = [&old.observed.context, &new.observed.context];
    let scope = Scope::between(contexts[0], contexts[1], is_one_host);
    let compare = |old: &_, new: &_| contents.compare(old, new, scope);
    let mut comparison = snapshots(&old.observed, &new.observed, compare)?;
    if !is_one_host {
        // Each host has a URI of its own.
        comparison.context.retain(|change| change.name != "uri");
    }
    if comparison.loses_a_loader() {
        comparison.firmware = contents.listed_firmware(&new.observed)?;
    }
    Ok(comparison)
}

/// Adds what is thought of a comparison to a report; gives the group's number there.
///
/// # Errors
/// Where the store cannot be read.
pub fn add(
    builder: &mut Builder<'_>,
    contents: &Contents,
    [old, new]: [&Side; 2],
    comparison: &Comparison,
    guests: Option<&JudgedGuests<'_>>,
) -> Result<usize, SideError> {
    let origins = [old.origin.clone(), new.origin.clone()];
    let Some(JudgedGuests { guests, name }) = guests else {
        return Ok(builder.add(origins, comparison, None));
    };
    let impacts = GuestImpacts::new(guests.iter().copied(), [old, new], contents)?;
    let unjudged = impacts.unjudged();
    builder.unjudged(unjudged.iter().map(|number| name(*number)));
    // Requirements that became worse without any change that says so are changes of their own.
    let untold = impacts.untold(&comparison.changes);
    let is_untold = |change: &Change| untold.iter().any(|it| it.difference == change.difference);
    let of = |change: &Change| -> GuestHits {
        let hits = impacts.of(change);
        let severity = hits.iter().map(|hit| hit.answer).min().map(|answer| match answer {
            Answer::No => Severity::Breaking,
            _ => Severity::Warning,
        });
        let reason = hits.first().filter(|_| is_untold(change)).map(|hit| hit.text.clone());
        let guests = hits.iter().map(|hit| name(hit.guest)).collect();
        GuestHits { guests, severity, reason }
    };
    let used_by = UsedBy { of: &of, is_complete: unjudged.is_empty() };
    if untold.is_empty() {
        return Ok(builder.add(origins, comparison, Some(used_by)));
    }
    let mut comparison = comparison.clone();
    comparison.changes.extend(untold.iter().cloned());
    Ok(builder.add(origins, &comparison, Some(used_by)))
}
