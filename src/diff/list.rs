//! Several texts as one value.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Ends each member; see [`crate::model::Members`]: no text of a document holds it.
const END: char = '\u{1f}';

/// The members of a list, or of the whole of a set.
///
/// A change goes through many hands, and the blockers of a CPU model are dozens of names: they stand
/// in one piece of text that all hands share.
#[derive(Clone, PartialEq, Eq)]
pub struct List(Arc<str>);

impl List {
    /// The members as [`crate::model::Capabilities::encoded_at`] gives them.
    pub(super) fn encoded(members: &str) -> Self {
        Self(members.into())
    }

    /// The members one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.split_terminator(END)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them with `between` between two.
    #[must_use]
    pub fn join(&self, between: &str) -> String {
        let mut members = self.iter();
        let mut joined = String::with_capacity(self.0.len() + 16);
        joined.extend(members.next());
        members.for_each(|member| joined.extend([between, member]));
        joined
    }
}

impl<'t> FromIterator<&'t str> for List {
    fn from_iter<I: IntoIterator<Item = &'t str>>(members: I) -> Self {
        let mut text = String::new();
        for member in members {
            text.push_str(member);
            text.push(END);
        }
        Self(text.into())
    }
}

impl Ord for List {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for List {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for List {
    /// One number to the hasher, which is slow at hundreds of bytes and makes up for a weak one.
    fn hash<H: Hasher>(&self, state: &mut H) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |hash: u64, next: u64| (hash.rotate_left(23) ^ next).wrapping_mul(FACTOR);
        let (eights, rest) = self.0.as_bytes().as_chunks();
        let hash = eights.iter().fold(0, |hash, eight| mix(hash, u64::from_le_bytes(*eight)));
        state.write_u64(rest.iter().fold(hash, |hash, byte| mix(hash, u64::from(*byte))));
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_back_and_sort_like_a_list_of_texts() {
        let lists: [&[&str]; 6] = [&[], &[""], &["", "a"], &["a"], &["a\tb"], &["a", "b"]];
        let mut texts = lists.map(<[&str]>::to_vec);
        let mut all = lists.map(|list| list.iter().copied().collect::<List>());
        texts.sort();
        all.sort();
        assert_eq!(all.each_ref().map(|list| list.iter().collect::<Vec<_>>()), texts);
        for (list, texts) in all.iter().zip(&texts) {
            assert_eq!(list.join(", "), texts.join(", "));
            assert_eq!(list.is_empty(), texts.is_empty());
        }
    }
}
