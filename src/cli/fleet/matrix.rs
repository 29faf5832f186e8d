//! `domcaps fleet matrix`

use clap::{Args, ValueEnum};

use super::Targets;
use crate::cli::Global;
use crate::cli::failure::{Exit, Failure};
use crate::cli::freshness::StaleLimit;
use crate::cli::ui::Ui;
use crate::fleet::Matrix;
use crate::render;

/// Hosts or cohorts against capabilities, as a table
///
/// PATH is a capability, in short or in full: its members are columns, or its value. PATH=VALUE is
/// one column. A cell is yes where some machine offers it, no where it is said not to be, `some`
/// where architectures or domain types differ, and - where nothing is reported.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps fleet matrix disk.bus                             a column for each bus
  domcaps fleet matrix 'model[EPYC].usable' vcpu.max --machine '*/kvm/*'
  domcaps fleet matrix graphics.type=spice --by host --format csv
  domcaps fleet matrix disk.bus video.modelType --format html > matrix.html")]
pub(in crate::cli) struct Arguments {
    /// Capabilities: a path, or PATH=VALUE
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Only this host (may be repeated)
    #[arg(long = "host", value_name = "HOST", conflicts_with = "group")]
    hosts: Vec<String>,
    /// The hosts of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    limit: StaleLimit,
    #[command(flatten)]
    targets: Targets,
    /// A row for each host, or for each cohort [default: host, cohort where there are more than 40]
    #[arg(long, value_enum)]
    by: Option<By>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    format: TableFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Host,
    Cohort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    Text,
    Json,
    Csv,
    Html,
}

/// Above this many hosts, cohorts are shown.
const MANY: usize = 40;

pub(in crate::cli) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let chosen =
        super::read(ui, global, &arguments.hosts, arguments.group.as_deref(), &arguments.limit)?;
    let mut offers = arguments.targets.offers(&chosen.contents, &chosen.cohorts)?;
    let by_host = match arguments.by {
        Some(by) => by == By::Host,
        None => chosen.cohorts.hosts() <= MANY,
    };
    let matrix = Matrix::of(&chosen.cohorts, &mut offers, &arguments.paths, by_host)?;
    match arguments.format {
        TableFormat::Text => ui.print(|out| render::fleet::matrix(&matrix, out))?,
        TableFormat::Json => {
            render::json::matrix(&matrix, by_host, &chosen.freshness()?, ui.out())?;
        }
        TableFormat::Csv => render::fleet::matrix_csv(&matrix, ui.out())?,
        TableFormat::Html => render::html::matrix(&matrix, ui.out())?,
    }
    Ok(Exit::Done)
}
