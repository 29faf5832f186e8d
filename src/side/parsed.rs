//! Documents that were read from files.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::model::{Capabilities, Hash, Suspicion};

/// Which of the documents: equal numbers are equal capabilities, whatever their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number(usize);

/// The capabilities of all files, each content once.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    all: Vec<Capabilities>,
    /// By what is counted quickly: how many capabilities there are, and the sum of their hashes.
    alike: HashMap<(usize, u64), Vec<Number>>,
    hasher: foldhash::fast::RandomState,
    bodies: HashMap<Hash, (Number, Suspicion)>,
}

impl Parsed {
    /// What a body says that was read before, and what speaks against it.
    pub(super) fn judged(&self, body: Hash) -> Option<(Number, Suspicion)> {
        self.bodies.get(&body).copied()
    }

    /// Takes in what a body says.
    pub(super) fn insert(&mut self, body: Hash, capabilities: Capabilities) -> Number {
        let suspicion = Suspicion::of(&capabilities);
        let sum = sum(&capabilities, &self.hasher);
        let alike = self.alike.entry((capabilities.len(), sum)).or_default();
        let is_same = |known: &&Number| self.all[known.0].says_the_same(&capabilities);
        let number = match alike.iter().find(is_same) {
            Some(known) => *known,
            None => {
                let number = Number(self.all.len());
                alike.push(number);
                self.all.push(capabilities);
                number
            }
        };
        self.bodies.insert(body, (number, suspicion));
        number
    }

    pub(super) fn get(&self, number: Number) -> Option<&Capabilities> {
        self.all.get(number.0)
    }
}

/// The same whatever the order. Seeded anew in each run, so that nobody can make documents that are
/// alike in it.
fn sum(capabilities: &Capabilities, hasher: &impl BuildHasher) -> u64 {
    let hash = |at| hasher.hash_one((capabilities.at(at).0, capabilities.encoded_at(at).1));
    (0..capabilities.len()).map(hash).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    #[test]
    fn what_says_the_same_is_one_content_whatever_its_bytes() {
        let document = |values: [(&str, i64); 3]| {
            let mut all = Capabilities::new();
            values.into_iter().for_each(|(path, value)| all.push(path, Value::Number(value)));
            all
        };
        let mut parsed = Parsed::default();
        let mut insert = |body: &str, values| {
            let number = parsed.insert(Hash::of(body.as_bytes()), document(values));
            (number, parsed.judged(Hash::of(body.as_bytes())).map(|(it, _)| it) == Some(number))
        };
        let (first, is_known) = insert("a", [("x", 1), ("y", 2), ("z", 3)]);
        assert!(is_known);
        assert_eq!(insert("b", [("x", 1), ("y", 2), ("z", 3)]), (first, true), "a comment");
        assert_eq!(insert("c", [("z", 3), ("x", 1), ("y", 2)]), (first, true), "another order");
        let (other, is_known) = insert("d", [("x", 1), ("y", 4), ("z", 3)]);
        assert!(is_known && other != first);
        assert_eq!(insert("e", [("z", 3), ("y", 4), ("x", 1)]), (other, true));
        assert_ne!(insert("f", [("w", 1), ("y", 2), ("z", 3)]).0, first);
        assert!(parsed.get(other).is_some() && parsed.judged(Hash::of(b"g")).is_none());
    }
}
