//! `<mode name='custom'>`: CPU models keyed by their text, and what blocks each.
//!
//! libvirt lists a model as `<model usable='no'>EPYC</model>` and, since 10.9.0, its blockers as a
//! sibling `<blockers model='EPYC'>` (docs/formatdomaincaps.rst). POWER8 is listed twice by
//! QEMU 4.2 on ppc64 (`tests/domaincapsdata/qemu_4.2.0.ppc64.xml` of libvirt 11.3.0).

use std::collections::HashSet;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::Walk;
use crate::model::escape_key;
use crate::parse::xml::Element;

/// Walks the children of the mode.
pub(super) fn custom_mode<'x>(walk: &mut Walk<'x, '_>, mode: &'x Element<'x>) {
    let xml = walk.xml;
    let is_model = |child: &Element<'x>| child.name == "model" && !child.text.is_empty();
    let blocked = |child: &'x Element<'x>| {
        if child.name == "blockers" { xml.attribute(child, "model") } else { None }
    };
    let models = xml.children(mode).filter(|child| is_model(child));
    let (models, _) = grouped(models.map(|child| (child.text.as_ref(), child)));
    let blockers = xml.children(mode).filter_map(|child| Some((blocked(child)?, child)));
    let (mut blockers, at) = grouped(blockers);
    if !models.is_empty() || xml.attribute(mode, "supported") == Some("yes") {
        walk.below(&["model"], |walk| walk.set(models.iter().map(|group| group.name)));
    }
    for group in &models {
        walk.below(&["model[", &escape_key(group.name), "]"], |walk| {
            model(walk, group);
            if let Some(blockers) = at.get(group.name).map(|at| &mut blockers[*at]) {
                walk.below(&["blockers"], |walk| blocked_by(walk, blockers));
                blockers.is_done = true;
            }
        });
    }
    // Of models that are not listed.
    for group in blockers.iter().filter(|group| !group.is_done) {
        walk.below(&["model[", &escape_key(group.name), "].blockers"], |walk| {
            blocked_by(walk, group);
        });
    }
    walk.children(mode, |child| is_model(child) || blocked(child).is_some());
}

/// The elements of one name. Nearly always it is one.
struct Group<'x> {
    name: &'x str,
    first: &'x Element<'x>,
    others: Vec<&'x Element<'x>>,
    is_done: bool,
}

impl<'x> Group<'x> {
    fn elements(&self) -> impl Iterator<Item = &'x Element<'x>> + Clone {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// Elements by name, in the order in which the names come up first; and where each name stands.
fn grouped<'x>(
    elements: impl Iterator<Item = (&'x str, &'x Element<'x>)>,
) -> (Vec<Group<'x>>, HashMap<&'x str, usize>) {
    /// QEMU 10 has 145 models.
    const SOME: usize = 160;
    let mut at: HashMap<&str, usize> = HashMap::with_capacity(SOME);
    let mut groups: Vec<Group<'x>> = Vec::with_capacity(SOME);
    for (name, element) in elements {
        match at.entry(name) {
            Entry::Occupied(known) => groups[*known.get()].others.push(element),
            Entry::Vacant(new) => {
                new.insert(groups.len());
                groups.push(Group { name, first: element, others: Vec::new(), is_done: false });
            }
        }
    }
    (groups, at)
}

/// One model; where it is listed several times, the worst `usable` wins and the first of all else.
fn model<'x>(walk: &mut Walk<'x, '_>, group: &Group<'x>) {
    let xml = walk.xml;
    let usable = group.elements().filter_map(|entry| xml.attribute(entry, "usable"));
    if let Some(worst) = usable.min_by_key(|usable| badness(usable)) {
        walk.below(&["usable"], |walk| walk.text(worst));
    }
    let mut names = HashSet::new();
    for (nth, entry) in group.elements().enumerate() {
        for (name, value) in xml.attributes(entry) {
            if *name != "usable" && (nth == 0 || !names.contains(name)) {
                walk.below(&[name], |walk| walk.text(value));
            }
        }
        if !group.others.is_empty() {
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
fn blocked_by<'x>(walk: &mut Walk<'x, '_>, group: &Group<'x>) {
    let xml = walk.xml;
    let is_feature = |child: &Element<'x>| child.name == "feature";
    let is_only_a_feature = |child: &Element<'x>| is_feature(child) && xml.is_only_a_name(child);
    // Most of a document's elements: they are passed once where, as in all that libvirt prints,
    // nothing else stands among them.
    let mut is_plain = true;
    let children = group.elements().flat_map(|entry| xml.children(entry));
    let children = children.inspect(|child| is_plain &= is_only_a_feature(child));
    let features = children.filter(|child| is_feature(child));
    walk.set(features.filter_map(|child| xml.attribute(child, "name")));
    for entry in group.elements() {
        walk.attributes(entry, Some("model"));
        if !entry.text.is_empty() {
            walk.text(&entry.text);
        }
        if !is_plain {
            walk.children(entry, is_only_a_feature);
        }
    }
}
