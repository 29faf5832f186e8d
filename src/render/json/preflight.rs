//! `domcaps.preflight/1`

use std::io::Write;

use serde_json::{Value as Json, json};

use crate::guests::{Answer, Checked, Named, Reason};
use crate::model::{Guest, Target};

/// Writes where a guest runs or moves to; `source` is the guest's file as it was given.
///
/// # Errors
/// Where the output cannot be written.
pub fn preflight(
    guest: &Guest,
    source: &str,
    checked: &[Checked],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let results: Vec<Json> = checked.iter().map(result).collect();
    let count = |answer| checked.iter().filter(|each| each.verdict.answer == answer).count();
    let summary = Answer::ALL.map(|answer| (answer.name().to_owned(), json!(count(answer))));
    let document = json!({
        "schema": "domcaps.preflight/1",
        "guest": {
            "name": guest.name,
            "source": source,
            "emulator": guest.emulator,
            "arch": guest.arch,
            "virttype": guest.virttype,
            "machine": guest.machine,
        },
        "results": results,
        "summary": Json::Object(summary.into_iter().collect()),
    });
    super::write(&document, out)
}

fn result(checked: &Checked) -> Json {
    let verdict = &checked.verdict;
    json!({
        "question": if checked.from.is_some() { "migrate" } else { "start" },
        "from": checked.from.as_ref().map(side),
        "host": side(&checked.host),
        "answer": verdict.answer.name(),
        "target": verdict.target.as_ref().map(target),
        "reasons": verdict.reasons.iter().map(reason).collect::<Vec<_>>(),
        "notes": verdict.notes,
    })
}

fn side(named: &Named) -> Json {
    let origin = &named.origin;
    json!({
        "operand": named.name,
        "host": origin.host.as_ref().map(crate::model::HostName::as_str),
        "snapshot": origin.snapshot,
        "taken_at": origin.taken_at.map(|time| time.to_string()),
        "source": origin.source,
    })
}

fn target(target: &Target) -> Json {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "emulator": known(&target.emulator),
        "arch": known(&target.arch),
        "virttype": known(&target.virttype),
        "machine": known(&target.machine),
    })
}

fn reason(reason: &Reason) -> Json {
    json!({
        "answer": reason.answer.name(),
        "element": reason.element,
        "path": reason.path,
        "value": reason.value,
        "there": reason.value.as_ref().map(|_| &reason.there),
        "text": reason.text,
    })
}
