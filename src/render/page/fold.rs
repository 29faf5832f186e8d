//! What a finding is about, and which of it, which is asked of few: findings with one label stand in one line.

use std::collections::HashSet;

use crate::diff::{Difference, Kind, Plain};
use crate::model::CUSTOM_MODELS;

/// What a difference is about.
pub(in crate::render) fn label(difference: &Difference) -> String {
    let path = difference.path.as_str();
    if let Some((_, attribute)) = keyed(path, "machine[") {
        return match (attribute, is_marked(difference)) {
            ("deprecated", true) => "machine deprecated".to_owned(),
            ("deprecated", false) => "machine no longer deprecated".to_owned(),
            _ => format!("machine.{attribute}"),
        };
    }
    if let Some((name, _)) = keyed(path, "alias[") {
        return match (&difference.old, &difference.new) {
            (Some(_), None) => "alias gone".to_owned(),
            (None, Some(_)) => "alias new".to_owned(),
            _ => format!("alias {name}"),
        };
    }
    // One move is one line, for however many arches and domain types.
    if keyed(path, "emulator[").is_some() {
        return format!("emulator {}", sides(difference));
    }
    match of_model(path) {
        Some((_, attribute)) => format!("{CUSTOM_MODELS}[…].{attribute}"),
        None => path.to_owned(),
    }
}

/// Which of it; empty where the label says all.
pub(in crate::render) fn item(difference: &Difference) -> String {
    let path = difference.path.as_str();
    let is_changed = difference.kind == Kind::Changed;
    if let Some((name, attribute)) = keyed(path, "machine[") {
        let is_told = attribute == "deprecated";
        return if is_told { name.to_owned() } else { format!("{name} {}", sides(difference)) };
    }
    if let Some((name, _)) = keyed(path, "alias[") {
        return match (&difference.old, &difference.new) {
            (Some(Plain::Text(canonical)), None) | (None, Some(Plain::Text(canonical))) => {
                format!("{name} ({canonical})")
            }
            _ => sides(difference),
        };
    }
    if let Some((key, _)) = keyed(path, "emulator[") {
        return key.to_owned();
    }
    if let Some((name, attribute)) = of_model(path) {
        return match is_changed {
            true if attribute == "blockers" => format!("{name}{}", moved(difference)),
            true => format!("{name} {}", sides(difference)),
            false => name.to_owned(),
        };
    }
    if path == "document" {
        let is_gone = difference.kind == Kind::Lost;
        return if is_gone { "became empty" } else { "is no longer empty" }.to_owned();
    }
    match &difference.value {
        Some(value) => value.clone(),
        None if is_changed => sides(difference),
        None => String::new(),
    }
}

/// Whether what [`item`] gives is the name of a machine type.
pub(super) fn names_machine(difference: &Difference) -> bool {
    let path = difference.path.as_str();
    path == "machine"
        || keyed(path, "machine[").is_some_and(|(_, attribute)| attribute == "deprecated")
}

/// Whether a machine came to be marked.
fn is_marked(difference: &Difference) -> bool {
    difference.new == Some(Plain::text("yes"))
}

/// The custom CPU model that `path` says something of, and what.
fn of_model(path: &str) -> Option<(&str, &str)> {
    keyed(path.strip_prefix(CUSTOM_MODELS)?, "[")
}

/// What came and went between two lists, where that is short: ` (-svm, +npt)`.
fn moved(difference: &Difference) -> String {
    const SHORT: usize = 4;
    fn members(side: Option<&Plain>) -> Vec<&str> {
        match side {
            Some(Plain::List(list)) => list.iter().collect(),
            _ => Vec::new(),
        }
    }
    let (old, new) = (members(difference.old.as_ref()), members(difference.new.as_ref()));
    let gone = only(&old, &new).map(|each| format!("-{each}"));
    let come = only(&new, &old).map(|each| format!("+{each}"));
    let moved: Vec<String> = gone.chain(come).take(SHORT + 1).collect();
    if moved.len() > SHORT { String::new() } else { format!(" ({})", moved.join(", ")) }
}

/// What is in `these` and not in `those`; sets are sorted, and are gone through side by side.
fn only<'l>(these: &'l [&'l str], those: &'l [&'l str]) -> impl Iterator<Item = &'l str> {
    let is_sorted = these.is_sorted() && those.is_sorted();
    let mut rest = those.iter().peekable();
    let set: HashSet<&str> = those.iter().copied().filter(|_| !is_sorted).collect();
    these.iter().copied().filter(move |each| {
        while is_sorted && rest.next_if(|other| *other < each).is_some() {}
        if is_sorted { rest.peek() != Some(&each) } else { !set.contains(each) }
    })
}

/// `machine[pc].deprecated` behind `machine[`: the key, and what follows it.
fn keyed<'p>(path: &'p str, start: &str) -> Option<(&'p str, &'p str)> {
    let rest = path.strip_prefix(start)?;
    match rest.rsplit_once("].") {
        Some((key, attribute)) => Some((key, attribute)),
        None => Some((rest.strip_suffix(']')?, "")),
    }
}

/// `old → new`.
fn sides(difference: &Difference) -> String {
    let plain = |side: &Option<Plain>| match side {
        None => "none".to_owned(),
        Some(Plain::Number(number)) => number.to_string(),
        Some(Plain::Text(text)) => text.clone(),
        Some(Plain::List(list)) => list.join(", "),
    };
    format!("{} → {}", plain(&difference.old), plain(&difference.new))
}
