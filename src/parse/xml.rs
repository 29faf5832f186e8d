//! XML text as a flat tree of elements: this file and its folder alone name quick-xml.
//!
//! quick-xml reports events and leaves much to its caller: truncated input, a second root and
//! text outside the root all end without an error, a comment or entity splits text, and
//! attributes are checked only when they are looked at. All of that is settled here, so that the
//! walk sees whole elements. Elements stand in one vector, names and values borrow from the source.

mod builder;

use std::borrow::Cow;
use std::ops::Range;

use builder::Builder;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::error::{Limit, ParseError, Problem};

/// Largest document that is read, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;
/// Most elements and attributes that are read.
pub const MAX_ITEMS: usize = 200_000;

/// One element with its attributes and its own text.
#[derive(Debug)]
pub(super) struct Element<'a> {
    /// As written, with its prefix if it has one.
    pub(super) name: &'a str,
    /// Its own text, the pieces joined, then trimmed.
    pub(super) text: Cow<'a, str>,
    start: u32,
    end: u32,
    attributes: Range<u32>,
    first_child: u32,
    next: u32,
}

impl Element<'_> {
    /// From `<` of the start tag to after `>` of the end tag.
    pub(super) fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// No element: the root is nobody's child and nobody's sibling.
const NONE: u32 = 0;

/// A well-formed document.
#[derive(Debug)]
pub(super) struct Xml<'a> {
    elements: Vec<Element<'a>>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Xml<'a> {
    /// How many elements there are.
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    pub(super) fn root(&self) -> &Element<'a> {
        &self.elements[0]
    }

    pub(super) fn children(&self, of: &Element<'a>) -> impl Iterator<Item = &Element<'a>> + Clone {
        let mut next = of.first_child;
        std::iter::from_fn(move || {
            let child = (next != NONE).then(|| &self.elements[next as usize])?;
            next = child.next;
            Some(child)
        })
    }

    pub(super) fn attributes(&self, of: &Element<'a>) -> &[(&'a str, Cow<'a, str>)] {
        &self.attributes[of.attributes.start as usize..of.attributes.end as usize]
    }

    pub(super) fn attribute(&self, of: &Element<'a>, name: &str) -> Option<&str> {
        self.attributes(of).iter().find(|(each, _)| *each == name).map(|(_, value)| value.as_ref())
    }

    /// Whether the element has nothing but text.
    pub(super) fn is_plain(&self, element: &Element<'a>) -> bool {
        element.attributes.is_empty() && element.first_child == NONE
    }

    /// Whether the element has nothing but its `name` attribute.
    pub(super) fn is_only_a_name(&self, element: &Element<'a>) -> bool {
        let is_name_alone = matches!(self.attributes(element), [("name", _)]);
        is_name_alone && element.text.is_empty() && element.first_child == NONE
    }

    /// The first child of that name.
    pub(super) fn child(&self, of: &Element<'a>, name: &str) -> Option<&Element<'a>> {
        self.children(of).find(|each| each.name == name)
    }
}

/// The bytes as text that may stand in XML.
fn checked_text(bytes: &[u8]) -> Result<&str, ParseError> {
    if bytes.len() > MAX_BYTES {
        return Err(ParseError::at(bytes, 0, Problem::TooLarge(Limit::Bytes)));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ParseError::at(bytes, error.valid_up_to(), Problem::Encoding))?;
    let forbidden = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    // One pass without a branch for each byte; the second only finds what the first saw.
    if bytes.chunks(64).any(|some| some.iter().fold(false, |seen, byte| seen | forbidden(byte)))
        && let Some(at) = bytes.iter().position(forbidden)
    {
        return Err(ParseError::at(bytes, at, Problem::Character(u32::from(bytes[at]))));
    }
    // Three bytes that begin with 0xEF, which most documents have nowhere.
    if bytes.contains(&0xEF)
        && let Some(at) = text.find(['\u{fffe}', '\u{ffff}'])
    {
        let letter = text[at..].chars().next().unwrap_or_default();
        return Err(ParseError::at(bytes, at, Problem::Character(u32::from(letter))));
    }
    Ok(text)
}

/// What some editors put before a text.
const MARK: &str = "\u{feff}";
const TWO_MARKS: &str = "\u{feff}\u{feff}";

/// Reads a whole document.
pub(super) fn read(bytes: &[u8]) -> Result<Xml<'_>, ParseError> {
    let text = checked_text(bytes)?;
    // quick-xml passes over a mark without counting it, so it is never shown one.
    if text.starts_with(TWO_MARKS) {
        return Err(ParseError::at(bytes, MARK.len(), Problem::OutsideRoot("text")));
    }
    let mut builder = Builder::new(text);
    while builder.step()? {}
    builder.finish()
}

/// The name of the first element, however the document goes on: tells what a file is.
#[must_use]
pub fn root_name(bytes: &[u8]) -> Option<&str> {
    let end = bytes.len().min(4096);
    let text = std::str::from_utf8(&bytes[..end])
        .or_else(|error| std::str::from_utf8(&bytes[..error.valid_up_to()]));
    let text = text.ok()?.trim_start_matches(MARK);
    let mut reader = Reader::from_str(text);
    loop {
        let start = usize::try_from(reader.buffer_position()).ok()?;
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name().as_ref().len();
                return text[start..].find('<').map(|at| &text[start + at + 1..][..name]);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}
