//! `domcaps release calendar`

use std::path::PathBuf;

use clap::Args;

use super::which::TableFormat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::judging::Fleet;
use crate::cli::sides;
use crate::cli::ui::{self, Ui};
use crate::guests;
use crate::model::Guest;
use crate::plan::{Calendar, ReleaseSide};
use crate::render;
use crate::side::Contents;

/// Show what stops working when: machine types by release, and what falls out with which QEMU or release
///
/// QEMU removes a versioned machine type six major versions after it came; that policy is the only prediction.
/// All else is what captures say: in which release something is gone. With --guests it says which guests fall out.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps release calendar
  domcaps release calendar --guests /etc/libvirt/qemu
  domcaps release calendar --full --format html > calendar.html")]
pub(in crate::cli) struct Arguments {
    /// The guests, as `virsh dumpxml` prints them (can be repeated)
    #[arg(long, value_name = "FILE|FOLDER")]
    guests: Vec<PathBuf>,
    /// A row for each machine type, and not for each family
    #[arg(long)]
    full: bool,
    /// How to show it
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    format: TableFormat,
}

pub(super) fn run(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let fleet = match arguments.guests.is_empty() {
        true => None,
        false => {
            let reading = guests::read(&arguments.guests, &mut std::io::stdin().lock());
            for bad in &reading.bad {
                ui.error(format!("{bad}: skipped"));
                exit = Exit::Partly;
            }
            for unread in &reading.unread {
                ui.error(unread);
                exit = Exit::Partly;
            }
            if reading.guests.is_empty() {
                return Err(Failure::new(&"--guests: no guest is described there"));
            }
            Some(Fleet::of(reading.guests))
        }
    };
    let mut contents = Contents::default();
    let entries = ui::catalogue().all()?;
    let sides = sides::releases(&mut contents, &entries)?;
    let releases: Vec<ReleaseSide> = sides
        .into_iter()
        .zip(&entries)
        .map(|(side, entry)| ReleaseSide { side, manifest: entry.release.manifest.clone() })
        .collect();
    let guests: Option<Vec<(String, &Guest)>> = fleet
        .as_ref()
        .map(|fleet| fleet.each().enumerate().map(|(at, guest)| (fleet.name(at), guest)).collect());
    let calendar = Calendar::new(&releases, guests.as_deref(), &mut contents)?;
    let (full, width) = (arguments.full, ui.width());
    match arguments.format {
        TableFormat::Json => render::json::calendar(&calendar, ui.out())?,
        TableFormat::Csv => render::calendar::csv(&calendar, full, ui.out())?,
        TableFormat::Html => render::calendar::html(&calendar, full, ui.out())?,
        TableFormat::Text => {
            ui.print(|out| render::calendar::text(&calendar, full, width, out))?;
        }
    }
    Ok(exit)
}
