//! `domcaps host`

use clap::{Args, Subcommand};

use super::Global;
use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use crate::store::{Groups, Store};

/// Edit what is known of a host
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Set(Set),
}

/// Put a host into groups, take it out of them, or set its connection URI
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
struct Set {
    /// The host
    host: String,
    /// Put it into a group (can be repeated)
    #[arg(long = "group", value_name = "GROUP", value_parser = group)]
    groups: Vec<String>,
    /// Take it out of a group (can be repeated)
    #[arg(long = "no-group", value_name = "GROUP")]
    no_groups: Vec<String>,
    /// How it is reached; an empty one forgets it
    #[arg(long, value_name = "URI")]
    uri: Option<String>,
}

/// A group is named like a host.
pub(super) fn group(text: &str) -> Result<String, String> {
    match text.parse::<crate::model::HostName>() {
        Ok(name) => Ok(name.to_string()),
        Err(_) => Err("a letter or digit, then letters, digits, `.`, `_` and `-`".to_owned()),
    }
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let Command::Set(set) = &arguments.command;
    if set.groups.is_empty() && set.no_groups.is_empty() && set.uri.is_none() {
        return Err(Failure::usage(&"nothing to set: give --group, --no-group or --uri"));
    }
    if let Some(uri) = set.uri.as_deref().filter(|uri| !uri.is_empty()) {
        crate::collect::check_uri(uri).map_err(|why| Failure::usage(&why))?;
    }
    let mut store = Store::open(&ui::database(global)?)?;
    let (id, name) = store.host(&set.host)?;
    let groups = Groups { add: set.groups.clone(), remove: set.no_groups.clone() };
    let mut writer = store.writer()?;
    writer.set_host(id, &groups, set.uri.as_deref())?;
    writer.commit()?;
    ui.status(format!("{name}: done"));
    Ok(Exit::Done)
}
