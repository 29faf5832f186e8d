//! domainCapabilities documents.

use super::error::{ParseError, Problem};
use super::identity::{self, Head};
use super::{walk, xml};
use crate::model::Capabilities;

/// A parsed domainCapabilities document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Which target it describes, and where its identity stands.
    pub head: Head,
    /// Everything else it says.
    pub capabilities: Capabilities,
}

/// Reads a domainCapabilities document (libvirt's docs/formatdomaincaps.rst).
///
/// # Errors
/// Where the bytes are not well-formed XML in UTF-8 with that root, or exceed a [`super::Limit`].
pub fn document(bytes: &[u8]) -> Result<Document, ParseError> {
    const ROOT: &str = "domainCapabilities";
    let xml = xml::read(bytes)?;
    let root = xml.root();
    if root.name != ROOT {
        let problem = Problem::Root { found: root.name.to_owned(), expected: ROOT };
        return Err(ParseError::at(bytes, root.span().start, problem));
    }
    let head = identity::of(bytes, &xml)?;
    let mut capabilities = Capabilities::with_room(bytes.len());
    walk::walk(&xml, &mut capabilities)
        .map_err(|(at, limit)| ParseError::at(bytes, at, Problem::TooLarge(limit)))?;
    Ok(Document { head, capabilities })
}
