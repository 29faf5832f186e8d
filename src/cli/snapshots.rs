//! `domcaps snapshots`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::render;
use crate::store::{Run, Store, StoreError};

/// List snapshots, oldest first
///
/// A snapshot and the identical ones that followed it stand in one line: the time it was first so,
/// the time it was last seen so, and how many followed. A tag begins a line of its own.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Only those of a host
    host: Option<String>,
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
    let host = arguments.host.as_deref().map(|host| store.host(host)).transpose()?;
    let runs = store.runs(host.map(|(id, _)| id))?;
    if arguments.format == ListFormat::Json {
        render::json::snapshots(&runs, ui.out())?;
        return Ok(Exit::Done);
    }
    let rows = runs.iter().map(|run| row(&store, run)).collect::<Result<Vec<_>, _>>()?;
    let header = [
        "host",
        "snapshot",
        "taken",
        "last seen",
        "last changed",
        "targets",
        "libvirt",
        "hypervisor",
        "tags",
    ];
    ui.print(|out| render::table::table(&header, &rows, out))?;
    Ok(Exit::Done)
}

fn row(store: &Store, run: &Run) -> Result<Vec<String>, StoreError> {
    let mut id = store.short_id(&run.first)?;
    if run.followers > 0 {
        id.push_str(&format!(" (+{})", run.followers));
    }
    let mut targets = run.documents.to_string();
    if run.failures > 0 {
        targets.push_str(&format!(" (+{} failed)", run.failures));
    }
    if run.first.state != crate::model::State::Complete {
        targets.push_str(&format!(" {}", run.first.state.name()));
    }
    Ok(vec![
        run.first.host.to_string(),
        id,
        run.first.taken_at.to_string(),
        run.last_seen.to_string(),
        run.last_changed.map(|time| time.to_string()).unwrap_or_default(),
        targets,
        run.context.libvirt.clone().unwrap_or_default(),
        run.context.hypervisor.clone().unwrap_or_default(),
        run.tags.join(" "),
    ])
}
