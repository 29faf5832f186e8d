//! `domcaps fleet cohorts`

use clap::Args;

use super::Chosen;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ui::Ui;
use crate::cli::{Global, ListFormat};
use crate::fleet::{self, Apart};
use crate::render;
use crate::side::Snapshots;

/// Hosts with identical capabilities, biggest group first, and what sets each apart from the biggest
///
/// Values that are unique to one machine by design, such as SEV's cpu0Id, do not count. `lacks`,
/// `has` and `differs in` are seen from the biggest cohort; what only one of the two reports is
/// neither a gain nor a loss, and is counted.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps fleet cohorts                        every host that is stored
  domcaps fleet cohorts --group prod --all     compare every cohort of a group, not the first ten
  domcaps fleet cohorts --format json          with all hosts, and each difference")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// How many cohorts are shown in text, and compared with the biggest
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "all")]
    limit: usize,
    /// Show and compare all cohorts
    #[arg(long)]
    all: bool,
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
    let (contents, fleet) = (&chosen.contents, &chosen.cohorts);
    let limit = if arguments.all { usize::MAX } else { arguments.limit };
    let mut aparts: Vec<Apart> = Vec::new();
    if let Some((biggest, others)) = fleet.cohorts.split_first().filter(|it| !it.1.is_empty()) {
        let snapshots = Snapshots::new(contents)?;
        let biggest = snapshots.side(&biggest.member)?;
        for cohort in others.iter().take(limit.saturating_sub(1)) {
            aparts.push(fleet::apart(contents, &biggest, &snapshots.side(&cohort.member)?)?);
        }
    }
    if arguments.format == ListFormat::Json {
        render::json::cohorts(fleet, &aparts, &chosen.freshness()?, ui.out())?;
    } else {
        let width = ui.width();
        ui.print(|out| render::fleet::cohorts(fleet, &aparts, limit, width, out))?;
    }
    Ok(Exit::Done)
}
