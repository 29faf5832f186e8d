//! Events into elements, and everything that quick-xml leaves to its caller.

mod attribute;
mod byte;

use std::borrow::Cow;

use byte::{is_name, is_space, trim, trim_start};
use quick_xml::errors::{Error as XmlError, SyntaxError};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Element, MARK, MAX_DEPTH, MAX_ITEMS, NONE, Xml};
use crate::parse::error::{Limit, ParseError, Problem};

/// A document that is being read.
pub(super) struct Builder<'a> {
    /// Behind the byte order mark, where there is one: there the reader begins to count.
    source: &'a str,
    mark: &'static str,
    reader: Reader<&'a [u8]>,
    /// Behind the last event.
    position: usize,
    elements: Vec<Element<'a>>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// Open elements, root first, each with its youngest child.
    open: Vec<(u32, u32)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (mark, source) = text.strip_prefix(MARK).map_or(("", text), |source| (MARK, source));
        let mut reader = Reader::from_str(source);
        reader.config_mut().check_comments = true;
        // Indentation is half of all events otherwise; `markup` makes up for it.
        reader.config_mut().trim_text_start = true;
        // libvirt prints 40 bytes for each element and each attribute. Room that is not touched
        // costs nothing, and glibc keeps as much for the next document as one piece of it once had:
        // with less, every document gets its memory from the system anew.
        let (elements, attributes) = (source.len() / 16, source.len() / 32);
        Self {
            source,
            mark,
            reader,
            position: 0,
            elements: Vec::with_capacity(elements),
            attributes: Vec::with_capacity(attributes),
            open: Vec::with_capacity(8),
        }
    }

    fn error(&self, offset: usize, problem: Problem) -> ParseError {
        let error = ParseError::at(self.source.as_bytes(), offset, problem);
        let column = error.column + if error.line == 1 { self.mark.len() } else { 0 };
        ParseError { column, ..error }
    }

    /// Takes the next event; false at the end of the input.
    pub(super) fn step(&mut self) -> Result<bool, ParseError> {
        let before = self.position;
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(self.xml_error(&error)),
        };
        self.position = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        match event {
            Event::Start(tag) => {
                let start = self.position - tag.len() - "<>".len();
                let element = self.start(before, start, &tag)?;
                self.open.push((element, NONE));
            }
            Event::Empty(tag) => {
                let start = self.position - tag.len() - "</>".len();
                self.start(before, start, &tag)?;
            }
            Event::End(_) => self.end(),
            Event::Text(_) => {
                let text = &self.source[before..self.position];
                // Looked for in each text; a lone letter is found sooner.
                if text.contains('>') && text.contains("]]>") {
                    let problem = "`]]>` outside CDATA".to_owned();
                    return Err(self.error(before, Problem::Syntax(problem)));
                }
                self.text(before, Cow::Borrowed(text))?;
            }
            Event::CData(data) => {
                let start = self.markup(before);
                if self.open.is_empty() {
                    return Err(self.error(start, Problem::OutsideRoot("text")));
                }
                self.text(start, Cow::Owned(data.into_inner().into_owned()))?;
            }
            Event::GeneralRef(entity) => {
                let start = self.markup(before);
                let text = self.entity(start, &entity)?;
                self.text(start, Cow::Owned(text))?;
            }
            Event::Decl(declaration) => {
                let start = self.markup(before);
                self.check_declaration(start, &declaration)?;
            }
            Event::DocType(_) => {
                let start = self.markup(before);
                return Err(self.error(start, Problem::Doctype));
            }
            Event::Comment(_) | Event::PI(_) => {
                self.markup(before);
            }
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    /// Where the markup begins that was read last; `before` it the reader may have passed over white
    /// space, which counts where it stands inside text.
    fn markup(&mut self, before: usize) -> usize {
        let left = &self.source[before..];
        let start = before + left.len() - trim_start(left).len();
        self.space(before, start);
        start
    }

    /// Takes the white space between `before` and `start`, where it stands inside text.
    #[inline]
    fn space(&mut self, before: usize, start: usize) {
        if let Some((element, _)) = self.open.last() {
            let text = &mut self.elements[*element as usize].text;
            if !text.is_empty() && before < start {
                append(text, &self.source[before..start]);
            }
        }
    }

    fn check_declaration(
        &self,
        start: usize,
        declaration: &BytesDecl<'_>,
    ) -> Result<(), ParseError> {
        let is_utf8 = declaration.encoding().is_none_or(|name| {
            name.is_ok_and(|name| {
                name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii")
            })
        });
        if !is_utf8 {
            return Err(self.error(start, Problem::Encoding));
        }
        if start > 0 {
            let problem = "the XML declaration is not at the start".to_owned();
            return Err(self.error(start, Problem::Syntax(problem)));
        }
        Ok(())
    }

    /// Takes a start tag that runs from `start` to the reader's position. Gives the new element.
    fn start(
        &mut self,
        before: usize,
        start: usize,
        tag: &BytesStart<'_>,
    ) -> Result<u32, ParseError> {
        self.space(before, start);
        if self.open.is_empty() && !self.elements.is_empty() {
            return Err(self.error(start, Problem::OutsideRoot("a second element")));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.error(start, Problem::TooLarge(Limit::Depth)));
        }
        let content = &self.source[start + 1..start + 1 + tag.len()];
        let name_length = tag.name().as_ref().len();
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
            start: index(start + self.mark.len()),
            end: index(self.position + self.mark.len()),
            attributes: from..index(self.attributes.len()),
            first_child: NONE,
            next: NONE,
        });
        Ok(this)
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
            let stray = trim_start(&piece);
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
            if !piece.bytes().all(is_space) {
                *text = piece;
            }
        } else {
            append(text, &piece);
        }
        Ok(())
    }

    fn end(&mut self) {
        // quick-xml has checked that the end tag belongs to the element that is open.
        if let Some((element, _)) = self.open.pop() {
            let end = index(self.position + self.mark.len());
            let element = &mut self.elements[element as usize];
            element.end = end;
            if !element.text.is_empty() {
                let text = std::mem::take(&mut element.text);
                element.text = tidy(text);
            }
        }
    }

    pub(super) fn finish(self) -> Result<Xml<'a>, ParseError> {
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

/// Text that goes on behind a comment, a reference or an element: libvirt prints none.
#[cold]
fn append(text: &mut Cow<'_, str>, piece: &str) {
    text.to_mut().push_str(piece);
}

/// Text trimmed after joining, with the line ends that XML 1.0 section 2.11 gives it.
fn tidy(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) if !text.as_bytes().contains(&b'\r') => Cow::Borrowed(trim(text)),
        text => Cow::Owned(trim(&text.replace("\r\n", "\n").replace('\r', "\n")).to_owned()),
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("limited by MAX_BYTES")
}
