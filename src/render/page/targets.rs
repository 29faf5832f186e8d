//! Targets in short.

use std::collections::{BTreeMap, BTreeSet};

use super::counted;
use super::names::{MachineFamilies, family, machines};
use crate::diff::ChangedTarget;
use crate::model::Target;
use crate::report::Group;

/// How many pairs were compared, and what was not.
pub(super) fn compared(group: &Group) -> String {
    let pairs = group.pairs.len();
    let mut text = match (pairs, group.identical) {
        (0, _) => "nothing compared: no target has a document on both sides".to_owned(),
        (1, _) => match &group.chosen {
            Some((old, new)) => format!("1 target compared: {}", one(old, new)),
            None => "1 target compared".to_owned(),
        },
        (_, 0) => format!("{} compared", counted(pairs, "target")),
        (_, identical) => {
            format!("{} compared, {identical} of them identical", counted(pairs, "target"))
        }
    };
    let mut silent: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for each in &group.not_compared {
        let kind = each.target.rsplit_once('/').map_or("", |(kind, _)| kind);
        *silent.entry((kind, &each.why)).or_default() += 1;
    }
    for ((kind, why), count) in silent {
        text.push_str(&format!("; {count} of {kind} not compared: {why}"));
    }
    text
}

/// The one pair of documents: `x86_64/kvm/pc-q35-7.2 → pc-q35-10.0`.
fn one(old: &Target, new: &Target) -> String {
    let name = |target: &Target| target.to_string().trim_end_matches('/').to_owned();
    if (&old.arch, &old.virttype) != (&new.arch, &new.virttype) {
        format!("{} → {}", name(old), name(new))
    } else if old.machine != new.machine {
        format!("{} → {}", name(old), new.machine)
    } else {
        name(new)
    }
}

/// Targets by arch and domain type, machines in short: `x86_64/kvm/pc-q35-{7.1, 7.2}`.
pub fn targets_in_short(targets: &[&Target]) -> String {
    let mut kinds: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for target in targets {
        kinds.entry((&target.arch, &target.virttype)).or_default().push(&target.machine);
    }
    let kinds = kinds
        .into_iter()
        .map(|((arch, virttype), names)| format!("{arch}/{virttype}/{}", machines(&names)));
    kinds.collect::<Vec<_>>().join(", ")
}

/// Every pair that was compared on some hosts, counted once for all findings that were seen on these.
pub(super) struct ComparedPairs<'r> {
    pairs: Vec<&'r ChangedTarget>,
    kinds: BTreeMap<TargetKind<'r>, PairsOfKind<'r>>,
}

/// Arch and domain type.
type TargetKind<'r> = (Option<&'r str>, Option<&'r str>);

/// The pairs of one arch and domain type.
#[derive(Default)]
struct PairsOfKind<'r> {
    count: usize,
    /// How many of each family; aliases whose machine moved stand apart.
    families: BTreeMap<&'r str, usize>,
    machines: Vec<&'r str>,
    known: MachineFamilies<'r>,
    aliases: BTreeSet<&'r str>,
}

impl<'r> ComparedPairs<'r> {
    /// Counts the pairs of some lists, each once.
    pub(super) fn new(lists: &[&'r [ChangedTarget]]) -> Self {
        let pairs: Vec<&ChangedTarget> = match lists {
            [one] => one.iter().collect(),
            _ => lists.iter().copied().flatten().collect::<BTreeSet<_>>().into_iter().collect(),
        };
        let mut kinds: BTreeMap<TargetKind<'_>, PairsOfKind<'_>> = BTreeMap::new();
        for target in pairs.iter().copied() {
            kinds.entry(kind(target)).or_default().add(target);
        }
        for of_kind in kinds.values_mut() {
            of_kind.known = MachineFamilies::new(of_kind.machines.iter().copied());
        }
        Self { pairs, kinds }
    }
}

impl<'r> PairsOfKind<'r> {
    fn add(&mut self, target: &'r ChangedTarget) {
        self.count += 1;
        if is_moved(target) {
            self.aliases.insert(alias(target));
        } else {
            *self.families.entry(family(machine(target)).0).or_default() += 1;
            self.machines.push(machine(target));
        }
    }
}

/// Where a change was seen: nothing where that is everywhere.
pub(super) fn in_short(
    targets: &BTreeSet<&ChangedTarget>,
    all: &ComparedPairs<'_>,
) -> Option<String> {
    if all.pairs.iter().all(|target| targets.contains(target)) || targets.is_empty() {
        return None;
    }
    let mut here: BTreeMap<TargetKind<'_>, PairsOfKind<'_>> = BTreeMap::new();
    for target in targets.iter().copied() {
        here.entry(kind(target)).or_default().add(target);
    }
    let mut parts = Vec::new();
    for (each, here) in &here {
        let Some(all_of_kind) = all.kinds.get(each) else { continue };
        let name = format!("{}/{}", each.0.unwrap_or("?"), each.1.unwrap_or("?"));
        parts.push(match all.kinds.len() {
            2.. if here.count == all_of_kind.count => format!("all {name}"),
            1 => of_one_kind(here, all_of_kind),
            _ => format!("{name}: {}", of_one_kind(here, all_of_kind)),
        });
    }
    Some(parts.join("; "))
}

/// Every arch and domain type among targets.
pub(super) fn kinds<'t>(targets: impl Iterator<Item = &'t ChangedTarget>) -> BTreeSet<String> {
    let part = |part: Option<&'t str>| part.unwrap_or("?");
    targets.map(|target| format!("{}/{}", part(kind(target).0), part(kind(target).1))).collect()
}

/// The arches and domain types of a change of machines, where there are others too.
pub(super) fn kinds_in_short(
    targets: &BTreeSet<&ChangedTarget>,
    all: &BTreeSet<String>,
) -> Option<String> {
    let here = kinds(targets.iter().copied());
    (all.len() > 1 && !here.is_empty()).then(|| here.into_iter().collect::<Vec<_>>().join(", "))
}

fn kind(target: &ChangedTarget) -> TargetKind<'_> {
    (target.arch.as_deref(), target.virttype.as_deref())
}

/// The targets of one arch and domain type, by family of machines; aliases whose machine moved
/// stand by their names.
fn of_one_kind(here: &PairsOfKind<'_>, all: &PairsOfKind<'_>) -> String {
    let (mine, total) = (here.machines.len(), all.machines.len());
    if mine * 2 > total && mine + 3 >= total {
        let names: BTreeSet<&str> = here.machines.iter().copied().collect();
        let others = all.machines.iter().copied().filter(|name| !names.contains(name));
        let others: Vec<&str> = others.collect();
        let other_aliases = all.aliases.difference(&here.aliases);
        let mut but: Vec<String> = other_aliases.map(|alias| format!("alias {alias}")).collect();
        if !others.is_empty() {
            but.insert(0, all.known.in_short(&others));
        }
        return match but.is_empty() {
            true => "all".to_owned(),
            false => format!("all but {}", but.join(", ")),
        };
    }
    let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in here.machines.iter().copied() {
        members.entry(family(name).0).or_default().push(name);
    }
    let mut parts = Vec::new();
    for (family_name, count) in &here.families {
        parts.push(match (*count, all.families.get(family_name)) {
            (1 | 2, _) => all.known.in_short(&members[family_name]),
            (count, Some(total)) if count == *total => {
                counted(count, &format!("{family_name} machine"))
            }
            (count, total) => {
                let total = total.copied().unwrap_or(count);
                format!("{count} of {}", counted(total, &format!("{family_name} machine")))
            }
        });
    }
    parts.extend(here.aliases.iter().map(|alias| format!("alias {alias}")));
    parts.join(", ")
}

fn is_moved(target: &ChangedTarget) -> bool {
    target.old_machine != target.new_machine
}

fn alias(target: &ChangedTarget) -> &str {
    target.alias.as_deref().unwrap_or_else(|| machine(target))
}

fn machine(target: &ChangedTarget) -> &str {
    target.new_machine.as_deref().or(target.old_machine.as_deref()).unwrap_or("no machine")
}
