//! `domcaps backup`

use crate::model::counted;
use std::path::PathBuf;

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::render;
use crate::store::Store;

/// Copy the database to a file while others work with it
///
/// The copy is of one moment, is looked at whether it is sound, and appears whole or not at all; only
/// its owner may read it. It is a database like any other: `domcaps --db FILE` reads it, and to
/// restore it is to copy it back while nobody writes.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps backup /srv/backup/domcaps-$(date +%F).db
  domcaps backup --force /srv/backup/domcaps.db && domcaps --db /srv/backup/domcaps.db check")]
pub(super) struct Arguments {
    /// The file to write
    file: PathBuf,
    /// Replace the file where there is one
    #[arg(long)]
    force: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    super::outputs::check_folder(&arguments.file)?;
    let (bytes, counts) = store.backup(&arguments.file, arguments.force)?;
    let file = arguments.file.display().to_string();
    match arguments.format {
        ListFormat::Json => render::json::backed_up(&file, bytes, &counts, ui.out())?,
        ListFormat::Text => {
            let count =
                |kind: &str| counts.iter().find(|(name, _)| *name == kind).map_or(0, |it| it.1);
            let number = |kind: &str| usize::try_from(count(kind)).unwrap_or(usize::MAX);
            let hosts = counted(number("hosts"), "host");
            let snapshots = counted(number("snapshots"), "snapshot");
            let line = format!("{file}: {bytes} bytes, {hosts}, {snapshots}");
            writeln!(ui.out(), "{}", render::plain(&line))?;
        }
    }
    Ok(Exit::Done)
}
