//! What a reader does not see and what a terminal or a CI runner obeys: one list for every format.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{Error, ErrorKind, Result, Write};

/// Whether a character is not to be seen, or steers what shows it.
///
/// Control characters, C0, DEL and C1 (ECMA-48); those that turn the direction of writing
/// (CVE-2021-42574); those that have no width or look like a blank (Unicode 16,
/// `Default_Ignorable_Code_Point`); the ends of lines and paragraphs; interlinear annotations; tags.
#[must_use]
pub fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Text on one line without anything that is invisible, and without what the runner of a CI job
/// takes for a command: `##[name]` and `##vso[…]` anywhere in a line, `::name::` at its start
/// (actions/runner, src/Runner.Common/ActionCommand.cs; Azure Pipelines, logging commands; TeamCity,
/// service messages). Where a line begins is not known here, so that every word counts.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    // Nearly all text is plain ASCII, which is quicker to see.
    let is_ascii = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let is_command = text.contains("##") || text.contains("::");
    if !is_command && (is_ascii || !text.contains(is_invisible)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or(' ');
        let begins_command = match letter {
            '#' => before == '#' && (next == '[' || next.is_ascii_alphabetic()),
            ':' => before.is_whitespace() && next == ':' && is_name_behind(letters.clone()),
            _ => false,
        };
        if begins_command || is_invisible(letter) {
            write!(shown, "{}", letter.escape_unicode()).expect("a string takes all");
            before = '}';
        } else {
            shown.push(letter);
            before = letter;
        }
    }
    Cow::Owned(shown)
}

/// Whether a name follows the second colon.
fn is_name_behind(mut letters: impl Iterator<Item = char>) -> bool {
    letters.nth(1).is_some_and(|letter| letter.is_ascii_alphabetic())
}

/// Takes JSON and passes it on with what is invisible, or a command, as `\u…`: the same values for
/// whoever reads it (RFC 8259, section 7). Outside of strings JSON has nothing of either.
pub(super) struct VisibleJson<'w> {
    out: &'w mut dyn Write,
    /// The last byte was a `#`.
    is_behind_hash: bool,
}

impl<'w> VisibleJson<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> Self {
        Self { out, is_behind_hash: false }
    }

    fn escaped(&mut self, text: &str) -> Result<()> {
        let mut from = 0;
        let mut units = [0; 2];
        for (at, letter) in text.char_indices() {
            // Line ends and blanks between values; inside of strings they are escaped by now.
            let is_obeyed = is_invisible(letter) && !matches!(letter, '\n' | '\r' | '\t');
            if is_obeyed || (letter == '#' && self.is_behind_hash) {
                self.out.write_all(&text.as_bytes()[from..at])?;
                for unit in letter.encode_utf16(&mut units) {
                    write!(self.out, "\\u{unit:04x}")?;
                }
                from = at + letter.len_utf8();
            }
            self.is_behind_hash = letter == '#';
        }
        self.out.write_all(&text.as_bytes()[from..])
    }
}

impl Write for VisibleJson<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        let is_plain = |byte: &u8| *byte < 0x7f && *byte != b'#';
        if bytes.iter().all(is_plain) {
            self.is_behind_hash &= bytes.is_empty();
            return self.out.write_all(bytes);
        }
        // serde_json writes whole characters.
        let text =
            std::str::from_utf8(bytes).map_err(|why| Error::new(ErrorKind::InvalidData, why))?;
        self.escaped(text)
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        assert_eq!(plain("a\u{1b}[31mb\nc\u{9b}\u{202e}"), r"a\u{1b}[31mb\u{a}c\u{9b}\u{202e}");
        assert_eq!(plain("a\u{ad}\u{fe0f}\u{e0100}\u{3164}"), r"a\u{ad}\u{fe0f}\u{e0100}\u{3164}");
        assert_eq!(plain("größe 🦀"), "größe 🦀");
    }

    #[test]
    fn nothing_is_a_command_to_a_runner() {
        assert_eq!(plain("a ##[stop-commands]x"), r"a #\u{23}[stop-commands]x");
        assert_eq!(plain("###[x] ##vso[y]"), r"##\u{23}[x] #\u{23}vso[y]");
        assert_eq!(plain("::add-mask::x a ::error::"), r"\u{3a}:add-mask::x a \u{3a}:error::");
        let others = "## a, a#b, a::b::c, [::1]:22, ::1, std::x, #1";
        assert_eq!(plain(others), others);
    }

    #[test]
    fn json_keeps_its_values() {
        let value =
            serde_json::json!({ "a\u{9b}": ["\u{202e}##[x]###\u{e0041}\u{7f}", "größe 🦀\n"] });
        let mut out = Vec::new();
        serde_json::to_writer_pretty(VisibleJson::new(&mut out), &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert!(text.contains(r#""\u202e#\u0023[x]#\u0023\u0023\udb40\udc41\u007f""#), "{text}");
        assert!(text.contains("größe 🦀\\n") && !text.contains("##"), "{text}");
    }
}
