//! `domcaps.finding/1`: newline-delimited JSON, each line complete without the others.

use std::io::Write;

use serde::Serialize;

use super::record::Records;
use super::visible::VisibleJson;
use crate::diff::Plain;
use crate::report::Report;
use crate::rules::Finding;

#[derive(Serialize)]
struct Line<'r> {
    schema: &'static str,
    severity: &'static str,
    rule: &'static str,
    area: &'static str,
    kind: &'static str,
    path: &'r str,
    value: Option<&'r str>,
    old: Option<&'r Plain>,
    new: Option<&'r Plain>,
    reason: &'r str,
    fingerprint: &'r str,
    ignored: Option<&'r str>,
    used_by: Option<&'r [String]>,
    sides: Sides<'r>,
    hosts: &'r [&'r str],
    targets: &'r [String],
}

#[derive(Serialize)]
struct Sides<'r> {
    old: &'r str,
    new: &'r str,
}

/// Writes a line for each finding, ignored ones too, worst first.
///
/// # Errors
/// Where the output cannot be written.
pub fn findings(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let records = Records::new(report);
    for finding in &report.findings {
        let (hosts, targets) = (records.hosts(finding), records.targets(finding));
        serde_json::to_writer(VisibleJson::new(out), &line(finding, &records, &hosts, &targets))?;
        writeln!(out)?;
    }
    Ok(())
}

fn line<'r>(
    finding: &'r Finding,
    records: &'r Records<'_>,
    hosts: &'r [&'r str],
    targets: &'r [String],
) -> Line<'r> {
    let difference = &finding.difference;
    let [old, new] = &records.sides;
    Line {
        schema: "domcaps.finding/1",
        severity: finding.severity.name(),
        rule: finding.rule.id,
        area: finding.area().name(),
        kind: difference.kind.name(),
        path: &difference.path,
        value: difference.value.as_deref(),
        old: difference.old.as_ref(),
        new: difference.new.as_ref(),
        reason: &finding.reason,
        fingerprint: finding.fingerprint(),
        ignored: finding.ignored.as_deref(),
        used_by: finding.used_by.as_deref(),
        sides: Sides { old, new },
        hosts,
        targets,
    }
}
