//! Where sides come from, and what moved beside the findings.

use std::collections::BTreeMap;

use super::{Group, counted};
use crate::model::Context;
use crate::report::Report;
use crate::side::Origin;

/// A version or setting that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Moved {
    /// As [`Context::named`] has it.
    pub name: &'static str,
    /// The old side's.
    pub old: String,
    /// The new side's.
    pub new: String,
    /// How many hosts, for a fleet.
    pub hosts: Option<String>,
}

/// Each move once, those of most hosts first; in the order of the context's names.
pub(super) fn moved(report: &Report) -> Vec<Moved> {
    let mut moves: BTreeMap<(usize, &str, String, String), Vec<usize>> = BTreeMap::new();
    let names = Context::NAMES;
    for (at, group) in report.groups.iter().enumerate() {
        for change in &group.context {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
            let order = names.iter().position(|name| *name == change.name).unwrap_or_default();
            let key = (order, change.name, side(&change.old), side(&change.new));
            moves.entry(key).or_default().push(at);
        }
    }
    let count = |groups: Vec<usize>| report.count_hosts_of(groups);
    let mut moves: Vec<_> = moves.into_iter().map(|(key, it)| (key, count(it))).collect();
    moves.sort_by_key(|((order, ..), hosts)| (*order, std::cmp::Reverse(*hosts)));
    let is_fleet = report.fleet.is_some();
    let moved = moves.into_iter().map(|((order, _, old, new), hosts)| Moved {
        name: names[order],
        old,
        new,
        hosts: is_fleet.then(|| counted(hosts, "host")),
    });
    moved.collect()
}

/// The groups of a fleet: those with findings first, then by size.
pub(super) fn groups(report: &Report) -> Vec<Group> {
    let mut findings = vec![0_usize; report.groups.len()];
    for finding in report.counted() {
        for seen in &finding.seen {
            findings[seen.group] += 1;
        }
    }
    let groups = report.groups.iter().zip(findings);
    let groups = groups.map(|(group, findings)| {
        let mut hosts: Vec<String> = group.members.iter().map(|[_, new]| side_host(new)).collect();
        hosts.sort();
        let side = |old: bool| {
            let moved = group.context.iter().map(|change| {
                let value = if old { &change.old } else { &change.new };
                format!("{} {}", change.name, value.as_deref().unwrap_or("none"))
            });
            moved.collect::<Vec<_>>().join(", ")
        };
        Group { hosts, old: side(true), new: side(false), findings }
    });
    groups.collect()
}

fn side_host(origin: &Origin) -> String {
    origin.host.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// `hv01 (b3f1c2, 2026-11-01T02:00:00Z)`, or the path.
#[must_use]
pub fn side_name(origin: &Origin) -> String {
    match (&origin.host, origin.taken_at, &origin.short, &origin.source) {
        (Some(host), Some(time), Some(id), _) => format!("{host} ({id}, {time})"),
        (Some(host), ..) => host.to_string(),
        // A release: an answer that rests on one says of which day it is.
        (None, Some(time), _, Some(source)) => format!("{source} (captured {})", time.day()),
        (.., Some(source)) => source.clone(),
        _ => String::new(),
    }
}
