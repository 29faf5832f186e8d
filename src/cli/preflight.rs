//! `domcaps preflight`

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::failure::{Exit, Failure};
use super::ui::Ui;
use super::{Global, ListFormat, hosts_of, sides};
use crate::guests::{self, Answer, Checked, GuestFile, Migration, Named, Preflight};
use crate::model::Guest;
use crate::operand::RELEASE;
use crate::render;
use crate::rules::Severity;
use crate::side::{Contents, Side};

/// Tell on which hosts a guest runs, and whether it can move between them
///
/// GUEST is what `virsh dumpxml` prints. What it asks for (machine, CPU, firmware, devices,
/// features) is held against the documents of each host: it runs, it does not run, or the documents
/// do not decide it. `-` says what is missing, `?` what cannot be decided, `!` what is worth knowing. What
/// no document speaks of, such as disk images, networks and the devices themselves, is not looked at.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("where").required(true).args(["operands", "group", "all"]))]
#[command(override_usage = "domcaps preflight [OPTIONS] <GUEST> <OPERAND...|--group GROUP|--all>")]
#[command(after_help = "\
Examples:
  domcaps preflight guest.xml hv01 hv02                    two hosts
  domcaps preflight guest.xml hv01@pre-upgrade hv01        before and after an upgrade
  domcaps preflight guest.xml --all --fail-on breaking     exit 10 where it does not run somewhere
  domcaps preflight guest.xml --group rack4 --migrate-from hv01
                                                           live migration, there and back
  virsh dumpxml vm | domcaps preflight - snapshots/debian-13")]
pub(super) struct Arguments {
    /// The guest's domain XML, or - for standard input
    guest: PathBuf,
    #[arg(value_name = "OPERAND", help = "Hosts: HOST[@WHEN][:TARGET], files or folders")]
    operands: Vec<String>,
    /// Every host of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Every host that is stored
    #[arg(long)]
    all: bool,
    /// Tell whether the running guest can be migrated live, from this host to each and back
    #[arg(long, value_name = "OPERAND")]
    migrate_from: Option<String>,
    /// Exit with code 10 where the guest does not run (breaking), or that cannot be decided (warning)
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Severity>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let file = arguments.guest.display().to_string();
    let operands = arguments.operands.iter().chain(&arguments.migrate_from);
    sides::at_most_one_stdin(operands.map(String::as_str).chain([file.as_str()]))?;
    let guest = read_guest(ui, arguments)?;
    let mut contents = Contents::default();
    let mut exit = Exit::Done;
    let from = match &arguments.migrate_from {
        Some(operand) => {
            let (side, how) = sides::read_one(ui, global, &mut contents, operand)?;
            exit = worse(exit, how);
            Some((named(operand, &side), side))
        }
        None => None,
    };
    let hosts = hosts(global, arguments, &mut contents)?;
    let mut questions = (Preflight::new(&guest), Migration::new(&guest));
    let mut checked = Vec::new();
    for operand in &hosts {
        let read = if arguments.operands.is_empty() {
            sides::read_host(ui, &contents, operand)
        } else {
            sides::read_one(ui, global, &mut contents, operand)
        };
        match read {
            Ok((side, how)) => {
                exit = worse(exit, how);
                let host = (named(operand, &side), side);
                checked.extend(answers(&mut questions, from.as_ref(), &host, &mut contents)?);
            }
            Err(failure) if hosts.len() == 1 || failure.is_final() => return Err(failure),
            Err(failure) => {
                ui.fail(&failure);
                exit = Exit::Partly;
            }
        }
    }
    if checked.is_empty() && exit == Exit::Partly {
        return Err(Failure::new(&"no host could be looked at"));
    }
    if checked.is_empty() {
        return Err(Failure::new(&"there is no other host to move to"));
    }
    checked.sort_by_key(|each| each.verdict.answer);
    if arguments.format == ListFormat::Json {
        render::json::preflight(&guest, &file, &checked, ui.out())?;
    } else {
        let width = ui.width();
        ui.print(|out| render::preflight::preflight(&guest, &checked, width, out))?;
    }
    let found = arguments.fail_on.zip(worst(&checked));
    let is_found = found.is_some_and(|(level, worst)| worst <= level);
    Ok(if is_found { Exit::Found } else { exit })
}

/// Whether the guest starts on a host, or moves there and back.
fn answers(
    (preflight, migration): &mut (Preflight<'_>, Migration<'_>),
    from: Option<&(Named, Side)>,
    host: &(Named, Side),
    contents: &mut Contents,
) -> Result<Vec<Checked>, Failure> {
    let Some(from) = from else {
        // On a release alone, what hangs on a host or on packages is not decided.
        let source = host.1.origin.source.as_deref().unwrap_or_default();
        let verdict = match source.starts_with(RELEASE) {
            true => sides::projection(contents, &host.1, None)?.preflight(preflight, contents)?,
            false => preflight.check(&host.1, contents)?,
        };
        return Ok(vec![Checked { from: None, host: host.0.clone(), verdict }]);
    };
    // Of a whole group, the source itself is no question.
    if from.0.origin.host.is_some() && from.0.origin == host.0.origin {
        return Ok(Vec::new());
    }
    let mut way = |old: &(Named, Side), new: &(Named, Side)| -> Result<Checked, Failure> {
        let verdict = migration.check(&old.1, &new.1, contents)?;
        Ok(Checked { from: Some(old.0.clone()), host: new.0.clone(), verdict })
    };
    Ok(vec![way(from, host)?, way(host, from)?])
}

/// How bad the worst answer is.
fn worst(checked: &[Checked]) -> Option<Severity> {
    match checked.iter().map(|each| each.verdict.answer).min()? {
        Answer::No => Some(Severity::Breaking),
        Answer::Unknown => Some(Severity::Warning),
        Answer::Yes => None,
    }
}

fn worse(one: Exit, other: Exit) -> Exit {
    if one == Exit::Done { other } else { one }
}

fn named(name: &str, side: &Side) -> Named {
    Named { name: name.to_owned(), origin: side.origin.clone() }
}

fn read_guest(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Guest, Failure> {
    const HINT: &str = "`virsh dumpxml NAME` prints a guest's XML";
    let paths = std::slice::from_ref(&arguments.guest);
    let mut reading = guests::read(paths, &mut std::io::stdin().lock());
    if let Some(error) = reading.unread.pop() {
        return Err(error.into());
    }
    if let Some(bad) = reading.bad.pop() {
        for other in &reading.bad {
            ui.error(other);
        }
        return Err(Failure::new(&bad).with_hint(HINT));
    }
    match reading.guests.pop() {
        Some(GuestFile { guest, .. }) if reading.guests.is_empty() => Ok(guest),
        _ => Err(Failure::usage(&"name the file of one guest").with_hint(HINT)),
    }
}

/// What the user named: operands, or the names of stored hosts.
fn hosts(
    global: &Global,
    arguments: &Arguments,
    contents: &mut Contents,
) -> Result<Vec<String>, Failure> {
    if !arguments.operands.is_empty() {
        return Ok(arguments.operands.clone());
    }
    let store = sides::open_store(global, contents)?;
    let hosts = hosts_of::stored(store, arguments.group.as_deref())?;
    Ok(hosts.iter().map(ToString::to_string).collect())
}
