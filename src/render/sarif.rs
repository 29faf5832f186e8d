//! SARIF 2.1.0, for code scanning: a result for each finding, those that are ignored suppressed.
//!
//! A finding is about a host and not about a line of a file: its place is a logical location, the
//! capability's path. Only where a side is an XML file it is a physical one too, which GitHub asks
//! for before it shows anything.

mod text;
mod wire;

use std::io::Write;

use serde_json::{Map, Value, json};

use super::record::Records;
use super::words::title;
use crate::report::Report;
use crate::rules::{self, Finding, Severity};
use text::{message, uri};
use wire::{
    ArtifactLocation, Configuration, Driver, Fingerprints, Invocation, Location, Log,
    LogicalLocation, Notification, PhysicalLocation, Region, Rule, Run, Suppression, Tags, Tool,
};

/// Where its JSON Schema is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How deep it is indented: a result has a line for each of its properties.
const DEPTH: usize = 5;

/// GitHub refuses a run with more results.
const MOST: usize = 25_000;

/// Writes one log with one run. Of more results than GitHub takes the worst are written, and a
/// notification says how many there are.
///
/// # Errors
/// Where the output cannot be written.
pub fn log(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let records = Records::new(report);
    let file = file(report);
    let findings = report.findings.iter().take(MOST);
    let results = findings.map(|finding| result(finding, &records, file.as_deref())).collect();
    let driver = Driver {
        name: "domcaps",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: rules::rules().map(rule).collect(),
    };
    let invocation = Invocation {
        execution_successful: true,
        tool_execution_notifications: notifications(report),
    };
    let run = Run { tool: Tool { driver }, invocations: [invocation], results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    super::json::write_shallow(&log, DEPTH, out)
}

fn rule(rule: &rules::Rule) -> Rule {
    Rule {
        id: rule.id,
        short_description: message(rule.summary),
        full_description: message(rule.explanation),
        help: message(&format!("{} {}", rule.explanation, rule.advice)),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: Tags { tags: rule.area.into_iter().map(rules::Area::name).collect() },
    }
}

/// Section 3.27.10.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Breaking => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result<'r>(finding: &'r Finding, records: &Records<'_>, file: Option<&str>) -> wire::Result<'r> {
    let difference = &finding.difference;
    let physical = file.map(|uri| PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri.to_owned() },
        region: Region { start_line: 1 },
    });
    let logical = LogicalLocation {
        name: difference.value.as_deref(),
        fully_qualified_name: &difference.path,
    };
    let suppression = finding.ignored.as_deref().map(|justification| Suppression {
        kind: "external",
        status: "accepted",
        justification,
    });
    wire::Result {
        rule_id: finding.rule.id,
        rule_index: rules::rules().position(|it| it.id == finding.rule.id).unwrap_or_default(),
        level: level(finding.severity),
        message: message(&format!("{}: {}", title(difference), finding.reason)),
        locations: [Location { physical_location: physical, logical_locations: [logical] }],
        partial_fingerprints: Fingerprints {
            ours: finding.fingerprint(),
            github: finding.fingerprint(),
        },
        suppressions: suppression.into_iter().collect(),
        properties: properties(finding, records),
    }
}

/// What SARIF has no property for (section 3.8).
fn properties(finding: &Finding, records: &Records<'_>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut set = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    set("kind", json!(finding.difference.kind.name()));
    set("area", json!(finding.area().name()));
    set("hosts", json!(records.hosts(finding)));
    set("targets", json!(records.targets_in_short(&finding.seen)));
    if let Some(guests) = &finding.used_by {
        set("guests", json!(guests));
    }
    properties
}

fn notifications(report: &Report) -> Vec<Notification> {
    let notification = |text: String| Notification { level: "warning", message: message(&text) };
    let mut notifications = Vec::new();
    if report.findings.len() > MOST {
        let count = report.findings.len();
        let text = format!(
            "only the worst {MOST} of {count} findings are results: the format json has all"
        );
        notifications.push(notification(text));
    }
    let silent = report.fleet.iter().flat_map(|fleet| &fleet.silent);
    notifications
        .extend(silent.map(|(host, why)| notification(format!("{host} not compared: {why}"))));
    notifications
}

/// The file that results are shown at: the new side, or the old one. Of a folder there is none.
fn file(report: &Report) -> Option<String> {
    let [old, new] = report.sides();
    let source = [new.source, old.source].into_iter().flatten().find(|path| path.ends_with(".xml"));
    source.map(|path| uri(&path))
}
