//! Findings as entries: those that differ only in their value, or in the model they are about,
//! stand in one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Entry, Item, Purpose, Section, counted, fold, names, targets};
use crate::diff::{ChangedTarget, Kind};
use crate::model::{CUSTOM_MODELS, LOADERS, Time, natural_order};
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
    let machines = machines(report);
    let mut folded: BTreeMap<Common<'_>, Vec<&Finding>> = BTreeMap::new();
    let twins = twins(report);
    let mut places: BTreeMap<(bool, Vec<&Seen>), Option<String>> = BTreeMap::new();
    let mut compared: BTreeMap<Vec<*const ChangedTarget>, targets::ComparedPairs<'_>> =
        BTreeMap::new();
    for finding in &report.findings {
        let is_machine = finding.area() == Area::Machines;
        let twins = Twin::of(finding).and_then(|twin| twins.get(&twin));
        let seen = twins.map_or(vec![finding], Clone::clone);
        let seen: Vec<&Seen> = seen.into_iter().flat_map(|it| &it.seen).collect();
        let place = places.entry((is_machine, seen)).or_insert_with_key(|(_, seen)| {
            let seen: BTreeSet<&ChangedTarget> =
                seen.iter().flat_map(|seen| seen.targets.iter()).collect();
            match is_machine {
                true => targets::kinds_in_short(&seen, &kinds),
                false => {
                    let lists = compared_where(report, finding);
                    let numbers = lists.iter().map(|list| list.as_ptr()).collect();
                    let all = compared
                        .entry(numbers)
                        .or_insert_with(|| targets::ComparedPairs::new(&lists));
                    targets::in_short(&seen, all)
                }
            }
        });
        // A firmware image is a file of the host, for all guests that name it.
        let is_file = finding.difference.path == LOADERS && finding.difference.kind == Kind::Lost;
        let common = common(finding, place.clone().filter(|_| !is_file));
        folded.entry(common).or_default().push(finding);
    }
    let mut sections: Vec<Section> = Vec::new();
    for (common, findings) in folded {
        let entry = entry(report, &machines, &common, &findings, is_full);
        match sections.last_mut().filter(|section| section.purpose == common.purpose) {
            Some(section) => section.entries.push(entry),
            None => sections.push(Section { purpose: common.purpose, entries: vec![entry] }),
        }
    }
    sections.iter_mut().for_each(|section| bring_together(&mut section.entries));
    sections
}

/// Puts entries of one reason beside one another, within those of one severity, area and kind: what one
/// package brings or takes reads as one.
fn bring_together(entries: &mut Vec<Entry>) {
    let mut first: HashMap<(Severity, Area, Kind, &str, &str), usize> = HashMap::new();
    let order: Vec<usize> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| match &entry.reason {
            Some(reason) => {
                let key = (entry.severity, entry.area, entry.kind, entry.rule.id, reason.as_str());
                *first.entry(key).or_insert(at)
            }
            None => at,
        })
        .collect();
    let mut ordered: Vec<(usize, Entry)> = order.into_iter().zip(entries.drain(..)).collect();
    ordered.sort_by_key(|(at, _)| *at);
    entries.extend(ordered.into_iter().map(|(_, entry)| entry));
}

/// Two findings that read alike and differ in lists too long to be shown: the blockers of a CPU model under
/// two architectures, of which the same came or went.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Twin<'r> {
    label: String,
    item: String,
    rule: &'static str,
    severity: Severity,
    groups: Vec<usize>,
    guests: Option<&'r [String]>,
    ignored: Option<&'r str>,
}

impl<'r> Twin<'r> {
    fn of(finding: &'r Finding) -> Option<Self> {
        let difference = &finding.difference;
        let is_one = difference.kind == Kind::Changed && difference.path.ends_with("].blockers");
        is_one.then(|| Self {
            label: fold::label(difference),
            item: fold::item(difference),
            rule: finding.rule.id,
            severity: finding.severity,
            groups: finding.seen.iter().map(|seen| seen.group).collect(),
            guests: finding.used_by.as_deref(),
            ignored: finding.ignored.as_deref(),
        })
    }
}

/// The findings that have twins.
fn twins(report: &Report) -> BTreeMap<Twin<'_>, Vec<&Finding>> {
    let mut all: BTreeMap<Twin<'_>, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(twin) = Twin::of(finding) {
            all.entry(twin).or_default().push(finding);
        }
    }
    all.retain(|_, findings| findings.len() > 1);
    all
}

/// Every machine type that either side is known to have: what stands between two of them in a range.
fn machines(report: &Report) -> names::MachineFamilies<'_> {
    let mut all: BTreeSet<&str> = BTreeSet::new();
    let mut seen: BTreeSet<*const ChangedTarget> = BTreeSet::new();
    for group in report.groups.iter().filter(|group| seen.insert(group.pairs.as_ptr())) {
        let names = group.pairs.iter().flat_map(|pair| [&pair.old_machine, &pair.new_machine]);
        all.extend(names.flatten().map(String::as_str));
    }
    for group in &report.groups {
        let skipped = group.not_compared.iter().map(|it| it.target.as_str());
        all.extend(skipped.filter_map(|target| target.splitn(3, '/').nth(2)));
    }
    let named = report.findings.iter().map(|finding| &finding.difference);
    all.extend(
        named.clone().filter(|it| it.path == "machine").filter_map(|it| it.value.as_deref()),
    );
    names::MachineFamilies::new(all)
}

/// The lists of pairs that were compared on the hosts on which a finding was seen, each once.
fn compared_where<'r>(report: &'r Report, finding: &Finding) -> Vec<&'r [ChangedTarget]> {
    let lists = finding.seen.iter().map(|seen| &*report.groups[seen.group].pairs);
    let lists: BTreeMap<_, _> = lists.map(|list| (list.as_ptr(), list)).collect();
    lists.into_values().collect()
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

fn entry(
    report: &Report,
    machines: &names::MachineFamilies<'_>,
    common: &Common<'_>,
    findings: &[&Finding],
    is_full: bool,
) -> Entry {
    let first = findings[0];
    let items = findings.iter().map(|finding| Item { difference: finding.difference.clone() });
    Entry {
        severity: common.severity,
        area: common.area,
        kind: first.difference.kind,
        rule: first.rule,
        label: common.label.clone(),
        items: items.collect(),
        summary: summary(&common.label, findings, machines, is_full),
        place: common.place.clone(),
        reason: reason(findings, machines),
        hosts: hosts(report, first),
        groups: common.groups.clone(),
        guests: common.guests.unwrap_or_default().to_vec(),
        ignored: common.ignored.map(str::to_owned),
    }
}

/// The findings of one label in short.
fn summary(
    label: &str,
    findings: &[&Finding],
    machines: &names::MachineFamilies<'_>,
    is_full: bool,
) -> String {
    let paths: BTreeSet<&str> = findings.iter().map(|it| it.difference.path.as_str()).collect();
    if label.ends_with(".blockers") && paths.len() > FEW && !is_full {
        return format!("of {} CPU models, no less and no more usable", paths.len());
    }
    let texts: Vec<String> = findings.iter().map(|each| fold::item(&each.difference)).collect();
    let is_version = |finding: &&Finding| finding.evidence.is_listed_version;
    let mut texts: Vec<(&str, bool)> =
        texts.iter().map(String::as_str).zip(findings.iter().map(is_version)).collect();
    // Twins read alike.
    let mut known = BTreeSet::new();
    texts.retain(|(text, _)| text.is_empty() || known.insert(*text));
    if label.starts_with(CUSTOM_MODELS) || label.starts_with("alias ") {
        texts.sort_by(|a, b| natural_order(a.0, b.0));
    }
    let names = || texts.iter().map(|(text, _)| *text).filter(|text| !text.is_empty());
    match label {
        _ if findings.iter().all(|each| fold::names_machine(&each.difference)) => {
            machines.in_short(&names().collect::<Vec<_>>())
        }
        CUSTOM_MODELS if !is_full => names::models(&texts),
        _ => names().collect::<Vec<_>>().join(", "),
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

/// What a prediction of [`crate::rules`] begins with.
const PREDICTION: &str = "goes with ";

/// Many predictions as one, since each follows from the machine type's own version.
fn predictions(tails: impl Iterator<Item = String>) -> Option<String> {
    const FEW: usize = 3;
    let is_version = |it: &String| it.split('.').all(|part| part.parse::<u32>().is_ok());
    let versions = tails.filter_map(|tail| tail.strip_prefix(PREDICTION).map(str::to_owned));
    let mut versions: Vec<String> = versions.filter(is_version).collect();
    versions.sort_by(|a, b| natural_order(a, b));
    versions.dedup();
    match &versions[..] {
        [first, .., last] if versions.len() > FEW => {
            // Those that are older than the policy go with its first deletions.
            let older = if first == "10.1" { ", none before 10.1" } else { "" };
            Some(format!("{PREDICTION}{first} to {last}{older}"))
        }
        _ => None,
    }
}

/// Why the findings of an entry matter. Where their reasons differ, it says which has which.
fn reason(findings: &[&Finding], machines: &names::MachineFamilies<'_>) -> Option<String> {
    let first = findings[0];
    let is_all = |is_so: &dyn Fn(&Finding) -> bool| findings.iter().all(|finding| is_so(finding));
    if first.severity == Severity::Info
        && is_all(&|finding| finding.own_reason() == finding.rule.summary)
    {
        return None;
    }
    // Hints stand behind the first `; `.
    let halves = |finding: &Finding| -> (String, String) {
        let reason = finding.own_reason();
        let (head, tail) = reason.split_once("; ").unwrap_or((reason, ""));
        (head.to_owned(), tail.to_owned())
    };
    let predictions = predictions(findings.iter().map(|finding| halves(finding).1));
    let parts = |finding: &Finding| match (halves(finding), &predictions) {
        ((head, tail), Some(all)) if tail.starts_with(PREDICTION) => (head, all.clone()),
        (parts, _) => parts,
    };
    let mut groups: Vec<((String, String), Vec<&Finding>)> = Vec::new();
    let mut at: HashMap<(String, String), usize> = HashMap::new();
    for finding in findings {
        let parts = parts(finding);
        let group = *at.entry(parts).or_insert_with_key(|parts| {
            groups.push((parts.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(finding);
    }
    if let [((head, tail), _)] = &groups[..] {
        return Some(if tail.is_empty() { head.clone() } else { format!("{head}; {tail}") });
    }
    let items = |members: &[&Finding]| {
        let texts: Vec<String> = members.iter().map(|each| fold::item(&each.difference)).collect();
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        if first.difference.path.starts_with("alias[") {
            texts.sort_by(|a, b| natural_order(a, b));
        }
        let is_of_machines = is_all(&|finding| fold::names_machine(&finding.difference));
        if is_of_machines { machines.in_short(&texts) } else { texts.join(", ") }
    };
    let (head, _) = &groups[0].0;
    let has_one_head = groups.iter().all(|((other, _), _)| other == head);
    let which = groups.iter().filter(|((_, tail), _)| !(has_one_head && tail.is_empty()));
    let which = which.map(|((head, tail), members)| {
        let text = match (has_one_head, tail.is_empty()) {
            (true, _) => tail.clone(),
            (false, true) => head.clone(),
            (false, false) => format!("{head}; {tail}"),
        };
        format!("{text} ({})", items(members))
    });
    let which = which.collect::<Vec<_>>().join("; ");
    Some(if has_one_head { format!("{head}; {which}") } else { which })
}
