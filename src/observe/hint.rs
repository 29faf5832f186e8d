//! What a file is that people take for a document.

use crate::parse::{ParseError, Problem};

/// Says it, where the text around a document is why it cannot be read.
pub(super) fn explain(bytes: &[u8], error: ParseError) -> ParseError {
    let find = |wanted: &str| bytes.windows(wanted.len()).position(|at| at == wanted.as_bytes());
    let plain = ["<domainCapabilities", "<capabilities"].into_iter().find_map(find);
    let escaped = ["&lt;domainCapabilities", "&lt;capabilities"].into_iter().find_map(find);
    let problem = match (plain, escaped) {
        (None, Some(_)) => Problem::Escaped,
        (Some(at), _) if is_text(&bytes[..at]) => Problem::Pasted,
        (Some(_), _) if is_text(behind(bytes)) => Problem::Pasted,
        _ => return error,
    };
    ParseError { problem, ..error }
}

/// What stands behind the last element of a document.
fn behind(bytes: &[u8]) -> &[u8] {
    let ends = ["</domainCapabilities>", "</capabilities>"].map(|tag| {
        let found = bytes.windows(tag.len()).rposition(|window| window == tag.as_bytes());
        found.map_or(bytes.len(), |at| at + tag.len())
    });
    let end = ends.into_iter().filter(|end| *end < bytes.len()).max();
    end.map_or(&[], |end| &bytes[end..])
}

/// Whether something stands there that is not markup: a shell's prompt, a command, a message.
fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    !bytes.is_empty() && !bytes.starts_with(b"<") && std::str::from_utf8(bytes).is_ok()
}
