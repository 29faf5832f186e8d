//! `domcaps.report/1`: a report over a fleet. Targets stand once for each group of hosts, and
//! changes point to them, so that its size follows what is different and not how many hosts have it.

mod lists;

use std::collections::BTreeSet;
use std::io::Write;

use serde::Serialize;

use super::diff::{
    Context, Side, Silent, Summary, Target, What, context, not_judged, side, silent, summary,
    target, what,
};
use super::freshness::{FreshnessWire, freshness_wires};
use crate::report::{IgnoreUse, Report};
use crate::rules::Finding;

use lists::{List, Positions, lists};

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    scope: &'r str,
    from: &'r str,
    to: &'r str,
    groups: Vec<Group<'r>>,
    changes: Vec<Change<'r>>,
    not_compared: Vec<SilentHost<'r>>,
    freshness: Vec<FreshnessWire<'r>>,
    not_judged: Option<Vec<&'r str>>,
    ignores: Vec<Ignore<'r>>,
    summary: FleetSummary,
}

#[derive(Serialize)]
struct Group<'r> {
    hosts: Vec<Host<'r>>,
    context: Vec<Context<'r>>,
    targets: Targets<'r>,
}

#[derive(Serialize)]
struct Host<'r> {
    host: Option<&'r str>,
    old: Side<'r>,
    new: Side<'r>,
}

#[derive(Serialize)]
struct Targets<'r> {
    compared: usize,
    identical: usize,
    not_compared: Vec<Silent<'r>>,
    list: Vec<Target<'r>>,
}

#[derive(Serialize)]
struct Change<'r> {
    #[serde(flatten)]
    what: What<'r>,
    seen: Vec<SeenOn<'r>>,
}

#[derive(Serialize)]
struct SeenOn<'r> {
    group: usize,
    targets: Positions<'r>,
}

#[derive(Serialize)]
struct SilentHost<'r> {
    host: &'r str,
    why: &'r str,
}

#[derive(Serialize)]
struct Ignore<'r> {
    rule: Option<&'r str>,
    host: Option<&'r str>,
    path: Option<&'r str>,
    value: Option<&'r str>,
    fingerprint: Option<&'r str>,
    reason: &'r str,
    expires: Option<&'r str>,
    place: &'r str,
    matched: usize,
    state: &'static str,
}

#[derive(Serialize)]
struct FleetSummary {
    hosts: usize,
    hosts_changed: usize,
    #[serde(flatten)]
    changes: Summary,
}

/// How deep it is indented: a host has a line, and each group where a change was seen.
const DEPTH: usize = 4;

/// Writes a report over a fleet.
///
/// # Errors
/// Where the output cannot be written.
pub fn report(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let lists = lists(report);
    let fleet = report.fleet.as_ref();
    let asked = |part: fn(&crate::report::Fleet) -> &String| fleet.map_or("", |fleet| part(fleet));
    let not_compared = fleet.into_iter().flat_map(|fleet| &fleet.silent);
    let document = Document {
        schema: "domcaps.report/1",
        scope: asked(|fleet| &fleet.scope),
        from: asked(|fleet| &fleet.from),
        to: asked(|fleet| &fleet.to),
        groups: report.groups.iter().zip(&lists).map(group).collect(),
        changes: report.findings.iter().map(|finding| change(finding, &lists)).collect(),
        not_compared: not_compared
            .map(|(host, why)| SilentHost { host: host.as_str(), why })
            .collect(),
        freshness: freshness_wires(fleet.map_or(&[], |fleet| &fleet.freshness)),
        not_judged: not_judged(report),
        ignores: report.ignores.iter().map(ignore).collect(),
        summary: fleet_summary(report),
    };
    super::shallow::write(&document, DEPTH, out)
}

fn group<'r>((group, list): (&'r crate::report::Group, &List<'r>)) -> Group<'r> {
    let hosts = group.members.iter().map(|[old, new]| Host {
        host: new.host.as_ref().map(crate::model::HostName::as_str),
        old: side(old),
        new: side(new),
    });
    Group {
        hosts: hosts.collect(),
        context: group.context.iter().map(context).collect(),
        targets: Targets {
            compared: group.pairs.len(),
            identical: group.identical,
            not_compared: group.not_compared.iter().map(silent).collect(),
            list: list.targets.iter().map(|it| target(it)).collect(),
        },
    }
}

fn change<'r>(finding: &'r Finding, lists: &'r [List<'_>]) -> Change<'r> {
    let seen = finding.seen.iter();
    let seen =
        seen.map(|seen| SeenOn { group: seen.group, targets: lists[seen.group].positions(seen) });
    Change { what: what(finding), seen: seen.collect() }
}

fn ignore(used: &IgnoreUse) -> Ignore<'_> {
    let ignore = &used.ignore;
    Ignore {
        rule: ignore.rule.as_deref(),
        host: ignore.host.as_deref(),
        path: ignore.path.as_deref(),
        value: ignore.value.as_deref(),
        fingerprint: ignore.fingerprint.as_deref(),
        reason: &ignore.reason,
        expires: ignore.expires.as_deref(),
        place: &ignore.place,
        matched: used.matched,
        state: match (ignore.is_expired, used.is_stale()) {
            (true, _) => "expired",
            (false, true) => "stale",
            (false, false) => "active",
        },
    }
}

fn fleet_summary(report: &Report) -> FleetSummary {
    let seen = report.findings.iter().flat_map(|finding| &finding.seen);
    let changed: BTreeSet<usize> = seen.map(|seen| seen.group).collect();
    FleetSummary {
        hosts: report.count_hosts_of(0..report.groups.len()),
        hosts_changed: report.count_hosts_of(changed),
        changes: summary(report),
    }
}
