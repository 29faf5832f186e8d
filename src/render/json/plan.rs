//! `domcaps.plan/1` and `domcaps.planned-guest/1`

use std::io::Write;

use serde_json::{Map, Value as Json, json};

use crate::guests::Answer;
use crate::plan::{Fix, PlannedGuest, PlannedHosts, PlannedReason, PlannedResult, UpgradePlan};
use crate::render::visible::VisibleJson;
use crate::rules::Severity;

/// Writes a plan.
///
/// # Errors
/// Where the output cannot be written.
pub fn plan(plan: &UpgradePlan, out: &mut dyn Write) -> std::io::Result<()> {
    let summary = Answer::ALL.map(|answer| (answer.name().to_owned(), json!(plan.count(answer))));
    let document = json!({
        "schema": "domcaps.plan/1",
        "release": plan.release,
        "rests_on": plan.release_line,
        "headline": plan.headline(),
        "guests": plan.guests.iter().map(guest).collect::<Vec<_>>(),
        "changes": plan.changes().iter().map(change).collect::<Vec<_>>(),
        "hosts": plan.hosts.iter().map(hosts).collect::<Vec<_>>(),
        "summary": Json::Object(summary.into_iter().collect()),
    });
    super::write(&document, out)
}

/// Writes a line for each guest.
///
/// # Errors
/// Where the output cannot be written.
pub fn planned_guests(plan: &UpgradePlan, out: &mut dyn Write) -> std::io::Result<()> {
    for each in &plan.guests {
        let mut line = Map::new();
        line.insert("schema".to_owned(), json!("domcaps.planned-guest/1"));
        line.insert("release".to_owned(), json!(plan.release));
        if let Json::Object(all) = guest(each) {
            line.extend(all);
        }
        serde_json::to_writer(VisibleJson::new(out), &line)?;
        writeln!(out)?;
    }
    Ok(())
}

fn guest(guest: &PlannedGuest) -> Json {
    let result = |result: &PlannedResult| {
        let reasons = result.verdict.reasons.iter().map(|planned| reason(planned, &guest.name));
        json!({
            "hosts": result.hosts,
            "answer": result.verdict.answer.name(),
            "reasons": reasons.collect::<Vec<_>>(),
            "notes": result.verdict.notes,
        })
    };
    json!({
        "name": guest.name,
        "answer": guest.answer.name(),
        "results": guest.results.iter().map(result).collect::<Vec<_>>(),
    })
}

fn reason(planned: &PlannedReason, guest: &str) -> Json {
    let reason = &planned.reason;
    json!({
        "answer": reason.answer.name(),
        "element": reason.element,
        "path": reason.path,
        "value": reason.value,
        "text": reason.text,
        "rests_on": planned.basis.name(),
        "change": planned.fix.as_ref().map(|it| fix(it, guest)),
    })
}

fn fix(fix: &Fix, guest: &str) -> Json {
    json!({
        "place": fix.place.name(),
        "text": fix.text,
        "command": fix.command(guest),
        "note": fix.note,
    })
}

fn change((fix, guests): &(Fix, Vec<&str>)) -> Json {
    json!({ "place": fix.place.name(), "text": fix.text, "note": fix.note, "guests": guests })
}

fn hosts(hosts: &PlannedHosts) -> Json {
    let report = &hosts.report;
    let breaking = crate::render::plan::worst_changes(hosts);
    json!({
        "hosts": hosts.hosts,
        "breaking": report.count_severity(Severity::Breaking),
        "warning": report.count_severity(Severity::Warning),
        "changes": breaking,
    })
}
