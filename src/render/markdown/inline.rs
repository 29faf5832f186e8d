//! Text that means nothing in Markdown.

/// A code span around anything (CommonMark 0.31, section 6.1): on one line, between more backticks
/// than it holds in a row, with a blank before and behind where it begins or ends with one.
pub(in crate::render) fn code(text: &str) -> String {
    let text = crate::render::plain(text);
    if text.trim().is_empty() {
        return "`(empty)`".to_owned();
    }
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let ticks = "`".repeat(longest + 1);
    let is_open = |letter: Option<char>| matches!(letter, Some('`' | ' '));
    let pad = if is_open(text.chars().next()) || is_open(text.chars().last()) { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A sentence: its plain words as they are, anything else in code spans.
///
/// Plain is a word of letters, with hyphens in it, or a number, with the punctuation of a sentence
/// around it. So no markup, address, mention (`@x`), reference (`#1`, `GH-1`, `a/b#1`, a commit's
/// hash) or emoji (`:x:`) is.
pub(in crate::render) fn prose(text: &str) -> String {
    let text = crate::render::plain(text);
    let mut shown = String::with_capacity(text.len() + 16);
    let mut unsafe_words = String::new();
    for word in text.split(' ') {
        if !is_plain(word) {
            if !unsafe_words.is_empty() {
                unsafe_words.push(' ');
            }
            unsafe_words.push_str(word);
            // A sentence goes on behind its punctuation.
            if word.ends_with([';', ',']) {
                flush(&mut shown, &mut unsafe_words);
            }
            continue;
        }
        flush(&mut shown, &mut unsafe_words);
        separate(&mut shown);
        shown.push_str(word);
    }
    flush(&mut shown, &mut unsafe_words);
    shown
}

fn separate(shown: &mut String) {
    if !shown.is_empty() && !shown.ends_with(' ') {
        shown.push(' ');
    }
}

/// Writes what has gathered as one span, the punctuation around it outside.
fn flush(shown: &mut String, words: &mut String) {
    if words.is_empty() {
        return;
    }
    separate(shown);
    let inner = words.trim_start_matches('(');
    shown.push_str(&words[..words.len() - inner.len()]);
    let core = inner.trim_end_matches(BEHIND);
    if !core.is_empty() {
        shown.push_str(&code(core));
    }
    // Punctuation alone is plain, but for `)` behind a number: that begins a list.
    shown.push_str(&inner[core.len()..]);
    words.clear();
}

/// What a word of a sentence may end with.
const BEHIND: [char; 5] = [',', ';', ':', '.', ')'];

fn is_plain(word: &str) -> bool {
    let core = word.trim_start_matches('(').trim_end_matches(BEHIND);
    let is_number = !core.is_empty() && core.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return core == word || word.ends_with([',', ';', ':']) || word.starts_with('(');
    }
    // `10.1` begins no list, `10.` would.
    let is_version = core.contains('.')
        && core
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    is_version
        || matches!(core, "" | "→" | "…")
        || core.split('-').all(|part| {
            !part.is_empty()
                && part.chars().all(|letter| letter.is_alphabetic() || matches!(letter, '’' | '\''))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_holds_any_backticks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code(" a"), "`  a `");
        assert_eq!(code(" "), "`(empty)`");
        assert_eq!(code("a\nb"), r"`a\u{a}b`");
    }

    #[test]
    fn only_plain_words_are_outside_of_spans() {
        let same =
            "guests that ask for it there cannot start; QEMU deletes host-model (again), 45 to";
        assert_eq!(prose(same), same);
        assert_eq!(prose("names /a/b.fd, c (d_e)."), "names `/a/b.fd`, c (`d_e`).");
        assert_eq!(prose("of i686/qemu x86_64/kvm: not"), "of `i686/qemu x86_64/kvm`: not");
        assert_eq!(prose("ask @everyone #1 GH-12 www.x.org"), "ask `@everyone #1 GH-12 www.x.org`");
        assert_eq!(prose("<b> *x* _y_ [a](b) :smile: `z`"), "`` <b> *x* _y_ [a](b) :smile: `z` ``");
        assert_eq!(prose("1. a deadbeef1"), "`1`. a `deadbeef1`");
        assert_eq!(prose("a → b …"), "a → b …");
    }
}
