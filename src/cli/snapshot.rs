//! `domcaps snapshot`

use clap::{Args, Subcommand};

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat, future};
use crate::model::When;
use crate::operand::Operand;
use crate::render;
use crate::store::{RemovedSnapshot, Store};

/// Remove single snapshots, and list those that were removed
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rm(Rm),
    Removed(Removed),
}

/// Remove one snapshot, and keep the reason
///
/// For a snapshot that is wrong: taken under a wrong clock, or of another host. Its tags go with it.
/// What the snapshots around it say about changes is derived anew. `domcaps forget` thins out old ones.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps snapshot rm hv01@id:8fa3a5380eb1 --reason 'clock was wrong'
  domcaps snapshot rm hv01@2062-01-01T00:00:00Z --reason 'clock was wrong' --dry-run")]
struct Rm {
    /// The snapshot: by its id, the exact time it was taken, or a tag
    #[arg(value_name = "HOST@WHEN")]
    operand: String,
    /// Why it is removed
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    /// Only show what would be removed
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// How to show what was removed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

/// List the snapshots that were removed by `snapshot rm`, with the reasons
#[derive(Args, Debug)]
struct Removed {
    /// Only those of a host
    host: Option<String>,
    /// How to show them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

fn reason(text: &str) -> Result<String, &'static str> {
    const LONGEST: usize = 1000;
    match text.trim() {
        "" => Err("a reason has words"),
        long if long.len() > LONGEST => Err("a reason has at most 1000 bytes"),
        text => Ok(text.to_owned()),
    }
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Rm(rm) => remove(ui, global, rm),
        Command::Removed(removed) => list(ui, global, removed),
    }
}

fn remove(ui: &mut Ui<'_>, global: &Global, rm: &Rm) -> Result<Exit, Failure> {
    let Operand::Host {
        host,
        when: when @ (When::Id(_) | When::At(_) | When::Tag(_)),
        target: None,
    } = Operand::parse(&rm.operand, |_| false)?
    else {
        let message = format!("`{}` does not name one snapshot", rm.operand);
        return Err(Failure::usage(&message).with_hint(
            "write HOST@id:PREFIX, HOST@TIME or HOST@TAG; `domcaps snapshots HOST` lists ids",
        ));
    };
    let mut store = Store::open(&ui::database(global)?)?;
    let mut writer = store.writer()?;
    let snapshot = writer.store().resolve(&host, &when)?.snapshot;
    let (host, at) = (snapshot.host.clone(), snapshot.taken_at);
    if let When::At(time) = when
        && time != at
    {
        return Err(Failure::new(&format!("host {host} has no snapshot of exactly {time}"))
            .with_hint(&format!("the newest before is of {at}; nothing was removed")));
    }
    let removed_at = ui::now();
    if rm.dry_run {
        drop(writer);
    } else {
        writer.remove_snapshot(&snapshot, &rm.reason, removed_at)?;
        writer.commit()?;
    }
    let (id, reason) = (snapshot.id, rm.reason.clone());
    let removed = RemovedSnapshot { host: host.clone(), taken_at: at, id, removed_at, reason };
    tell(ui, rm, removed)?;
    if !rm.dry_run {
        let answering = future::answering(&store)?.into_iter().filter(|(other, ..)| *other == host);
        future::warn(ui, &store, answering)?;
    }
    Ok(Exit::Done)
}

fn tell(ui: &mut Ui<'_>, rm: &Rm, removed: RemovedSnapshot) -> Result<(), Failure> {
    if rm.format == ListFormat::Json {
        render::json::removed(&[removed], rm.dry_run, ui.out())?;
        return Ok(());
    }
    let would = if rm.dry_run { "would be " } else { "" };
    let RemovedSnapshot { host, taken_at, id, reason, .. } = removed;
    let id = &id.to_string()[..12];
    let line = format!("{host} {taken_at} {id}: {would}removed: {reason}");
    writeln!(ui.out(), "{}", render::plain(&line))?;
    Ok(())
}

fn list(ui: &mut Ui<'_>, global: &Global, removed: &Removed) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let rows = store.removed(removed.host.as_deref())?;
    if removed.format == ListFormat::Json {
        render::json::removed(&rows, false, ui.out())?;
        return Ok(Exit::Done);
    }
    let rows = rows.into_iter().map(|row| {
        vec![
            row.host.to_string(),
            row.id.to_string()[..12].to_owned(),
            row.taken_at.to_string(),
            row.removed_at.to_string(),
            row.reason,
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let header = ["host", "snapshot", "taken", "removed", "reason"];
    ui.print(|out| render::table::table(&header, &rows, out))?;
    Ok(Exit::Done)
}
