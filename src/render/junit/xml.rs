//! Elements and attributes, and nothing in them that is markup.
//!
//! Not the crate `quick-junit`: it writes an attribute that Jenkins' schema does not know (`skipped`
//! of `testsuites`), lets through what XML cannot hold, and brings eight crates, among them a second
//! quick-xml. Reading XML is `parse::xml`'s, which this knows nothing of.

use std::fmt::Write as _;
use std::io::{Result, Write};

/// Writes elements, each indented below the one that it stands in.
pub(super) struct Xml<'w> {
    out: &'w mut dyn Write,
    /// The elements that are open.
    open: Vec<&'static str>,
}

impl<'w> Xml<'w> {
    /// Begins a document.
    pub(super) fn new(out: &'w mut dyn Write) -> Result<Self> {
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        Ok(Self { out, open: Vec::new() })
    }

    /// Begins an element that has others in it.
    pub(super) fn begin(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> Result<()> {
        self.tag(name, attributes)?;
        self.open.push(name);
        writeln!(self.out, ">")
    }

    /// Ends the element that began last.
    pub(super) fn end(&mut self) -> Result<()> {
        let Some(name) = self.open.pop() else { return Ok(()) };
        self.indent()?;
        writeln!(self.out, "</{name}>")
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> Result<()> {
        self.tag(name, attributes)?;
        writeln!(self.out, "/>")
    }

    /// An element with lines of text in it.
    pub(super) fn text(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        lines: &[String],
    ) -> Result<()> {
        self.tag(name, attributes)?;
        let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
        writeln!(self.out, ">{}</{name}>", lines.join("\n"))
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<()> {
        self.indent()?;
        write!(self.out, "<{name}")?;
        for (name, value) in attributes {
            write!(self.out, r#" {name}="{}""#, escaped(value))?;
        }
        Ok(())
    }

    fn indent(&mut self) -> Result<()> {
        write!(self.out, "{:1$}", "", 2 * self.open.len())
    }
}

/// Text on one line for element or attribute: markup as references (XML 1.0, section 2.4), and what
/// no document can hold (section 2.2, `Char`), such as control characters, in words.
fn escaped(text: &str) -> String {
    let text = crate::render::plain(text);
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {
                write!(safe, "{}", letter.escape_unicode()).expect("a string takes all");
            }
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup_and_all_is_legal() {
        let mut out = Vec::new();
        let mut xml = Xml::new(&mut out).unwrap();
        xml.begin("a", &[("b", "\"'<>&\n\t\0")]).unwrap();
        xml.text("c", &[], &["]]>\u{ffff}".to_owned(), "<!-- & -->".to_owned()]).unwrap();
        xml.empty("d", &[]).unwrap();
        xml.end().unwrap();
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <a b=\"&quot;'&lt;&gt;&amp;\\u{a}\\u{9}\\u{0}\">\n\
            \x20 <c>]]&gt;\\u{ffff}\n&lt;!-- &amp; --&gt;</c>\n\
            \x20 <d/>\n</a>\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
