//! `domcaps report upgrade`

use std::collections::HashMap;
use std::str::FromStr;

use clap::Args;

use crate::cli::failure::{Exit, Failure};
use crate::cli::hosts_of::Selection;
use crate::cli::judging::{Judged, Judging};
use crate::cli::outputs::Outputs;
use crate::cli::ui::{self, Ui};
use crate::cli::{Global, sides};
use crate::model::{Context, Hash, HostName, State, When, WhenError};
use crate::render::Format;
use crate::report::{Builder, Fleet};
use crate::side::{self, Contents, Origin};
use crate::store::{ProfileId, Resolved, SnapshotRow, Store, StoreError};

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
    let judged = arguments.judging.read(ui)?;
    let fleet = Fleet {
        scope: arguments.selection.to_string(),
        from: arguments.from.text.clone(),
        to: arguments.to.text.clone(),
        silent: Vec::new(),
    };
    let contents = Contents::new(Some(store));
    let builder = Builder::new(&judged.policy);
    let mut upgrades =
        Upgrades { contents: &contents, judged: &judged, builder, fleet, known: HashMap::new() };
    let mut whole = true;
    for host in &hosts {
        whole &= upgrades.host(host, &arguments.from.when, &arguments.to.when)?;
    }
    let Upgrades { mut builder, fleet, .. } = upgrades;
    if arguments.selection.is_all() {
        builder.all_hosts(hosts.iter().map(HostName::as_str));
    }
    if builder.groups() == 0 {
        let (host, why) = fleet
            .silent
            .first()
            .map(|(host, why)| (host.to_string(), why.as_str()))
            .unwrap_or_default();
        return Err(Failure::new(&format!("no host can be compared; {host}: {why}"))
            .with_hint("`domcaps snapshots HOST` lists what is stored"));
    }
    for (host, why) in &fleet.silent {
        ui.warning(format!("{host}: not compared: {why}"));
    }
    let report = builder.finish(Some(fleet), judged.count_guests());
    arguments.outputs.write(ui, &report, arguments.format)?;
    let exit = if whole { Exit::Done } else { Exit::Partly };
    Ok(judged.exit(ui, &report, exit))
}

/// Hosts that hold the same before and the same after, in the same circumstances, are compared once.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    contents: [ProfileId; 2],
    contexts: [Hash; 2],
    states: [State; 2],
    /// Which of the site's ignores are for them.
    ignores: Vec<bool>,
}

struct Upgrades<'u> {
    contents: &'u Contents,
    judged: &'u Judged,
    builder: Builder<'u>,
    fleet: Fleet,
    known: HashMap<Same, usize>,
}

impl Upgrades<'_> {
    /// Compares a host with itself; whether it could be.
    fn host(&mut self, host: &HostName, from: &When, to: &When) -> Result<bool, Failure> {
        let Some(store) = &self.contents.store else { return Ok(false) };
        let moments = [from, to].map(|when| match store.resolve(host.as_str(), when) {
            Ok(resolved) => Ok(usable(resolved)),
            Err(error @ StoreError::NoSnapshot { .. }) => Ok(Err(error.to_string())),
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
        let same = self.same(store, host, [&old, &new])?;
        let origins = [origin(store, &old)?, origin(store, &new)?];
        if let Some(group) = self.known.get(&same) {
            self.builder.join(*group, origins);
            return Ok(true);
        }
        let side = |row: &SnapshotRow| {
            side::from_store(
                self.contents,
                host.as_str(),
                &When::Id(row.id.to_string()),
                None,
                host.as_str(),
            )
        };
        let (old, new) = (side(&old)?, side(&new)?);
        let group = sides::add(&mut self.builder, self.contents, [&old, &new], self.judged)?;
        self.known.insert(same, group);
        Ok(true)
    }

    fn silent(&mut self, host: &HostName, why: String) -> bool {
        self.fleet.silent.push((host.clone(), why));
        false
    }

    fn same(
        &self,
        store: &Store,
        host: &HostName,
        rows: [&SnapshotRow; 2],
    ) -> Result<Same, StoreError> {
        // Each host has a URI of its own, which says nothing of what it can do.
        let context =
            |row| store.context(row).map(|context| Context { uri: None, ..context }.hash());
        Ok(Same {
            contents: rows.map(SnapshotRow::content),
            contexts: [context(rows[0])?, context(rows[1])?],
            states: rows.map(|row| row.state),
            ignores: self.judged.policy.for_hosts(&[host.as_str()]),
        })
    }
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

fn origin(store: &Store, row: &SnapshotRow) -> Result<Origin, StoreError> {
    Ok(Origin {
        host: Some(row.host.clone()),
        snapshot: Some(row.id.to_string()),
        short: Some(store.short_id(row)?),
        taken_at: Some(row.taken_at),
        source: None,
    })
}
