//! `domcaps diff --baseline`: many hosts, each compared with one.

use clap::Args;

use super::Arguments;
use crate::cli::Global;
use crate::cli::failure::{Exit, Failure};
use crate::cli::future;
use crate::cli::hosts_of;
use crate::cli::many::{Holds, Many, Pair};
use crate::cli::sides;
use crate::cli::ui::{self, Ui};
use crate::model::{HostName, When};
use crate::operand::Operand;
use crate::render::Format;
use crate::report::Fleet;
use crate::side::Contents;
use crate::store::{SnapshotRow, Store, StoreError};

/// Many hosts, compared with one.
#[derive(Args, Debug)]
pub(super) struct Baseline {
    #[arg(help = "Compare each host with this one, HOST[@WHEN]; the operands are hosts then")]
    #[arg(long, value_name = "HOST")]
    baseline: Option<String>,
    /// With --baseline: the hosts of a group
    #[arg(long, value_name = "GROUP", requires = "baseline", conflicts_with_all = ["old", "all"])]
    group: Option<String>,
    /// With --baseline: every host
    #[arg(long, requires = "baseline", conflicts_with = "old")]
    all: bool,
}

impl Baseline {
    /// The host that all are compared with, where that was asked.
    pub(super) fn host(&self) -> Option<&str> {
        self.baseline.as_deref()
    }
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
    format: Format,
    baseline: &str,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let Operand::Host { host, when, target: None } = Operand::parse(baseline, |_| false)? else {
        return Err(Failure::usage(&format!("--baseline {baseline}: write HOST[@WHEN]")));
    };
    let old = store.resolve(&host, &when)?;
    if let Some((time, state)) = old.passed_over.first() {
        ui.warning(format!("{baseline}: passed over the {} snapshot of {time}", state.name()));
    }
    let old = old.snapshot;
    let (scope, hosts) = hosts(&store, arguments)?;
    let mut fleet = Fleet {
        scope,
        from: baseline.to_owned(),
        to: "each of them".to_owned(),
        silent: Vec::new(),
        period: None,
        freshness: Vec::new(),
    };
    let judged = arguments.judging.read(ui)?;
    let contents = Contents::new(Some(store));
    let store = contents.stored()?;
    let mut found = Vec::new();
    let mut exit = Exit::Done;
    for host in hosts.iter().filter(|name| **name != old.host) {
        match store.resolve(host.as_str(), &When::Latest) {
            Ok(resolved) => {
                sides::passed_over(ui, host.as_str(), &resolved.passed_over);
                found.push(resolved.snapshot);
            }
            Err(error @ StoreError::NoSnapshot { .. }) => {
                ui.warning(format!("{host}: not compared: {error}"));
                fleet.silent.push((host.clone(), error.to_string()));
                exit = Exit::Partly;
            }
            Err(error) => return Err(error.into()),
        }
    }
    future::warn_rows(ui, store, found.iter().chain([&old]))?;
    let mut many = Many::new(&contents, &judged)?;
    many.add(&pairs(store, &old, &found)?)?;
    if many.builder.groups() == 0 {
        let message = match fleet.silent.first() {
            Some((host, why)) => format!("no host can be compared; {host}: {why}"),
            None => format!("no other host to compare with {}", old.host),
        };
        let hint = "`domcaps hosts` lists hosts and their groups";
        return Err(Failure::new(&message).with_hint(hint));
    }
    let mut report = many.finish(fleet);
    report.forget_unmet_ignores();
    arguments.outputs.write(ui, &report, format)?;
    Ok(judged.exit(ui, &report, exit))
}

/// Each host beside the one: values that are unique to a host are no difference.
fn pairs<'p>(
    store: &Store,
    old: &'p SnapshotRow,
    found: &'p [SnapshotRow],
) -> Result<Vec<Pair<'p>>, StoreError> {
    let rows = found.iter().chain([old]).map(SnapshotRow::content);
    let profiles = store.profile_rows(rows)?;
    let pair = |new| {
        let rows = [old, new];
        (rows, rows.map(|row| Holds::Shared(profiles[&row.content()].shared)))
    };
    Ok(found.iter().map(pair).collect())
}

/// What the hosts are called together, and their names.
fn hosts(store: &Store, arguments: &Arguments) -> Result<(String, Vec<HostName>), Failure> {
    let Baseline { group, all, .. } = &arguments.many;
    if group.is_some() || *all {
        let scope = group.as_ref().map_or("all hosts".to_owned(), |it| format!("group {it}"));
        return Ok((scope, hosts_of::stored(store, group.as_deref())?));
    }
    let named = [&arguments.old, &arguments.new].into_iter().flatten().chain(&arguments.paths);
    let hosts = hosts_of::named(store, named)?;
    match hosts.iter().map(HostName::as_str).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => {
            Err(Failure::usage(&"--baseline: compared with whom? Name hosts, --group or --all"))
        }
        names => Ok((names, hosts)),
    }
}
