//! `domcaps.history/1`

use std::io::Write;

use serde::Serialize;

use super::diff::{Change, Context, change, context};
use crate::diff::Plain;
use crate::history::{About, History, Step};
use crate::model::HostName;
use crate::store::SnapshotRow;

#[derive(Serialize)]
struct Document<'h> {
    schema: &'static str,
    host: &'h str,
    path: Option<&'h str>,
    expression: Option<&'h str>,
    snapshots: usize,
    steps: Vec<StepOut<'h>>,
}

#[derive(Serialize)]
struct StepOut<'h> {
    snapshot: String,
    taken_at: String,
    last_seen: String,
    snapshots: usize,
    is_there: bool,
    before: Option<Before>,
    context: Vec<Context<'h>>,
    changes: Vec<Change<'h>>,
    values: Vec<ValueOut<'h>>,
}

#[derive(Serialize)]
struct Before {
    snapshot: String,
    taken_at: String,
}

#[derive(Serialize)]
struct ValueOut<'h> {
    value: Option<&'h Plain>,
    targets: usize,
}

/// Writes a history.
///
/// # Errors
/// Where the output cannot be written.
pub fn history(host: &HostName, history: &History, out: &mut dyn Write) -> std::io::Result<()> {
    let (path, expression) = match &history.about {
        About::All => (None, None),
        About::Path(path) => (Some(path.as_str()), None),
        About::Expression(text) => (None, Some(text.as_str())),
    };
    let document = Document {
        schema: "domcaps.history/1",
        host: host.as_str(),
        path,
        expression,
        snapshots: history.snapshots,
        steps: history.steps.iter().map(step).collect(),
    };
    super::write_shallow(&document, 6, out)
}

fn step(step: &Step) -> StepOut<'_> {
    let before = |row: &SnapshotRow| Before {
        snapshot: row.id.to_string(),
        taken_at: row.taken_at.to_string(),
    };
    let groups = step.report.iter().flat_map(|report| &report.groups);
    let findings = step.report.iter().flat_map(|report| &report.findings);
    StepOut {
        snapshot: step.point.after.id.to_string(),
        taken_at: step.point.after.taken_at.to_string(),
        last_seen: step.last.taken_at.to_string(),
        snapshots: step.snapshots,
        is_there: step.is_there,
        before: step.point.before.as_ref().map(before),
        context: groups.flat_map(|group| &group.context).map(context).collect(),
        changes: findings.map(change).collect(),
        values: step
            .values
            .iter()
            .map(|(value, targets)| ValueOut { value: value.as_ref(), targets: *targets })
            .collect(),
    }
}
