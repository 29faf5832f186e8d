//! `domcaps.rules/1`

use std::io::Write;

use serde::Serialize;

use crate::rules::knowledge::{self, KNOWLEDGE};
use crate::rules::{Area, Mirror, Rule};

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    rules: Vec<Entry>,
    knowledge: Vec<Known>,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    area: Option<&'static str>,
    severity: &'static str,
    summary: &'static str,
    explanation: &'static str,
    advice: &'static str,
    mirror: Option<&'static str>,
    no_mirror: Option<&'static str>,
}

#[derive(Serialize)]
struct Known {
    component: &'static str,
    since: String,
    path: &'static str,
    value: Option<&'static str>,
    kind: &'static str,
    reason: &'static str,
    source: &'static str,
}

/// Writes rules, and what is known of libvirt's reporting where that rule is among them.
///
/// # Errors
/// Where the output cannot be written.
pub fn rules(rules: &[&Rule], out: &mut dyn Write) -> std::io::Result<()> {
    let is_told = rules.iter().any(|rule| rule.id == knowledge::RULE);
    let document = Document {
        schema: "domcaps.rules/1",
        rules: rules.iter().map(|rule| entry(rule)).collect(),
        knowledge: KNOWLEDGE.iter().filter(|_| is_told).map(known).collect(),
    };
    super::write(&document, out)
}

fn entry(rule: &Rule) -> Entry {
    let (mirror, no_mirror) = match rule.mirror {
        Mirror::Rule(id) => (Some(id), None),
        Mirror::None(why) => (None, Some(why)),
    };
    Entry {
        id: rule.id,
        area: rule.area.map(Area::name),
        severity: rule.severity.name(),
        summary: rule.summary,
        explanation: rule.explanation,
        advice: rule.advice,
        mirror,
        no_mirror,
    }
}

fn known(entry: &knowledge::Entry) -> Known {
    let (major, minor, micro) = entry.since;
    Known {
        component: entry.component.name(),
        since: format!("{major}.{minor}.{micro}"),
        path: entry.path,
        value: entry.value,
        kind: entry.kind.name(),
        reason: entry.reason,
        source: entry.source,
    }
}
