//! `domcaps.collect/1`.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Map, Value as Json, json};

use crate::collect::Refused;
use crate::render::collected::{Collected, Outcome};

/// Writes what a collection did.
///
/// # Errors
/// Where the output cannot be written.
pub fn collected(
    rows: &[Collected],
    refused: &[Refused],
    unknown: &BTreeSet<String>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let host = |row: &Collected| {
        json!({
            "host": row.host,
            "outcome": row.outcome.name(),
            "taken_at": row.taken_at.map(|time| time.to_string()),
            "snapshot": row.snapshot,
            "documents": row.documents,
            "errors": {
                "unsupported": row.unsupported,
                "transient": row.transient,
                "refused": row.refused,
            },
            "changes": row.changes,
            "breaking": row.breaking,
            "duration_ms": row.seconds.map(|seconds| (seconds * 1000.0).round() as u64),
            "reason": row.reason,
        })
    };
    let count = |outcome: Outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    let summary: Map<String, Json> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome.name().to_owned(), count(outcome).into()))
        .collect();
    let refused: Vec<Json> =
        refused.iter().map(|each| json!({ "name": each.name, "why": each.why })).collect();
    let document = json!({
        "schema": "domcaps.collect/1",
        "hosts": rows.iter().map(host).collect::<Vec<_>>(),
        "refused": refused,
        "unknown_elements": unknown,
        "summary": summary,
    });
    super::write(&document, out)
}
