//! What a byte may be in XML: one look into a table, since each byte of a tag is asked about.

/// A name may begin with it.
const START: u8 = 1;
/// A name may go on with it.
const NAME: u8 = 2;

const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    loop {
        let starts = byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80;
        let goes_on = starts || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        kinds[byte as usize] = if starts { START } else { 0 } | if goes_on { NAME } else { 0 };
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

/// How many bytes at the start of `text` are seen to stand in an attribute's value for themselves:
/// no quote, no reference, no white space to normalise, and nothing that is refused.
///
/// Sixteen at once: nearly all values are shorter, and where a loop over bytes ends the processor
/// has guessed wrong. Bytes below `(`, all quotes and white space among them, and `<` end it.
pub(super) fn plain_length(text: &[u8]) -> usize {
    const LENGTH: usize = 16;
    let (blocks, _) = text.as_chunks::<LENGTH>();
    for (nth, block) in blocks.iter().enumerate() {
        let block = u128::from_le_bytes(*block);
        let ends = below(block, b'(') | below(block ^ each(b'<'), 1);
        if ends != 0 {
            return nth * LENGTH + ends.trailing_zeros() as usize / 8;
        }
    }
    blocks.len() * LENGTH
}

/// The same byte sixteen times.
const fn each(byte: u8) -> u128 {
    u128::from_le_bytes([byte; 16])
}

/// The highest bit of the first byte that is less than `limit`, which is at most 0x80. What is set
/// above it means nothing.
fn below(block: u128, limit: u8) -> u128 {
    block.wrapping_sub(each(limit)) & !block & each(0x80)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_value_ends_where_its_first_byte_stands_that_is_not() {
        for byte in 0..=u8::MAX {
            for at in 0..40 {
                let mut text = vec![b'a'; 48];
                text[at] = byte;
                text[at + 1..].fill(b'\'');
                let is_plain = byte >= b'(' && byte != b'<';
                assert_eq!(plain_length(&text), at + usize::from(is_plain), "{byte} at {at}");
            }
        }
    }

    #[test]
    fn no_more_is_plain_than_was_looked_at() {
        assert_eq!(plain_length(b"short"), 0);
        assert_eq!(plain_length(b"sixteen letters.and more"), 7);
        assert_eq!(plain_length(b"sixteen-letters.and more"), 16);
    }
}
