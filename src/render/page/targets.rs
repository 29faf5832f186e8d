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

/// Where a change was seen: nothing where that is everywhere.
pub(super) fn in_short(
    targets: &BTreeSet<&ChangedTarget>,
    all: &[ChangedTarget],
) -> Option<String> {
    if all.iter().all(|target| targets.contains(target)) || targets.is_empty() {
        return None;
    }
    let kinds: BTreeSet<_> = all.iter().map(kind).collect();
    let mut parts = Vec::new();
    for each in &kinds {
        let of_kind = |target: &&ChangedTarget| kind(target) == *each;
        let all: Vec<&ChangedTarget> = all.iter().filter(of_kind).collect();
        let here: Vec<&ChangedTarget> = targets.iter().copied().filter(of_kind).collect();
        let name = format!("{}/{}", each.0.unwrap_or("?"), each.1.unwrap_or("?"));
        match (here.len(), kinds.len()) {
            (0, _) => {}
            (some, 2..) if some == all.len() => parts.push(format!("all {name}")),
            (_, 1) => parts.push(of_one_kind(&here, &all)),
            _ => parts.push(format!("{name}: {}", of_one_kind(&here, &all))),
        }
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

fn kind(target: &ChangedTarget) -> (Option<&str>, Option<&str>) {
    (target.arch.as_deref(), target.virttype.as_deref())
}

/// The targets of one arch and domain type, by family of machines; aliases whose machine moved
/// stand by their names.
fn of_one_kind(here: &[&ChangedTarget], all: &[&ChangedTarget]) -> String {
    let is_moved = |target: &&&ChangedTarget| target.old_machine != target.new_machine;
    let count = |of: &[&ChangedTarget]| {
        let mut families: BTreeMap<String, usize> = BTreeMap::new();
        for target in of.iter().filter(|target| !is_moved(target)) {
            *families.entry(family(machine(target)).0.to_owned()).or_default() += 1;
        }
        families
    };
    let (mine, total) = (count(here), count(all));
    let is_most = mine.values().sum::<usize>() * 2 > total.values().sum::<usize>();
    let mut parts = Vec::new();
    let alias = |target: &&&ChangedTarget| {
        target.alias.clone().unwrap_or_else(|| machine(target).to_owned())
    };
    let aliases = |of: &[&ChangedTarget]| -> BTreeSet<String> {
        of.iter().filter(is_moved).map(|target| alias(&target)).collect()
    };
    let known = MachineFamilies::new(all.iter().filter(|it| !is_moved(it)).map(|it| machine(it)));
    if is_most && mine.values().sum::<usize>() + 3 >= total.values().sum::<usize>() {
        let names: BTreeSet<&str> =
            here.iter().filter(|it| !is_moved(it)).map(|target| machine(target)).collect();
        let others = all.iter().filter(|target| !is_moved(target)).map(|target| machine(target));
        let others: Vec<&str> = others.filter(|name| !names.contains(name)).collect();
        let moved = aliases(here);
        let other_aliases = aliases(all).into_iter().filter(|alias| !moved.contains(alias));
        let mut but: Vec<String> = other_aliases.map(|alias| format!("alias {alias}")).collect();
        if !others.is_empty() {
            but.insert(0, known.in_short(&others));
        }
        return match but.is_empty() {
            true => "all".to_owned(),
            false => format!("all but {}", but.join(", ")),
        };
    }
    for (family_name, count) in &mine {
        let names = here.iter().filter(|target| !is_moved(target)).map(|target| machine(target));
        let names: Vec<&str> = names.filter(|name| family(name).0 == family_name).collect();
        parts.push(match (*count, total.get(family_name)) {
            (1 | 2, _) => known.in_short(&names),
            (count, Some(total)) if count == *total => {
                counted(count, &format!("{family_name} machine"))
            }
            (count, total) => {
                let total = total.copied().unwrap_or(count);
                format!("{count} of {}", counted(total, &format!("{family_name} machine")))
            }
        });
    }
    parts.extend(aliases(here).into_iter().map(|alias| format!("alias {alias}")));
    parts.join(", ")
}

fn machine(target: &ChangedTarget) -> &str {
    target.new_machine.as_deref().or(target.old_machine.as_deref()).unwrap_or("no machine")
}
