//! `domcaps.collect/1` and `domcaps.collect-check/1`.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Map, Value as Json, json};

use crate::collect::Refused;
use crate::render::collected::{Collected, ListCheck, ListedSite, Outcome, RunTimes};

/// Writes what a collection did.
///
/// # Errors
/// Where the output cannot be written.
pub fn collected(
    rows: &[Collected],
    refused: &[Refused],
    unknown: &BTreeSet<String>,
    times: RunTimes,
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
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": times.started_at.to_string(),
        "ended_at": times.ended_at.to_string(),
        "hosts": rows.iter().map(host).collect::<Vec<_>>(),
        "refused": refused,
        "unknown_elements": unknown,
        "summary": summary,
    });
    super::write(&document, out)
}

/// Writes what a list of hosts says.
///
/// # Errors
/// Where the output cannot be written.
pub fn list_check(check: &ListCheck<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let host = |ListedSite { site, is_known }: &ListedSite<'_>| {
        json!({
            "host": site.name.as_str(),
            "uri": site.uri,
            "groups": site.groups,
            "tags": site.tags.iter().map(crate::model::Tag::as_str).collect::<Vec<_>>(),
            "timeout_ms": site.timeout.map(|time| time.as_millis() as u64),
            "is_stored": is_known,
        })
    };
    let refused = check.refused.iter();
    let refused = refused.map(|refused| json!({ "name": refused.name, "why": refused.why }));
    let leaving: Vec<&str> = check.leaving.iter().map(crate::model::HostName::as_str).collect();
    let document = json!({
        "schema": "domcaps.collect-check/1",
        "list": check.list,
        "hosts": check.sites.iter().map(host).collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "leaving": leaving,
    });
    super::write(&document, out)
}
