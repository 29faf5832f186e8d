//! `domcaps paths`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat, future};
use crate::query::{self, PathRow};
use crate::render;
use crate::store::Store;

/// List capability paths with their values, and how many hosts have each
///
/// Of the newest snapshot of every host: a host counts where one of its targets has it. Without GLOB
/// paths that differ in keys only stand in one line, with * for the key.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps paths                          every path
  domcaps paths disk                     what stands at and below devices.disk
  domcaps paths 'model[EPYC*].usable'    single CPU models
  domcaps paths '*secboot*' --format json")]
pub(super) struct Arguments {
    /// Only paths that fit: whole ones, or with leading elements left out; * is any characters
    glob: Option<String>,
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
    future::warn(ui, &store, future::answering(&store)?)?;
    let rows: Vec<PathRow> = query::known(&store, arguments.glob.as_deref())?;
    if let Some(glob) = arguments.glob.as_ref().filter(|_| rows.is_empty()) {
        ui.warning(format!("no path fits `{glob}`: `domcaps paths` lists all"));
    }
    match arguments.format {
        ListFormat::Json => render::json::paths(&rows, ui.out())?,
        ListFormat::Text => ui.print(|out| render::query::paths(&rows, out))?,
    }
    Ok(Exit::Done)
}
