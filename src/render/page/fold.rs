//! What a finding is about, and which of it: findings with one label stand in one line.

use crate::diff::{Difference, Kind, Plain};
use crate::model::CUSTOM_MODELS;
use crate::rules::Finding;

/// A finding, in two halves.
#[derive(Debug)]
pub(super) struct Folded {
    /// What the finding is about.
    pub(super) label: String,
    /// Which of it; empty where the label says all.
    pub(super) item: String,
}

pub(super) fn fold(finding: &Finding) -> Folded {
    let (label, item) = halves(&finding.difference);
    Folded { label, item }
}

/// What a difference is about, and which of it.
pub(in crate::render) fn halves(difference: &Difference) -> (String, String) {
    let path = difference.path.as_str();
    let sides = sides(difference);
    if let Some((name, attribute)) = keyed(path, "machine[") {
        let is_deprecated = difference.new == Some(Plain::text("yes"));
        return match (attribute, is_deprecated) {
            ("deprecated", true) => ("machine deprecated".into(), name.into()),
            ("deprecated", false) => ("machine no longer deprecated".into(), name.into()),
            _ => (format!("machine.{attribute}"), format!("{name} {sides}")),
        };
    }
    if let Some((name, _)) = keyed(path, "alias[") {
        return (format!("alias {name}"), sides);
    }
    if let Some((name, attribute)) = keyed(path, &format!("{CUSTOM_MODELS}[")) {
        let label = format!("{CUSTOM_MODELS}[…].{attribute}");
        let item = match difference.kind {
            Kind::Changed if attribute == "blockers" => format!("{name}{}", moved(difference)),
            Kind::Changed => format!("{name} {sides}"),
            _ => name.to_owned(),
        };
        return (label, item);
    }
    if path == "document" {
        let what =
            if difference.kind == Kind::Lost { "became empty" } else { "is no longer empty" };
        return (path.to_owned(), what.to_owned());
    }
    let item = difference.value.clone().unwrap_or(match difference.kind {
        Kind::Changed => sides,
        _ => String::new(),
    });
    (path.to_owned(), item)
}

/// What came and went between two lists, where that is short: ` (-svm, +npt)`.
fn moved(difference: &Difference) -> String {
    const SHORT: usize = 4;
    let list = |side: &Option<Plain>| match side {
        Some(Plain::List(list)) => list.clone(),
        _ => Vec::new(),
    };
    let (old, new) = (list(&difference.old), list(&difference.new));
    let gone = old.iter().filter(|each| !new.contains(each)).map(|each| format!("-{each}"));
    let come = new.iter().filter(|each| !old.contains(each)).map(|each| format!("+{each}"));
    let moved: Vec<String> = gone.chain(come).collect();
    if moved.len() > SHORT { String::new() } else { format!(" ({})", moved.join(", ")) }
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
