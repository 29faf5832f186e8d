//! `domcaps fleet common`

use clap::Args;

use super::{Chosen, Targets};
use crate::cli::failure::{Exit, Failure};
use crate::cli::ui::Ui;
use crate::cli::{Global, ListFormat};
use crate::fleet::Common;
use crate::render;

/// What every host can do, the newest CPU models that all can use, and who holds the others back
///
/// By architecture and domain type, over all machine types: a capability counts where some machine
/// offers it. What a host does not report it is not said to lack; it is not common either.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps fleet common                              what all stored hosts can do
  domcaps fleet common --group prod --for-migration what guests keep when they move in a group
  domcaps fleet common hv01 hv02 --machine q35      two hosts, q35 machines alone")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// Every host, as without any
    #[arg(long, conflicts_with_all = ["hosts", "group"])]
    all: bool,
    #[command(flatten)]
    targets: Targets,
    /// Only what live migration needs: machine types, CPU models, firmware, equal CPUs
    #[arg(long)]
    for_migration: bool,
    /// How many of the things that few hosts lack are shown in text
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// How to show it
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(in crate::cli) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let chosen = arguments.chosen.read(ui, global)?;
    let (contents, cohorts) = (&chosen.contents, &chosen.cohorts);
    let offers = arguments.targets.offers(contents, cohorts)?;
    let common = Common::of(cohorts, &offers, arguments.for_migration);
    if arguments.format == ListFormat::Json {
        let freshness = chosen.freshness()?;
        render::json::common(&common, arguments.for_migration, &freshness, ui.out())?;
    } else {
        let width = ui.width();
        let (for_migration, limit) = (arguments.for_migration, arguments.limit);
        ui.print(|out| render::fleet::common(&common, for_migration, limit, width, out))?;
    }
    Ok(Exit::Done)
}
