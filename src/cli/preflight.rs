//! `domcaps preflight`

mod hosts;
mod inputs;

use std::collections::HashSet;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::freshness::{self, StaleLimit};
use super::ui::Ui;
use super::{Global, sides};
use crate::guests::{self, Answer, GuestFile, GuestTable};
use crate::model::{HostName, When};
use crate::render;
use crate::rules::Severity;
use crate::side::Contents;

use hosts::HostJudge;
use inputs::{HostSource, PreflightInputs};

/// Tell on which hosts guests run, and whether they can move between them
///
/// GUEST is what `virsh dumpxml` prints, or a folder of such files. What a guest asks for (machine,
/// CPU, firmware, devices, features) is held against the documents of each host: it runs, it does not
/// run, or the documents do not decide it. `-` says what is missing, `?` what cannot be decided, `!`
/// what is worth knowing. What no document speaks of, such as disk images, networks and the devices
/// themselves, is not looked at.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("where").args(["hosts", "group", "all"]))]
#[command(override_usage = "\
domcaps preflight [OPTIONS] <GUEST> <HOST>...
       domcaps preflight [OPTIONS] <GUEST>... <--host HOST|--group GROUP|--all>")]
#[command(after_help = "\
Examples:
  domcaps preflight guest.xml hv01 hv02                    two hosts
  domcaps preflight guest.xml hv01@pre-upgrade hv01        before and after an upgrade
  domcaps preflight guest.xml --all --fail-on breaking     exit 10 where it does not run somewhere
  domcaps preflight guests/ 'hv*'                          a table of guests and hosts
  domcaps preflight web.xml db.xml --host hv01 --host hv02
  domcaps preflight guests/ --all --format csv             a row for each guest and host
  domcaps preflight guest.xml --group rack4 --migrate-from hv01
                                                           live migration, there and back
  virsh dumpxml vm | domcaps preflight - snapshots/debian-13")]
pub(super) struct Arguments {
    /// Domain XML of guests: a file, a folder, or - for standard input
    guest: PathBuf,
    #[arg(
        value_name = "HOST",
        help = "Hosts: HOST[@WHEN][:TARGET], in which * of HOST stands for any characters, files or \
                folders. With --host, --group or --all these are more guests"
    )]
    operands: Vec<String>,
    /// A host, written like those behind the guest (can be repeated)
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// Every host of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Every host that is stored
    #[arg(long)]
    all: bool,
    /// Tell whether the running guests can be migrated live, from this host to each and back
    #[arg(long, value_name = "HOST")]
    migrate_from: Option<String>,
    #[command(flatten)]
    limit: StaleLimit,
    /// Exit with code 10 where a guest does not run (breaking), or that cannot be decided (warning)
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Severity>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = PreflightFormat::Text)]
    format: PreflightFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PreflightFormat {
    Text,
    Json,
    Csv,
    Markdown,
    Html,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let mut contents = Contents::default();
    let inputs = PreflightInputs::of(arguments)?;
    let (guests, mut exit) = read_guests(ui, &inputs)?;
    let from = match &arguments.migrate_from {
        Some(operand) => {
            let (side, how) = sides::read_one(ui, global, &mut contents, operand)?;
            exit = worse(exit, how);
            Some((hosts::named(operand, side.origin.clone()), side))
        }
        None => None,
    };
    let hosts = inputs.hosts(global, &mut contents)?;
    let mut table = GuestTable::new(guests);
    let (columns, how) = {
        let mut judge = HostJudge::new(&table.guests, from.as_ref());
        judge.columns(ui, global, &mut contents, &hosts)?
    };
    exit = worse(exit, how);
    table.columns = columns;
    if table.columns.is_empty() {
        return Err(Failure::new(match how {
            Exit::Partly => &"no host could be looked at",
            _ => &"there is no other host to move to",
        }));
    }
    if let Some(store) = &contents.store {
        let from = arguments.migrate_from.iter().filter_map(|operand| inputs::stored(operand));
        let named = hosts.iter().filter_map(HostSource::stored).chain(from);
        // Of a moment in the past it says nothing whether a host answers now.
        let now = named.filter(|(_, when, _)| *when == When::Latest);
        let asked: HashSet<HostName> = now.filter_map(|(host, ..)| host.parse().ok()).collect();
        let cutoff = arguments.limit.warn(ui, store, None, |host| asked.contains(host))?;
        if arguments.format == PreflightFormat::Json {
            let is_asked = |host: &HostName| asked.contains(host);
            table.freshness = freshness::of_hosts(store, None, cutoff, is_asked)?;
        }
    }
    write(ui, &inputs, &table, arguments.format)?;
    let found = arguments.fail_on.zip(worst(&table));
    let is_found = found.is_some_and(|(level, worst)| worst <= level);
    Ok(if is_found { Exit::Found } else { exit })
}

/// Writes one guest as a page, and many as a table.
fn write(
    ui: &mut Ui<'_>,
    inputs: &PreflightInputs,
    table: &GuestTable,
    format: PreflightFormat,
) -> Result<(), Failure> {
    let width = ui.width();
    let one = table.guests.first().filter(|_| !inputs.is_many());
    match (format, one) {
        (PreflightFormat::Text, Some(one)) => {
            let results = table.results(0);
            ui.print(|out| render::preflight::preflight(&one.guest, &results, width, out))?;
        }
        (PreflightFormat::Json, Some(one)) => {
            let source = one.path.display().to_string();
            let results = table.results(0);
            render::json::preflight(&one.guest, &source, &results, &table.freshness, ui.out())?;
        }
        (PreflightFormat::Text, None) => {
            ui.print(|out| render::preflight::table(table, width, out))?;
        }
        (PreflightFormat::Json, None) => render::json::guest_table(table, ui.out())?,
        (PreflightFormat::Csv, _) => render::preflight::csv(table, ui.out())?,
        (PreflightFormat::Markdown, _) => render::preflight::markdown(table, ui.out())?,
        (PreflightFormat::Html, _) => render::html::guest_table(table, ui.out())?,
    }
    Ok(())
}

/// How bad the worst answer is.
fn worst(table: &GuestTable) -> Option<Severity> {
    match table.worst()? {
        Answer::No => Some(Severity::Breaking),
        Answer::Unknown => Some(Severity::Warning),
        Answer::Yes => None,
    }
}

fn worse(one: Exit, other: Exit) -> Exit {
    if one == Exit::Done { other } else { one }
}

/// Reads the guests; of several, one that cannot be read is named and costs no other.
fn read_guests(
    ui: &mut Ui<'_>,
    inputs: &PreflightInputs,
) -> Result<(Vec<GuestFile>, Exit), Failure> {
    const HINT: &str = "`virsh dumpxml NAME` prints a guest's XML";
    let mut reading = guests::read(&inputs.guests, &mut std::io::stdin().lock());
    if !inputs.is_many() {
        if let Some(error) = reading.unread.pop() {
            return Err(error.into());
        }
        if let Some(bad) = reading.bad.pop() {
            return Err(Failure::new(&bad).with_hint(HINT));
        }
    }
    for bad in &reading.bad {
        ui.error(bad);
    }
    for unread in &reading.unread {
        ui.error(unread);
    }
    if reading.guests.is_empty() {
        return Err(Failure::new(&"no guest could be read").with_hint(HINT));
    }
    let is_whole = reading.bad.is_empty() && reading.unread.is_empty();
    Ok((reading.guests, if is_whole { Exit::Done } else { Exit::Partly }))
}
