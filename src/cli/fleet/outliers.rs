//! `domcaps fleet outliers`

use clap::Args;

use super::{Chosen, Targets};
use crate::cli::failure::{Exit, Failure};
use crate::cli::ui::{self, Ui};
use crate::cli::{Global, ListFormat};
use crate::{fleet, render};

/// Hosts that lack what nearly all have, or that alone have something
///
/// By architecture and domain type, over all machine types. Only hosts that report a thing are
/// counted: who says nothing of it neither lacks nor has it.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps fleet outliers                        among all hosts
  domcaps fleet outliers --group prod           among the hosts of a group
  domcaps fleet outliers --share 80             what four of five hosts have")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    targets: Targets,
    /// How many percent of the hosts are nearly all
    #[arg(long, value_name = "PERCENT", default_value_t = 95,
          value_parser = |text: &str| ui::within(text, 51_u8..=99))]
    share: u8,
    /// How to show them
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
    let found = fleet::outliers(cohorts, &offers, arguments.share);
    let least = usize::from(100_u8.div_ceil(100 - arguments.share));
    if cohorts.hosts() < least {
        ui.hint(format!(
            "one of {} hosts is more than {} %: a smaller --share finds more",
            cohorts.hosts(),
            100 - arguments.share
        ));
    }
    if arguments.format == ListFormat::Json {
        let freshness = chosen.freshness()?;
        render::json::outliers(cohorts, &found, arguments.share, &freshness, ui.out())?;
    } else {
        let width = ui.width();
        ui.print(|out| render::fleet::outliers(cohorts, &offers.families(), &found, width, out))?;
    }
    Ok(Exit::Done)
}
