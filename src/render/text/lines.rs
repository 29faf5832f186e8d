//! Findings as lines: those that differ only in their value, or in the model they are about, stand
//! in one line.

use std::collections::BTreeMap;

use super::fold::{Folded, fold};
use super::{names, targets};
use crate::diff::Kind;
use crate::model::CUSTOM_MODELS;
use crate::report::Report;
use crate::rules::{Area, Finding, Severity};

/// One line of the page.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) area: Area,
    pub(super) sign: char,
    pub(super) text: String,
}

/// What findings of one line have in common. Sorts as the lines do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Common {
    area: Area,
    severity: Severity,
    sign: u8,
    label: String,
    /// Where it was seen, where that is not everywhere.
    place: Option<String>,
    /// Why, where that is not said by the change itself.
    reason: Option<String>,
}

/// The lines of a report, sorted.
pub(super) fn lines(report: &Report, is_full: bool) -> Vec<Line> {
    let mut folded: BTreeMap<Common, Vec<Folded<'_>>> = BTreeMap::new();
    let all = report.findings.iter().flat_map(|finding| &finding.change.targets);
    let kinds = targets::kinds(all.chain(&report.pairs));
    for finding in &report.findings {
        if is_full || !is_reporting(finding) {
            let each = fold(finding);
            let area = Area::of(&finding.change.difference.path);
            let targets = &finding.change.targets;
            let common = Common {
                area,
                severity: finding.severity,
                sign: sign(finding),
                label: each.label.clone(),
                reason: each.reason.map(str::to_owned),
                place: match area {
                    Area::Machines => targets::kinds_in_short(targets, &kinds),
                    _ => targets::in_short(targets, &report.pairs),
                },
            };
            folded.entry(common).or_default().push(each);
        }
    }
    folded.into_iter().map(|(common, folded)| line(&common, &folded, is_full)).collect()
}

/// How many models are named whose blockers alone changed.
const FEW: usize = 3;

fn line(common: &Common, folded: &[Folded<'_>], is_full: bool) -> Line {
    let mut items: Vec<&str> = folded.iter().map(|each| each.item.as_str()).collect();
    if common.label.starts_with(CUSTOM_MODELS) {
        items.sort_unstable();
    }
    let items = match common.label.as_str() {
        "machine" | "deprecated" | "no longer deprecated" => names::machines(&items),
        label if label.ends_with(".blockers") && items.len() > FEW && !is_full => {
            format!("of {} CPU models, no less and no more usable (--all lists them)", items.len())
        }
        label if label == CUSTOM_MODELS && !is_full => names::models(&items),
        _ => items.into_iter().filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", "),
    };
    let mut text = common.label.clone();
    if !items.is_empty() {
        text.push_str("  ");
        text.push_str(&items);
    }
    if let Some(place) = &common.place {
        text.push_str(&format!("  ({place})"));
    }
    if let Some(reason) = &common.reason {
        text.push_str(&format!("  ({reason})"));
    }
    Line { area: common.area, sign: char::from(common.sign), text }
}

/// Whether libvirt merely began or ceased to report it. What it ceased to say yes to is not
/// merely that.
fn is_reporting(finding: &Finding) -> bool {
    matches!(finding.change.difference.kind, Kind::Reported | Kind::Unreported)
        && finding.severity == Severity::Info
}

fn sign(finding: &Finding) -> u8 {
    match finding.change.difference.kind {
        Kind::Lost => b'-',
        Kind::Gained => b'+',
        Kind::Changed => b'~',
        Kind::Reported => b'>',
        Kind::Unreported => b'<',
    }
}

/// What libvirt merely began or ceased to report, in a line each.
pub(super) fn summed_up(report: &Report) -> Vec<String> {
    let line = |kind: Kind, words: &str| {
        let mut labels: BTreeMap<String, usize> = BTreeMap::new();
        let findings = report.findings.iter().filter(|finding| is_reporting(finding));
        for finding in findings.filter(|finding| finding.change.difference.kind == kind) {
            *labels.entry(fold(finding).label).or_default() += 1;
        }
        let count: usize = labels.values().sum();
        let labels = labels.into_iter().map(|(label, count)| match count {
            1 => label,
            _ => format!("{label} ({count})"),
        });
        let labels = super::super::plain(&labels.collect::<Vec<_>>().join(", ")).into_owned();
        (count > 0).then(|| format!("{words} ({count}; --all lists them): {labels}"))
    };
    let newly = line(Kind::Reported, "newly reported by libvirt, not gained");
    newly
        .into_iter()
        .chain(line(Kind::Unreported, "no longer reported by libvirt, not lost"))
        .collect()
}
