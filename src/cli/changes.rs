//! `domcaps changes`

use clap::Args;

use super::Global;
use super::failure::{Exit, Failure};
use super::hosts_of;
use super::judging::Judging;
use super::many::{Holds, Many, Pair};
use super::outputs::Outputs;
use super::ui::{self, Ui};
use crate::model::{Ago, Time};
use crate::render::Format;
use crate::report::{Fleet, Period};
use crate::side::Contents;
use crate::store::{ChangePoint, SnapshotRow, Store, StoreError};

/// What changed on a fleet over a period; the same change on many hosts is one line
///
/// Each change of content is compared with the complete snapshot of that host before it, and judged as
/// `diff` judges. A host that changed twice counts twice, so that what came and went again is seen too.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps changes --since 30d                        the last thirty days, all hosts
  domcaps changes --since 2026-11-01 --group prod    a group, since a day
  domcaps changes --since 1w --fail-on breaking      for a nightly job
  domcaps changes --since 7d --all --format json     all of it, for programs")]
pub(super) struct Arguments {
    /// From when on: a time, a date (its beginning), or how long ago: 36h, 30d, 2w
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Since,
    /// Until when: a time, or a date (its end) [default: now]
    #[arg(long, value_name = "WHEN", value_parser = Time::parse_moment)]
    until: Option<Time>,
    /// Only the hosts of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// How to show it: text, markdown, html, json, ndjson, csv, junit, sarif or github
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    outputs: Outputs,
    /// The same as --full
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    judging: Judging,
}

/// Where a period begins.
#[derive(Clone, Copy, Debug)]
enum Since {
    Time(Time),
    Ago(Ago),
}

fn since(text: &str) -> Result<Since, String> {
    match (text.parse(), Time::parse_taken(text)) {
        (Ok(ago), _) => Ok(Since::Ago(ago)),
        (_, Ok(time)) => Ok(Since::Time(time)),
        (_, Err(error)) => Err(format!("{error}, or how long ago: 36h, 30d, 2w")),
    }
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let now = ui::now();
    let from = match arguments.since {
        Since::Time(time) => time,
        Since::Ago(ago) => arguments.until.unwrap_or(now).before(ago),
    };
    let to = arguments.until.unwrap_or(now);
    if from > to {
        return Err(Failure::usage(&format!(
            "the period ends, at {to}, before it begins, at {from}"
        )));
    }
    let group = arguments.group.as_deref();
    let hosts = hosts_of::stored(&store, group)?.len();
    let points = store.changes(from, to, group)?;
    let judged = arguments.judging.read(ui)?;
    let contents = Contents::new(Some(store));
    let mut many = Many::new(&contents, &judged)?;
    many.add(&pairs(contents.stored()?, &points)?)?;
    let new_hosts = points.iter().filter(|point| point.before.is_none()).count();
    let mut report = many.finish(Fleet {
        scope: group.map_or_else(|| "all hosts".to_owned(), |group| format!("group {group}")),
        from: from.to_string(),
        to: arguments.until.map_or_else(|| "now".to_owned(), |to| to.to_string()),
        silent: Vec::new(),
        period: Some(Period { hosts, new_hosts }),
    });
    report.forget_unmet_ignores();
    arguments.outputs.write_all_of(ui, &report, arguments.format, arguments.all)?;
    Ok(judged.exit(ui, &report, Exit::Done))
}

/// Each changed snapshot and the one before.
fn pairs<'p>(store: &Store, points: &'p [ChangePoint]) -> Result<Vec<Pair<'p>>, StoreError> {
    let rows = points.iter().flat_map(|point| point.before.iter().chain([&point.after]));
    let profiles = store.profile_rows(rows.map(SnapshotRow::content))?;
    let pair = |point: &'p ChangePoint| {
        let rows = [point.before.as_ref()?, &point.after];
        let shared = rows.map(|row| profiles[&row.content()].shared);
        // What differs only in a value that is unique to the host is looked at on that host.
        let holds = match shared[0] == shared[1] {
            true => rows.map(|row| Holds::Profile(row.content())),
            false => shared.map(Holds::Shared),
        };
        Some((rows, holds))
    };
    Ok(points.iter().filter_map(pair).collect())
}
