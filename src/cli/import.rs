//! `domcaps import`

mod database;
mod done;
mod files;
mod tree;

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat, future};
use crate::ingest::{Occasion, Seen};
use crate::model::{HostName, Tag, Time};
use crate::render::{self, json};
use crate::source;

use database::Database;
use done::Done;
use files::{Files, Place};

/// Store documents from files as a snapshot of a host
///
/// Each call is one snapshot. A folder gives its *.xml and *.xml.gz files, each with one document or
/// several; `capabilities.xml` (the output of `virsh capabilities`) becomes the machine list,
/// `version.txt` (of `virsh version --daemon`) the versions. A folder that KubeVirt's node labeller
/// wrote is read as it is. The same again is no new snapshot; the same at another time is one row more.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("hosts").args(["host", "tree"]).required(true)))]
#[command(after_help = "\
Examples:
  domcaps import --host hv01 captures/hv01
  virsh domcapabilities --machine q35 | domcaps import --host hv01 --tag pre-upgrade -
  domcaps import --tree fleet/ --dry-run
  domcaps import --tree fleet/     each folder or file of fleet/ is a host; HOST/TIME/ for many times

Limits: 8 MiB a document, 64 elements deep, 200,000 elements and attributes.")]
pub(super) struct Arguments {
    /// The host the documents are from
    #[arg(long, value_name = "NAME")]
    host: Option<HostName>,
    /// Files, folders of one host's files, or - for standard input
    #[arg(value_name = "PATH", required_unless_present = "tree", conflicts_with = "tree")]
    paths: Vec<PathBuf>,
    /// A folder with a folder or file for each host: HOST.xml, HOST/…, or HOST/TIME/…
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// When the documents were taken: an RFC 3339 time, or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = Time::parse_taken)]
    at: Option<Time>,
    /// Tag the snapshot, to name it later as HOST@TAG (can be repeated)
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<Tag>,
    /// Put the host into a group (can be repeated)
    #[arg(long = "group", value_name = "GROUP", value_parser = super::host::group)]
    groups: Vec<String>,
    /// CPU flags the documents were asked for under, such as expand-cpu-features
    #[arg(long, value_name = "FLAGS")]
    api_flags: Option<String>,
    /// Store nothing of a snapshot that has a bad file
    #[arg(long)]
    strict: bool,
    /// Store nothing: show which hosts there are and how many documents each has
    #[arg(long)]
    dry_run: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let mut done = Done::default();
    let mut database = Database::new(ui::database(global)?, arguments.dry_run)?;
    if let Some(at) = arguments.at.filter(|at| future::is_future(*at)) {
        warn_of_future(ui, "--at", at, 0);
    }
    match (&arguments.tree, &arguments.host) {
        (Some(tree), _) => tree::import(ui, &mut database, arguments, tree, &mut done)?,
        (None, Some(host)) => {
            let files = one_host(ui, &database, arguments, host);
            files.tell(ui, &mut done);
            database.import(ui, arguments, vec![files], &mut done)?;
        }
        (None, None) => return Err(Failure::usage(&"name the host: --host NAME")),
    }
    hidden(ui, &database, &done)?;
    let unknown: Vec<String> = done.unknown.into_iter().collect();
    for element in unknown.iter().take(MANY_UNKNOWN) {
        ui.unknown_element(element);
    }
    if let Some(more @ 1..) = unknown.len().checked_sub(MANY_UNKNOWN) {
        ui.warning(format!("{more} more elements are not known to this domcaps"));
    }
    if arguments.format == ListFormat::Json {
        json::imported(&done.imported, &done.failed, &unknown, ui.out())?;
    }
    if arguments.dry_run && arguments.format == ListFormat::Text {
        let header = ["host", "taken at", "documents", "machines", "state"];
        ui.print(|out| render::table::table(&header, &done.read, out))?;
        ui.status("a dry run: nothing was stored");
    }
    Ok(match (done.imported.is_empty(), done.failed.is_empty()) {
        (_, true) => Exit::Done,
        (true, false) => Exit::Failed,
        (false, false) => Exit::Partly,
    })
}

/// Says which of the hosts that something was stored of answer from the future all the same.
fn hidden(ui: &mut Ui<'_>, database: &Database, done: &Done) -> Result<(), Failure> {
    let Some(store) = database.store().filter(|_| !done.imported.is_empty()) else { return Ok(()) };
    let imported: HashSet<(&str, &str)> = done
        .imported
        .iter()
        .filter_map(|it| Some((it.host.as_str(), it.snapshot.as_deref()?)))
        .collect();
    let hosts: HashSet<&str> = imported.iter().map(|(host, _)| *host).collect();
    let mut told = 0;
    for (host, at, id) in future::answering(store)? {
        if hosts.contains(host.as_str()) && !imported.contains(&(host.as_str(), id.as_str())) {
            told += 1;
            if told <= MOST_TOLD {
                future::warn_hidden(ui, &host, at, &id);
            }
        }
    }
    if told > MOST_TOLD {
        ui.warning(format!("and {} more hosts have snapshots in the future", told - MOST_TOLD));
    }
    Ok(())
}

/// So many hosts with snapshots in the future are named.
const MOST_TOLD: usize = 10;

/// As many unknown elements are named; a new libvirt has brought a dozen at most.
const MANY_UNKNOWN: usize = 50;

/// The files that the command line names.
fn one_host(ui: &mut Ui<'_>, database: &Database, arguments: &Arguments, host: &HostName) -> Files {
    let mut read = Vec::new();
    for path in &arguments.paths {
        let inputs = source::read(path, &mut std::io::stdin().lock());
        read.extend(inputs.into_iter().map(|input| (path.as_path(), input)));
        if source::has_folders(path) {
            ui.warning(format!(
                "{}: the folders in it were not read; `import --tree` reads a tree of hosts",
                path.display()
            ));
        }
    }
    let place = Place {
        host: host.clone(),
        taken_at: arguments.at.unwrap_or_else(ui::now),
        what: PathBuf::from(host.as_str()),
    };
    let known = Seen::default();
    Files::read(arguments, place, read, &known, database.store())
}

fn warn_of_future(ui: &mut Ui<'_>, what: &str, at: Time, more: usize) {
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    ui.warning(format!(
        "{what}: {at} is in the future{more}: until then later snapshots will stand before it"
    ));
}

impl Arguments {
    fn occasion<'a>(&'a self, place: &'a Place, is_partial: bool) -> Occasion<'a> {
        Occasion {
            host: &place.host,
            taken_at: place.taken_at,
            is_partial,
            tags: &self.tags,
            groups: &self.groups,
            api_flags: self.api_flags.as_deref(),
            is_strict: self.strict,
        }
    }
}
