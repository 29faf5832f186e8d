//! Several documents in one file: `virsh hypervisor-cpu-baseline` reads such files, and `cat` makes
//! them.

use std::ops::Range;

use crate::parse;

/// Where the documents of a file stand, each with the end of its last line, as if each had been
/// written to a file of its own. What is no document is a piece too.
pub(super) fn pieces(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    loop {
        let blank = bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        at += blank;
        if at == bytes.len() {
            return pieces;
        }
        let end = parse::root_name(&bytes[at..])
            .and_then(|root| end_of(&bytes[at..], root))
            .map_or(bytes.len(), |end| at + end);
        pieces.push(at..end);
        at = end;
    }
}

/// Where the element `root` ends, with the end of its line.
fn end_of(bytes: &[u8], root: &str) -> Option<usize> {
    let tag = format!("</{root}>");
    let found = bytes.windows(tag.len()).position(|window| window == tag.as_bytes())?;
    let end = found + tag.len();
    Some(if bytes[end..].starts_with(b"\n") { end + 1 } else { end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        pieces(text.as_bytes()).into_iter().map(|piece| &text[piece]).collect()
    }

    #[test]
    fn each_document_is_as_it_would_be_in_a_file_of_its_own() {
        let one = "<domainCapabilities>\n  <a/>\n</domainCapabilities>\n";
        let list = "<capabilities><host><cpu>x</cpu></host></capabilities>";
        assert_eq!(cut(one), [one]);
        assert_eq!(cut(&format!("{one}{one}")), [one, one]);
        assert_eq!(
            cut(&format!("{list}\n\n<?xml version='1.0'?>\n{one}\n")),
            [format!("{list}\n").as_str(), format!("<?xml version='1.0'?>\n{one}").as_str()]
        );
        assert_eq!(cut(&format!("{one}$ virsh\n")), [one, "$ virsh\n"]);
        assert!(cut(" \n").is_empty());
    }
}
