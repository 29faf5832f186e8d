//! `domcaps prune`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::render;
use crate::store::{Pruned, Store};

/// Free what no snapshot holds any more, and give the space back
///
/// After `domcaps forget` and `domcaps host forget`. Safe while others collect, import and read: it
/// frees in several short steps and looks anew at each what is still needed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps prune --dry-run
  domcaps forget --all --keep-within 1y && domcaps prune")]
pub(super) struct Arguments {
    /// Only show what would be freed
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let mut store = Store::open(&ui::database(global)?)?;
    let pruned = if arguments.dry_run { store.prune_dry()? } else { store.prune()? };
    match arguments.format {
        ListFormat::Json => render::json::pruned(&pruned, arguments.dry_run, ui.out())?,
        ListFormat::Text => print(ui, &pruned, arguments.dry_run)?,
    }
    let Some(why) = &pruned.kept_back else { return Ok(Exit::Done) };
    ui.error(format!("the space was not given back: {why}"));
    ui.hint("it is used again by what is stored next; free some space and prune once more");
    Ok(Exit::Partly)
}

fn print(ui: &mut Ui<'_>, pruned: &Pruned, is_dry: bool) -> Result<(), Failure> {
    let freed = pruned.freed.iter().filter(|(_, count)| *count > 0);
    let rows: Vec<Vec<String>> =
        freed.map(|(kind, count)| vec![kind.replace('_', " "), count.to_string()]).collect();
    if !rows.is_empty() {
        ui.print(|out| render::table::table(&["content", "freed"], &rows, out))?;
    }
    let (bytes, size) = (pruned.bytes, pruned.size);
    match is_dry {
        true => writeln!(ui.out(), "{bytes} bytes would be freed, {size} left")?,
        false => writeln!(ui.out(), "{bytes} bytes freed, {size} left")?,
    }
    Ok(())
}
