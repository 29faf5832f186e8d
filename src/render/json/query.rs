//! `domcaps.query/1`, `domcaps.answer/1` and `domcaps.paths/1`: written as they are gone through, since a fleet has a
//! million targets.

use std::io::Write;

use serde::{Serialize, Serializer};

use crate::model::Target;
use crate::query::{Answer, Asked, HostAnswer, PathRow, PathValue};
use crate::render::query::{Answers, matching};
use crate::render::visible::VisibleJson;

/// How deep it is indented: a line for each host.
const DEPTH: usize = 2;

#[derive(Serialize)]
struct QueryWire<'a> {
    schema: &'static str,
    expression: &'a str,
    every: bool,
    counts: Counts,
    hosts: Hosts<'a, 'a>,
}

#[derive(Serialize)]
struct Counts {
    yes: usize,
    no: usize,
    unknown: usize,
}

struct Hosts<'a, 'b>(&'b Answers<'a>);

impl Serialize for Hosts<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq(self.0.listed().map(|(asked, host)| HostWire::new(asked, host, self.0)))
    }
}

#[derive(Serialize)]
struct HostWire<'a> {
    host: &'a str,
    snapshot: Option<String>,
    taken_at: Option<String>,
    last_success: Option<String>,
    stale: bool,
    answer: &'static str,
    targets: Counts,
    why: &'a [String],
    matching: Option<Matching<'a>>,
}

impl<'a> HostWire<'a> {
    fn new(asked: &'a Asked, host: &'a HostAnswer, answers: &Answers<'_>) -> Self {
        let snapshot = asked.snapshot.as_ref();
        let freshness = answers.freshness.get(&asked.host);
        Self {
            host: asked.host.as_str(),
            snapshot: snapshot.map(|snapshot| snapshot.id.to_string()),
            taken_at: snapshot.map(|snapshot| snapshot.taken_at.to_string()),
            last_success: freshness.and_then(|it| it.last_success).map(|time| time.to_string()),
            stale: freshness.is_none_or(|it| it.is_stale),
            answer: host.answer.name(),
            targets: Counts::new(|answer| host.count(answer)),
            why: &host.why,
            matching: answers.has_targets.then_some(Matching(host)),
        }
    }
}

impl Counts {
    fn new(count: impl Fn(Answer) -> usize) -> Self {
        Self { yes: count(Answer::Yes), no: count(Answer::No), unknown: count(Answer::Unknown) }
    }
}

struct Matching<'a>(&'a HostAnswer);

impl Serialize for Matching<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(matching(self.0).map(TargetWire::from))
    }
}

#[derive(Serialize)]
struct TargetWire<'a> {
    emulator: Option<&'a str>,
    arch: Option<&'a str>,
    virttype: Option<&'a str>,
    machine: Option<&'a str>,
}

impl<'a> From<&'a Target> for TargetWire<'a> {
    fn from(target: &'a Target) -> Self {
        Self {
            emulator: super::listing::known(&target.emulator),
            arch: super::listing::known(&target.arch),
            virttype: super::listing::known(&target.virttype),
            machine: super::listing::known(&target.machine),
        }
    }
}

/// Writes what hosts answered, those that are listed.
///
/// # Errors
/// Where the output cannot be written.
pub fn query(answers: &Answers<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let wire = QueryWire {
        schema: "domcaps.query/1",
        expression: answers.expression,
        every: answers.is_every,
        counts: Counts::new(|answer| answers.count(answer)),
        hosts: Hosts(answers),
    };
    super::write_shallow(&wire, DEPTH, out)
}

#[derive(Serialize)]
struct AnswerWire<'a> {
    schema: &'static str,
    #[serde(flatten)]
    host: HostWire<'a>,
}

/// Writes an object a line, one for each listed host.
///
/// # Errors
/// Where the output cannot be written.
pub fn answers(answers: &Answers<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    for (asked, host) in answers.listed() {
        let host = HostWire::new(asked, host, answers);
        let answer = AnswerWire { schema: "domcaps.answer/1", host };
        serde_json::to_writer(VisibleJson::new(out), &answer)?;
        writeln!(out)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct PathsWire<'a> {
    schema: &'static str,
    paths: Vec<PathWire<'a>>,
}

#[derive(Serialize)]
struct PathWire<'a> {
    path: &'a str,
    kinds: Vec<&'static str>,
    paths: usize,
    hosts: usize,
    values: Vec<ValueWire<'a>>,
}

#[derive(Serialize)]
struct ValueWire<'a> {
    value: &'a str,
    hosts: usize,
}

impl<'a> From<&'a PathRow> for PathWire<'a> {
    fn from(row: &'a PathRow) -> Self {
        Self {
            path: &row.path,
            kinds: row.kinds.iter().map(|kind| kind.name()).collect(),
            paths: row.paths,
            hosts: row.hosts,
            values: row.values.iter().map(ValueWire::from).collect(),
        }
    }
}

impl<'a> From<&'a PathValue> for ValueWire<'a> {
    fn from(value: &'a PathValue) -> Self {
        Self { value: &value.value, hosts: value.hosts }
    }
}

/// Writes paths with their values.
///
/// # Errors
/// Where the output cannot be written.
pub fn paths(rows: &[PathRow], out: &mut dyn Write) -> std::io::Result<()> {
    let paths = rows.iter().map(PathWire::from).collect();
    super::write_shallow(&PathsWire { schema: "domcaps.paths/1", paths }, DEPTH, out)
}
