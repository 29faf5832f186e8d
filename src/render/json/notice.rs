//! `domcaps.notice/1` and `domcaps.notify/1`

use std::io::Write;

use serde_json::{Value as Json, json};

use crate::render::notice::{FailingHost, Notice, NoticeChange};
use crate::render::visible::VisibleJson;
use crate::store::HostRecovery;

/// What became of a sink.
#[derive(Debug)]
pub struct SinkResult {
    /// Its name.
    pub sink: String,
    /// `command`, `slack`, …
    pub kind: &'static str,
    /// `delivered`, `nothing-new`, `failed` or `dry-run`.
    pub outcome: &'static str,
    /// Why it failed.
    pub error: Option<String>,
    /// What it was, or would be, told.
    pub notice: Option<Notice>,
}

/// Writes what became of each sink.
///
/// # Errors
/// Where the output cannot be written.
pub fn notified(results: &[SinkResult], out: &mut dyn Write) -> std::io::Result<()> {
    let sink = |result: &SinkResult| {
        json!({
            "sink": result.sink,
            "type": result.kind,
            "outcome": result.outcome,
            "error": result.error,
            "notice": result.notice.as_ref().map(document),
        })
    };
    let sinks: Vec<Json> = results.iter().map(sink).collect();
    super::write(&json!({ "schema": "domcaps.notify/1", "sinks": sinks }), out)
}

/// A notice in one line.
#[must_use]
pub fn notice_in_line(notice: &Notice) -> String {
    in_line(&document(notice))
}

/// JSON in one line, with nothing in it that is invisible.
#[must_use]
pub fn in_line(value: &Json) -> String {
    let mut line = Vec::new();
    serde_json::to_writer(VisibleJson::new(&mut line), value).expect("memory takes all");
    String::from_utf8_lossy(&line).into_owned()
}

fn document(notice: &Notice) -> Json {
    let counts = notice.counts();
    json!({
        "schema": "domcaps.notice/1",
        "id": notice.id,
        "sink": notice.sink,
        "made_at": notice.made_at.to_string(),
        "version": env!("CARGO_PKG_VERSION"),
        "is_test": notice.is_test,
        "title": notice.title(),
        "text": notice.text(),
        "severity": notice.severity().name(),
        "counts": {
            "breaking": counts.breaking,
            "warning": counts.warning,
            "info": counts.info,
            "failing": counts.failing,
            "recovered": counts.recovered,
            "new_hosts": counts.new_hosts,
        },
        "changes": notice.changes.iter().map(change).collect::<Vec<_>>(),
        "failing": notice.failing.iter().map(failing).collect::<Vec<_>>(),
        "recovered": notice.recovered.iter().map(recovered).collect::<Vec<_>>(),
        "new_hosts": notice.new_hosts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "version_changes": notice.context,
        "reporting_differences": notice.reporting,
        "omitted": notice.omitted,
    })
}

fn change(change: &NoticeChange) -> Json {
    json!({
        "severity": change.severity.name(),
        "kind": change.kind,
        "rule": change.rule,
        "text": change.text,
        "place": change.place,
        "reason": change.reason,
        "host_count": change.host_count,
        "hosts": change.hosts,
        "guests": change.guests,
        "fingerprints": change.fingerprints,
    })
}

fn failing(host: &FailingHost) -> Json {
    json!({
        "host": host.host.as_str(),
        "failing_since": host.since.map(|at| at.to_string()),
        "last_success": host.last_success.map(|at| at.to_string()),
        "reason": super::super::plain(&host.reason),
    })
}

fn recovered(recovery: &HostRecovery) -> Json {
    json!({
        "host": recovery.host.as_str(),
        "failing_since": recovery.failing_since.to_string(),
        "recovered_at": recovery.recovered_at.to_string(),
    })
}
