//! `domcaps man`

use std::path::PathBuf;

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::Ui;

/// Print the manual page, or write those of all commands into a folder
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps man | man -l -
  domcaps man --dir /usr/local/share/man/man1")]
pub(super) struct Arguments {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    if let Some(folder) = &arguments.dir {
        let error = |error: std::io::Error| Failure::new(&format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(error)?;
        clap_mangen::generate_to(command, folder).map_err(error)?;
        return Ok(Exit::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    ui.out().write_all(&page)?;
    Ok(Exit::Done)
}
