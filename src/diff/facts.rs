//! One side of a comparison, ready to be asked.

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use crate::model::{CUSTOM_MODELS, Capabilities, DottedNames, Value};

/// Capabilities by path, and which elements exist.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    values: HashMap<&'a str, Value<'a>>,
    /// Every path that has a capability at or below it.
    elements: HashSet<&'a str>,
    is_empty_document: bool,
    dotted: DottedNames,
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
        let mut facts = Self {
            values: HashMap::with_capacity(capabilities.len()),
            elements: HashSet::with_capacity(capabilities.len() * 2),
            is_empty_document,
            dotted: capabilities.dotted().clone(),
        };
        for (path, value) in capabilities.iter() {
            facts.values.insert(path, value);
            facts.elements.extend(facts.dotted.ancestors(path));
        }
        for path in shared {
            facts.elements.extend(facts.dotted.ancestors(path));
        }
        facts
    }

    /// The value at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Value<'a>> {
        self.values.get(path).copied()
    }

    /// Whether the document has an element (or attribute, or enum) of that path.
    #[must_use]
    pub fn has_element(&self, path: &str) -> bool {
        self.elements.contains(path) || self.lists_model(path)
    }

    /// A custom CPU model is there once its name is listed, whatever else is said of it.
    fn lists_model(&self, path: &str) -> bool {
        let name = path.strip_prefix(CUSTOM_MODELS).and_then(|rest| rest.strip_prefix('['));
        let Some(name) = name.and_then(|rest| rest.strip_suffix(']')) else { return false };
        let Some(Value::Set(names)) = self.get(CUSTOM_MODELS) else { return false };
        names.iter().any(|each| crate::model::escape_key(each) == name)
    }

    /// All paths with their values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.values.iter().map(|(path, value)| (*path, *value))
    }

    /// The elements whose names hold dots.
    #[must_use]
    pub fn dotted(&self) -> &DottedNames {
        &self.dotted
    }

    /// See [`Capabilities::is_empty_document`].
    #[must_use]
    pub fn is_empty_document(&self) -> bool {
        self.is_empty_document
    }
}
