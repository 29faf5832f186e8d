//! Outliers in the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::{counted, few_hosts, line, things};
use crate::fleet::{Cohorts, Family, Outlier, Thing};
use crate::render::text::heading;

/// Writes who stands out among hosts of these families, rarest first.
///
/// # Errors
/// Where the output cannot be written.
pub fn outliers(
    cohorts: &Cohorts,
    all_families: &BTreeSet<&Family>,
    found: &[Outlier],
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let all = counted(cohorts.hosts(), "host");
    if found.is_empty() {
        return writeln!(out, "no host of {all} stands out");
    }
    let families = joined(all_families.iter().copied());
    writeln!(out, "{}", heading(&format!("who stands out among {all}, {families}"), width))?;
    for outlier in found {
        let count = counted(outlier.hosts.len(), "host");
        let verb = match (outlier.is_alone, outlier.hosts.len()) {
            (true, 1) => "alone has",
            (true, _) => "alone have",
            (false, 1) => "lacks",
            (false, _) => "lack",
        };
        let text = format!(
            "{count} ({}): {verb} {}",
            few_hosts(&outlier.hosts, 8),
            what(outlier, all_families.len())
        );
        line(&text, "  ", "      ", width, out)?;
    }
    Ok(())
}

/// What they lack or have; with the families, where it is not all of them.
fn what(outlier: &Outlier, all_families: usize) -> String {
    let mut parts: Vec<String> = outlier.families.iter().map(Family::to_string).collect();
    let mut by: BTreeMap<&BTreeSet<Family>, Vec<&Thing>> = BTreeMap::new();
    for (thing, families) in &outlier.things {
        by.entry(families).or_default().push(thing);
    }
    for (families, list) in by {
        let told = things::told(list.into_iter()).join("; ");
        let is_everywhere = families.len() == all_families;
        let place = format!(" ({})", joined(families.iter()));
        parts.push(format!("{told}{}", if is_everywhere { "" } else { &place }));
    }
    parts.join("; ")
}

fn joined<'f>(families: impl Iterator<Item = &'f Family>) -> String {
    families.map(Family::to_string).collect::<Vec<_>>().join(", ")
}
