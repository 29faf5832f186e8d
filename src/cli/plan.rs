//! `domcaps plan`

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::judging::Fleet;
use super::ui::{self, Ui};
use super::{Global, hosts_of, sides};
use crate::guests::{self, Answer, GuestChecks};
use crate::model::{Context, Guest};
use crate::operand::RELEASE;
use crate::plan::{
    PlannedGuest, PlannedHosts, PlannedResult, PlannedVerdict, ReleaseSide, UpgradePlan,
};
use crate::render::{self, Format, plan::By};
use crate::report;
use crate::rules::{Policy, Severity};
use crate::side::{Contents, Side, Snapshots};
use crate::store::ProfileId;

/// Show before an upgrade which guests can stay as they are, and what must change in the others
///
/// Each host is projected onto the release: machine types, devices, firmware and domain types are the release's;
/// CPU, launch security, hyperv and vfio are the host's, from its newest snapshot. Without a host, what depends
/// on one cannot be decided. Packages that may not be installed make an answer unknown, unless the host has now
/// what they add, or --installed names them.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps plan --to release:debian-13 --guests /etc/libvirt/qemu
  domcaps plan --to release:debian-13 --guests guests hv01 hv02 --fail-on breaking
  domcaps plan --to release:ubuntu-24.04 --guests guests --group rack4 --by change
  domcaps plan --to release:debian-13 --guests guests --all --format html > plan.html")]
pub(super) struct Arguments {
    #[arg(value_name = "HOST", help = "The hosts: HOST[@WHEN], a folder or a file")]
    hosts: Vec<String>,
    /// The release to upgrade to (`domcaps release list`)
    #[arg(long, value_name = "release:NAME")]
    to: String,
    /// The guests, as `virsh dumpxml` prints them (can be repeated)
    #[arg(long, value_name = "FILE|FOLDER")]
    guests: Vec<PathBuf>,
    /// The hosts of a group
    #[arg(long, value_name = "GROUP", conflicts_with = "hosts")]
    group: Option<String>,
    /// Every host
    #[arg(long, conflicts_with_all = ["hosts", "group"])]
    all: bool,
    /// A package that is or will be installed; `all` for every one of the release (can be repeated)
    #[arg(long, value_name = "PACKAGE")]
    installed: Vec<String>,
    /// What the answers are sorted by
    #[arg(long, value_enum, default_value_t = Order::Guest)]
    by: Order,
    /// Exit with code 10 where a guest must change (breaking), or that cannot be decided (warning)
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Severity>,
    /// How to show it: text, markdown, html, json, ndjson, csv, junit, sarif or github
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// Each guest with what must change
    Guest,
    /// Each change with the guests that need it
    Change,
    /// Each host with what else changes there
    Host,
}

impl From<Order> for By {
    fn from(order: Order) -> Self {
        match order {
            Order::Guest => Self::Guest,
            Order::Change => Self::Change,
            Order::Host => Self::Host,
        }
    }
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let mut contents = Contents::default();
    let name = arguments.to.strip_prefix(RELEASE).unwrap_or(&arguments.to);
    let entry = ui::catalogue().find(name)?;
    let release_line = sides::release_line(&entry);
    let manifest = entry.release.manifest.clone();
    let side = sides::release(&mut contents, entry)?;
    let release = ReleaseSide { side, manifest };
    let (fleet, mut exit) = guests(ui, arguments)?;
    let (groups, how) = hosts(ui, global, arguments, &mut contents)?;
    if how != Exit::Done {
        exit = how;
    }
    let plan = planned(arguments, (&release, &fleet, &groups), &mut contents)?;
    let plan = UpgradePlan { release_line, release: name.to_owned(), ..plan };
    let (by, width) = (arguments.by.into(), ui.width());
    match arguments.format {
        Format::Text => ui.print(|out| render::plan::write(Format::Text, &plan, by, width, out))?,
        format => render::plan::write(format, &plan, by, width, ui.out())?,
    }
    let worst = match plan.guests.iter().map(|guest| guest.answer).min() {
        Some(Answer::No) => Some(Severity::Breaking),
        Some(Answer::Unknown) => Some(Severity::Warning),
        _ => None,
    };
    let is_found = arguments.fail_on.zip(worst).is_some_and(|(level, worst)| worst <= level);
    Ok(if is_found { Exit::Found } else { exit })
}

/// The guests that were named.
fn guests(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<(Fleet, Exit), Failure> {
    if arguments.guests.is_empty() {
        return Err(Failure::usage(&"no guests: name their files with --guests FILE|FOLDER")
            .with_hint("`virsh dumpxml GUEST` prints one; /etc/libvirt/qemu has those of a host"));
    }
    let reading = guests::read(&arguments.guests, &mut std::io::stdin().lock());
    for bad in &reading.bad {
        ui.error(format!("{bad}: skipped"));
    }
    for unread in &reading.unread {
        ui.error(unread);
    }
    if reading.guests.is_empty() {
        return Err(Failure::new(&"--guests: no guest is described there").with_hint(
            "it takes files as `virsh dumpxml GUEST` prints them, and folders of such",
        ));
    }
    let is_whole = reading.bad.is_empty() && reading.unread.is_empty();
    let exit = if is_whole { Exit::Done } else { Exit::Partly };
    Ok((Fleet::of(reading.guests), exit))
}

/// Hosts that are alike.
type Group = (Vec<String>, Side);

/// The hosts that were named, those that are alike together.
fn hosts(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
    contents: &mut Contents,
) -> Result<(Vec<Group>, Exit), Failure> {
    let (mut groups, mut exit) = (Vec::new(), Exit::Done);
    for operand in &arguments.hosts {
        match sides::read_one(ui, global, contents, operand) {
            Ok((side, how)) => {
                if how != Exit::Done {
                    exit = how;
                }
                groups.push((vec![operand.clone()], side));
            }
            Err(failure) if arguments.hosts.len() == 1 || failure.is_final() => {
                return Err(failure);
            }
            Err(failure) => {
                ui.fail(&failure);
                exit = Exit::Partly;
            }
        }
    }
    if groups.is_empty() && !arguments.hosts.is_empty() {
        return Err(Failure::new(&"no host could be looked at"));
    }
    if !arguments.all && arguments.group.is_none() {
        return Ok((groups, exit));
    }
    let group = arguments.group.as_deref();
    let store = sides::open_store(global, contents)?;
    let named = hosts_of::stored(store, group)?;
    let mut alike: Vec<(Vec<String>, crate::store::SnapshotRow)> = Vec::new();
    let mut known: HashMap<(ProfileId, crate::model::Hash), usize> = HashMap::new();
    for latest in store.latest_of_all(group)? {
        let row = latest.snapshot;
        let context = Context { uri: None, ..store.context(&row)? };
        let at = *known.entry((row.content(), context.hash())).or_insert(alike.len());
        let host = row.host.to_string();
        match alike.get_mut(at) {
            Some((hosts, _)) => hosts.push(host),
            None => alike.push((vec![host], row)),
        }
    }
    let found: usize = alike.iter().map(|(hosts, _)| hosts.len()).sum();
    if found < named.len() {
        ui.warning(format!("{} of {} hosts have no snapshot", named.len() - found, named.len()));
        exit = Exit::Partly;
    }
    let snapshots = Snapshots::new(contents)?;
    for (hosts, row) in alike {
        groups.push((hosts, snapshots.side(&row)?));
    }
    Ok((groups, exit))
}

/// What is answered of each guest, and what else changes on each host. Guests that need the same are judged once,
/// and so are hosts that are alike.
fn planned(
    arguments: &Arguments,
    (release, fleet, groups): (&ReleaseSide, &Fleet, &[Group]),
    contents: &mut Contents,
) -> Result<UpgradePlan, Failure> {
    let mut shapes: Vec<Guest> = Vec::new();
    let mut known: HashMap<Guest, usize> = HashMap::new();
    let shape_of = fleet.each().map(|guest| {
        let shape = Guest { name: String::new(), ..guest.clone() };
        *known.entry(shape).or_insert_with_key(|shape| {
            shapes.push(shape.clone());
            shapes.len() - 1
        })
    });
    let shape_of: Vec<usize> = shape_of.collect();
    let shapes: Vec<&Guest> = shapes.iter().collect();
    let mut checks = GuestChecks::new(shapes.iter().copied());
    let mut results: Vec<Vec<PlannedResult>> = vec![Vec::new(); shapes.len()];
    let mut add = |hosts: &[String], verdicts: Vec<PlannedVerdict>| {
        for (results, verdict) in results.iter_mut().zip(verdicts) {
            match results.iter_mut().find(|result| result.verdict == verdict) {
                Some(result) => result.hosts.extend(hosts.iter().cloned()),
                None => results.push(PlannedResult { hosts: hosts.to_vec(), verdict }),
            }
        }
    };
    let mut outlook = Vec::new();
    if groups.is_empty() {
        let projection = release.project(contents, None, &arguments.installed)?;
        add(&[], projection.judge(&mut checks, &shapes, contents)?);
    }
    let policy = Policy::default();
    for (hosts, side) in groups {
        let projection = release.project(contents, Some(side), &arguments.installed)?;
        add(hosts, projection.judge(&mut checks, &shapes, contents)?);
        let mut builder = report::Builder::new(&policy);
        let mut comparison = sides::comparison(contents, [side, &projection.possible])?;
        comparison.context.retain(|change| change.new.is_some());
        let origins = [side.origin.clone(), projection.possible.origin.clone()];
        builder.add(origins, &comparison, None);
        outlook.push(PlannedHosts { hosts: hosts.clone(), report: builder.finish(None, None) });
    }
    let results: Vec<Rc<[PlannedResult]>> = results.into_iter().map(Rc::from).collect();
    let guests = shape_of.iter().enumerate();
    let guests =
        guests.map(|(at, shape)| PlannedGuest::new(fleet.name(at), Rc::clone(&results[*shape])));
    let mut guests: Vec<PlannedGuest> = guests.collect();
    guests.sort_by(|one, other| (one.answer, &one.name).cmp(&(other.answer, &other.name)));
    Ok(UpgradePlan { guests, hosts: outlook, ..UpgradePlan::default() })
}
