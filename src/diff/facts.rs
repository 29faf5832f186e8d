//! One side of a comparison, ready to be asked.

use std::cell::{Cell, OnceCell};

use foldhash::{HashMap, HashSet, HashSetExt as _};

use super::change::Plain;
use super::list::List;
use crate::model::{CUSTOM_MODELS, Capabilities, DottedNames, Kind, Value, is_at_or_below};

/// As many questions are answered by looking through the whole document: together they cost as much as
/// the tables that answer all further ones.
const SCANS: u8 = 16;

/// How far around the last answer the next one is looked for.
const NEAR: usize = 8;

/// Capabilities by path, and which elements exist.
///
/// Two documents that are compared are nearly alike, and little is asked of them; so nothing is
/// prepared before it is needed.
#[derive(Debug)]
pub struct Facts<'a> {
    capabilities: &'a Capabilities,
    shared: &'a [String],
    is_empty_document: bool,
    scans: Cell<u8>,
    near: Cell<usize>,
    places: OnceCell<HashMap<&'a str, usize>>,
    /// Every path that has a capability at or below it.
    elements: OnceCell<HashSet<&'a str>>,
    /// The custom CPU models: each that came or went is looked for, and a list is read from its start.
    models: OnceCell<HashSet<&'a str>>,
}

impl<'a> Facts<'a> {
    /// The facts of a whole document.
    #[must_use]
    pub fn of(capabilities: &'a Capabilities) -> Self {
        Self::of_part(capabilities, &[], capabilities.is_empty_document())
    }

    /// The facts of that part of a document in which it differs from another: `shared` are the
    /// paths at or below which both have the same; whether all of it was empty is told.
    #[must_use]
    pub fn of_part(
        capabilities: &'a Capabilities,
        shared: &'a [String],
        is_empty_document: bool,
    ) -> Self {
        Self {
            capabilities,
            shared,
            is_empty_document,
            scans: Cell::new(SCANS),
            near: Cell::new(0),
            places: OnceCell::new(),
            elements: OnceCell::new(),
            models: OnceCell::new(),
        }
    }

    /// The value at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Value<'a>> {
        let place = self.near(path).or_else(|| self.place(path))?;
        self.near.set(place);
        Some(self.capabilities.at(place).1)
    }

    /// Where the value at a path stands, if it is around what was asked for last.
    fn near(&self, path: &str) -> Option<usize> {
        self.around().find(|place| self.path(*place) == path)
    }

    /// The places around what was asked for last.
    fn around(&self) -> impl Iterator<Item = usize> {
        let near = self.near.get();
        near.saturating_sub(NEAR)..(near + NEAR).min(self.len())
    }

    fn place(&self, path: &str) -> Option<usize> {
        if self.places.get().is_none() && self.may_scan() {
            return (0..self.len()).find(|place| self.path(*place) == path);
        }
        let places = || (0..self.len()).map(|place| (self.path(place), place)).collect();
        self.places.get_or_init(places).get(path).copied()
    }

    /// Whether another question may be answered by looking through all of the document.
    fn may_scan(&self) -> bool {
        let left = self.scans.get();
        self.scans.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether the document has an element (or attribute, or enum) of that path.
    #[must_use]
    pub fn has_element(&self, path: &str) -> bool {
        self.is_element(path) || self.lists_model(path)
    }

    fn is_element(&self, path: &str) -> bool {
        let is_below = |each: &str| {
            is_at_or_below(each, path) && self.dotted().ancestors(each).any(|it| it == path)
        };
        if self.around().any(|place| is_below(self.path(place))) {
            return true;
        }
        if self.elements.get().is_none() && self.may_scan() {
            return self.iter().any(|(each, _)| is_below(each))
                || self.shared.iter().any(|each| is_below(each));
        }
        self.elements.get_or_init(|| self.elements()).contains(path)
    }

    fn elements(&self) -> HashSet<&'a str> {
        let mut elements = HashSet::with_capacity(self.len() * 2);
        let paths = (0..self.len()).map(|place| self.path(place));
        for path in paths.chain(self.shared.iter().map(String::as_str)) {
            elements.extend(self.dotted().ancestors(path));
        }
        elements
    }

    /// Whether a name is one of the custom CPU models.
    pub(super) fn names_model(&self, name: &str) -> bool {
        let names = || match self.get(CUSTOM_MODELS) {
            Some(Value::Set(names)) => names.iter().collect(),
            _ => HashSet::new(),
        };
        self.models.get_or_init(names).contains(name)
    }

    /// A custom CPU model is there once its name is listed, whatever else is said of it.
    fn lists_model(&self, path: &str) -> bool {
        let name = path.strip_prefix(CUSTOM_MODELS).and_then(|rest| rest.strip_prefix('['));
        let Some(name) = name.and_then(|rest| rest.strip_suffix(']')) else { return false };
        let Some(Value::Set(names)) = self.get(CUSTOM_MODELS) else { return false };
        names.iter().any(|each| crate::model::escape_key(each) == name)
    }

    /// All paths with their values, in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.capabilities.iter()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.capabilities.len()
    }

    /// The path at a place in the document.
    pub(super) fn path(&self, place: usize) -> &'a str {
        self.capabilities.at(place).0
    }

    /// The value at a place in the document, which is looked around next.
    pub(super) fn value(&self, place: usize) -> Value<'a> {
        self.near.set(place);
        self.capabilities.at(place).1
    }

    /// The value at a place in the document, as stored.
    pub(super) fn encoded(&self, place: usize) -> (Kind, &'a str) {
        self.capabilities.encoded_at(place)
    }

    /// The value at a place in the document, as a change carries it.
    pub(super) fn plain(&self, place: usize) -> Option<Plain> {
        match self.encoded(place) {
            (Kind::Set | Kind::List, members) => Some(Plain::List(List::encoded(members))),
            _ => Plain::of(self.value(place)),
        }
    }

    /// The elements whose names hold dots.
    #[must_use]
    pub fn dotted(&self) -> &'a DottedNames {
        self.capabilities.dotted()
    }

    /// See [`Capabilities::is_empty_document`].
    #[must_use]
    pub fn is_empty_document(&self) -> bool {
        self.is_empty_document
    }
}
