//! A plan in every format of a report.

mod ci;
mod markdown;
mod text;

use std::io::Write;

pub(super) use ci::message;

use super::Format;
use super::csv::records;
use super::grid::{Grid, GridCell, GridRow};
use super::{html, json};
use crate::guests::Answer;
use crate::model::{counted, some_of};
use crate::plan::{Fix, PlannedGuest, PlannedReason, UpgradePlan};

/// What answers are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Each guest with what must change.
    Guest,
    /// Each change with the guests that need it.
    Change,
    /// Each host with what else changes there.
    Host,
}

/// Writes a plan in a format.
///
/// # Errors
/// Where the output cannot be written.
pub fn write(
    format: Format,
    plan: &UpgradePlan,
    by: By,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match format {
        Format::Text => text::plan(plan, by, width, out),
        Format::Markdown => markdown::plan(plan, by, out),
        Format::Html => html::grid(&grid(plan), out),
        Format::Json => json::plan(plan, out),
        Format::Ndjson => json::planned_guests(plan, out),
        Format::Csv => csv(plan, out),
        Format::Junit => super::junit::plan(plan, out),
        Format::Sarif => ci::sarif(plan, out),
        Format::Github => ci::github(plan, out),
    }
}

/// What an answer means for a guest.
pub(super) fn words(answer: Answer) -> &'static str {
    match answer {
        Answer::No => "must change",
        Answer::Unknown => "cannot be decided",
        Answer::Yes => "can stay",
    }
}

/// A reason in a line: where, why, and on which hosts.
pub(super) fn reason_line(
    hosts: &[String],
    planned: &PlannedReason,
    is_everywhere: bool,
) -> String {
    let reason = &planned.reason;
    let hosts = match is_everywhere || hosts.is_empty() {
        true => String::new(),
        false => format!(" ({})", some(hosts)),
    };
    format!("{}: {} [{}]{hosts}", reason.element, reason.text, planned.basis.name())
}

/// The change that a reason asks for, with its command.
pub(super) fn fix_line(fix: &Fix, guest: &str) -> String {
    let note = fix.note.map(|note| format!(" ({note})")).unwrap_or_default();
    format!("{}{note}: {}", fix.text, fix.command(guest))
}

/// Each change that a guest needs, once.
pub(super) fn fixes(guest: &PlannedGuest) -> Vec<&Fix> {
    let mut fixes: Vec<&Fix> = Vec::new();
    for fix in guest.reasons().filter_map(|(_, reason)| reason.fix.as_ref()) {
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    fixes
}

/// `hv01, hv02, hv03 and 12 more`.
pub(super) fn some(names: &[impl AsRef<str>]) -> String {
    some_of(names, 6)
}

/// What is said of hosts that are alike: versions, and how much breaks beside guests.
pub(super) fn outlook(hosts: &crate::plan::PlannedHosts) -> String {
    use crate::rules::Severity;
    let report = &hosts.report;
    let count = |severity| report.count_severity(severity);
    let moved = report.groups.iter().flat_map(|group| &group.context);
    let moved = moved.filter_map(|change| {
        Some(format!("{} {} → {}", change.name, change.old.as_ref()?, change.new.as_ref()?))
    });
    let moved = moved.collect::<Vec<_>>().join(", ");
    let changes = format!(
        "{}, {} to review",
        counted(count(Severity::Breaking), "breaking change"),
        count(Severity::Warning)
    );
    if moved.is_empty() { changes } else { format!("{moved}; {changes}") }
}

/// The worst changes of a host in words.
pub(super) fn worst_changes(hosts: &crate::plan::PlannedHosts) -> Vec<String> {
    use crate::rules::Severity;
    let worst = hosts.report.findings.iter().filter(|it| it.severity == Severity::Breaking);
    worst
        .map(|finding| format!("{}: {}", super::words::title(&finding.difference), finding.reason))
        .collect()
}

const COLUMNS: [&str; 11] = [
    "guest",
    "answer",
    "hosts",
    "reason_answer",
    "element",
    "path",
    "value",
    "reason",
    "rests_on",
    "change",
    "command",
];

/// Writes a row for each reason, and one for each guest that can stay.
fn csv(plan: &UpgradePlan, out: &mut dyn Write) -> std::io::Result<()> {
    let rows = plan.guests.iter().flat_map(|guest| {
        let start = |hosts: &[String]| {
            vec![guest.name.clone(), guest.answer.name().to_owned(), hosts.join("; ")]
        };
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (hosts, planned) in guest.reasons() {
            let (reason, fix) = (&planned.reason, planned.fix.as_ref());
            let mut row = start(hosts);
            row.extend([
                reason.answer.name().to_owned(),
                reason.element.clone(),
                reason.path.clone().unwrap_or_default(),
                reason.value.clone().unwrap_or_default(),
                reason.text.clone(),
                planned.basis.name().to_owned(),
                fix.map(|fix| fix.text.clone()).unwrap_or_default(),
                fix.map(|fix| fix.command(&guest.name)).unwrap_or_default(),
            ]);
            rows.push(row);
        }
        if rows.is_empty() {
            let hosts = guest.results.first().map(|it| it.hosts.as_slice()).unwrap_or_default();
            let mut row = start(hosts);
            row.resize(COLUMNS.len(), String::new());
            rows.push(row);
        }
        rows
    });
    records(&COLUMNS, rows, out)
}

/// A row for each guest.
fn grid(plan: &UpgradePlan) -> Grid {
    let row = |guest: &PlannedGuest| {
        let reasons = guest.reasons();
        let is_one = guest.results.len() == 1;
        let reasons: Vec<String> =
            reasons.map(|(hosts, planned)| reason_line(hosts, planned, is_one)).collect();
        let fixes = fixes(guest).into_iter().map(|fix| fix_line(fix, &guest.name));
        let kind = match guest.answer {
            Answer::No => "removed",
            Answer::Unknown => "deprecated",
            Answer::Yes => "kept",
        };
        GridRow {
            name: guest.name.clone(),
            note: String::new(),
            cells: vec![
                GridCell::new(kind, words(guest.answer)),
                GridCell::new("value", reasons.join("; ")),
                GridCell::new("value", fixes.collect::<Vec<_>>().join("; ")),
            ],
        }
    };
    let hosts = plan.hosts.iter().map(|hosts| GridRow {
        name: some(&hosts.hosts),
        note: hosts.hosts.join(", "),
        cells: vec![
            GridCell::new("value", "host"),
            GridCell::new("value", outlook(hosts)),
            GridCell::new("value", worst_changes(hosts).join("; ")),
        ],
    });
    Grid {
        title: format!("release:{}: {}", plan.release, plan.headline()),
        intro: plan.release_line.clone(),
        corner: "guest".to_owned(),
        columns: ["answer", "why", "what to do"].map(|it| (it.to_owned(), String::new())).into(),
        rows: plan.guests.iter().map(row).chain(hosts).collect(),
    }
}
