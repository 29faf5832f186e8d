//! How results are shown: one format a file, and no decision about what to show elsewhere.
//!
//! Everything that came from a host passes [`plain`] before it reaches a terminal.

pub mod collected;
pub mod csv;
pub mod export;
pub mod fleet;
mod format;
pub mod github;
pub mod history;
pub mod hosts;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod ndjson;
pub mod page;
pub mod preflight;
pub mod query;
mod record;
pub mod rows;
pub mod rules;
pub mod sarif;
pub mod schemas;
pub mod status;
pub mod table;
pub mod text;
pub mod tree;
pub mod unified;
mod words;

pub use format::{Format, Options, write};

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text on one line without anything that a terminal would obey or a reader not see: control
/// characters, those that turn the direction of writing, and those of no width.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    let obeyed = |letter: char| {
        letter.is_control()
            || matches!(
                letter,
                '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
                    | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
            )
    };
    // Nearly all text is plain ASCII, which is quicker to see.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if obeyed(letter) {
            write!(shown, "{}", letter.escape_unicode()).expect("a string takes all");
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        assert_eq!(
            super::plain("a\u{1b}[31mb\nc\u{9b}\u{202e}"),
            r"a\u{1b}[31mb\u{a}c\u{9b}\u{202e}"
        );
        assert_eq!(super::plain("größe 🦀"), "größe 🦀");
    }
}
