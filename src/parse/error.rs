//! Why a document was refused, and where in it.

use thiserror::Error;

use super::xml::{MAX_BYTES, MAX_DEPTH, MAX_ITEMS};

/// A refused document: `line:column: reason`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{line}:{column}: {problem}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// Counted in bytes from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

impl ParseError {
    /// A problem at a byte offset of `source`.
    pub(super) fn at(source: &[u8], offset: usize, problem: Problem) -> Self {
        let before = &source[..offset.min(source.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Self { line, column: before.len() - line_start + 1, problem }
    }
}

/// The most machines of a host, counted for each domain type.
pub const MAX_MACHINES: usize = 20_000;

/// The longest path of a capability, in bytes; the longest that libvirt's documents have given is 67.
pub const MAX_PATH: usize = 1024;

/// The most bytes of all paths and values of a document; of libvirt's longest they are 46,000.
pub const MAX_TEXT: usize = 8 << 20;

/// What is wrong with a document.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// No element at all.
    #[error("empty: no XML element")]
    Empty,
    /// Not UTF-8, or another encoding is declared.
    #[error("not UTF-8")]
    Encoding,
    /// A character that XML 1.0 forbids, such as NUL.
    #[error("character U+{0:04X} is not allowed in XML")]
    Character(u32),
    /// Not well-formed XML.
    #[error("not well-formed XML: {0}")]
    Syntax(String),
    /// The input ends inside an element.
    #[error("ends inside <{0}>: truncated?")]
    Truncated(String),
    /// Something other than comments before or after the root element.
    #[error("{0} outside the root element")]
    OutsideRoot(&'static str),
    /// Several domains in one file.
    #[error("holds several guests: give each a file of its own")]
    SeveralGuests,
    /// A document type declaration: libvirt prints none, and it could declare anything.
    #[error("a document type declaration is refused")]
    Doctype,
    /// An entity other than the five of XML and character references.
    #[error("undeclared entity &{0};")]
    Entity(String),
    /// Another kind of document.
    #[error("root is <{found}>, not <{expected}>")]
    Root {
        /// The root element's name.
        found: String,
        /// The name it should have.
        expected: &'static str,
    },
    /// An identity element stands twice.
    #[error("<{0}> stands twice: which target is it?")]
    IdentityTwice(&'static str),
    /// The document's markup is escaped, as a web page or a report shows it.
    #[error(
        "HTML-escaped: it begins with `&lt;`. Replace &lt; &gt; &quot; and &amp; by what they stand for"
    )]
    Escaped,
    /// A prompt, a command or a message stands around the document.
    #[error(
        "text stands around the XML, such as a prompt or a command: a paste from a terminal? Keep only what begins with `<` and ends with the closing tag"
    )]
    Pasted,
    /// More than is read.
    #[error("{0}")]
    TooLarge(Limit),
}

/// The limits on input, far above all that libvirt prints (70 KB, 7 levels, 4,000 items).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of one document.
    #[error("larger than {} MiB", MAX_BYTES >> 20)]
    Bytes,
    /// Elements inside one another.
    #[error("elements nested deeper than {MAX_DEPTH}")]
    Depth,
    /// Elements and attributes, and so capabilities.
    #[error("more than {MAX_ITEMS} elements and attributes")]
    Items,
    /// Bytes of one path: each capability holds the names of all elements that it stands in.
    #[error("a path longer than {MAX_PATH} bytes")]
    Path,
    /// Bytes of all paths and values.
    #[error("paths and values of more than {} MiB", MAX_TEXT >> 20)]
    Text,
    /// Bytes of a word that says which target it is.
    #[error("<{0}> longer than {MAX_PATH} bytes")]
    Identity(&'static str),
    /// Machines of all domain types; a Debian 13 host with five architectures lists 500.
    #[error("more than {MAX_MACHINES} machines")]
    Machines,
}
