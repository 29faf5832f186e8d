//! `domcaps query`

use std::collections::HashMap;

use clap::{Args, ValueEnum};

use super::Global;
use super::failure::{Exit, Failure};
use super::freshness::{self, StaleLimit};
use super::future;
use super::hosts_of;
use super::ui::{self, Ui};
use crate::model::{HostName, State, TargetPattern, When, counted};
use crate::query::{Answer, Asked, Expression, Query, QueryError, ResolveError};
use crate::render::{self, query::Answers};
use crate::store::{Store, StoreError};

/// Find hosts and targets by what they can do
///
/// Answers are yes, no and unknown: what a document does not speak of is unknown, and so is its
/// opposite. A host is yes where one of its targets is, no where all are.
#[derive(Args, Debug)]
#[command(after_help = "\
EXPR is PATH = VALUE (also != < <= > >= ~ !~), PATH alone (it is yes), PATH is reported or unreported,
FIELD = VALUE, in group NAME; with and, or, not and parentheses. ~ takes * for any characters.
Fields: host group machine alias arch virttype emulator deprecated libvirt hypervisor kernel microcode
api_flags uri maxphysaddr state, and context.NAME. docs/querying.md explains all; domcaps paths lists paths.

Examples:
  domcaps query 'disk.bus = nvme'
  domcaps query 'model[EPYC-Milan].usable = yes and not graphics.type = spice' --unknown
  domcaps query 'vcpu.max >= 512 and machine ~ \"pc-q35-*\"' --targets
  domcaps query 'libvirt < 10.9 and machine = pc-i440fx-2.1' --group prod --at 2026-11-01
  domcaps query 'os.loader.value ~ \"*secboot*\"' --machine q35 --every --format json")]
pub(super) struct Arguments {
    /// What to ask
    #[arg(value_name = "EXPR")]
    expression: String,
    /// Only the hosts of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Which snapshot of each host, as in HOST@WHEN
    #[arg(long, value_name = "WHEN", default_value = "latest")]
    at: When,
    /// Only these targets: a machine or alias, or ARCH/VIRTTYPE/MACHINE with *
    #[arg(long = "machine", value_name = "M")]
    machines: Vec<TargetPattern>,
    /// A host is yes only where each of its targets is
    #[arg(long)]
    every: bool,
    /// List the hosts that are unknown too, and why
    #[arg(long)]
    unknown: bool,
    /// List the hosts that are no too
    #[arg(long)]
    no: bool,
    /// List the targets that match
    #[arg(long)]
    targets: bool,
    #[command(flatten)]
    limit: StaleLimit,
    /// How to show them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    /// A JSON object a line, one for each host
    Ndjson,
    Csv,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let expression: Expression =
        arguments.expression.parse().map_err(|error| shown(&error, &arguments.expression))?;
    let store = Store::open(&ui::database(global)?)?;
    let query = read(&store, &expression, arguments.machines.clone(), arguments.every)?;
    for warning in query.warnings() {
        ui.warning(warning);
    }
    let group = arguments.group.as_deref();
    // Of a moment in the past it says nothing whether a host answers now.
    let cutoff = match arguments.at {
        When::Latest => arguments.limit.warn(ui, &store, group, |_| true)?,
        _ => arguments.limit.cutoff()?,
    };
    let freshness = match arguments.format {
        Format::Json | Format::Ndjson => freshness::of_hosts(&store, group, cutoff, |_| true)?,
        Format::Text | Format::Csv => Vec::new(),
    };
    let asked = asked(ui, &store, arguments)?;
    let answers = query.ask(&asked)?;
    if !arguments.machines.is_empty() && answers.iter().all(|host| host.targets.is_empty()) {
        ui.warning("--machine means no target that was asked of these hosts");
    }
    let is_listed = |answer| match answer {
        Answer::Yes => true,
        Answer::No => arguments.no,
        Answer::Unknown => arguments.unknown,
    };
    let answers = Answers {
        expression: &expression.text,
        is_every: arguments.every,
        has_targets: arguments.targets,
        all: asked.iter().zip(answers.iter().map(std::rc::Rc::as_ref)).collect(),
        is_listed: &is_listed,
        freshness: freshness.iter().map(|each| (&each.host, each)).collect(),
    };
    match arguments.format {
        Format::Json => render::json::query(&answers, ui.out())?,
        Format::Ndjson => render::json::answers(&answers, ui.out())?,
        Format::Csv => render::query::csv(&answers, ui.out())?,
        Format::Text => ui.print(|out| render::query::text(&answers, out))?,
    }
    let [yes, no, unknown] =
        [Answer::Yes, Answer::No, Answer::Unknown].map(|answer| answers.count(answer));
    let hosts = if yes == 1 { "host" } else { "hosts" };
    let more = if unknown > 0 && !arguments.unknown { " (--unknown lists them)" } else { "" };
    ui.status(format!("{yes} {hosts} yes, {no} no, {unknown} unknown{more}"));
    Ok(Exit::Done)
}

/// Looks up what an expression names.
pub(super) fn read<'s>(
    store: &'s Store,
    expression: &Expression,
    machines: Vec<TargetPattern>,
    is_every: bool,
) -> Result<Query<'s>, Failure> {
    Query::new(store, expression, machines, is_every).map_err(|error| match error {
        ResolveError::Query(error) => shown(&error, &expression.text),
        ResolveError::Store(error) => error.into(),
    })
}

/// The error, and where it is in the expression.
pub(super) fn shown(error: &QueryError, expression: &str) -> Failure {
    let failure = if error.is_syntax { Failure::usage(error) } else { Failure::new(error) };
    let before: String = expression.chars().take(error.column - 1).collect();
    let column = render::plain(&before).chars().count();
    failure.with_hint(&format!("{}\n{:column$}^", render::plain(expression), ""))
}

/// Each host with the snapshot that answers for it; says which answers are not to be relied on.
fn asked(ui: &mut Ui<'_>, store: &Store, arguments: &Arguments) -> Result<Vec<Asked>, Failure> {
    let names = hosts_of::stored(store, arguments.group.as_deref())?;
    let mut asked = Vec::with_capacity(names.len());
    let (mut doubtful, mut passed_over) = (0_usize, Vec::new());
    if arguments.at == When::Latest {
        let latest = store.latest_of_all(arguments.group.as_deref())?;
        let mut latest: HashMap<_, _> =
            latest.into_iter().map(|it| (it.snapshot.host.clone(), it)).collect();
        for host in names {
            let latest = latest.remove(&host);
            if latest.as_ref().is_some_and(|latest| {
                latest.snapshot.state == State::Complete
                    && latest.newest_at > latest.snapshot.taken_at
            }) {
                passed_over.push(host.clone());
            }
            asked.push(Asked { host, snapshot: latest.map(|latest| latest.snapshot) });
        }
    } else {
        let mut none = None;
        for host in names {
            let snapshot = match store.resolve(host.as_str(), &arguments.at) {
                Ok(resolved) => Some(resolved.snapshot),
                Err(error @ StoreError::NoSnapshot { .. }) => {
                    none = Some(error);
                    None
                }
                Err(error) => return Err(error.into()),
            };
            asked.push(Asked { host, snapshot });
        }
        if let Some(error) = none
            && asked.iter().all(|host| host.snapshot.is_none())
        {
            return Err(nothing_at(&arguments.at, asked.len(), error));
        }
    }
    for host in &mut asked {
        let state = host.snapshot.as_ref().map(|snapshot| snapshot.state);
        doubtful += usize::from(matches!(state, Some(State::Partial | State::Suspect)));
        host.snapshot = host.snapshot.take().filter(|snapshot| snapshot.state != State::Failed);
    }
    warn(ui, doubtful, &passed_over);
    let answering = asked.iter().filter_map(|host| host.snapshot.as_ref());
    future::warn_rows(ui, store, answering)?;
    Ok(asked)
}

/// That no host has such a snapshot; of one host, what it has instead.
fn nothing_at(at: &When, hosts: usize, error: StoreError) -> Failure {
    if hosts == 1 {
        return error.into();
    }
    Failure::new(&format!("none of {hosts} hosts has a snapshot {at}"))
        .with_hint("`domcaps snapshots HOST` lists them")
}

fn warn(ui: &mut Ui<'_>, doubtful: usize, passed_over: &[HostName]) {
    let hosts = |count: usize| counted(count, "host");
    let mut what = Vec::new();
    if doubtful > 0 {
        what.push(format!("the snapshot of {} is partial or suspect", hosts(doubtful)));
    }
    if !passed_over.is_empty() {
        let hosts = hosts_of::some(passed_over);
        what.push(format!("of {hosts} newer snapshots were passed over"));
    }
    if !what.is_empty() {
        ui.warning(format!("{}: `domcaps snapshots` lists them", what.join(", and ")));
    }
}
