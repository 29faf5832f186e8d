//! `domcaps export`

mod changes;
mod contents;

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, future, hosts_of, outputs};
use crate::model::{Cell, HostName, Time, Within, counted};
use crate::render::export;
use crate::render::rows::{RowFormat, Rows};
use crate::store::{HostId, Period, Reach, Store};

/// Write the database as rows, for DuckDB, pandas or a spreadsheet
///
/// Of each host its newest complete snapshot, or with --history all of them. What many hosts share is
/// written once: snapshots name a profile, profiles the documents of their targets, and documents
/// hold the capabilities. `capabilities` is the three of them joined, which is long.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps export snapshots --history --format csv --output snapshots.csv
  domcaps export profiles --output profiles.ndjson
  domcaps export documents --output documents.ndjson
  domcaps export capabilities --path devices.disk.bus --path 'features.*' --format csv
  domcaps export changes --since 30d --group prod | jq -r '.host + \" \" + .path'

WHEN is a time or a date (its beginning for --since, its end for --until); --since takes also how
long before --until, or now: 12h, 30d, 6mo.
docs/sql.md has the columns, and how to read them elsewhere. csv is for spreadsheets: a quote stands
before text that they would take for a formula. ndjson holds text as it is.")]
pub(super) struct Arguments {
    /// The rows
    #[arg(value_enum)]
    kind: Kind,
    /// How to write them
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
    /// Write them to a file, whole or not at all
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only the hosts of a group
    #[arg(long, value_name = "GROUP", conflicts_with = "hosts")]
    group: Option<String>,
    /// Only this host (can be repeated)
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// Nothing older; all since then, as with --history
    #[arg(long, value_name = "WHEN")]
    since: Option<Within>,
    /// Nothing newer
    #[arg(long, value_name = "WHEN", value_parser = Time::parse_moment)]
    until: Option<Time>,
    /// All snapshots, of capabilities those that brought a change; not each host's newest alone
    #[arg(long)]
    history: bool,
    /// Only capabilities of this path, in which * stands for any characters (can be repeated)
    #[arg(long = "path", value_name = "GLOB")]
    paths: Vec<String>,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A row a host
    Hosts,
    /// A row a snapshot, with versions, tags and the profile it has
    Snapshots,
    /// A row a target of each profile, with the document it gave, or libvirt's error
    Profiles,
    /// A row a value of each document, each document once
    Documents,
    /// A row a value of each document of each snapshot, with host and target
    Capabilities,
    /// A row a machine type of each profile, as `virsh capabilities` lists it
    Machines,
    /// A row a change between two successive complete snapshots of a host
    Changes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An object a line
    #[value(alias = "json")]
    Ndjson,
    /// Comma-separated values
    Csv,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let takes_paths = matches!(arguments.kind, Kind::Capabilities | Kind::Documents);
    if !arguments.paths.is_empty() && !takes_paths {
        return Err(Failure::usage(&"--path is for capabilities and documents"));
    }
    let until = arguments.until;
    let since = arguments.since.as_ref().map(|since| since.before(until.unwrap_or_else(ui::now)));
    let period = Period { since, until };
    if period.since.zip(period.until).is_some_and(|(since, until)| since > until) {
        return Err(Failure::usage(&"--since is later than --until"));
    }
    let stop = ui::interruption()?;
    let store = Store::open(&ui::database(global)?)?;
    let hosts = hosts(&store, arguments)?;
    let chosen: HashSet<&HostName> = hosts.iter().map(|(_, host)| host).collect();
    let answering = future::answering(&store)?.into_iter();
    future::warn(ui, &store, answering.filter(|(host, ..)| chosen.contains(host)))?;
    let work = Work {
        hosts: &hosts,
        is_history: arguments.history || period.since.is_some(),
        period,
        paths: &arguments.paths,
        stop,
    };
    let format = match arguments.format {
        Format::Csv => RowFormat::Csv,
        Format::Ndjson => RowFormat::Ndjson,
    };
    match &arguments.output {
        Some(path) => {
            let mut count = 0;
            outputs::save_with(path, |out| {
                count = write(store, &work, arguments.kind, format, out)?;
                Ok(())
            })?;
            ui.status(format!(
                "{} written to {}",
                counted(usize::try_from(count).unwrap_or(usize::MAX), "row"),
                path.display()
            ));
        }
        None => drop(write(store, &work, arguments.kind, format, ui.out())?),
    }
    Ok(Exit::Done)
}

/// What is to be written, of what.
struct Work<'w> {
    hosts: &'w [(HostId, HostName)],
    is_history: bool,
    period: Period,
    paths: &'w [String],
    stop: Arc<AtomicBool>,
}

impl Work<'_> {
    /// Which snapshots are meant: with a history all, or those of `reach`.
    fn reach(&self, reach: Reach) -> Reach {
        if self.is_history { reach } else { Reach::Newest }
    }
}

/// Rows on their way out.
struct Out<'o> {
    rows: Rows<'o>,
    count: u64,
    stop: Arc<AtomicBool>,
}

impl<'o> Out<'o> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(
                Failure::new(&"interrupted").with_hint("what was written up to here is not all")
            );
        }
        self.count += 1;
        Ok(self.rows.row(cells)?)
    }
}

/// Writes rows and says how many.
fn write(
    store: Store,
    work: &Work<'_>,
    kind: Kind,
    format: RowFormat,
    out: &mut dyn Write,
) -> Result<u64, Failure> {
    let described = match kind {
        Kind::Hosts => &export::HOSTS,
        Kind::Snapshots => &export::SNAPSHOTS,
        Kind::Profiles => &export::PROFILES,
        Kind::Documents => &export::DOCUMENTS,
        Kind::Capabilities => &export::CAPABILITIES,
        Kind::Machines => &export::MACHINES,
        Kind::Changes => &export::CHANGES,
    };
    let rows = Rows::new(format, Some(described.schema), described.columns, out)?;
    let mut out = Out { rows, count: 0, stop: Arc::clone(&work.stop) };
    match kind {
        Kind::Hosts => write_hosts(&store, work, &mut out)?,
        Kind::Snapshots => write_snapshots(&store, work, &mut out)?,
        Kind::Profiles => contents::profiles(&store, work, &mut out)?,
        Kind::Documents => contents::documents(&store, work, &mut out)?,
        Kind::Capabilities => contents::capabilities(&store, work, &mut out)?,
        Kind::Machines => contents::machines(&store, work, &mut out)?,
        Kind::Changes => changes::write(store, work, &mut out)?,
    }
    let Out { rows, count, .. } = out;
    rows.finish()?;
    Ok(count)
}

fn write_hosts(store: &Store, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    let wanted: BTreeSet<&HostName> = work.hosts.iter().map(|(_, name)| name).collect();
    for host in store.hosts(None)?.iter().filter(|host| wanted.contains(&host.name)) {
        out.row(&export::host(host))?;
    }
    Ok(())
}

fn write_snapshots(store: &Store, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    let groups = store.groups()?;
    let none = BTreeSet::new();
    for (host, _) in work.hosts {
        let groups = groups.get(host).unwrap_or(&none);
        for told in store.told_snapshots(*host, work.reach(Reach::All), work.period)? {
            out.row(&export::snapshot(&told, groups))?;
        }
    }
    Ok(())
}

/// The hosts that are meant, by name.
fn hosts(store: &Store, arguments: &Arguments) -> Result<Vec<(HostId, HostName)>, Failure> {
    let mut hosts = Vec::new();
    if arguments.hosts.is_empty() {
        for name in hosts_of::stored(store, arguments.group.as_deref())? {
            hosts.push(store.host(name.as_str())?);
        }
    } else {
        for name in &arguments.hosts {
            hosts.push(store.host(name)?);
        }
        hosts.sort_by(|a, b| a.1.cmp(&b.1));
        hosts.dedup();
    }
    Ok(hosts)
}
