//! Whether a fleet is collected, on one screen.

use std::io::Write;

use super::hosts::HostOverview;
use super::words::cut;
use crate::model::Time;

/// How current a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    /// Its last attempt was a success, and is not long ago.
    Current,
    /// Its last attempt was no success.
    Failing,
    /// It never answered.
    NeverCollected,
    /// Its last success is too long ago.
    Stale,
    /// It left the lists that named it.
    Left,
}

impl HostState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Current, Self::Failing, Self::NeverCollected, Self::Stale, Self::Left];

    /// The state of a host: the first that fits of left, failing, never collected and stale.
    #[must_use]
    pub fn of(host: &HostOverview) -> Self {
        let contact = &host.contact;
        if contact.left_at().is_some() {
            Self::Left
        } else if contact.is_failing() {
            Self::Failing
        } else if contact.last_success.is_none() {
            Self::NeverCollected
        } else if host.is_stale {
            Self::Stale
        } else {
            Self::Current
        }
    }

    /// The name used in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Failing => "failing",
            Self::NeverCollected => "never_collected",
            Self::Stale => "stale",
            Self::Left => "left_list",
        }
    }
}

/// The hosts of a fleet by what is to be done about them; each is in one part.
pub struct FleetStatus<'h> {
    /// Since when a host must have answered.
    pub cutoff: Time,
    /// How many hosts there are.
    pub hosts: usize,
    /// Those whose last attempt was no success, longest first.
    pub failing: Vec<&'h HostOverview>,
    /// Those that never answered, and were not tried.
    pub never: Vec<&'h HostOverview>,
    /// Those whose last success is too long ago, and that were not tried since; oldest first.
    pub stale: Vec<&'h HostOverview>,
    /// Those that left the lists that named them.
    pub left: Vec<&'h HostOverview>,
    /// When any host was last tried.
    pub last_attempt: Option<Time>,
}

impl<'h> FleetStatus<'h> {
    /// Sorts hosts into the parts.
    #[must_use]
    pub fn new(hosts: &'h [HostOverview], cutoff: Time) -> Self {
        let last_attempt = hosts.iter().filter_map(|host| host.contact.last_attempt).max();
        let mut status = Self {
            cutoff,
            hosts: hosts.len(),
            failing: Vec::new(),
            never: Vec::new(),
            stale: Vec::new(),
            left: Vec::new(),
            last_attempt,
        };
        for host in hosts {
            match HostState::of(host) {
                HostState::Left => status.left.push(host),
                HostState::Failing => status.failing.push(host),
                HostState::NeverCollected => status.never.push(host),
                HostState::Stale => status.stale.push(host),
                HostState::Current => {}
            }
        }
        status.failing.sort_by_key(|host| host.contact.failing_since);
        status.stale.sort_by_key(|host| host.contact.last_success);
        status
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.failing.is_empty() && self.never.is_empty() && self.stale.is_empty()
    }

    /// How many hosts are current.
    #[must_use]
    pub fn current(&self) -> usize {
        let others = [&self.failing, &self.never, &self.stale, &self.left];
        self.hosts - others.iter().map(|part| part.len()).sum::<usize>()
    }
}

/// How many hosts of a part are named: all parts fit on a screen.
const SHOWN: usize = 8;

/// Writes the status.
///
/// # Errors
/// Where the output cannot be written.
pub fn screen(status: &FleetStatus<'_>, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let FleetStatus { cutoff, hosts, failing, never, stale, left, .. } = status;
    let s = if *hosts == 1 { "" } else { "s" };
    let counts = [
        (status.current(), "current"),
        (failing.len(), "failing"),
        (never.len(), "never collected"),
        (stale.len(), "stale"),
        (left.len(), "left the list"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    writeln!(out, "{hosts} host{s}: {}", counts.join(", "))?;
    match status.last_attempt {
        Some(at) => writeln!(out, "last attempt {at}, stale before {cutoff}")?,
        None => writeln!(out, "no host was collected yet, stale before {cutoff}")?,
    }
    part("FAILING", "domcaps hosts --failing", failing, out, |host| {
        let contact = &host.contact;
        let since = contact.failing_since.map(|at| at.to_string()).unwrap_or_default();
        let tries = if contact.failures == 1 { "attempt" } else { "attempts" };
        let success = match contact.last_success {
            Some(at) => format!("last success {at}"),
            None => "never collected".to_owned(),
        };
        let reason = contact.reason.as_deref().unwrap_or("no reason was given");
        let reason = cut(reason, width).into_owned();
        format!(
            "since {since}, {} {tries}, {success}\n    {}",
            contact.failures,
            super::plain(&reason)
        )
    })?;
    part("NEVER COLLECTED", "domcaps hosts --stale", never, out, |host| {
        let lists: Vec<&str> =
            host.contact.lists.iter().map(|listing| listing.list.as_str()).collect();
        match lists.is_empty() {
            true => "no complete snapshot".to_owned(),
            false => format!("listed in {}", super::plain(&lists.join(", "))),
        }
    })?;
    part("STALE", "domcaps hosts --stale", stale, out, |host| {
        let last = host.contact.last_success.map(|at| at.to_string()).unwrap_or_default();
        format!("last success {last}")
    })?;
    part("LEFT THE LIST", "domcaps hosts", left, out, |host| {
        let at = host.contact.left_at().map(|at| at.to_string()).unwrap_or_default();
        format!("{at}; list it again, or `domcaps host forget {}`", host.row.name)
    })
}

/// Writes a part: its heading, a line for each host, and how to see those that are not shown.
fn part(
    heading: &str,
    command: &str,
    hosts: &[&HostOverview],
    out: &mut dyn Write,
    line: impl Fn(&HostOverview) -> String,
) -> std::io::Result<()> {
    if hosts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{heading} ({})", hosts.len())?;
    for host in hosts.iter().take(SHOWN) {
        writeln!(out, "  {}  {}", host.row.name, line(host))?;
    }
    match hosts.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more: `{command}` lists them"),
    }
}
