//! `domcaps completions`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::Ui;

/// Print a completion script for a shell
///
/// With bash, zsh and fish it also completes what the database knows: hosts, groups, paths, values.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  domcaps completions bash > /etc/bash_completion.d/domcaps")]
pub(super) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

/// Asks the program for what only the database knows, and goes on to the script above where it has
/// nothing to say.
fn stored(shell: clap_complete::Shell) -> &'static str {
    match shell {
        clap_complete::Shell::Bash => include_str!("completions/stored.bash"),
        clap_complete::Shell::Zsh => include_str!("completions/stored.zsh"),
        clap_complete::Shell::Fish => include_str!("completions/stored.fish"),
        _ => "",
    }
}

pub(super) fn run(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "domcaps", &mut script);
    ui.out().write_all(&script)?;
    ui.out().write_all(stored(arguments.shell).as_bytes())?;
    Ok(Exit::Done)
}
