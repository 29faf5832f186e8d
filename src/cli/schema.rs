//! `domcaps schema`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::render::schemas;

/// Print the JSON Schema of an output, or list all of them
///
/// The name is the middle of what the object says under `schema`: diff for domcaps.diff/1. Schemas
/// are closed: what they do not name is not printed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps schema                              which there are, and what they describe
  domcaps schema diff > diff.schema.json      for a validator")]
pub(super) struct Arguments {
    /// Which one
    name: Option<String>,
}

pub(super) fn run(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let Some(name) = &arguments.name else {
        schemas::list(ui.out())?;
        return Ok(Exit::Done);
    };
    let Some(schema) = schemas::find(name) else {
        let message = format!("no schema is called `{name}`");
        return Err(Failure::new(&message).with_hint("`domcaps schema` lists all"));
    };
    ui.out().write_all(schema.text.as_bytes())?;
    Ok(Exit::Done)
}
