//! What formats need that hold one record for each finding: its hosts, its targets, its sides and
//! its name, as plain text.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::page::targets_in_short;
use crate::diff::{ChangedTarget, Difference, Kind, Plain};
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
}

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
        Self { report, names: names.collect(), sides }
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
        self.report.count_hosts(finding)
    }

    /// Every target that a finding was seen on, each once, as `arch/virttype/machine`.
    pub(super) fn targets(&self, finding: &Finding) -> Vec<String> {
        distinct(&finding.seen).into_iter().map(|it| name_of(&target(it))).collect()
    }

    /// The same in short: `all` for every pair that was compared, an alias for machines that differ.
    pub(super) fn targets_in_short(&self, seen: &[Seen]) -> String {
        let is_all = |seen: &Seen| {
            let there: BTreeSet<&ChangedTarget> = seen.targets.iter().collect();
            !there.is_empty() && there == self.report.groups[seen.group].pairs.iter().collect()
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

/// What a finding is called: its kind, path and values on one line.
pub(super) fn title(difference: &Difference) -> String {
    let mut title = format!("{} {}", difference.kind.name(), difference.path);
    if let Some(value) = &difference.value {
        title.push(' ');
        title.push_str(value);
    }
    // What was gained or lost went between yes and no, and the kind says which way.
    if difference.kind == Kind::Changed {
        let side = |side: &Option<Plain>| match side {
            Some(value) => shown(value).into_owned(),
            None => "none".to_owned(),
        };
        title.push_str(&format!(" {} → {}", side(&difference.old), side(&difference.new)));
    }
    super::plain(&title).into_owned()
}

/// A value on one line.
pub(super) fn shown(value: &Plain) -> Cow<'_, str> {
    match value {
        Plain::Number(number) => Cow::Owned(number.to_string()),
        Plain::Text(text) => super::plain(text),
        Plain::List(list) => Cow::Owned(super::plain(&list.join(", ")).into_owned()),
    }
}

/// Text of at most `most` characters, the rest told by `…`.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(most - 1).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}
