//! The attributes of a start tag.
//!
//! Nearly all are ` name='value'` with nothing to resolve: those are cut out here. A tag with
//! anything else in it is read by quick-xml from its start, which alone says what is wrong.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::attributes::Attributes;

use super::byte::{is_name, name_length, plain_length};
use super::{Builder, ParseError, Problem};

/// Up to so many attributes are compared with one another to find one that stands twice.
const FEW: usize = 8;

impl<'a> Builder<'a> {
    /// Takes the attributes in `content`, a tag that began at `start`, behind its `name` bytes.
    pub(super) fn read_attributes(
        &mut self,
        start: usize,
        content: &'a str,
        name: usize,
    ) -> Result<(), ParseError> {
        let from = self.attributes.len();
        if self.take_plain(start, content, name).is_some() {
            return Ok(());
        }
        self.attributes.truncate(from);
        for attribute in Attributes::new(content, name) {
            let attribute = attribute.map_err(|error| {
                self.error(start, Problem::Syntax(format!("attribute: {error}")))
            })?;
            let key = attribute.key.0;
            let raw = match attribute.value {
                Cow::Borrowed(raw) => raw,
                Cow::Owned(_) => unreachable!("attributes of borrowed text are borrowed"),
            };
            if !is_name(key) || raw.contains('<') {
                let problem = format!("attribute `{key}`: not allowed here");
                return Err(self.error(start, Problem::Syntax(problem)));
            }
            let value = self.attribute_value(start, raw)?;
            self.attributes.push((key, value));
        }
        Ok(())
    }

    /// Takes few attributes, all of them plain and each once; else nothing may be made of what was
    /// taken.
    fn take_plain(&mut self, start: usize, content: &'a str, mut at: usize) -> Option<()> {
        let from = self.attributes.len();
        let source = &self.source.as_bytes()[start + 1..];
        while at < content.len() {
            let (key, value) = plain(source, at).filter(|(_, value)| value.end < content.len())?;
            at = value.end + 1;
            let key = &content[key];
            let before = &self.attributes[from..];
            if before.len() == FEW || before.iter().any(|(known, _)| *known == key) {
                return None;
            }
            self.attributes.push((key, Cow::Borrowed(&content[value])));
        }
        Some(())
    }

    /// Entities resolved, white space as XML 1.0 section 3.3.3 normalises it.
    fn attribute_value(&self, start: usize, raw: &'a str) -> Result<Cow<'a, str>, ParseError> {
        if !raw.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r')) {
            return Ok(Cow::Borrowed(raw));
        }
        let spaced = raw.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
        let value = unescape(&spaced).map_err(|error| {
            let problem = match error {
                EscapeError::UnrecognizedEntity(_, name) => Problem::Entity(name),
                other => Problem::Syntax(other.to_string()),
            };
            self.error(start, problem)
        })?;
        self.check_references(start, &value)?;
        Ok(Cow::Owned(value.into_owned()))
    }
}

/// Where the name and the value are of one ` name='value'` at `at` that stands for itself. It may
/// look on behind the tag.
fn plain(source: &[u8], at: usize) -> Option<(Range<usize>, Range<usize>)> {
    /// The most frequent by far: that of each feature.
    const NAME: &[u8] = b"name";
    let key = at + 1;
    let (b' ', rest) = source[at..].split_first()? else { return None };
    let known = rest.strip_prefix(NAME).is_some_and(|rest| rest.starts_with(b"="));
    let key_end = key + if known { NAME.len() } else { name_length(rest) };
    let [b'=', quote @ (b'\'' | b'"'), inside @ ..] = &source[key_end..] else { return None };
    let value = key_end + 2;
    let length = plain_length(inside);
    let is_plain = key < key_end && inside.get(length) == Some(quote);
    is_plain.then_some((key..key_end, value..value + length))
}
