//! Comma-separated values (RFC 4180): a row for each finding, for spreadsheets.

use std::borrow::Cow;
use std::io::Write;

use super::record::Records;
use super::words::shown;
use crate::diff::Plain;
use crate::report::Report;
use crate::rules::Finding;

/// Names of the columns; later versions add some at the end.
const COLUMNS: [&str; 15] = [
    "severity",
    "rule",
    "area",
    "kind",
    "path",
    "value",
    "old",
    "new",
    "hosts",
    "host_names",
    "targets",
    "reason",
    "used_by",
    "ignored",
    "fingerprint",
];

/// Writes a row for each finding, ignored ones too, worst first, behind a row of names.
///
/// # Errors
/// Where the output cannot be written.
pub fn findings(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let records = Records::new(report);
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(COLUMNS)?;
    for finding in &report.findings {
        rows.write_record(row(finding, &records).iter().map(|cell| cell.as_bytes()))?;
    }
    rows.flush()
}

/// Writes texts, none of which a spreadsheet takes for a formula.
///
/// # Errors
/// Where the output cannot be written.
pub(super) fn texts(
    rows: impl IntoIterator<Item = Vec<String>>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in rows {
        writer.write_record(row.iter().map(|cell| inert(cell).into_owned()))?;
    }
    writer.flush()
}

fn row<'r>(finding: &'r Finding, records: &Records<'_>) -> [Cow<'r, str>; 15] {
    let difference = &finding.difference;
    let name = |name: &'static str| Cow::Borrowed(name);
    let optional = |text: Option<&'r str>| text.map_or(Cow::Borrowed(""), inert);
    let joined = |names: &[&str]| Cow::Owned(inert(&names.join("; ")).into_owned());
    let guests: Vec<&str> = finding.used_by.iter().flatten().map(String::as_str).collect();
    [
        name(finding.severity.name()),
        name(finding.rule.id),
        name(finding.area().name()),
        name(difference.kind.name()),
        inert(&difference.path),
        optional(difference.value.as_deref()),
        side(difference.old.as_ref()),
        side(difference.new.as_ref()),
        Cow::Owned(records.count(finding).to_string()),
        joined(&records.hosts(finding)),
        Cow::Owned(inert(&records.targets_in_short(&finding.seen)).into_owned()),
        inert(&finding.reason),
        joined(&guests),
        optional(finding.ignored.as_deref()),
        inert(&finding.fingerprint),
    ]
}

/// A number stays one, so that -1 can be counted with.
fn side(value: Option<&Plain>) -> Cow<'_, str> {
    match value {
        None => Cow::Borrowed(""),
        Some(Plain::Number(number)) => Cow::Owned(number.to_string()),
        Some(other) => Cow::Owned(inert(&shown(other)).into_owned()),
    }
}

/// A cell on one line that no spreadsheet takes for a formula, whatever a host or guest is called:
/// a quote before it says that it is text ("CSV Injection", OWASP, which names these beginnings and
/// their full-width forms). Tab and CR have become `\u{9}` and `\u{d}` by then.
fn inert(text: &str) -> Cow<'_, str> {
    let text = super::plain(text);
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{text}"))
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_stay() {
        for formula in ["=cmd()", "+1", "-1+2", "@SUM(A1)", "＝1"] {
            assert_eq!(inert(formula), format!("'{formula}"));
        }
        assert_eq!(inert("\t=1"), r"\u{9}=1");
        assert_eq!(inert("a=b"), "a=b");
        assert_eq!(side(Some(&Plain::Number(-1))), "-1");
        assert_eq!(side(Some(&Plain::text("-1"))), "'-1");
    }
}
