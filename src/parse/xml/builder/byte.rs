//! What a byte may be in XML: one look into a table, since each byte of a tag is asked about.

/// A name may begin with it.
const START: u8 = 1;
/// A name may go on with it.
const NAME: u8 = 2;
/// It stands in an attribute's value for itself: no quote, no reference, no white space to
/// normalise, and nothing that is refused.
const PLAIN: u8 = 4;

const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    loop {
        let starts = byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80;
        let goes_on = starts || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let plain = !matches!(byte, b'\'' | b'"' | b'&' | b'<' | b'\t' | b'\n' | b'\r');
        kinds[byte as usize] = if starts { START } else { 0 }
            | if goes_on { NAME } else { 0 }
            | if plain { PLAIN } else { 0 };
        if byte == u8::MAX {
            return kinds;
        }
        byte += 1;
    }
}

fn is(byte: u8, kind: u8) -> bool {
    KINDS[usize::from(byte)] & kind != 0
}

/// A name as XML 1.0 section 2.3 has it; beyond ASCII, anything.
pub(super) fn is_name(name: &str) -> bool {
    name_length(name.as_bytes()) == name.len() && !name.is_empty()
}

/// How many bytes at the start of `text` are a name.
pub(super) fn name_length(text: &[u8]) -> usize {
    if !text.first().is_some_and(|first| is(*first, START)) {
        return 0;
    }
    text.iter().position(|byte| !is(*byte, NAME)).unwrap_or(text.len())
}

/// How many bytes at the start of `text` stand in an attribute's value for themselves.
pub(super) fn plain_length(text: &[u8]) -> usize {
    text.iter().position(|byte| !is(*byte, PLAIN)).unwrap_or(text.len())
}

/// White space of XML.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Without white space before it.
pub(super) fn trim_start(text: &str) -> &str {
    let from = text.bytes().position(|byte| !is_space(byte)).unwrap_or(text.len());
    &text[from..]
}

/// Without white space around it.
pub(super) fn trim(text: &str) -> &str {
    let text = trim_start(text);
    let end = text.bytes().rposition(|byte| !is_space(byte)).map_or(0, |last| last + 1);
    &text[..end]
}
