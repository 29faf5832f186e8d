//! The head of a page: what is compared, whether it matters, how much was looked at.

use std::collections::BTreeSet;

use super::context::side_name;
use super::{counted, targets};
use crate::model::Time;
use crate::report::{Fleet, Period, Report};
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
    let is_compared = report.groups.iter().any(|group| !group.pairs.is_empty());
    let is_period = report.fleet.as_ref().is_some_and(|fleet| fleet.period.is_some());
    let mut text = match (breaking, report.guests) {
        _ if is_period && report.groups.is_empty() => return "no change".to_owned(),
        (0, _) if !is_compared && to_decide == 0 => return "nothing was compared".to_owned(),
        (0, _) if report.findings.is_empty() => return "no difference".to_owned(),
        (0, None) => "nothing breaks".to_owned(),
        (0, Some(1)) => "nothing breaks for the guest".to_owned(),
        (0, Some(guests)) => format!("nothing breaks for the {}", counted(guests, "guest")),
        (1, None) => "1 finding breaks guests that use it".to_owned(),
        (count, None) => format!("{} break guests that use them", counted(count, "finding")),
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
    if !report.unjudged.is_empty() {
        text.push_str(&format!(" ({} not judged)", report.unjudged.len()));
    }
    if report.fleet.is_some() && breaking > 0 {
        let groups: BTreeSet<usize> = of_severity(report, Severity::Breaking)
            .flat_map(|finding| finding.seen.iter().map(|seen| seen.group))
            .collect();
        let hit = report.count_hosts_of(groups);
        let all = report.count_hosts_of(0..report.groups.len());
        text.push_str(&format!(", on {hit} of {}", counted(all, "host")));
    }
    if to_decide > 0 {
        text.push_str(&format!("; {to_decide} to decide"));
    }
    text
}

fn of_severity(
    report: &Report,
    severity: Severity,
) -> impl Iterator<Item = &crate::rules::Finding> {
    report.counted().filter(move |finding| finding.severity == severity)
}

/// The days of the snapshots that a report over a fleet compares: the moments as they were asked for
/// (`prev`, a tag) say little to whoever finds the report later.
fn days(report: &Report) -> Option<String> {
    report.fleet.as_ref().filter(|fleet| fleet.period.is_none())?;
    let side = |side: usize| -> Option<String> {
        let members = report.groups.iter().flat_map(|group| &group.members);
        let times = members.filter_map(|origins| origins[side].taken_at);
        let (first, last) = (times.clone().min()?, times.max()?);
        let day = |time: Time| time.to_string().chars().take(10).collect::<String>();
        let (first, last) = (day(first), day(last));
        Some(if first == last { first } else { format!("{first} to {last}") })
    };
    Some(format!("snapshots of {} → {}", side(0)?, side(1)?))
}

/// How much was compared, and what was not.
pub(super) fn facts(report: &Report) -> Vec<String> {
    let mut facts = match &report.fleet {
        Some(Fleet { period: Some(period), .. }) => vec![period_hosts(report, *period)],
        Some(_) => vec![hosts(report)],
        None => report.groups.iter().map(targets::compared).collect(),
    };
    facts.extend(days(report));
    if !report.unjudged.is_empty() {
        facts.push(unjudged(report));
    }
    let flagged = report
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.context.iter().any(|change| change.name == "api_flags"));
    let flagged = report.count_hosts_of(flagged.map(|(at, _)| at));
    if flagged > 0 {
        let on = match report.fleet {
            Some(_) => format!(" on {}", counted(flagged, "host")),
            None => String::new(),
        };
        facts.push(format!(
            "host-model features not compared{on}: asked for under other CPU flags (api_flags)"
        ));
    }
    facts
}

/// Guests of which nothing is known.
fn unjudged(report: &Report) -> String {
    const NAMED: usize = 5;
    let count = report.unjudged.len();
    let named: Vec<&str> = report.unjudged.iter().take(NAMED).map(String::as_str).collect();
    let more = if count > NAMED { ", …" } else { "" };
    let guests = counted(count, "guest");
    format!("{guests} not judged, no target like theirs was compared: {}{more}", named.join(", "))
}

/// How many hosts changed in a period.
fn period_hosts(report: &Report, period: Period) -> String {
    let changed = report.count_hosts_of(0..report.groups.len());
    // A way is what changed, whatever the versions around it.
    let mut ways: Vec<Vec<usize>> = vec![Vec::new(); report.groups.len()];
    for (number, finding) in report.findings.iter().enumerate() {
        finding.seen.iter().for_each(|seen| ways[seen.group].push(number));
    }
    let ways: BTreeSet<Vec<usize>> = ways.into_iter().collect();
    let ways = counted(ways.len(), "way");
    let mut text = format!("{changed} of {} changed", counted(period.hosts, "host"));
    if changed > 0 {
        text.push_str(&format!(", in {ways}"));
    }
    if period.new_hosts > 0 {
        text.push_str(&format!("; {} first seen", counted(period.new_hosts, "host")));
    }
    text
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
    let missing = report.groups.iter().filter(|group| !group.not_compared.is_empty());
    let missing: Vec<(usize, usize)> =
        missing.map(|group| (group.not_compared.len(), group.members.len())).collect();
    if !missing.is_empty() {
        let targets = missing.iter().map(|(targets, hosts)| targets * hosts).sum();
        let hosts = missing.iter().map(|(_, hosts)| hosts).sum();
        let (targets, hosts) = (counted(targets, "target"), counted(hosts, "host"));
        text.push_str(&format!("; {targets} of {hosts} not compared"));
    }
    text
}
