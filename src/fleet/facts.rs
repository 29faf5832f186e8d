//! Single things that a target can do or not, each with a small number.

use std::rc::Rc;

use foldhash::HashMap;

use crate::model::{CUSTOM_MODELS, ancestors};

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// A machine type, at the path `machine`.
    Machine,
    /// A CPU model can be used.
    Usable,
    /// Something is supported, or simply there.
    Support,
    /// A member of a set.
    Member,
    /// A member of a list: a firmware image.
    Image,
    /// A number.
    Number,
    /// A text, or what an alias points to.
    Text,
    /// What is only said of something else: who makes a CPU model, a feature of host-model.
    Detail,
}

/// The path of machine types, each of which is a member.
pub(super) const MACHINE: &str = "machine";

/// One thing.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The capability's path.
    pub path: Rc<str>,
    /// The member, or the value; `None` where the path says all.
    pub value: Option<Rc<str>>,
    /// What kind of thing.
    pub kind: FactKind,
    pub(super) path_number: usize,
    /// For a usable CPU model: that it is listed at all.
    pub(super) listed: Option<usize>,
}

/// What of it can stand at a path.
#[derive(Debug, Default)]
struct AtPath {
    bare: Option<usize>,
    values: HashMap<Rc<str>, usize>,
}

/// All facts that were met, by number, and all paths.
#[derive(Debug, Default)]
pub struct Facts {
    facts: Vec<Fact>,
    paths: Vec<Rc<str>>,
    parents: Vec<Option<usize>>,
    numbers: HashMap<Rc<str>, usize>,
    at: Vec<AtPath>,
}

impl Facts {
    /// All facts with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Fact)> {
        self.facts.iter().enumerate()
    }

    /// A fact by its number.
    ///
    /// # Panics
    /// Where no fact has this number.
    #[must_use]
    pub fn at(&self, number: usize) -> &Fact {
        &self.facts[number]
    }

    /// Every path that was met, and those above.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|path| &**path)
    }

    /// The number of a path, which it gets when it is first met.
    pub(super) fn path(&mut self, path: &str) -> usize {
        if let Some(known) = self.numbers.get(path) {
            return *known;
        }
        let above = ancestors(path).filter(|above| above.len() < path.len()).last();
        let parent = above.map(str::to_owned).map(|above| self.path(&above));
        let text: Rc<str> = path.into();
        let number = self.paths.len();
        self.paths.push(Rc::clone(&text));
        self.parents.push(parent);
        self.at.push(AtPath::default());
        self.numbers.insert(text, number);
        number
    }

    /// The number of a fact, which it gets when it is first met.
    pub(super) fn fact(&mut self, path: &str, value: Option<&str>, kind: FactKind) -> usize {
        let path_number = self.path(path);
        let known = match value {
            None => self.at[path_number].bare,
            Some(value) => self.at[path_number].values.get(value).copied(),
        };
        if let Some(known) = known {
            return known;
        }
        let listed = (kind == FactKind::Usable).then(|| model_of(path)).flatten();
        let listed = listed.map(|model| self.fact(CUSTOM_MODELS, Some(&model), FactKind::Member));
        let number = self.facts.len();
        let value: Option<Rc<str>> = value.map(Into::into);
        match &value {
            None => self.at[path_number].bare = Some(number),
            Some(value) => {
                self.at[path_number].values.insert(Rc::clone(value), number);
            }
        }
        let path = Rc::clone(&self.paths[path_number]);
        self.facts.push(Fact { path, value, kind, path_number, listed });
        number
    }

    /// A path's number and those of all above it, topmost last.
    pub(super) fn upwards(&self, path: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(path), |at| self.parents[*at])
    }
}

impl Fact {
    /// The CPU model that it is about, where it says whether one can be used.
    #[must_use]
    pub fn model(&self) -> Option<String> {
        if self.kind == FactKind::Usable { model_of(&self.path) } else { None }
    }
}

/// `EPYC` of `cpu.mode[custom].model[EPYC].usable`.
fn model_of(path: &str) -> Option<String> {
    let key = path.strip_prefix(CUSTOM_MODELS)?.strip_prefix('[')?.strip_suffix("].usable")?;
    let mut model = String::with_capacity(key.len());
    let mut letters = key.chars();
    while let Some(letter) = letters.next() {
        model.push(if letter == '\\' { letters.next()? } else { letter });
    }
    Some(model)
}

/// A set of small numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn insert(&mut self, number: usize) {
        if self.0.len() <= number / 64 {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let rest = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
            let words = std::iter::successors(Some(*word).filter(|word| *word != 0), rest);
            words.map(move |word| at * 64 + word.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_again_keeps_its_number() {
        let mut facts = Facts::default();
        let nvme = facts.fact("devices.disk.bus", Some("nvme"), FactKind::Member);
        let disk = facts.fact("devices.disk", None, FactKind::Support);
        assert_eq!(facts.fact("devices.disk.bus", Some("nvme"), FactKind::Member), nvme);
        assert_ne!(nvme, disk);
        let above: Vec<&str> =
            facts.upwards(facts.at(nvme).path_number).map(|at| &*facts.paths[at]).collect();
        assert_eq!(above, ["devices.disk.bus", "devices.disk", "devices"]);
    }

    #[test]
    fn a_usable_model_knows_that_it_is_listed() {
        let mut facts = Facts::default();
        let fact = facts.fact(r"cpu.mode[custom].model[a\]b].usable", None, FactKind::Usable);
        assert_eq!(facts.at(fact).model().as_deref(), Some("a]b"));
        let listed = facts.at(facts.at(fact).listed.unwrap());
        assert_eq!((&*listed.path, listed.value.as_deref()), (CUSTOM_MODELS, Some("a]b")));
    }

    #[test]
    fn bits_hold_what_was_put_in() {
        let mut bits = Bits::default();
        for number in [0, 63, 64, 1000] {
            bits.insert(number);
        }
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 1000]);
        assert!(!bits.contains(1) && !bits.contains(100_000));
    }
}
