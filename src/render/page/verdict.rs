//! The head of a page: what is compared, whether it matters, how much was looked at.

use std::collections::BTreeSet;

use super::context::side_name;
use super::{counted, targets};
use crate::report::Report;
use crate::rules::Severity;

/// What is compared with what.
pub(super) fn title(report: &Report) -> String {
    if let Some(fleet) = &report.fleet {
        return format!("{}: {} → {}", fleet.scope, fleet.from, fleet.to);
    }
    let [old, new] = report.sides();
    format!("{} → {}", side_name(&old), side_name(&new))
}

/// Whether it matters.
pub(super) fn verdict(report: &Report) -> String {
    let breaking = report.count_severity(Severity::Breaking);
    let to_decide = report.count_severity(Severity::Warning);
    let mut text = match (breaking, report.guests) {
        (0, _) if report.findings.is_empty() => return nothing(report),
        (0, None) => "nothing breaks".to_owned(),
        (0, Some(1)) => "nothing breaks for the guest".to_owned(),
        (0, Some(guests)) => format!("nothing breaks for the {guests} guests"),
        (1, None) => "1 finding breaks guests that use it".to_owned(),
        (count, None) => format!("{count} findings break guests that use them"),
        (_, Some(guests)) => {
            let hit: BTreeSet<&String> = of_severity(report, Severity::Breaking)
                .flat_map(|finding| finding.used_by.iter().flatten())
                .collect();
            let verb = if breaking == 1 { "breaks" } else { "break" };
            let findings = counted(breaking, "finding");
            match guests {
                1 => format!("{findings} {verb} the guest"),
                _ => format!("{findings} {verb} {} of {guests} guests", hit.len()),
            }
        }
    };
    if report.fleet.is_some() && breaking > 0 {
        let groups: BTreeSet<usize> = of_severity(report, Severity::Breaking)
            .flat_map(|finding| finding.seen.iter().map(|seen| seen.group))
            .collect();
        let hit: usize = groups.into_iter().map(|group| report.groups[group].members.len()).sum();
        let all: usize = report.groups.iter().map(|group| group.members.len()).sum();
        text.push_str(&format!(", on {hit} of {}", counted(all, "host")));
    }
    if to_decide > 0 {
        text.push_str(&format!("; {to_decide} to decide"));
    }
    text
}

fn nothing(report: &Report) -> String {
    let is_compared = report.groups.iter().any(|group| !group.pairs.is_empty());
    if is_compared { "no difference" } else { "nothing was compared" }.to_owned()
}

fn of_severity(
    report: &Report,
    severity: Severity,
) -> impl Iterator<Item = &crate::rules::Finding> {
    report.counted().filter(move |finding| finding.severity == severity)
}

/// How much was compared, and what was not.
pub(super) fn facts(report: &Report) -> Vec<String> {
    let mut facts = match report.fleet {
        Some(_) => vec![hosts(report)],
        None => report.groups.iter().map(targets::compared).collect(),
    };
    let is_other_flags =
        report.groups.iter().flat_map(|group| &group.context).any(|it| it.name == "api_flags");
    if is_other_flags {
        let note = "host-model features not compared: asked for under other CPU flags (api_flags)";
        facts.push(note.to_owned());
    }
    facts
}

fn hosts(report: &Report) -> String {
    let of = |has_findings: bool| -> usize {
        let groups = report.groups.iter().enumerate();
        let changed: BTreeSet<usize> =
            report.findings.iter().flat_map(|it| it.seen.iter().map(|seen| seen.group)).collect();
        groups
            .filter(|(at, _)| changed.contains(at) == has_findings)
            .map(|(_, group)| group.members.len())
            .sum()
    };
    let (changed, same) = (of(true), of(false));
    let mut text = format!("{} compared", counted(changed + same, "host"));
    match (changed, same) {
        (_, 0) => {}
        (0, _) => text.push_str(" without a difference"),
        _ => text.push_str(&format!(", {same} of them without a difference")),
    }
    let silent = report.fleet.as_ref().map_or(0, |fleet| fleet.silent.len());
    if silent > 0 {
        text.push_str(&format!("; {silent} not compared"));
    }
    text
}
