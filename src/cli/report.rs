//! `domcaps report`

mod upgrade;

use clap::{Args, Subcommand};

use super::Global;
use super::failure::{Exit, Failure};
use super::ui::Ui;

/// Report over many hosts
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    report: Report,
}

#[derive(Debug, Subcommand)]
enum Report {
    Upgrade(upgrade::Arguments),
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    match &arguments.report {
        Report::Upgrade(arguments) => upgrade::run(ui, global, arguments),
    }
}
