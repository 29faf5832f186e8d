//! `domcaps completions`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::Ui;

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  domcaps completions bash > /etc/bash_completion.d/domcaps")]
pub(super) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "domcaps", &mut script);
    ui.out().write_all(&script)?;
    Ok(Exit::Done)
}
