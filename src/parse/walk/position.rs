//! The position of an element among its siblings of one name: the key of what has no other.

use hashbrown::HashMap;

use crate::parse::xml::Element;

/// The children of one element. Nothing is counted before it is asked for: most have keys.
pub(super) struct Positions<'x, I> {
    /// Those that were not passed.
    ahead: I,
    /// How many there are of each name, and how many of them were passed.
    counts: Option<HashMap<&'x str, (u32, u32)>>,
}

impl<'x, I: Iterator<Item = &'x Element<'x>> + Clone> Positions<'x, I> {
    pub(super) fn of(children: I) -> Self {
        Self { ahead: children, counts: None }
    }

    /// The position of a child, where it has namesakes; children are asked for in their order.
    pub(super) fn among_namesakes(&mut self, child: &Element<'x>) -> Option<u32> {
        let counts = self.counts.get_or_insert_with(|| {
            let mut counts: HashMap<&str, (u32, u32)> = HashMap::new();
            for each in self.ahead.clone() {
                counts.entry(each.name).or_default().0 += 1;
            }
            counts
        });
        if counts.get(child.name)?.0 < 2 {
            return None;
        }
        for each in self.ahead.by_ref() {
            let (_, passed) = counts.get_mut(each.name)?;
            *passed += 1;
            if std::ptr::eq(each, child) {
                return Some(*passed - 1);
            }
        }
        None
    }
}
