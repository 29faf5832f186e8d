//! `domcaps report upgrade`

use std::collections::HashSet;
use std::str::FromStr;

use clap::Args;

use crate::cli::Global;
use crate::cli::failure::{Exit, Failure};
use crate::cli::freshness::{self, StaleLimit};
use crate::cli::future;
use crate::cli::hosts_of::Selection;
use crate::cli::judging::Judging;
use crate::cli::many::{Holds, Many};
use crate::cli::outputs::Outputs;
use crate::cli::ui::{self, Ui};
use crate::model::{HostName, State, When, WhenError};
use crate::render::Format;
use crate::report::Fleet;
use crate::side::Contents;
use crate::store::{Resolved, SnapshotRow, Store, StoreError};

/// What an upgrade did to hosts: each compared with itself, equal findings of many hosts as one
///
/// First the verdict, then what breaks, what to decide, what is new, and which hosts went which way.
/// Hosts without a snapshot at one of the two moments are named and left out.
#[derive(Args, Debug)]
#[command(
    override_usage = "domcaps report upgrade [OPTIONS] --from WHEN <HOST...|--group GROUP|--all>"
)]
#[command(after_help = "\
Examples:
  domcaps report upgrade hv01 --from pre-upgrade               one host, since a tag
  domcaps report upgrade --group prod --from 2026-11-01        a group, since a day
  domcaps report upgrade --all --from -1 --output html=upgrade.html --output junit=upgrade.xml
  domcaps report upgrade --all --from 2026-11-01 --used-by /etc/libvirt/qemu --fail-on breaking")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// The moment before: a time, a date, a tag, prev, -N, run-N
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    from: Moment,
    /// The moment after
    #[arg(long, value_name = "WHEN", default_value = "latest", allow_hyphen_values = true)]
    to: Moment,
    /// How to show it: text, markdown, html, json, ndjson, csv, junit, sarif or github
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    limit: StaleLimit,
}

/// When, and how it was asked.
#[derive(Clone, Debug)]
struct Moment {
    when: When,
    text: String,
}

impl FromStr for Moment {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix('@').unwrap_or(text);
        Ok(Self { when: text.parse()?, text: text.to_owned() })
    }
}

pub(in crate::cli) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let hosts = arguments.selection.hosts(&store)?;
    let mut current = Vec::new();
    if arguments.to.when == When::Latest {
        let asked: HashSet<&HostName> = hosts.iter().collect();
        let cutoff = arguments.limit.warn(ui, &store, None, |host| asked.contains(host))?;
        current = freshness::of_hosts(&store, None, cutoff, |host| asked.contains(host))?;
    }
    let judged = arguments.judging.read(ui)?;
    let fleet = Fleet {
        scope: arguments.selection.to_string(),
        from: arguments.from.text.clone(),
        to: arguments.to.text.clone(),
        silent: Vec::new(),
        period: None,
        freshness: current,
    };
    let contents = Contents::new(Some(store));
    let mut many = Many::new(&contents, &judged)?;
    let mut upgrades = Upgrades { store: contents.stored()?, pairs: Vec::new(), fleet };
    let mut whole = true;
    for host in &hosts {
        whole &= upgrades.host(host, &arguments.from.when, &arguments.to.when)?;
    }
    let Upgrades { pairs, fleet, store } = upgrades;
    let answering = pairs.iter().map(|[_, new]| new);
    future::warn_rows(ui, store, answering)?;
    let pairs: Vec<_> = pairs.iter().map(|pair| (pair.each_ref(), holds(pair))).collect();
    many.add(&pairs)?;
    if arguments.selection.is_all() {
        many.builder.all_hosts(hosts.iter().map(HostName::as_str));
    }
    if many.builder.groups() == 0 {
        let (host, why) = fleet
            .silent
            .first()
            .map(|(host, why)| (host.to_string(), why.as_str()))
            .unwrap_or_default();
        let from = &fleet.from;
        return Err(Failure::new(&format!(
            "no host can be compared; {host}: {why} (--from {from})"
        ))
        .with_hint("`domcaps snapshots HOST` lists what is stored"));
    }
    for (host, why) in &fleet.silent {
        ui.warning(format!("{host}: not compared: {why}"));
    }
    let report = many.finish(fleet);
    arguments.outputs.write(ui, &report, arguments.format)?;
    let exit = if whole { Exit::Done } else { Exit::Partly };
    Ok(judged.exit(ui, &report, exit))
}

struct Upgrades<'u> {
    store: &'u Store,
    /// What is to be compared.
    pairs: Vec<[SnapshotRow; 2]>,
    fleet: Fleet,
}

impl Upgrades<'_> {
    /// Compares a host with itself; whether it could be.
    fn host(&mut self, host: &HostName, from: &When, to: &When) -> Result<bool, Failure> {
        let moments = [from, to].map(|when| match self.store.resolve(host.as_str(), when) {
            Ok(resolved) => Ok(usable(resolved)),
            Err(error @ StoreError::NoSnapshot { .. }) => {
                // A host that changed less often has been the same since its first snapshot.
                let first = match when {
                    When::Changes(_) => self.store.first_complete(host.as_str())?,
                    _ => None,
                };
                Ok(first.ok_or_else(|| error.to_string()))
            }
            Err(error) => Err(error),
        });
        let [old, new] = moments;
        let (old, new) = match (old?, new?) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(why), _) | (_, Err(why)) => return Ok(self.silent(host, why)),
        };
        if old.id == new.id {
            let why = format!("it has no snapshot since that of {}", old.taken_at);
            return Ok(self.silent(host, why));
        }
        if old.taken_at > new.taken_at {
            let why = format!("the snapshot before, of {}, is the newer one", old.taken_at);
            return Ok(self.silent(host, why));
        }
        self.pairs.push([old, new]);
        Ok(true)
    }

    fn silent(&mut self, host: &HostName, why: String) -> bool {
        self.fleet.silent.push((host.clone(), why));
        false
    }
}

/// Over time a value that is unique to a host says something too.
fn holds(pair: &[SnapshotRow; 2]) -> [Holds; 2] {
    pair.each_ref().map(|row| Holds::Profile(row.content()))
}

/// A snapshot to compare, or why not: what was passed over, or failed, may be the upgrade itself.
fn usable(resolved: Resolved) -> Result<SnapshotRow, String> {
    let Resolved { snapshot, passed_over } = resolved;
    if let Some((time, state)) = passed_over.first() {
        return Err(format!("its newest snapshot, of {time}, is {}", state.name()));
    }
    match snapshot.state {
        State::Failed => Err(format!("its snapshot of {} failed", snapshot.taken_at)),
        _ => Ok(snapshot),
    }
}
