//! `domcaps check`

use crate::model::{counted, singular};
use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::check::{self, Checked};
use crate::render;
use crate::store::{Damage, Store};

/// Look whether the database is whole
///
/// SQLite's own checks, and whether all rows fit together. With --read-data every document is unpacked
/// and its hash compared, its capabilities are derived again and compared with what is stored, and
/// every other hash is computed anew. Damage is one line each, and exit code 1.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps check
  domcaps check --read-data --quiet || echo restore it from a backup
  domcaps --db backup.db check --read-data")]
pub(super) struct Arguments {
    /// Read every document again; takes about a second for each 2,000 different ones
    #[arg(long)]
    read_data: bool,
    /// First derive anew what follows from the snapshots: which are changes, and which is the newest
    #[arg(long)]
    repair: bool,
    /// How to show what was found
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let path = ui::database(global)?;
    let mut repaired = None;
    if arguments.repair {
        let mut store = Store::open(&path)?;
        let mut writer = store.writer()?;
        repaired = Some(writer.settle_all()?);
        writer.commit()?;
    }
    let store = Store::open(&path)?;
    let bar = bar(ui);
    let checked = check::check(&store, arguments.read_data, &mut |done, steps| {
        bar.set_length(steps as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    match arguments.format {
        ListFormat::Json => render::json::checked(&checked, repaired, ui.out())?,
        ListFormat::Text => print(ui, &checked, repaired)?,
    }
    match checked.damage.len() {
        0 => Ok(Exit::Done),
        count => {
            let places = counted(count, "place");
            Err(Failure::new(&format!("{}: damaged in {places}", path.display()))
                .with_hint(hint(&checked.damage)))
        }
    }
}

fn hint(damage: &[Damage]) -> &'static str {
    match damage.iter().all(|each| each.is_derived) {
        true => "`domcaps check --repair` sets it right: it follows from rows that are whole",
        false => {
            "restore the file from a backup (`domcaps backup`); what is not named can still be read"
        }
    }
}

fn print(ui: &mut Ui<'_>, checked: &Checked, repaired: Option<usize>) -> Result<(), Failure> {
    if let Some(rows) = repaired {
        writeln!(ui.out(), "repaired: {} set right", counted(rows, "row"))?;
    }
    for damage in &checked.damage {
        let line = format!("{}: {}; {}", damage.place, damage.what, damage.remedy());
        writeln!(ui.out(), "{}", render::plain(&line))?;
    }
    if checked.damage.is_empty() {
        let counts = checked.counts.iter().map(|(kind, count)| {
            counted(usize::try_from(*count).unwrap_or(usize::MAX), &singular(kind))
        });
        let counts = counts.collect::<Vec<_>>().join(", ");
        let how = if checked.has_read_data { ", every document read" } else { "" };
        writeln!(ui.out(), "clean: {counts}{how}")?;
        if !checked.has_read_data {
            ui.hint("documents and hashes were not read: `domcaps check --read-data` does");
        }
    }
    Ok(())
}

fn bar(ui: &Ui<'_>) -> indicatif::ProgressBar {
    if !ui.shows_progress() {
        return indicatif::ProgressBar::hidden();
    }
    indicatif::ProgressBar::new(1).with_style(indicatif::ProgressStyle::default_bar())
}
