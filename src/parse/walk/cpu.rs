//! `<mode name='custom'>`: CPU models keyed by their text, and what blocks each.
//!
//! libvirt lists a model as `<model usable='no'>EPYC</model>` and, since 10.9.0, its blockers as a
//! sibling `<blockers model='EPYC'>` (docs/formatdomaincaps.rst). POWER8 is listed twice by
//! QEMU 4.2 on ppc64 (`tests/domaincapsdata/qemu_4.2.0.ppc64.xml` of libvirt 11.3.0).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::Walk;
use crate::model::escape_key;
use crate::parse::xml::Element;

type IndexedBlockers<'x> = Vec<Option<(&'x str, Vec<&'x Element<'x>>)>>;
type Grouped<'x> = Vec<(&'x str, Vec<&'x Element<'x>>)>;

/// Walks the children of the mode.
pub(super) fn custom_mode<'x>(walk: &mut Walk<'x, '_>, mode: &'x Element<'x>) {
    let xml = walk.xml;
    let is_model = |child: &Element<'x>| child.name == "model" && !child.text.is_empty();
    let is_blockers =
        |child: &Element<'x>| child.name == "blockers" && xml.attribute(child, "model").is_some();
    let models = xml.children(mode).filter(|child| is_model(child));
    let models = grouped(models.map(|child| (child.text.as_ref(), child)));
    let blockers = xml.children(mode).filter(|child| is_blockers(child));
    let blockers =
        grouped(blockers.map(|child| (xml.attribute(child, "model").unwrap_or_default(), child)));
    if !models.is_empty() || xml.attribute(mode, "supported") == Some("yes") {
        let mut names: Vec<&str> = models.iter().map(|(name, _)| *name).collect();
        walk.below(&["model"], |walk| {
            walk.push_with(|out, path| out.push_set(path, &mut names));
        });
    }
    let mut blockers: IndexedBlockers<'x> = blockers.into_iter().map(Some).collect();
    let at: HashMap<&str, usize> =
        blockers.iter().enumerate().filter_map(|(at, each)| Some((each.as_ref()?.0, at))).collect();
    for (name, entries) in models {
        walk.below(&["model[", &escape_key(name), "]"], |walk| {
            model(walk, &entries);
            if let Some((_, entries)) = at.get(name).and_then(|at| blockers[*at].take()) {
                walk.below(&["blockers"], |walk| blocked_by(walk, &entries));
            }
        });
    }
    // Of models that are not listed.
    for (name, entries) in blockers.into_iter().flatten() {
        walk.below(&["model[", &escape_key(name), "].blockers"], |walk| {
            blocked_by(walk, &entries);
        });
    }
    walk.children(mode, |child| is_model(child) || is_blockers(child));
}

/// Elements by name, in the order in which the names come up first.
fn grouped<'x>(elements: impl Iterator<Item = (&'x str, &'x Element<'x>)>) -> Grouped<'x> {
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut groups: Grouped<'x> = Vec::new();
    for (name, element) in elements {
        match at.entry(name) {
            Entry::Occupied(known) => groups[*known.get()].1.push(element),
            Entry::Vacant(new) => {
                new.insert(groups.len());
                groups.push((name, vec![element]));
            }
        }
    }
    groups
}

/// One model; where it is listed several times, the worst `usable` wins and the first of all else.
fn model<'x>(walk: &mut Walk<'x, '_>, entries: &[&'x Element<'x>]) {
    let xml = walk.xml;
    let usable = entries.iter().filter_map(|entry| xml.attribute(entry, "usable"));
    if let Some(worst) = usable.min_by_key(|usable| badness(usable)) {
        walk.below(&["usable"], |walk| walk.text(worst));
    }
    let mut names = HashSet::from(["usable"]);
    for (nth, entry) in entries.iter().enumerate() {
        for (name, value) in xml.attributes(entry) {
            if *name != "usable" && (nth == 0 || !names.contains(name)) {
                walk.below(&[name], |walk| walk.text(value));
            }
        }
        if entries.len() > 1 {
            names.extend(xml.attributes(entry).iter().map(|(name, _)| *name));
        }
        walk.children(entry, |_| false);
    }
}

/// The worst answer is the least.
fn badness(usable: &str) -> u8 {
    match usable {
        "no" => 0,
        "yes" => 2,
        _ => 1,
    }
}

/// The features that make a model unusable.
fn blocked_by<'x>(walk: &mut Walk<'x, '_>, entries: &[&'x Element<'x>]) {
    let xml = walk.xml;
    let children = entries.iter().flat_map(|entry| xml.children(entry));
    let features = children.filter(|child| child.name == "feature");
    let mut features: Vec<&str> =
        features.filter_map(|child| xml.attribute(child, "name")).collect();
    walk.push_with(|out, path| out.push_set(path, &mut features));
    for entry in entries {
        walk.attributes(entry, Some("model"));
        if !entry.text.is_empty() {
            walk.text(&entry.text);
        }
        walk.children(entry, |child| child.name == "feature" && xml.is_only_a_name(child));
    }
}
