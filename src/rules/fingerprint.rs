//! The name of a finding across runs, hosts and targets.

use std::cell::OnceCell;

use crate::diff::{Difference, Plain};
use crate::model::Hasher;

/// A fingerprint that is made when somebody asks for it: people who read text do not.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint(OnceCell<String>);

impl Fingerprint {
    /// The fingerprint of this difference, which is always the same one.
    pub(super) fn of(&self, difference: &Difference) -> &str {
        self.0.get_or_init(|| fingerprint(difference))
    }
}

/// Twelve hexadecimal digits of what changed. Neither the targets nor the hosts are part of it,
/// so a finding that was reviewed once is known wherever it turns up again.
#[must_use]
pub fn fingerprint(difference: &Difference) -> String {
    let mut hasher = Hasher::new();
    hasher
        .part(difference.kind.name().as_bytes())
        .part(difference.path.as_bytes())
        .optional(difference.value.as_deref().map(str::as_bytes))
        .optional(plain(difference.old.as_ref()).as_deref().map(str::as_bytes))
        .optional(plain(difference.new.as_ref()).as_deref().map(str::as_bytes));
    hasher.finish().to_string()[..12].to_owned()
}

/// A value as text that no other value has.
fn plain(side: Option<&Plain>) -> Option<String> {
    side.map(|side| match side {
        Plain::Number(number) => format!("n{number}"),
        Plain::Text(text) => format!("t{text}"),
        Plain::List(list) => format!("l{}", list.join("\u{1f}")),
    })
}
