//! `domcaps host`

use clap::{Args, Subcommand};

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::model::{HostName, counted};
use crate::render;
use crate::render::json::GoneHost;
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
    Rename(Rename),
    Forget(Forget),
}

/// Give a host another name
///
/// Its history, tags, groups and URI stay. A snapshot's id is a hash of the host's name too, so its
/// snapshots get new ids: what was noted as HOST@id:PREFIX is found by time or tag. Two hosts cannot
/// be made one.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps host rename hv01 hv01.example.org")]
struct Rename {
    /// Its name so far
    old: String,
    /// Its name from now on
    new: HostName,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

/// Remove hosts with all their snapshots, tags and groups
///
/// It does not ask, and nothing but a backup brings them back: --dry-run shows what would go. Documents
/// that no other host has are freed by `domcaps prune`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps host forget hv01 --dry-run
  domcaps host forget hv01 hv02 && domcaps prune")]
struct Forget {
    /// The hosts
    #[arg(value_name = "HOST", required = true)]
    hosts: Vec<String>,
    /// Only show what would go
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
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
    match &arguments.command {
        Command::Set(arguments) => set(ui, global, arguments),
        Command::Rename(arguments) => rename(ui, global, arguments),
        Command::Forget(arguments) => forget(ui, global, arguments),
    }
}

fn set(ui: &mut Ui<'_>, global: &Global, set: &Set) -> Result<Exit, Failure> {
    if set.groups.is_empty() && set.no_groups.is_empty() && set.uri.is_none() {
        return Err(Failure::usage(&"nothing to set: give --group, --no-group or --uri"));
    }
    if let Some(uri) = set.uri.as_deref().filter(|uri| !uri.is_empty()) {
        crate::collect::check_uri(uri).map_err(|why| Failure::usage(&why))?;
    }
    let mut store = Store::open(&ui::database(global)?)?;
    let groups = Groups { add: set.groups.clone(), remove: set.no_groups.clone() };
    let mut writer = store.writer()?;
    let (id, name) = writer.store().host(&set.host)?;
    writer.set_host(id, &groups, set.uri.as_deref())?;
    writer.commit()?;
    ui.status(format!("{name}: done"));
    Ok(Exit::Done)
}

fn rename(ui: &mut Ui<'_>, global: &Global, rename: &Rename) -> Result<Exit, Failure> {
    let mut store = Store::open(&ui::database(global)?)?;
    let mut writer = store.writer()?;
    let (id, old) = writer.store().host(&rename.old)?;
    let snapshots = writer.rename_host(id, &rename.new)?;
    writer.commit()?;
    let new = &rename.new;
    match rename.format {
        ListFormat::Json => render::json::renamed(&old, new, snapshots, ui.out())?,
        ListFormat::Text => {
            let snapshots = counted(snapshots, "snapshot");
            writeln!(ui.out(), "{old} is {new} now; its {snapshots} got new ids")?;
        }
    }
    Ok(Exit::Done)
}

fn forget(ui: &mut Ui<'_>, global: &Global, forget: &Forget) -> Result<Exit, Failure> {
    let mut store = Store::open(&ui::database(global)?)?;
    let mut gone: Vec<GoneHost> = Vec::new();
    if forget.dry_run {
        for host in &forget.hosts {
            look(&store, host, &mut gone)?;
        }
    } else {
        let mut writer = store.writer()?;
        for host in &forget.hosts {
            look(writer.store(), host, &mut gone)?;
        }
        for host in &gone {
            let (id, _) = writer.store().host(host.host.as_str())?;
            writer.forget_host(id)?;
        }
        writer.commit()?;
    }
    match forget.format {
        ListFormat::Json => render::json::gone(&gone, forget.dry_run, ui.out())?,
        ListFormat::Text => print(ui, &gone, forget.dry_run)?,
    }
    if !forget.dry_run {
        ui.hint("`domcaps prune` frees the documents that no snapshot holds any more");
    }
    Ok(Exit::Done)
}

/// What goes with a host.
fn look(store: &Store, host: &str, gone: &mut Vec<GoneHost>) -> Result<(), Failure> {
    let (id, host) = store.host(host)?;
    if gone.iter().any(|each| each.host == host) {
        return Ok(());
    }
    let history = store.history(id)?;
    gone.push(GoneHost {
        host,
        snapshots: history.len(),
        changes: history.iter().filter(|each| each.is_change).count(),
        first: history.first().map(|each| each.taken_at),
        last: history.last().map(|each| each.taken_at),
        tags: history.into_iter().flat_map(|each| each.tags).collect(),
    });
    Ok(())
}

fn print(ui: &mut Ui<'_>, gone: &[GoneHost], is_dry: bool) -> Result<(), Failure> {
    let row = |host: &GoneHost| {
        let time = |time: Option<crate::model::Time>| {
            time.map(|time| time.to_string()).unwrap_or_default()
        };
        vec![
            host.host.to_string(),
            host.snapshots.to_string(),
            host.changes.to_string(),
            time(host.first),
            time(host.last),
            host.tags.iter().cloned().collect::<Vec<_>>().join(" "),
        ]
    };
    let rows: Vec<Vec<String>> = gone.iter().map(row).collect();
    let header = ["host", "snapshots", "changes", "first", "last", "tags"];
    ui.print(|out| render::table::table(&header, &rows, out))?;
    let would = if is_dry { "would be " } else { "" };
    writeln!(ui.out(), "{} {would}removed", counted(gone.len(), "host"))?;
    Ok(())
}
