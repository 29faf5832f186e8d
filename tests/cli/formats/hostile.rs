//! Values that a host could send to mean something in a report.

use super::{Format, hostile, written};

/// Each is the value of an enumeration, as it stands in the document.
pub(super) const VALUES: [&str; 22] = [
    "a]]>b",
    "<script>alert(1)</script>",
    "<!-- -->",
    "</details><details open>",
    r#""quoted" 'twice'"#,
    "%0A::error::forged",
    "::error title=x::forged",
    "##[error]forged",
    "line\nbreak::error::x\r\n\r\n# heading",
    "a|b|c",
    "`tick` ``ticks`` ```fence```",
    "` ",
    "@everyone @org/team #1 GH-12 deadbeef1234567",
    "=cmd()|'/C calc'!A0",
    "+1-2",
    "@SUM(1)",
    "[link](https://example.com) ![image](https://example.com/i.png)",
    "https://example.com www.example.com a@example.com",
    "{0} {{x}} [1](2)",
    "\u{1b}[31mred\u{9b}0m\u{7}\u{202e}",
    "*bold* _it_ ~~no~~ $math$ :smile: \\",
    "- item",
];

/// The bundled document with them all in one enumeration, and with one lost that others look at.
pub(super) fn document() -> String {
    let escaped = |value: &str| {
        // What XML 1.0 cannot hold (section 2.2) no document can bring.
        let value: String = value.chars().filter(|it| *it != '\u{1b}' && *it != '\u{7}').collect();
        value.replace('&', "&amp;").replace('<', "&lt;").replace(">", "&gt;").replace('\r', "&#13;")
    };
    let values: String =
        VALUES.iter().map(|value| format!("<value>{}</value>", escaped(value))).collect();
    let document = crate::support::document().replace("<value>qxl</value>", &values);
    document.replace("/usr/share/OVMF/OVMF_CODE.fd", "/a`b|c/@everyone/[x](https://example.com).fd")
}

#[test]
fn the_values_are_there() {
    let report = hostile();
    let count =
        report.findings.iter().filter(|each| each.difference.path == "devices.video.modelType");
    // Blanks at the ends are trimmed, so that none is lost; qxl is.
    assert_eq!(count.count(), VALUES.len() + 1);
}

#[test]
fn nothing_that_a_terminal_or_a_log_obeys_is_written() {
    let report = hostile();
    for format in [Format::Markdown, Format::Github, Format::Csv, Format::Junit] {
        let text = written(format, &report);
        let obeyed = text.chars().find(|it| (it.is_control() && *it != '\n') || *it == '\u{202e}');
        assert_eq!(obeyed, None, "{}", format.name());
    }
}

#[test]
fn a_log_has_no_other_commands_than_ours() {
    let text = written(Format::Github, &hostile());
    for line in text.lines() {
        let ours = ["::error title=", "::warning title=", "::notice title="];
        assert!(ours.iter().any(|start| line.starts_with(start)), "{line}");
        let properties = line[2..].split("::").next().unwrap();
        assert!(!properties.contains(',') && !properties.contains(':'), "{properties}");
    }
    assert!(text.contains("%250A%3A%3A") || text.contains("%250A::error"), "{text}");
}

#[test]
fn a_row_is_a_line_and_no_cell_is_a_formula() {
    let report = hostile();
    let text = written(Format::Csv, &report);
    assert_eq!(text.lines().count(), report.findings.len() + 1);
    for start in ["=cmd", "+1-2", "@SUM", "- item"] {
        assert!(text.contains(&format!("'{start}")), "{start}: {text}");
        assert!(!text.contains(&format!(",{start}")) && !text.contains(&format!(",\"{start}")));
    }
}
