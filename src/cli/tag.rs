//! `domcaps tag`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat, future, sides};
use crate::model::Tag;
use crate::operand::Operand;
use crate::render;
use crate::store::{Resolved, Store};

/// Tag a snapshot, to name it later as HOST@TAG
///
/// A tag may be used again: the newest snapshot that has it is meant. `domcaps forget` keeps what is
/// tagged.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps tag hv01 pre-upgrade
  domcaps tag hv01@2026-11-01 golden
  domcaps tag hv01@golden golden --remove")]
pub(super) struct Arguments {
    #[arg(
        value_name = "HOST[@WHEN]",
        help = "The snapshot: a host's newest, or as in other operands"
    )]
    operand: String,
    /// The tags
    #[arg(value_name = "TAG", required = true)]
    tags: Vec<Tag>,
    /// Take the tags off it
    #[arg(long)]
    remove: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let Operand::Host { host, when, target: None } = Operand::parse(&arguments.operand, |_| false)?
    else {
        let message = format!("`{}` is no snapshot: write HOST or HOST@WHEN", arguments.operand);
        return Err(Failure::usage(&message));
    };
    let mut store = Store::open(&ui::database(global)?)?;
    let mut writer = store.writer()?;
    let Resolved { snapshot, passed_over } = writer.store().resolve(&host, &when)?;
    sides::passed_over(ui, &arguments.operand, &passed_over);
    future::warn_rows(ui, writer.store(), [&snapshot])?;
    let (add, remove): (&[Tag], &[Tag]) =
        if arguments.remove { (&[], &arguments.tags) } else { (&arguments.tags, &[]) };
    let tags = writer.set_tags(&snapshot, add, remove)?;
    writer.commit()?;
    match arguments.format {
        ListFormat::Json => render::json::tagged(&snapshot, &tags, ui.out())?,
        ListFormat::Text => {
            let (host, at) = (&snapshot.host, snapshot.taken_at);
            let tags = if tags.is_empty() { "no tag".to_owned() } else { tags.join(" ") };
            writeln!(ui.out(), "{host} {at} {}: {tags}", &snapshot.id.to_string()[..12])?;
        }
    }
    Ok(Exit::Done)
}
