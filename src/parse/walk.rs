//! The one walk that turns any document into (path, value) pairs: the general rules.
//!
//! No element is known here by name but those that the contract names: `enum`, `value`, the
//! identity below the root, and the parts of `<cpu>` (in [`cpu`]) that libvirt keys by a text or
//! by an attribute of another name. A libvirt newer than domcaps loses nothing.

mod cpu;
mod position;
mod seen;

use std::collections::HashSet;
use std::fmt::Write as _;

use position::Positions;
use seen::Seen;

use super::error::{Limit, MAX_PATH, MAX_TEXT};
use super::identity::IDENTITY;
use super::xml::{Element, Xml};
use crate::model::{CUSTOM_MODE, Capabilities, Value, escape_key};

/// The attributes that key an element, best first.
const KEYS: [&str; 3] = ["name", "node", "id"];

/// The element whose `<value>` list is reported, possibly empty, whenever it is supported.
const LOADER: &str = "os.loader";

/// Appends every capability of the document to `out`.
///
/// # Errors
/// Where a path is too long, or all that they hold is too much: the limit, and where the element
/// begins that was walked then. A document of 124 KB can mean 48 MB of paths.
pub(super) fn walk(xml: &Xml<'_>, out: &mut Capabilities) -> Result<(), (usize, Limit)> {
    let path = String::with_capacity(128);
    let mut walk = Walk {
        xml,
        out,
        path,
        seen: Seen::with_capacity(xml.len() / 2),
        members: Vec::new(),
        at: 0,
        over: None,
    };
    let root = xml.root();
    walk.attributes(root, None);
    walk.list(root);
    walk.children(root, |child| IDENTITY.contains(&child.name));
    walk.over.map_or(Ok(()), Err)
}

struct Walk<'x, 'o> {
    xml: &'x Xml<'x>,
    out: &'o mut Capabilities,
    /// Of the element that is being walked.
    path: String,
    /// The paths that stand already.
    seen: Seen,
    /// Room for the members of a set or list.
    members: Vec<&'x str>,
    /// Where the element begins whose children are walked.
    at: usize,
    /// The first limit that was reached: from there on nothing is walked any more.
    over: Option<(usize, Limit)>,
}

impl<'x> Walk<'x, '_> {
    /// Walks an element whose path is set; `key` is the attribute that stands in the path.
    fn element(&mut self, element: &'x Element<'x>, key: Option<&str>) {
        let before = self.out.len();
        self.support(element);
        if !element.text.is_empty() {
            self.text(&element.text);
        }
        self.attributes(element, key);
        self.list(element);
        if self.path == CUSTOM_MODE {
            cpu::custom_mode(self, element);
        } else {
            self.children(element, |_| false);
        }
        // Its key alone would leave no trace of it.
        if self.out.len() == before {
            self.push(Value::Null);
        }
    }

    /// `supported`: yes, no, or whatever else it says as text.
    fn support(&mut self, element: &'x Element<'x>) {
        match self.xml.attribute(element, "supported") {
            Some("yes") => self.push(Value::Support(true)),
            Some("no") => self.push(Value::Support(false)),
            Some(other) => self.push(Value::Text(other)),
            None => {}
        }
    }

    /// Every attribute but `supported` and the key; `@` tells it from an enum of its name.
    fn attributes(&mut self, element: &'x Element<'x>, key: Option<&str>) {
        let xml = self.xml;
        let plain = |name: &str| name != "supported" && Some(name) != key;
        let mut attributes =
            xml.attributes(element).iter().filter(|(name, _)| plain(name)).peekable();
        if attributes.peek().is_none() {
            return;
        }
        let enums: HashSet<&str> =
            xml.children(element).filter_map(|child| self.enum_name(child)).collect();
        for (name, value) in attributes {
            let mark = if enums.contains(name) { "@" } else { "" };
            self.below(&[mark, name], |walk| walk.text(value));
        }
    }

    /// Walks the children of `element` but those to skip.
    fn children(&mut self, element: &'x Element<'x>, skip: impl Fn(&'x Element<'x>) -> bool) {
        let xml = self.xml;
        let mut positions = Positions::of(xml.children(element));
        for child in xml.children(element) {
            if self.over.is_some() {
                return;
            }
            self.at = child.span().start;
            if skip(child) {
                continue;
            }
            if let Some(name) = self.enum_name(child) {
                self.below(&[name], |walk| walk.enumeration(child));
            } else if let Some((attribute, key)) = self.key(child).filter(|_| !is_value(child)) {
                let key = escape_key(key);
                self.below(&[child.name, "[", &key, "]"], |walk| {
                    walk.element(child, Some(attribute));
                });
            } else {
                if is_value(child) && xml.is_plain(child) {
                    continue;
                }
                let position = positions.among_namesakes(child);
                let key = position.map(|position| format!("[{position}]")).unwrap_or_default();
                self.below(&[child.name, &key], |walk| {
                    if is_value(child) {
                        walk.beside_text(child);
                    } else {
                        walk.element(child, None);
                    }
                });
            }
        }
    }

    /// Direct `<value>` children: a list whose order is libvirt's priority.
    fn list(&mut self, element: &'x Element<'x>) {
        let mut members = std::mem::take(&mut self.members);
        values(self.xml, element).for_each(|value| members.push(value));
        let is_reported_empty =
            self.path == LOADER && self.xml.attribute(element, "supported") == Some("yes");
        if !members.is_empty() || is_reported_empty {
            self.below(&["value"], |walk| {
                walk.push_with(|out, path| out.push_list(path, &members));
            });
        }
        self.give_back(members);
    }

    /// What a member of a set or list has beside its text: nothing, in all that libvirt prints.
    fn beside_text(&mut self, element: &'x Element<'x>) {
        self.support(element);
        self.attributes(element, None);
        self.list(element);
        self.children(element, |_| false);
    }

    /// `<enum name='bus'>`: the set of its values. What else stands in it is walked as usual.
    fn enumeration(&mut self, element: &'x Element<'x>) {
        let xml = self.xml;
        self.support(element);
        self.set(values(xml, element));
        if !element.text.is_empty() {
            self.text(&element.text);
        }
        self.attributes(element, Some("name"));
        if xml.children(element).any(|child| !is_value(child) || !xml.is_plain(child)) {
            self.children(element, |child| is_value(child) && xml.is_plain(child));
        }
    }

    fn enum_name(&self, element: &'x Element<'x>) -> Option<&'x str> {
        if element.name == "enum" { self.xml.attribute(element, "name") } else { None }
    }

    /// The attribute that keys an element, and the key.
    fn key(&self, element: &'x Element<'x>) -> Option<(&'static str, &'x str)> {
        KEYS.into_iter().find_map(|name| Some((name, self.xml.attribute(element, name)?)))
    }

    /// Runs `inside` with the path of an element below this one.
    fn below(&mut self, name: &[&str], inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        let (["" | "@", own, ..] | [own, ..]) = name else { return };
        let name_at = self.path.len();
        self.path.extend(name.iter().copied());
        if own.contains('.') && self.path.len() <= MAX_PATH {
            self.out.dotted_mut().insert(&self.path, name_at);
        }
        if self.path.len() > MAX_PATH {
            self.over.get_or_insert((self.at, Limit::Path));
        } else if self.over.is_none() {
            inside(self);
        }
        self.path.truncate(length);
    }

    fn text(&mut self, text: &str) {
        self.push_with(|out, path| out.push_text(path, text));
    }

    fn push(&mut self, value: Value<'_>) {
        self.push_with(|out, path| out.push(path, value));
    }

    fn set(&mut self, each: impl Iterator<Item = &'x str>) {
        let mut members = std::mem::take(&mut self.members);
        each.for_each(|member| members.push(member));
        self.push_with(|out, path| out.push_set(path, &mut members));
        self.give_back(members);
    }

    fn give_back(&mut self, mut members: Vec<&'x str>) {
        members.clear();
        self.members = members;
    }

    /// Appends at this path; a path that stands already gets `#2`, the next one `#3`.
    fn push_with(&mut self, append: impl FnOnce(&mut Capabilities, &str)) {
        let length = self.path.len();
        while let Some(copy) = self.seen.copy(&self.path, self.out) {
            self.path.truncate(length);
            write!(self.path, "#{copy}").expect("a string takes all");
        }
        append(self.out, &self.path);
        self.path.truncate(length);
        if self.out.text_len() > MAX_TEXT {
            self.over.get_or_insert((self.at, Limit::Text));
        }
    }
}

/// The texts of the direct `<value>` children.
fn values<'x>(xml: &'x Xml<'x>, of: &'x Element<'x>) -> impl Iterator<Item = &'x str> {
    xml.children(of).filter(|child| is_value(child)).map(|child| child.text.as_ref())
}

/// A member of a set or list.
fn is_value(element: &Element<'_>) -> bool {
    element.name == "value"
}

#[cfg(test)]
mod tests;
