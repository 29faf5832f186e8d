//! Outliers in the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::{counted, few_hosts, line, things};
use crate::fleet::{Cohorts, Family, Outlier, Thing};
use crate::render::text::heading;

/// Writes who stands out, rarest first.
///
/// # Errors
/// Where the output cannot be written.
pub fn outliers(
    cohorts: &Cohorts,
    found: &[Outlier],
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let all = counted(cohorts.hosts(), "host");
    if found.is_empty() {
        return writeln!(out, "no host of {all} stands out");
    }
    writeln!(out, "{}", heading(&format!("who stands out among {all}"), width))?;
    for outlier in found {
        let count = counted(outlier.hosts.len(), "host");
        let verb = match (outlier.is_alone, outlier.hosts.len()) {
            (true, 1) => "alone has",
            (true, _) => "alone have",
            (false, 1) => "lacks",
            (false, _) => "lack",
        };
        let text = format!("{count} ({}): {verb} {}", few_hosts(&outlier.hosts, 8), what(outlier));
        line(&text, "  ", "      ", width, out)?;
    }
    Ok(())
}

/// What they lack or have; with the family, where that is not so for all families that are told.
fn what(outlier: &Outlier) -> String {
    let mut parts: Vec<String> = outlier.families.iter().map(Family::to_string).collect();
    let mut by: BTreeMap<&BTreeSet<Family>, Vec<&Thing>> = BTreeMap::new();
    for (thing, families) in &outlier.things {
        by.entry(families).or_default().push(thing);
    }
    for (families, list) in by {
        let families: Vec<String> = families.iter().map(Family::to_string).collect();
        let told = things::told(list.into_iter()).join("; ");
        parts.push(format!("{told} ({})", families.join(", ")));
    }
    parts.join("; ")
}
