//! `domcaps.diff/1`

use std::io::Write;

use serde::Serialize;

use crate::diff::{ChangedTarget, ContextChange, Kind, NotCompared, Plain};
use crate::report::Report;
use crate::rules::{Finding, Severity};
use crate::side::Origin;

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    old: Side<'r>,
    new: Side<'r>,
    context: Vec<Context<'r>>,
    changes: Vec<Change<'r>>,
    targets: Targets<'r>,
    not_judged: Option<Vec<&'r str>>,
    summary: Summary,
}

#[derive(Serialize)]
pub(super) struct Side<'r> {
    host: Option<&'r str>,
    snapshot: Option<&'r str>,
    taken_at: Option<String>,
    source: Option<&'r str>,
}

#[derive(Serialize)]
pub(super) struct Context<'r> {
    name: &'r str,
    old: Option<&'r str>,
    new: Option<&'r str>,
}

#[derive(Serialize)]
pub(super) struct Change<'r> {
    #[serde(flatten)]
    what: What<'r>,
    targets: Vec<Target<'r>>,
}

/// A change without the places where it was seen.
#[derive(Serialize)]
pub(super) struct What<'r> {
    kind: &'static str,
    path: &'r str,
    value: Option<&'r str>,
    old: Option<&'r Plain>,
    new: Option<&'r Plain>,
    severity: &'static str,
    rule: &'static str,
    reason: &'r str,
    fingerprint: &'r str,
    ignored: Option<&'r str>,
    used_by: Option<&'r [String]>,
}

#[derive(Serialize)]
pub(super) struct Target<'r> {
    emulator: Option<&'r str>,
    arch: Option<&'r str>,
    virttype: Option<&'r str>,
    machine: Machine<'r>,
}

#[derive(Serialize)]
pub(super) struct Machine<'r> {
    old: Option<&'r str>,
    new: Option<&'r str>,
    alias: Option<&'r str>,
}

#[derive(Serialize)]
pub(super) struct Targets<'r> {
    compared: usize,
    identical: usize,
    not_compared: Vec<Silent<'r>>,
}

#[derive(Serialize)]
pub(super) struct Silent<'r> {
    target: &'r str,
    why: &'r str,
}

#[derive(Serialize)]
pub(super) struct Summary {
    lost: usize,
    gained: usize,
    changed: usize,
    reported: usize,
    unreported: usize,
    breaking: usize,
    warning: usize,
    info: usize,
    ignored: usize,
}

/// Writes a report.
///
/// # Errors
/// Where the output cannot be written.
pub fn diff(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let [old, new] = report.sides();
    let group = report.groups.first();
    let document = Document {
        schema: "domcaps.diff/1",
        old: side(&old),
        new: side(&new),
        context: group.iter().flat_map(|group| &group.context).map(context).collect(),
        changes: report.findings.iter().map(change).collect(),
        targets: Targets {
            compared: group.map_or(0, |group| group.pairs.len()),
            identical: group.map_or(0, |group| group.identical),
            not_compared: group.iter().flat_map(|group| &group.not_compared).map(silent).collect(),
        },
        not_judged: not_judged(report),
        summary: summary(report),
    };
    super::write(&document, out)
}

/// Guests that no target was compared for; none where no guests were given.
pub(super) fn not_judged(report: &Report) -> Option<Vec<&str>> {
    report.guests.map(|_| report.unjudged.iter().map(String::as_str).collect())
}

pub(super) fn side(origin: &Origin) -> Side<'_> {
    Side {
        host: origin.host.as_ref().map(crate::model::HostName::as_str),
        snapshot: origin.snapshot.as_deref(),
        taken_at: origin.taken_at.map(|time| time.to_string()),
        source: origin.source.as_deref(),
    }
}

pub(super) fn context(change: &ContextChange) -> Context<'_> {
    Context { name: change.name, old: change.old.as_deref(), new: change.new.as_deref() }
}

pub(super) fn change(finding: &Finding) -> Change<'_> {
    Change { what: what(finding), targets: finding.targets().map(target).collect() }
}

pub(super) fn what(finding: &Finding) -> What<'_> {
    let difference = &finding.difference;
    What {
        kind: difference.kind.name(),
        path: &difference.path,
        value: difference.value.as_deref(),
        old: difference.old.as_ref(),
        new: difference.new.as_ref(),
        severity: finding.severity.name(),
        rule: finding.rule.id,
        reason: &finding.reason,
        fingerprint: finding.fingerprint(),
        ignored: finding.ignored.as_deref(),
        used_by: finding.used_by.as_deref(),
    }
}

pub(super) fn target(target: &ChangedTarget) -> Target<'_> {
    Target {
        emulator: target.emulator.as_deref(),
        arch: target.arch.as_deref(),
        virttype: target.virttype.as_deref(),
        machine: Machine {
            old: target.old_machine.as_deref(),
            new: target.new_machine.as_deref(),
            alias: target.alias.as_deref(),
        },
    }
}

pub(super) fn silent(target: &NotCompared) -> Silent<'_> {
    Silent { target: &target.target, why: &target.why }
}

pub(super) fn summary(report: &Report) -> Summary {
    Summary {
        lost: report.count_kind(Kind::Lost),
        gained: report.count_kind(Kind::Gained),
        changed: report.count_kind(Kind::Changed),
        reported: report.count_kind(Kind::Reported),
        unreported: report.count_kind(Kind::Unreported),
        breaking: report.count_severity(Severity::Breaking),
        warning: report.count_severity(Severity::Warning),
        info: report.count_severity(Severity::Info),
        ignored: report.count_ignored(),
    }
}
