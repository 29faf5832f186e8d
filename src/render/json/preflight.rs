//! `domcaps.preflight/1` and `domcaps.preflight-table/1`

use std::io::Write;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::freshness::{FreshnessWire, freshness_wires};
use crate::guests::{Answer, Checked, GuestFile, GuestTable, Named, Reason};
use crate::model::{Guest, HostFreshness, Target};

/// Writes where a guest runs or moves to; `source` is the guest's file as it was given.
///
/// # Errors
/// Where the output cannot be written.
pub fn preflight(
    guest: &Guest,
    source: &str,
    checked: &[Checked],
    freshness: &[HostFreshness],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut document =
        json!({ "schema": "domcaps.preflight/1", "guest": guest_json(guest, source) });
    if let (Json::Object(document), Json::Object(answers)) = (&mut document, answers(checked)) {
        document.extend(answers);
        document.insert("freshness".to_owned(), json!(freshness_wires(freshness)));
    }
    super::write(&document, out)
}

/// What a guest's XML says of its place.
fn guest_json(guest: &Guest, source: &str) -> Json {
    json!({
        "name": guest.name,
        "source": source,
        "emulator": guest.emulator,
        "arch": guest.arch,
        "virttype": guest.virttype,
        "machine": guest.machine,
    })
}

/// All results of a guest, and how many have which answer.
fn answers(checked: &[Checked]) -> Json {
    let results: Vec<Json> = checked.iter().map(result).collect();
    let count = |answer| checked.iter().filter(|each| each.verdict.answer == answer).count();
    json!({ "results": results, "summary": summary(count) })
}

fn summary(count: impl Fn(Answer) -> usize) -> Json {
    let summary = Answer::ALL.map(|answer| (answer.name().to_owned(), json!(count(answer))));
    Json::Object(summary.into_iter().collect())
}

/// Writes where each of many guests runs or moves to.
///
/// # Errors
/// Where the output cannot be written.
pub fn guest_table(table: &GuestTable, out: &mut dyn Write) -> std::io::Result<()> {
    let document = TableDocument {
        schema: "domcaps.preflight-table/1",
        guests: TableGuests(table),
        summary: summary(|answer| table.count(answer)),
        freshness: freshness_wires(&table.freshness),
    };
    super::write(&document, out)
}

#[derive(Serialize)]
struct TableDocument<'t> {
    schema: &'static str,
    guests: TableGuests<'t>,
    summary: Json,
    freshness: Vec<FreshnessWire<'t>>,
}

/// The guests, made one after the other: a fleet's are many.
struct TableGuests<'t>(&'t GuestTable);

impl Serialize for TableGuests<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(table) = self;
        let guest = |(number, file): (usize, &GuestFile)| {
            let mut guest = guest_json(&file.guest, &file.path.display().to_string());
            let answers = answers(&table.results(number));
            if let (Json::Object(guest), Json::Object(answers)) = (&mut guest, answers) {
                guest.extend(answers);
            }
            guest
        };
        serializer.collect_seq(table.guests.iter().enumerate().map(guest))
    }
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
