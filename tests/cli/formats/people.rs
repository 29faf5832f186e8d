//! Markdown: what people read where others comment.

use domcaps::report::Report;

use super::{Format, fleet, hostile, nothing, of_documents, upgrade, written};
use crate::support::{document, expect};

#[test]
fn a_comment() {
    expect("formats-markdown", &written(Format::Markdown, &upgrade(None)));
    expect("formats-markdown-nothing", &written(Format::Markdown, &nothing()));
}

#[test]
fn a_comment_about_a_fleet() {
    let text = written(Format::Markdown, &fleet());
    assert!(text.starts_with("## group compute: pre-upgrade → latest\n"), "{text}");
    assert!(text.contains("\n- `hv01`, `hv02`: 277 findings"), "{text}");
    assert!(text.contains("\n- `hv04` not compared: no snapshot of that time\n"), "{text}");
}

/// What is left without code spans (CommonMark 0.31, section 6.1).
fn outside_of_spans(text: &str) -> String {
    let ticks = |text: &str| text.len() - text.trim_start_matches('`').len();
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        left.push_str(&rest[..at]);
        let length = ticks(&rest[at..]);
        let mut behind = &rest[at + length..];
        loop {
            let end = behind.find('`').unwrap_or_else(|| panic!("no end: {}", &rest[at..]));
            let closing = ticks(&behind[end..]);
            behind = &behind[end + closing..];
            if closing == length {
                break;
            }
        }
        left.push('¤');
        rest = behind;
    }
    left + rest
}

#[test]
fn nothing_of_a_host_is_markup() {
    let text = written(Format::Markdown, &hostile());
    assert!(text.contains("@everyone") && text.contains("[link](https"), "{text}");
    let mut left = outside_of_spans(&text);
    for ours in ["<br>", "<details>", "</details>", "<summary>", "</summary>", "**", "## ", "#"] {
        left = left.replace(ours, "");
    }
    let markup = ['@', '<', '>', '[', ']', '_', '*', '#', '~', '$', '\\', '|', '&', '!', '/'];
    assert_eq!(left.find(markup), None, "{left}");
    assert!(!left.contains("http") && !left.contains("www"), "{left}");
}

/// A report of more entries than a comment holds.
fn endless() -> Report {
    let devices = |is_there: &str| -> String {
        let device = |at| format!("<dev{at:04} supported='{is_there}'/>");
        (0..3000).map(device).collect()
    };
    let with = |devices: &str| document().replace("<devices>", &format!("<devices>{devices}"));
    of_documents(&with(&devices("yes")), &with(&devices("no")), ["old.xml", "new.xml"])
}

#[test]
fn a_comment_has_an_end() {
    let report = endless();
    assert!(report.findings.len() >= 3000);
    let text = written(Format::Markdown, &report);
    let characters = text.chars().count();
    assert!(characters > 60_000 && characters <= 65_536, "{characters}");
    assert!(text.contains("more lines, too long for a comment"));
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}
