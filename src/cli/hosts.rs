//! `domcaps hosts`

use std::collections::HashSet;

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::freshness;
use super::ui::{self, Ui};
use super::{Global, future, hosts_of};
use crate::model::{HostName, Time, Within};
use crate::render;
use crate::render::hosts::HostOverview;
use crate::store::{HostContact, HostRow, Store};

/// List the hosts that are stored or that a list of hosts names, and when each last answered
///
/// LAST SUCCESS is when a host last answered whole; of a host that is only imported, the time of its
/// newest snapshot. FAILING SINCE is the first attempt after that which was no success.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps hosts --failing                     what to look after, and why
  domcaps hosts --stale 3d --sort success     no success for three days, oldest first
  domcaps hosts --changed-since 2026-11-01    what changed since a day
  domcaps hosts --group prod --format csv     for a spreadsheet")]
pub(super) struct Arguments {
    /// Only the hosts of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Only hosts whose last attempt was no success
    #[arg(long)]
    failing: bool,
    /// Only hosts without a success for this long, such as 36h or 3d, or since a date [default without
    /// TIME: `stale` in domcaps.toml, else 48h]
    #[arg(long, value_name = "TIME", num_args = 0..=1)]
    stale: Option<Option<Within>>,
    /// Only hosts whose capabilities changed since then: a time, a date, or how long ago
    #[arg(long, value_name = "WHEN")]
    changed_since: Option<Within>,
    /// What to sort by
    #[arg(long, value_enum, value_name = "KEY", default_value_t = SortKey::Name)]
    sort: SortKey,
    /// How to show them
    #[arg(long, value_enum, default_value_t = HostsFormat::Text)]
    format: HostsFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HostsFormat {
    Text,
    Json,
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SortKey {
    Name,
    /// Last success, oldest first; never before all
    Success,
    /// Failing since, longest first; those that do not fail behind all
    Failing,
    /// Last change, newest first
    Changed,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let cutoff = freshness::cutoff(arguments.stale.as_ref().and_then(Option::as_ref))?;
    let store = Store::open(&ui::database(global)?)?;
    let mut hosts = read(&store, arguments.group.as_deref(), cutoff)?;
    if hosts.is_empty() && arguments.group.is_some() {
        return Err(hosts_of::none(&store, arguments.group.as_deref()));
    }
    let answering = future::answering(&store)?.into_iter();
    let listed: HashSet<HostName> = hosts.iter().map(|host| host.row.name.clone()).collect();
    future::warn(ui, &store, answering.filter(|(host, ..)| listed.contains(host)))?;
    let since = arguments.changed_since.as_ref().map(|since| since.before(ui::now()));
    hosts.retain(|host| {
        (!arguments.failing || host.contact.is_failing())
            && (arguments.stale.is_none() || host.is_stale)
            && since.is_none_or(|since| host.row.last_changed.is_some_and(|at| at >= since))
    });
    sort(&mut hosts, arguments.sort);
    match arguments.format {
        HostsFormat::Json => render::json::hosts(&hosts, ui.out())?,
        HostsFormat::Csv => render::hosts::csv(&hosts, ui.out())?,
        HostsFormat::Text => ui.print(|out| render::hosts::table(&hosts, out))?,
    }
    Ok(Exit::Done)
}

/// All hosts, or those of a group, by name, with what collecting them came to.
pub(super) fn read(
    store: &Store,
    group: Option<&str>,
    cutoff: Time,
) -> Result<Vec<HostOverview>, Failure> {
    // Both are of one moment and in one order.
    let rows = store.hosts(group)?.into_iter().zip(store.contacts(group)?);
    let overview = |(row, contact): (HostRow, HostContact)| {
        let is_stale = contact.is_stale(cutoff);
        HostOverview { row, contact, is_stale }
    };
    Ok(rows.map(overview).collect())
}

/// Sorts hosts that are in the order of their names; where a key is the same they stay so.
fn sort(hosts: &mut [HostOverview], key: SortKey) {
    match key {
        SortKey::Name => {}
        SortKey::Success => hosts.sort_by_key(|host| host.contact.last_success),
        SortKey::Failing => hosts.sort_by_key(|host| {
            let since = host.contact.failing_since;
            (since.is_none(), since)
        }),
        SortKey::Changed => hosts.sort_by_key(|host| std::cmp::Reverse(host.row.last_changed)),
    }
}
