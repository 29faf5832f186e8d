//! The identity of a document, and the rest of it that hosts and machines share.
//!
//! `<path>`, `<domain>`, `<machine>` and `<arch>` stand at the start and are all that differs
//! between most documents of a host: 116 documents of a Debian 12 host have 10 distinct bodies.
//! Cutting them out needs no parse of what follows, so a known body is only hashed.

use std::ops::Range;

use super::error::{Limit, MAX_PATH, ParseError, Problem};
use super::xml::{Element, Xml};
use crate::model::{Hash, Hasher, Target};

/// The names of the root's children that say which target a document describes.
pub(super) const IDENTITY: [&str; 4] = ["path", "domain", "machine", "arch"];

/// A document split into its head (the identity elements and what stands between them) and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which target the document describes.
    pub target: Target,
    /// Where the head stands in the document.
    pub range: Range<usize>,
}

impl Head {
    /// The address of the body: of where the head was cut out and of all the bytes around it.
    ///
    /// # Panics
    /// When `document` is not the one that was split.
    #[must_use]
    pub fn body_hash(&self, document: &[u8]) -> Hash {
        Hasher::new().part(&document[..self.range.start]).part(&document[self.range.end..]).finish()
    }

    /// The body's bytes.
    ///
    /// # Panics
    /// When `document` is not the one that was split.
    #[must_use]
    pub fn body(&self, document: &[u8]) -> Vec<u8> {
        [&document[..self.range.start], &document[self.range.end..]].concat()
    }
}

/// Splits a document without reading its body, where its identity stands whole at its start, as
/// libvirt prints it. `None` where it does not: then only [`super::document()`] can tell.
///
/// The body may still be ill-formed, or not be a domainCapabilities document's at all.
#[must_use]
pub fn split(document: &[u8]) -> Option<Head> {
    const START: &[u8] = b"<domainCapabilities>";
    let rest = document.strip_prefix(START)?;
    let mut at = START.len();
    let mut range: Option<Range<usize>> = None;
    let mut values: [Option<&str>; 4] = [None; 4];
    let mut left = rest;
    while let Some((which, value, length, indent)) = identity_element(left) {
        if values[which].replace(value).is_some() {
            return None;
        }
        let start = at + indent;
        range = Some(range.map_or(start, |range| range.start)..start + length);
        at = start + length;
        left = &document[at..];
    }
    // Without arch it is not what libvirt prints; without path or machine it can be.
    values[3]?;
    let [path, domain, machine, arch] = values.map(|value| value.unwrap_or_default().to_owned());
    Some(Head { target: Target { emulator: path, virttype: domain, machine, arch }, range: range? })
}

/// One plain `<name>text</name>` behind white space: which, its text, its length, the space's.
fn identity_element(text: &[u8]) -> Option<(usize, &str, usize, usize)> {
    let indent = text.iter().position(|byte| !b" \t\r\n".contains(byte))?;
    let element = text[indent..].strip_prefix(b"<")?;
    let name_end = element.iter().take(8).position(|byte| *byte == b'>')?;
    let which = IDENTITY.iter().position(|name| name.as_bytes() == &element[..name_end])?;
    let inside = &element[name_end + 1..];
    let value_end = inside.iter().take(MAX_PATH + 1).position(|byte| *byte == b'<')?;
    let close = &inside[value_end..];
    let close_length = name_end + 3;
    let is_close = close.starts_with(b"</")
        && close.get(2..2 + name_end) == Some(&element[..name_end])
        && close.get(2 + name_end) == Some(&b'>');
    let value = std::str::from_utf8(&inside[..value_end]).ok()?;
    // Whatever the parser might read in another way, or refuse, is left to it.
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic() && !b"&>".contains(&byte));
    (is_close && plain).then_some((
        which,
        value,
        1 + name_end + 1 + value_end + close_length,
        indent,
    ))
}

/// The head of a parsed document, wherever its identity stands.
pub(super) fn of(document: &[u8], xml: &Xml<'_>) -> Result<Head, ParseError> {
    let mut values: [Option<&Element<'_>>; 4] = [None; 4];
    for child in xml.children(xml.root()) {
        if let Some(which) = IDENTITY.iter().position(|name| *name == child.name)
            && values[which].replace(child).is_some()
        {
            let problem = Problem::IdentityTwice(IDENTITY[which]);
            return Err(ParseError::at(document, child.span().start, problem));
        }
    }
    for (which, element) in values.iter().enumerate() {
        if let Some(element) = element.filter(|element| element.text.len() > MAX_PATH) {
            let problem = Problem::TooLarge(Limit::Identity(IDENTITY[which]));
            return Err(ParseError::at(document, element.span().start, problem));
        }
    }
    let text = |which: usize| values[which].map(|each| each.text.to_string()).unwrap_or_default();
    Ok(Head {
        target: Target { emulator: text(0), virttype: text(1), machine: text(2), arch: text(3) },
        range: leading(xml),
    })
}

/// Where the identity elements stand, when nothing else stands before or between them. A document
/// whose identity stands elsewhere is not cut: its body is all of it, which [`split`] never
/// gives, so such a body is always parsed again.
fn leading(xml: &Xml<'_>) -> Range<usize> {
    let is_identity = |child: &&Element<'_>| IDENTITY.contains(&child.name);
    let children = xml.children(xml.root());
    let all = children.clone().filter(is_identity).count();
    let spans = children.take_while(is_identity).map(|child| child.span());
    match spans.clone().reduce(|first, last| first.start..last.end) {
        Some(range) if spans.count() == all => range,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml;
    use super::*;

    const PLAIN: &str = "<domainCapabilities>\n  <path>/q</path>\n  <domain>kvm</domain>\n  \
        <machine>pc</machine>\n  <arch>x86_64</arch>\n  <vcpu max='1'/>\n</domainCapabilities>\n";

    fn whole(document: &str) -> Head {
        of(document.as_bytes(), &xml::read(document.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_quick_split_is_the_split_of_the_parsed_document() {
        let head = split(PLAIN.as_bytes()).unwrap();
        assert_eq!(head, whole(PLAIN));
        assert_eq!(head.target.to_string(), "x86_64/kvm/pc");
        assert_eq!(head.target.emulator, "/q");
        assert!(!String::from_utf8(head.body(PLAIN.as_bytes())).unwrap().contains("arch"));
    }

    #[test]
    fn documents_of_two_machines_share_a_body() {
        let other = PLAIN.replace("pc", "pc-q35-7.2");
        let hash = |text: &str| split(text.as_bytes()).unwrap().body_hash(text.as_bytes());
        assert_eq!(hash(PLAIN), hash(&other));
        assert_ne!(hash(PLAIN), hash(&PLAIN.replace("max='1'", "max='2'")));
    }

    #[test]
    fn an_unusual_head_is_left_to_the_parser() {
        for (from, to) in [
            ("<path>/q", "<path>/&amp;q"),
            ("<arch>x86_64</arch>", ""),
            ("<machine>pc</machine>", "<machine>pc</machine><machine>pc</machine>"),
            ("<domainCapabilities>", "<?xml version='1.0'?><domainCapabilities>"),
        ] {
            assert_eq!(split(PLAIN.replace(from, to).as_bytes()), None, "{to}");
        }
    }

    #[test]
    fn an_identity_behind_other_elements_is_found_and_nothing_is_cut() {
        let moved = PLAIN.replace("  <machine>pc</machine>\n", "");
        let moved = moved.replace("</domainCap", "<machine>pc</machine></domainCap");
        let head = whole(&moved);
        assert_eq!((head.target.machine.as_str(), head.range.clone()), ("pc", 0..0));
        let quick = split(moved.as_bytes()).unwrap();
        assert_ne!(quick.body_hash(moved.as_bytes()), head.body_hash(moved.as_bytes()));
    }
}
