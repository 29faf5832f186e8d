//! `domcaps forget`

use std::collections::HashSet;

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::hosts_of::Selection;
use super::ui::{self, Ui};
use super::{Global, ListFormat, future};
use crate::model::{HostName, Period, Tag, Time, Within, counted};
use crate::render;
use crate::render::json::{Forgotten, ForgottenHost, Judged};
use crate::retention::{self, Candidate, Count, Policy};
use crate::store::{HistoryRow, Store, StoreError, Writer};

/// Remove snapshots that no rule keeps
///
/// A snapshot is kept if any --keep option keeps it. Kept besides, whatever is asked: the newest of
/// each host; each change of content and the snapshot before it, so that @prev and the history stay
/// true (unless --drop-changes); what is tagged (unless --drop-tags). Each host is judged on its own.
/// Snapshots that are not complete are not counted: only --keep-within, a tag, and being the newest
/// keep them. Documents that no snapshot holds any more are freed by `domcaps prune`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps forget --all --keep-daily 30 --keep-weekly 26 --keep-monthly 24 --dry-run
  domcaps forget --all --keep-within 90d
  domcaps forget hv01 hv02 --keep-last 10 --list
  domcaps forget --group lab --keep-within 30d --drop-tags --keep-tag pre-upgrade")]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    keep: Keep,
    /// Keep change points only as far as other options do
    #[arg(long)]
    drop_changes: bool,
    /// Keep tagged snapshots only as far as other options do, such as --keep-tag
    #[arg(long)]
    drop_tags: bool,
    /// What --keep-last to --keep-yearly count together, of one host
    #[arg(long, value_enum, default_value_t = GroupBy::Host, value_name = "WHAT")]
    group_by: GroupBy,
    /// Only show what would go
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// List each snapshot, with why it is kept; else hosts are summed up
    #[arg(long)]
    list: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

/// What to keep. N may be `unlimited`; weeks are ISO weeks, and all is UTC.
#[derive(Args, Debug)]
#[command(next_help_heading = "What to keep (at least one)")]
struct Keep {
    /// The N newest
    #[arg(long, value_name = "N")]
    keep_last: Option<Count>,
    /// The newest of each of the N newest hours that have any
    #[arg(long, value_name = "N")]
    keep_hourly: Option<Count>,
    /// The same of days
    #[arg(long, value_name = "N")]
    keep_daily: Option<Count>,
    /// The same of weeks
    #[arg(long, value_name = "N")]
    keep_weekly: Option<Count>,
    /// The same of months
    #[arg(long, value_name = "N")]
    keep_monthly: Option<Count>,
    /// The same of years
    #[arg(long, value_name = "N")]
    keep_yearly: Option<Count>,
    /// All not older than this before the host's newest (30d, 8w, 6mo, 1y), or since a time or date
    #[arg(long, value_name = "DURATION")]
    keep_within: Option<Within>,
    /// All that have this tag (can be repeated)
    #[arg(long = "keep-tag", value_name = "TAG")]
    keep_tags: Vec<Tag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GroupBy {
    /// All snapshots of the host
    Host,
    /// Those of the host under one version of libvirt
    #[value(name = "host,libvirt")]
    HostLibvirt,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let policy = arguments.policy()?;
    let mut store = Store::open(&ui::database(global)?)?;
    let hosts = arguments.selection.hosts(&store)?;
    arguments.check_tags(&store, &hosts)?;
    // They count as the newest of all, in the place of what is true.
    let chosen: HashSet<&str> = hosts.iter().map(HostName::as_str).collect();
    let answering = future::answering(&store)?.into_iter();
    future::warn(ui, &store, answering.filter(|(host, ..)| chosen.contains(host.as_str())))?;
    let mut forgotten = Vec::new();
    if arguments.dry_run {
        for host in &hosts {
            forgotten.push(arguments.judge(&store, &policy, host)?.0);
        }
    } else {
        for hosts in hosts.chunks(AT_ONCE) {
            let mut writer = store.writer()?;
            for host in hosts {
                forgotten.extend(arguments.forget(ui, &mut writer, &policy, host)?);
            }
            writer.commit()?;
        }
    }
    let exit = if forgotten.len() == hosts.len() { Exit::Done } else { Exit::Partly };
    let forgotten = Forgotten { dry_run: arguments.dry_run, hosts: forgotten };
    match arguments.format {
        ListFormat::Json => render::json::forgotten(&forgotten, ui.out())?,
        ListFormat::Text => arguments.print(ui, &forgotten)?,
    }
    Ok(exit)
}

/// How many hosts share a transaction: of a year of 10,000 hosts all at once keep writers waiting for
/// longer than they do.
const AT_ONCE: usize = 250;

/// The times of the first and the last of neighbours that go.
type Gone = Vec<(Time, Time)>;

impl Arguments {
    fn policy(&self) -> Result<Policy, Failure> {
        let keep = &self.keep;
        let periods = [
            (Period::Hour, keep.keep_hourly),
            (Period::Day, keep.keep_daily),
            (Period::Week, keep.keep_weekly),
            (Period::Month, keep.keep_monthly),
            (Period::Year, keep.keep_yearly),
        ];
        let policy = Policy {
            last: keep.keep_last,
            periods: periods.into_iter().filter_map(|(each, n)| Some((each, n?))).collect(),
            within: keep.keep_within.clone(),
            tags: keep.keep_tags.clone(),
            drops_tags: self.drop_tags,
            drops_changes: self.drop_changes,
        };
        let is_asked = policy.last.is_some() || policy.within.is_some();
        let nothing_kept = |message: &str| {
            Err(Failure::usage(&message).with_hint(
                "`domcaps forget --help` lists them; `domcaps host forget` removes a host whole",
            ))
        };
        if !is_asked && policy.periods.is_empty() && policy.tags.is_empty() {
            return nothing_kept("nothing says what to keep: give a --keep option");
        }
        if policy.counts_nothing() {
            return nothing_kept("0 keeps nothing: give a --keep option that keeps something");
        }
        let since = policy.within.as_ref().and_then(Within::since);
        if let Some(since) = since.filter(|since| *since > ui::now()) {
            let message = format!("--keep-within {since} is in the future, and keeps nothing");
            return Err(Failure::usage(&message).with_hint("write a length of time, such as 30d"));
        }
        Ok(policy)
    }

    /// A tag that nobody has is misspelt: what it was to keep would go.
    fn check_tags(&self, store: &Store, hosts: &[HostName]) -> Result<(), Failure> {
        for tag in &self.keep.keep_tags {
            if !store.is_tagged(hosts, tag)? {
                let selection = &self.selection;
                let message = format!("--keep-tag {tag}: no snapshot of {selection} has that tag");
                return Err(Failure::new(&message).with_hint("`domcaps snapshots` lists tags"));
            }
        }
        Ok(())
    }

    /// Nothing where another process removed the host meanwhile: that costs no other host.
    fn forget(
        &self,
        ui: &mut Ui<'_>,
        writer: &mut Writer<'_>,
        policy: &Policy,
        host: &HostName,
    ) -> Result<Option<ForgottenHost>, Failure> {
        let id = match writer.store().host(host.as_str()) {
            Ok((id, _)) => id,
            Err(StoreError::UnknownHost { .. } | StoreError::Empty { .. }) => {
                ui.warning(format!("{host}: another process removed or renamed it meanwhile"));
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let (forgotten, gone) = self.judge(writer.store(), policy, host)?;
        if !gone.is_empty() {
            writer.forget_snapshots(id, &gone)?;
        }
        Ok(Some(forgotten))
    }

    /// What of a host is kept and why, and what goes.
    fn judge(
        &self,
        store: &Store,
        policy: &Policy,
        host: &HostName,
    ) -> Result<(ForgottenHost, Gone), Failure> {
        let (id, _) = store.host(host.as_str())?;
        let history = store.history(id)?;
        let candidates: Vec<Candidate> = history.iter().map(|row| self.candidate(row)).collect();
        let reasons = retention::reasons(policy, &candidates);
        let mut gone: Gone = Vec::new();
        let mut is_run = false;
        for (row, reasons) in history.iter().zip(&reasons) {
            match gone.last_mut().filter(|_| is_run) {
                Some(run) if reasons.is_empty() => run.1 = row.taken_at,
                _ if reasons.is_empty() => gone.push((row.taken_at, row.taken_at)),
                _ => {}
            }
            is_run = reasons.is_empty();
        }
        let kept = reasons.iter().filter(|reasons| !reasons.is_empty()).count();
        let removed = history.len() - kept;
        let judged = history.into_iter().zip(reasons);
        let judged = judged.map(|(row, reasons)| Judged { row, reasons });
        let snapshots = self.list.then(|| judged.collect());
        Ok((ForgottenHost { host: host.clone(), kept, removed, snapshots }, gone))
    }

    fn candidate(&self, row: &HistoryRow) -> Candidate {
        let series = match self.group_by {
            GroupBy::Host => None,
            GroupBy::HostLibvirt => row.libvirt.clone(),
        };
        Candidate {
            taken_at: row.taken_at,
            state: row.state,
            is_change: row.is_change,
            is_latest: row.is_latest,
            tags: row.tags.clone(),
            series,
        }
    }

    fn print(&self, ui: &mut Ui<'_>, forgotten: &Forgotten) -> Result<(), Failure> {
        let (kept, removed) = forgotten.sums();
        if self.list {
            let rows: Vec<Vec<String>> = forgotten.hosts.iter().flat_map(listed).collect();
            let header = ["host", "snapshot", "taken", "state", "libvirt", "", "reasons"];
            ui.print(|out| render::table::table(&header, &rows, out))?;
        } else if removed > 0 {
            // Of a large fleet only the hosts that lose something.
            let losing = forgotten.hosts.iter().filter(|host| host.removed > 0);
            let row = |host: &ForgottenHost| {
                vec![host.host.to_string(), host.kept.to_string(), host.removed.to_string()]
            };
            let rows: Vec<Vec<String>> = losing.map(row).collect();
            ui.print(|out| render::table::table(&["host", "kept", "removed"], &rows, out))?;
        }
        let hosts = forgotten.hosts.len();
        let would = if forgotten.dry_run { "would be " } else { "" };
        let (hosts, kept) = (counted(hosts, "host"), counted(kept, "snapshot"));
        writeln!(ui.out(), "{hosts}: {kept} kept, {removed} {would}removed")?;
        if removed > 0 && !forgotten.dry_run {
            ui.hint("`domcaps prune` frees the documents that no snapshot holds any more");
        }
        Ok(())
    }
}

fn listed(host: &ForgottenHost) -> Vec<Vec<String>> {
    let row = |judged: &Judged| {
        vec![
            host.host.to_string(),
            judged.row.id.to_string()[..12].to_owned(),
            judged.row.taken_at.to_string(),
            judged.row.state.name().to_owned(),
            judged.row.libvirt.clone().unwrap_or_default(),
            judged.action().to_owned(),
            judged.reasons.join(", "),
        ]
    };
    host.snapshots.iter().flatten().map(row).collect()
}
