//! `domcaps status`

use clap::Args;

use super::failure::{Exit, Failure};
use super::freshness::StaleLimit;
use super::ui::{self, Ui};
use super::{Global, ListFormat, hosts, hosts_of};
use crate::render;
use crate::render::status::FleetStatus;
use crate::store::Store;

/// Check whether every host is collected: one screen, and an exit code for cron and monitoring
///
/// Lists hosts whose last attempt was no success, hosts that were never collected, and hosts without a
/// success for too long. Hosts that left their list are shown too, and are no failure.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps status                          everything at a glance
  domcaps status --stale 36h --quiet      for monitoring, by its exit code
  domcaps status --group prod --format json

Exit codes: 0 every host is current; 10 a host fails, is stale or was never collected; 1 there is no
database, or no host in it.")]
pub(super) struct Arguments {
    /// Only the hosts of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    limit: StaleLimit,
    /// How to show it
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let cutoff = arguments.limit.cutoff()?;
    let store = Store::open(&ui::database(global)?)?;
    let group = arguments.group.as_deref();
    let hosts = hosts::read(&store, group, cutoff)?;
    if hosts.is_empty() {
        return Err(hosts_of::none(&store, group));
    }
    let status = FleetStatus::new(&hosts, cutoff);
    match arguments.format {
        ListFormat::Json => render::json::status(&status, ui.out())?,
        ListFormat::Text => {
            let width = ui.width();
            ui.print(|out| render::status::screen(&status, width, out))?;
        }
    }
    Ok(if status.is_well() { Exit::Done } else { Exit::Found })
}
