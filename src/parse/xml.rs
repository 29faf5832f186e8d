//! XML text as a flat tree of elements: the one place that names quick-xml.
//!
//! quick-xml reports events and leaves much to its caller: truncated input, a second root and
//! text outside the root all end without an error, a comment or entity splits text, and
//! attributes are checked only when they are looked at. All of that is settled here, so that the
//! walk sees whole elements. Elements stand in one vector, names and values borrow from the source.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::errors::{Error as XmlError, SyntaxError};
use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesRef, Event};
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
    /// From `<` of the start tag to after `>` of the end tag.
    pub(super) span: Range<usize>,
    attributes: Range<u32>,
    first_child: u32,
    next: u32,
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
    if bytes.iter().fold(false, |seen, byte| seen | forbidden(byte))
        && let Some(at) = bytes.iter().position(forbidden)
    {
        return Err(ParseError::at(bytes, at, Problem::Character(u32::from(bytes[at]))));
    }
    // Three bytes that begin with 0xEF; most documents have none.
    if bytes.contains(&0xef)
        && let Some(at) = text.find(['\u{fffe}', '\u{ffff}'])
    {
        let letter = text[at..].chars().next().unwrap_or_default();
        return Err(ParseError::at(bytes, at, Problem::Character(u32::from(letter))));
    }
    Ok(text)
}

/// Reads a whole document.
pub(super) fn read(bytes: &[u8]) -> Result<Xml<'_>, ParseError> {
    let mut builder = Builder::new(checked_text(bytes)?);
    while builder.step()? {}
    builder.finish()
}

/// The name of the first element, however the document goes on: tells what a file is.
#[must_use]
pub fn root_name(bytes: &[u8]) -> Option<&str> {
    let end = bytes.len().min(4096);
    let text = std::str::from_utf8(&bytes[..end])
        .or_else(|error| std::str::from_utf8(&bytes[..error.valid_up_to()]));
    let text = text.ok()?;
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

struct Builder<'a> {
    /// Behind the byte order mark, where there is one: there the reader begins to count.
    source: &'a str,
    mark: &'static str,
    reader: Reader<&'a [u8]>,
    elements: Vec<Element<'a>>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// Open elements, root first, each with its youngest child.
    open: Vec<(u32, u32)>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        const MARK: &str = "\u{feff}";
        let (mark, source) = text.strip_prefix(MARK).map_or(("", text), |source| (MARK, source));
        let mut reader = Reader::from_str(source);
        reader.config_mut().check_comments = true;
        // 20 bytes an element is what modern documents have; growing would copy it all.
        let expected = source.len() / 20;
        Self {
            source,
            mark,
            reader,
            elements: Vec::with_capacity(expected),
            attributes: Vec::with_capacity(expected),
            open: Vec::with_capacity(8),
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn error(&self, offset: usize, problem: Problem) -> ParseError {
        let error = ParseError::at(self.source.as_bytes(), offset, problem);
        let column = error.column + if error.line == 1 { self.mark.len() } else { 0 };
        ParseError { column, ..error }
    }

    /// Takes the next event; false at the end of the input.
    fn step(&mut self) -> Result<bool, ParseError> {
        let start = self.position();
        let event = self.reader.read_event().map_err(|error| self.xml_error(&error))?;
        match event {
            Event::Start(tag) => {
                let name = tag.name().as_ref().len();
                self.start(start, name, 1)?;
            }
            Event::Empty(tag) => {
                let name = tag.name().as_ref().len();
                self.start(start, name, 2)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(_) => {
                let text = &self.source[start..self.position()];
                if text.contains("]]>") {
                    let problem = "`]]>` outside CDATA".to_owned();
                    return Err(self.error(start, Problem::Syntax(problem)));
                }
                self.text(start, Cow::Borrowed(text))?;
            }
            Event::CData(data) => {
                if self.open.is_empty() {
                    return Err(self.error(start, Problem::OutsideRoot("text")));
                }
                self.text(start, Cow::Owned(data.into_inner().into_owned()))?;
            }
            Event::GeneralRef(entity) => {
                let text = self.entity(start, &entity)?;
                self.text(start, Cow::Owned(text))?;
            }
            Event::Decl(declaration) => {
                let is_utf8 = declaration.encoding().is_none_or(|name| {
                    name.is_ok_and(|name| {
                        name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii")
                    })
                });
                if !is_utf8 {
                    return Err(self.error(start, Problem::Encoding));
                }
                if !self.source[..start].is_empty() {
                    let problem = "the XML declaration is not at the start".to_owned();
                    return Err(self.error(start, Problem::Syntax(problem)));
                }
            }
            Event::DocType(_) => return Err(self.error(start, Problem::Doctype)),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    /// Takes a start tag that runs from `start` to the reader's position; `closing` bytes end it.
    fn start(
        &mut self,
        start: usize,
        name_length: usize,
        closing: usize,
    ) -> Result<(), ParseError> {
        if self.open.is_empty() && !self.elements.is_empty() {
            return Err(self.error(start, Problem::OutsideRoot("a second element")));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.error(start, Problem::TooLarge(Limit::Depth)));
        }
        let end = self.position();
        let content = &self.source[start + 1..end - closing];
        let name = &content[..name_length];
        if !is_name(name) {
            let problem = format!("`{name}` is no element name");
            return Err(self.error(start, Problem::Syntax(problem)));
        }
        let from = index(self.attributes.len());
        if content.len() > name_length {
            self.read_attributes(start, content, name_length)?;
        }
        if self.elements.len() + self.attributes.len() > MAX_ITEMS {
            return Err(self.error(start, Problem::TooLarge(Limit::Items)));
        }
        let this = index(self.elements.len());
        if let Some((parent, youngest)) = self.open.last_mut() {
            let elder = if *youngest == NONE {
                &mut self.elements[*parent as usize].first_child
            } else {
                &mut self.elements[*youngest as usize].next
            };
            *elder = this;
            *youngest = this;
        }
        self.elements.push(Element {
            name,
            text: Cow::Borrowed(""),
            span: start + self.mark.len()..end + self.mark.len(),
            attributes: from..index(self.attributes.len()),
            first_child: NONE,
            next: NONE,
        });
        self.open.push((this, NONE));
        Ok(())
    }

    fn read_attributes(
        &mut self,
        start: usize,
        content: &'a str,
        name: usize,
    ) -> Result<(), ParseError> {
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

    /// The text of `&name;`.
    fn entity(&self, start: usize, entity: &BytesRef<'_>) -> Result<String, ParseError> {
        let name = entity.clone().into_inner();
        let text = match entity.resolve_char_ref() {
            Ok(Some(letter)) => letter.to_string(),
            Ok(None) => quick_xml::escape::resolve_predefined_entity(&name)
                .map(str::to_owned)
                .ok_or_else(|| self.error(start, Problem::Entity(name.into_owned())))?,
            Err(error) => return Err(self.error(start, Problem::Syntax(error.to_string()))),
        };
        self.check_references(start, &text)?;
        Ok(text)
    }

    /// Refuses characters that a reference may not bring in either.
    fn check_references(&self, start: usize, text: &str) -> Result<(), ParseError> {
        let forbidden = |letter: &char| {
            (*letter < ' ' && !matches!(letter, '\t' | '\n' | '\r'))
                || matches!(letter, '\u{fffe}' | '\u{ffff}')
        };
        match text.chars().find(forbidden) {
            Some(letter) => Err(self.error(start, Problem::Character(u32::from(letter)))),
            None => Ok(()),
        }
    }

    fn text(&mut self, start: usize, piece: Cow<'a, str>) -> Result<(), ParseError> {
        let Some((element, _)) = self.open.last() else {
            let stray = piece.trim_start_matches(is_space);
            if stray.is_empty() {
                return Ok(());
            }
            let problem = if self.elements.is_empty() {
                Problem::Syntax("text before the first element".into())
            } else {
                Problem::OutsideRoot("text")
            };
            return Err(self.error(start + piece.len() - stray.len(), problem));
        };
        let text = &mut self.elements[*element as usize].text;
        if text.is_empty() {
            // Indentation, nearly always; leading white space is trimmed in any case.
            if !piece.bytes().all(|byte| is_space(char::from(byte))) {
                *text = piece;
            }
        } else {
            text.to_mut().push_str(&piece);
        }
        Ok(())
    }

    fn end(&mut self) {
        // quick-xml has checked that the end tag belongs to the element that is open.
        if let Some((element, _)) = self.open.pop() {
            let end = self.position() + self.mark.len();
            let element = &mut self.elements[element as usize];
            element.span.end = end;
            if !element.text.is_empty() {
                let text = std::mem::take(&mut element.text);
                element.text = tidy(text);
            }
        }
    }

    fn finish(self) -> Result<Xml<'a>, ParseError> {
        if let Some((element, _)) = self.open.last() {
            let name = self.elements[*element as usize].name.to_owned();
            return Err(self.error(self.source.len(), Problem::Truncated(name)));
        }
        if self.elements.is_empty() {
            return Err(self.error(0, Problem::Empty));
        }
        Ok(Xml { elements: self.elements, attributes: self.attributes })
    }

    fn xml_error(&self, error: &XmlError) -> ParseError {
        let offset = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        // Markup that is not closed before the input ends.
        let is_cut =
            matches!(error, XmlError::Syntax(kind) if *kind != SyntaxError::InvalidBangMarkup);
        match self.open.last() {
            Some((element, _)) if is_cut => {
                let name = self.elements[*element as usize].name.to_owned();
                self.error(self.source.len(), Problem::Truncated(name))
            }
            _ => self.error(offset, Problem::Syntax(error.to_string())),
        }
    }
}

/// Text trimmed after joining, with the line ends that XML 1.0 section 2.11 gives it.
fn tidy(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) if !text.contains('\r') => Cow::Borrowed(text.trim_matches(is_space)),
        text => Cow::Owned(
            text.replace("\r\n", "\n").replace('\r', "\n").trim_matches(is_space).to_owned(),
        ),
    }
}

/// White space of XML.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

/// A name as XML 1.0 section 2.3 has it; beyond ASCII, anything.
fn is_name(name: &str) -> bool {
    let starts =
        |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80;
    let goes_on = |byte: u8| starts(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    name.as_bytes().first().is_some_and(|first| starts(*first)) && name.bytes().all(goes_on)
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("limited by MAX_ITEMS")
}
