//! Findings as entries: those that differ only in their value, or in the model they are about,
//! stand in one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Entry, Item, Purpose, Section, counted, fold, names, targets};
use crate::diff::{ChangedTarget, Kind};
use crate::model::{CUSTOM_MODELS, LOADERS, Time};
use crate::report::Report;
use crate::rules::{Area, Finding, Seen, Severity, knowledge};

/// What findings of one entry have in common. Sorts as the entries do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Common<'r> {
    purpose: Purpose,
    severity: Severity,
    area: Area,
    /// Lost first, gained last.
    kind: u8,
    label: String,
    rule: &'static str,
    /// Where it was seen, where that is not everywhere.
    place: Option<String>,
    groups: Vec<usize>,
    /// Why, where each finding has a cause of its own.
    cause: Option<&'r str>,
    guests: Option<&'r [String]>,
    ignored: Option<&'r str>,
}

/// The sections of a report.
pub(super) fn sections(report: &Report, is_full: bool) -> Vec<Section> {
    let pairs = report.pairs();
    // Thousands of findings have a few lists of targets.
    let lists = report.findings.iter().flat_map(|finding| &finding.seen);
    let lists: BTreeMap<_, _> =
        lists.map(|seen| (seen.targets.as_ptr(), &seen.targets[..])).collect();
    let kinds = targets::kinds(lists.into_values().flatten().chain(&pairs));
    let mut folded: BTreeMap<Common<'_>, Vec<&Finding>> = BTreeMap::new();
    let mut places: BTreeMap<(bool, Vec<&Seen>), Option<String>> = BTreeMap::new();
    for finding in &report.findings {
        let is_machine = finding.area() == Area::Machines;
        let place =
            places.entry((is_machine, finding.seen.iter().collect())).or_insert_with(|| {
                let seen: BTreeSet<&ChangedTarget> = finding.targets().collect();
                match is_machine {
                    true => targets::kinds_in_short(&seen, &kinds),
                    false => targets::in_short(&seen, &compared_where(report, finding)),
                }
            });
        // A firmware image is a file of the host, for all guests that name it.
        let is_file = finding.difference.path == LOADERS && finding.difference.kind == Kind::Lost;
        let common = common(finding, place.clone().filter(|_| !is_file));
        folded.entry(common).or_default().push(finding);
    }
    let mut sections: Vec<Section> = Vec::new();
    for (common, findings) in folded {
        let entry = entry(report, &common, &findings, is_full);
        match sections.last_mut().filter(|section| section.purpose == common.purpose) {
            Some(section) => section.entries.push(entry),
            None => sections.push(Section { purpose: common.purpose, entries: vec![entry] }),
        }
    }
    sections
}

/// Every pair that was compared on the hosts on which a finding was seen.
fn compared_where(report: &Report, finding: &Finding) -> Vec<ChangedTarget> {
    let mut lists: Vec<&Arc<[ChangedTarget]>> = Vec::new();
    for seen in &finding.seen {
        let pairs = &report.groups[seen.group].pairs;
        if !lists.iter().any(|known| Arc::ptr_eq(known, pairs)) {
            lists.push(pairs);
        }
    }
    match lists[..] {
        [one] => one.to_vec(),
        _ => {
            let all: BTreeSet<&ChangedTarget> =
                lists.into_iter().flat_map(|it| it.iter()).collect();
            all.into_iter().cloned().collect()
        }
    }
}

fn common(finding: &Finding, place: Option<String>) -> Common<'_> {
    let has_own_cause = !finding.evidence.blockers.is_empty()
        || matches!(finding.rule.id, "loader-renamed" | knowledge::RULE);
    Common {
        purpose: purpose(finding),
        severity: finding.severity,
        area: finding.area(),
        kind: order(finding.difference.kind),
        label: fold::label(&finding.difference),
        rule: finding.rule.id,
        place,
        groups: finding.seen.iter().map(|seen| seen.group).collect(),
        cause: has_own_cause.then_some(finding.reason.as_str()),
        guests: finding.used_by.as_deref(),
        ignored: finding.ignored.as_deref(),
    }
}

fn purpose(finding: &Finding) -> Purpose {
    match (finding.severity, finding.difference.kind) {
        _ if finding.ignored.is_some() => Purpose::Ignored,
        _ if finding.is_unneeded() => Purpose::Unneeded,
        (Severity::Breaking, _) => Purpose::Breaking,
        (Severity::Warning, _) => Purpose::Decide,
        _ if finding.is_reporting() => Purpose::Reporting,
        (Severity::Info, Kind::Gained) => Purpose::New,
        (Severity::Info, _) => Purpose::Other,
    }
}

fn order(kind: Kind) -> u8 {
    match kind {
        Kind::Lost => 0,
        Kind::Unreported => 1,
        Kind::Changed => 2,
        Kind::Gained => 3,
        Kind::Reported => 4,
    }
}

/// How many models are named whose blockers alone changed.
const FEW: usize = 3;

fn entry(report: &Report, common: &Common<'_>, findings: &[&Finding], is_full: bool) -> Entry {
    let first = findings[0];
    let items = findings.iter().map(|finding| Item { difference: finding.difference.clone() });
    Entry {
        severity: common.severity,
        area: common.area,
        kind: first.difference.kind,
        rule: first.rule,
        label: common.label.clone(),
        items: items.collect(),
        summary: summary(&common.label, findings, is_full),
        place: common.place.clone(),
        reason: reason(findings),
        hosts: hosts(report, first),
        groups: common.groups.clone(),
        guests: common.guests.unwrap_or_default().to_vec(),
        ignored: common.ignored.map(str::to_owned),
    }
}

/// The findings of one label in short.
fn summary(label: &str, findings: &[&Finding], is_full: bool) -> String {
    if label.ends_with(".blockers") && findings.len() > FEW && !is_full {
        return format!("of {} CPU models, no less and no more usable", findings.len());
    }
    let texts: Vec<String> = findings.iter().map(|each| fold::item(&each.difference)).collect();
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if label.starts_with(CUSTOM_MODELS) {
        texts.sort_unstable();
    }
    match label {
        "machine" | "machine deprecated" | "machine no longer deprecated" => {
            names::machines(&texts)
        }
        CUSTOM_MODELS if !is_full => names::models(&texts),
        _ => texts.into_iter().filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", "),
    }
}

/// How many hosts a finding was seen on; in a period also when. What all hosts have in common is said
/// by saying nothing.
fn hosts(report: &Report, finding: &Finding) -> Option<String> {
    let fleet = report.fleet.as_ref()?;
    let count = || counted(report.count_hosts(finding), "host");
    if fleet.period.is_none() {
        let is_everywhere = finding.seen.len() == report.groups.len();
        return (!is_everywhere).then(count);
    }
    let groups = finding.seen.iter().map(|seen| &report.groups[seen.group]);
    let times = groups.flat_map(|group| group.members.iter().filter_map(|[_, new]| new.taken_at));
    let (first, last) = times.fold((None, None), |(first, last): (Option<Time>, _), time| {
        (Some(first.map_or(time, |first| first.min(time))), last.max(Some(time)))
    });
    let day = |time: Option<Time>| time.map(Time::day).unwrap_or_default();
    Some(match (day(first), day(last)) {
        (first, last) if first == last => format!("{}, {first}", count()),
        (first, last) => format!("{}, {first} to {last}", count()),
    })
}

/// The reason that all have; where they differ behind a `;`, what stands before it.
fn reason(findings: &[&Finding]) -> Option<String> {
    let first = findings[0];
    if first.own_reason() == first.rule.summary && first.severity == Severity::Info {
        return None;
    }
    let whole = |finding: &Finding| finding.own_reason().to_owned();
    let head =
        |finding: &Finding| finding.own_reason().split("; ").next().unwrap_or_default().to_owned();
    let common = |of: &dyn Fn(&Finding) -> String| {
        let reason = of(first);
        findings.iter().all(|finding| of(finding) == reason).then_some(reason)
    };
    let common = common(&whole).or_else(|| common(&head));
    Some(common.unwrap_or_else(|| first.rule.summary.to_owned()))
}
