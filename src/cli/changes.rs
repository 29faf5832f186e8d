//! `domcaps changes`

use clap::Args;

use super::Global;
use super::failure::{Exit, Failure};
use super::hosts_of;
use super::judging::Judging;
use super::many::{Holds, Many, Pair};
use super::outputs::Outputs;
use super::ui::{self, Ui};
use crate::model::{HostName, Time, Within};
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
    /// From when on: a time, a date (its beginning), or how long before its end: 36h, 30d, 2w, 6mo
    #[arg(long, value_name = "WHEN")]
    since: Within,
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

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let now = ui::now();
    let to = arguments.until.unwrap_or(now);
    let from = arguments.since.before(to);
    if from > to {
        return Err(Failure::usage(&format!(
            "the period ends, at {to}, before it begins, at {from}"
        )));
    }
    let group = arguments.group.as_deref();
    let hosts = hosts_of::count(&store, group)?;
    let points = store.changes(from, to, group)?;
    let exit = tell_silent(ui, &store, from, group)?;
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
        freshness: Vec::new(),
    });
    report.forget_unmet_ignores();
    arguments.outputs.write_all_of(ui, &report, arguments.format, arguments.all)?;
    Ok(judged.exit(ui, &report, exit))
}

/// Names hosts of which the period has no complete snapshot: that nothing is told of them says nothing.
fn tell_silent(
    ui: &mut Ui<'_>,
    store: &Store,
    from: Time,
    group: Option<&str>,
) -> Result<Exit, Failure> {
    const NAMED: usize = 5;
    let silent = store.silent_since(from, group)?;
    if silent.is_empty() {
        return Ok(Exit::Done);
    }
    let more = if silent.len() > NAMED { ", …" } else { "" };
    let named = silent.iter().take(NAMED).map(HostName::as_str).collect::<Vec<_>>().join(", ");
    let hosts = if silent.len() == 1 { "host has" } else { "hosts have" };
    ui.warning(format!(
        "{} {hosts} no complete snapshot since {from}, so nothing is known of them: {named}{more}",
        silent.len()
    ));
    Ok(Exit::Partly)
}

/// Each changed snapshot and the one before.
pub(super) fn pairs<'p>(
    store: &Store,
    points: &'p [ChangePoint],
) -> Result<Vec<Pair<'p>>, StoreError> {
    let rows = points.iter().flat_map(|point| point.before.iter().chain([&point.after]));
    let profiles = store.profile_rows(rows.map(SnapshotRow::content))?;
    let pair = |point: &'p ChangePoint| {
        let rows = [point.before.as_ref()?, &point.after];
        let [old, new] = rows.map(|row| &profiles[&row.content()]);
        // Hosts went one way only where the values that are unique to each stayed as they were.
        let holds = match old.unique == new.unique && old.shared != new.shared {
            true => [Holds::Shared(old.shared), Holds::Shared(new.shared)],
            false => rows.map(|row| Holds::Profile(row.content())),
        };
        Some((rows, holds))
    };
    Ok(points.iter().filter_map(pair).collect())
}
