//! `domcaps hosts`

use std::collections::HashSet;

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat, future};
use crate::render;
use crate::store::Store;

/// List the hosts that are stored
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Only the hosts of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// How to show them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let hosts = store.hosts(arguments.group.as_deref())?;
    if let Some(group) = arguments.group.as_ref().filter(|_| hosts.is_empty()) {
        ui.warning(format!("no host is in group {group}"));
    }
    let answering = future::answering(&store)?.into_iter();
    let listed: HashSet<_> = hosts.iter().map(|host| &host.name).collect();
    future::warn(ui, &store, answering.filter(|(host, ..)| listed.contains(host)))?;
    if arguments.format == ListFormat::Json {
        render::json::hosts(&hosts, ui.out())?;
        return Ok(Exit::Done);
    }
    let rows = hosts.iter().map(|host| {
        let time = |time: Option<crate::model::Time>| {
            time.map(|time| time.to_string()).unwrap_or_default()
        };
        vec![
            host.name.to_string(),
            host.snapshots.to_string(),
            time(host.last_seen),
            time(host.last_changed),
            host.libvirt.as_deref().unwrap_or_default().to_owned(),
            host.hypervisor.as_deref().unwrap_or_default().to_owned(),
            host.groups.join(" "),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let header =
        ["host", "snapshots", "last seen", "last changed", "libvirt", "hypervisor", "groups"];
    ui.print(|out| render::table::table(&header, &rows, out))?;
    Ok(Exit::Done)
}
