//! One document written in other ways: quotes, white space, references, comments, CDATA.

/// The document as somebody else might print it. Each tag and text takes the next of `choices`.
pub(crate) fn oddly(document: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().copied().cycle();
    let mut choose = || choices.next().unwrap_or_default();
    let mut out = String::new();
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        out += &odd_text(text, choose());
        let end = tag.find('>').unwrap() + 1;
        let (tag, after) = tag.split_at(end);
        out += &match tag.as_bytes()[1] {
            b'!' => tag.to_owned(),
            b'/' if choose() % 2 == 1 => tag.replace('>', "\n>"),
            b'/' => tag.to_owned(),
            _ => odd_tag(tag, choose()),
        };
        rest = after;
    }
    out + rest
}

fn odd_text(text: &str, choice: u8) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next().filter(|first| !first.is_whitespace()) else {
        return text.to_owned();
    };
    let others = letters.as_str();
    match choice % 4 {
        0 => format!("<![CDATA[{text}]]>"),
        1 => format!("<!-- - -->&#{};{others}", u32::from(first)),
        2 => format!("{first}<?pi x?>{others}<!----><!-- > -->"),
        _ => text.to_owned(),
    }
}

fn odd_tag(tag: &str, choice: u8) -> String {
    let is = |bit: u8| choice & (1 << bit) != 0;
    let quote = if is(0) { "\"" } else { "'" };
    let pieces = tag.split('\'').enumerate().map(|(nth, piece)| {
        let mut letters = piece.chars();
        match letters.next() {
            Some(first) if nth % 2 == 1 && is(1) => {
                format!("&#x{:x};{}", u32::from(first), letters.as_str())
            }
            _ if nth % 2 == 1 => piece.to_owned(),
            _ if is(2) => piece.replace(' ', "\n\t ").replace('=', " ="),
            _ => piece.to_owned(),
        }
    });
    let tag = pieces.collect::<Vec<_>>().join(quote);
    let name = tag[1..].split(['/', '>', ' ', '\n']).next().unwrap();
    match tag.strip_suffix("/>") {
        Some(open) if is(3) => format!("{open}></{name}>"),
        Some(open) if is(4) => format!("{open} />"),
        None if is(4) => tag.replace('>', " >"),
        _ => tag,
    }
}
