//! `domcaps release`

mod calendar;
mod files;
mod which;

use clap::{Args, Subcommand};

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat, diff};
use crate::operand::RELEASE;
use crate::render;

/// Look at the catalogue: what libvirt and QEMU of each distribution release support
///
/// A release is a capture of a distribution's libvirt and QEMU, made once and built in, or imported. Wherever a
/// host can be named, release:NAME names one.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Show(Show),
    /// Show what changes between two releases
    Diff(Box<diff::Arguments>),
    Which(which::Arguments),
    Calendar(calendar::Arguments),
    Import(files::Import),
    Export(files::Export),
    Pack(files::Pack),
}

/// List the releases of the catalogue, with versions, age and origin
#[derive(Args, Debug)]
struct List {
    /// How to show them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

/// Show how a release was captured: packages, their versions, and what optional ones add
///
/// `domcaps show release:NAME` shows what it supports.
#[derive(Args, Debug)]
struct Show {
    /// The release
    name: String,
    /// How to show it
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::List(list) => {
            let entries = ui::catalogue().all()?;
            match list.format {
                ListFormat::Json => render::json::releases(&entries, ui.out())?,
                ListFormat::Text => ui.print(|out| render::release::list(&entries, out))?,
            }
            Ok(Exit::Done)
        }
        Command::Show(show) => {
            let entry = ui::catalogue().find(name(&show.name))?;
            let width = ui.width();
            match show.format {
                ListFormat::Json => render::json::release(&entry, ui.out())?,
                ListFormat::Text => ui.print(|out| render::release::show(&entry, width, out))?,
            }
            Ok(Exit::Done)
        }
        Command::Diff(arguments) => diff::of_releases(ui, global, arguments),
        Command::Which(arguments) => which::run(ui, arguments),
        Command::Calendar(arguments) => calendar::run(ui, arguments),
        Command::Import(arguments) => files::import(ui, arguments),
        Command::Export(arguments) => files::export(ui, arguments),
        Command::Pack(arguments) => files::pack(ui, arguments),
    }
}

/// A name, which may be written as a selector.
fn name(text: &str) -> &str {
    text.strip_prefix(RELEASE).unwrap_or(text)
}
