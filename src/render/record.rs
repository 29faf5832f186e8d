//! What formats need that hold one record for each finding: its hosts, its targets and its sides.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::page::targets_in_short;
use crate::diff::ChangedTarget;
use crate::model::Target;
use crate::report::Report;
use crate::rules::{Finding, Seen};
use crate::side::Origin;

/// Looks up what findings of one report have in common, once.
pub(super) struct Records<'r> {
    report: &'r Report,
    /// The names of each group's hosts; of a side that is no host its path.
    names: Vec<BTreeSet<&'r str>>,
    /// What the two sides are.
    pub(super) sides: [String; 2],
    /// Targets in short, by where a finding was seen: group and list, which findings share.
    in_short: RefCell<HashMap<Vec<Place>, String>>,
}

/// A group, and the address and length of a list of targets.
type Place = (usize, *const ChangedTarget, usize);

impl<'r> Records<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let is_fleet = report.fleet.is_some();
        let names = report.groups.iter().map(|group| {
            // In a fleet each host is compared with itself, so that its new side names it.
            let sides = group.members.iter().flat_map(|sides| &sides[usize::from(is_fleet)..]);
            sides.filter_map(name).collect()
        });
        let sides = match &report.fleet {
            Some(fleet) => [fleet.from.clone(), fleet.to.clone()],
            None => report.sides().map(|side| operand(&side)),
        };
        Self { report, names: names.collect(), sides, in_short: RefCell::default() }
    }

    /// The hosts of a group, by name.
    pub(super) fn group(&self, group: usize) -> impl Iterator<Item = &'r str> {
        self.names[group].iter().copied()
    }

    /// The hosts that a finding was seen on, by name; of files their paths.
    pub(super) fn hosts(&self, finding: &Finding) -> Vec<&'r str> {
        match &finding.seen[..] {
            [one] => self.names[one.group].iter().copied().collect(),
            several => {
                let names = several.iter().flat_map(|seen| &self.names[seen.group]);
                names.copied().collect::<BTreeSet<_>>().into_iter().collect()
            }
        }
    }

    /// How many hosts that are.
    pub(super) fn count(&self, finding: &Finding) -> usize {
        self.hosts(finding).len()
    }

    /// Every target that a finding was seen on, each once, as `arch/virttype/machine`.
    pub(super) fn targets(&self, finding: &Finding) -> Vec<String> {
        distinct(&finding.seen).into_iter().map(|it| name_of(&target(it))).collect()
    }

    /// The same in short: `all` for every pair that was compared, an alias for machines that differ.
    pub(super) fn targets_in_short(&self, seen: &[Seen]) -> String {
        let lists = seen.iter().map(|seen| (seen.group, seen.targets.as_ptr(), seen.targets.len()));
        let mut known = self.in_short.borrow_mut();
        known.entry(lists.collect()).or_insert_with(|| in_short(self.report, seen)).clone()
    }
}

fn in_short(report: &Report, seen: &[Seen]) -> String {
    let is_all = |seen: &Seen| {
        let there: BTreeSet<&ChangedTarget> = seen.targets.iter().collect();
        let pairs = &report.groups[seen.group].pairs;
        // Where not all are there, one of the first is missing, and no set of all is made.
        !there.is_empty()
            && pairs.iter().all(|pair| there.contains(pair))
            && there == pairs.iter().collect()
    };
    if seen.iter().all(is_all) {
        return "all".to_owned();
    }
    let targets: Vec<Target> = distinct(seen).into_iter().map(short).collect();
    let (whole, machines): (Vec<_>, Vec<_>) =
        targets.iter().partition(|target| target.machine.is_empty());
    let mut parts: Vec<String> = whole.into_iter().map(name_of).collect();
    if !machines.is_empty() {
        parts.push(targets_in_short(&machines));
    }
    super::plain(&parts.join(", ")).into_owned()
}

/// Groups share equal lists, so that most findings have one.
fn distinct(seen: &[Seen]) -> BTreeSet<&ChangedTarget> {
    let mut lists: Vec<&Arc<[ChangedTarget]>> = Vec::new();
    for seen in seen {
        if !lists.iter().any(|known| Arc::ptr_eq(known, &seen.targets)) {
            lists.push(&seen.targets);
        }
    }
    lists.into_iter().flat_map(|list| list.iter()).collect()
}

/// A pair of targets under one name; the emulator is left out.
fn target(pair: &ChangedTarget) -> Target {
    let known = |part: &Option<String>| part.clone().unwrap_or_default();
    let machine = match (&pair.old_machine, &pair.new_machine) {
        (Some(old), Some(new)) if old != new => format!("{old} → {new}"),
        (old, new) => known(if new.is_some() { new } else { old }),
    };
    Target {
        arch: known(&pair.arch),
        virttype: known(&pair.virttype),
        machine,
        emulator: String::new(),
    }
}

/// The same; where the two machines differ under their alias.
fn short(pair: &ChangedTarget) -> Target {
    match &pair.alias {
        Some(alias) if pair.old_machine != pair.new_machine => {
            Target { machine: alias.clone(), ..target(pair) }
        }
        _ => target(pair),
    }
}

/// `arch/virttype/machine`, or as much of it as there is: a lost emulator has no one machine.
fn name_of(target: &Target) -> String {
    target.to_string().trim_end_matches('/').to_owned()
}

/// A host, or a path.
fn name(side: &Origin) -> Option<&str> {
    side.host.as_ref().map(crate::model::HostName::as_str).or(side.source.as_deref())
}

/// A side as an operand that names it again: `hv01@id:b3f1c2`, or the path.
fn operand(side: &Origin) -> String {
    let name = name(side).unwrap_or_default();
    match (&side.host, &side.snapshot) {
        (Some(host), Some(id)) => format!("{host}@id:{id}"),
        _ => name.to_owned(),
    }
}
