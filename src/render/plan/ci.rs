//! A plan for CI: SARIF results, and annotations of a GitHub workflow. A guest that must change is an error, one that
//! cannot be decided a warning.

use std::io::Write;

use serde_json::{Value as Json, json};

use super::{fixes, reason_line, words};
use crate::guests::Answer;
use crate::plan::{PlannedGuest, UpgradePlan};
use crate::render::{github, json as written};

/// What is said of one guest.
pub(in crate::render) fn message(guest: &PlannedGuest) -> String {
    let is_one = guest.results.len() == 1;
    let reasons = guest.reasons().map(|(hosts, planned)| reason_line(hosts, planned, is_one));
    let fixes = fixes(guest).into_iter();
    let fixes = fixes.map(|fix| format!("{}: {}", fix.text, fix.command(&guest.name)));
    reasons.chain(fixes).collect::<Vec<_>>().join("; ")
}

fn rule(answer: Answer) -> (&'static str, &'static str) {
    match answer {
        Answer::No => ("guest-must-change", "error"),
        _ => ("guest-undecided", "warning"),
    }
}

pub(super) fn sarif(plan: &UpgradePlan, out: &mut dyn Write) -> std::io::Result<()> {
    let told = plan.guests.iter().filter(|guest| guest.answer != Answer::Yes);
    let results: Vec<Json> = told
        .map(|guest| {
            let (rule, level) = rule(guest.answer);
            json!({
                "ruleId": rule,
                "level": level,
                "message": { "text": format!("{} {}: {}", guest.name, words(guest.answer), message(guest)) },
                "locations": [{ "logicalLocations": [{ "name": guest.name, "kind": "resource" }] }],
            })
        })
        .collect();
    let described = |answer: Answer, text: &str| {
        let (id, level) = rule(answer);
        json!({
            "id": id,
            "shortDescription": { "text": text },
            "defaultConfiguration": { "level": level },
        })
    };
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "domcaps",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": [
                    described(Answer::No, "A guest must change before the upgrade."),
                    described(Answer::Unknown, "Whether a guest can stay cannot be decided."),
                ],
            } },
            "results": results,
        }],
    });
    written::value(&log, out)
}

pub(super) fn github(plan: &UpgradePlan, out: &mut dyn Write) -> std::io::Result<()> {
    for guest in plan.guests.iter().filter(|guest| guest.answer != Answer::Yes) {
        let (_, level) = rule(guest.answer);
        let title = format!("{} {}", guest.name, words(guest.answer));
        github::line(level, &title, &message(guest), out)?;
    }
    let line = format!("{}: {}", plan.release_line, plan.headline());
    github::line("notice", "domcaps", &line, out)
}
