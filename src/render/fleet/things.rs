//! Capabilities in short: those of one path together.

use std::collections::BTreeMap;

use super::short;
use crate::fleet::{FactKind, Thing, newest_first};
use crate::model::{CUSTOM_MODELS, some_of};
use crate::render::page::names;

/// How many members of one path are named.
const NAMED: usize = 6;

/// `CPU models EPYC-Milan, EPYC-Rome`, `disk.bus nvme`, `filesystem`: one text for each path.
pub(super) fn told<'t>(things: impl Iterator<Item = &'t Thing>) -> Vec<String> {
    let mut by: BTreeMap<(FactKind, String), Vec<String>> = BTreeMap::new();
    for thing in things {
        let (label, item) = halves(thing);
        by.entry((thing.kind, label)).or_default().extend(item);
    }
    by.into_iter().map(|((kind, label), items)| joined(kind, label, items)).collect()
}

/// What it is about, and which of it.
fn halves(thing: &Thing) -> (String, Option<String>) {
    let value = thing.value.as_deref().map(str::to_owned);
    match thing.kind {
        FactKind::Machine => ("machine".to_owned(), value),
        FactKind::Usable => ("usable CPU model".to_owned(), thing.model()),
        FactKind::Member if &*thing.path == CUSTOM_MODELS => ("CPU model".to_owned(), value),
        _ => (short(&thing.path).to_owned(), value),
    }
}

fn joined(kind: FactKind, label: String, mut items: Vec<String>) -> String {
    let is_model = label.ends_with("CPU model");
    if is_model {
        items.sort_by(|a, b| newest_first(a, b));
    }
    if items.is_empty() {
        return label;
    }
    let label = match (kind == FactKind::Machine || is_model, items.len()) {
        (false, _) | (_, 1) => label,
        (true, _) => format!("{label}s"),
    };
    if kind == FactKind::Machine {
        let names: Vec<&str> = items.iter().map(String::as_str).collect();
        return format!("{label} {}", names::machines(&names));
    }
    format!("{label} {}", some_of(&items, NAMED))
}
