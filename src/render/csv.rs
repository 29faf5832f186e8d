//! Comma-separated values (RFC 4180): a row for each finding, for spreadsheets.

use std::borrow::Cow;
use std::io::Write;

use super::record::Records;
use super::words::shown;
use crate::diff::Plain;
use crate::model::Cell;
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
    rows.write_record(COLUMNS).map_err(io_error)?;
    for finding in &report.findings {
        let cells = row(finding, &records);
        rows.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(io_error)?;
    }
    rows.flush()
}

/// Writes rows behind a row of names; no cell is taken for a formula.
///
/// # Errors
/// Where the output cannot be written.
pub(super) fn records(
    header: &[&str],
    records: impl Iterator<Item = Vec<String>>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(header).map_err(io_error)?;
    for record in records {
        let cells = record.iter().map(|cell| inert(cell).into_owned());
        rows.write_record(cells).map_err(io_error)?;
    }
    rows.flush()
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
        inert(finding.fingerprint()),
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

/// Rows of any table.
pub(super) struct Sheet<'o> {
    rows: csv::Writer<&'o mut dyn Write>,
}

impl<'o> Sheet<'o> {
    pub(super) fn new(columns: &[&str], out: &'o mut dyn Write) -> std::io::Result<Self> {
        let mut rows = csv::Writer::from_writer(out);
        let names = columns.iter().map(|name| inert(name).into_owned());
        rows.write_record(names).map_err(io_error)?;
        Ok(Self { rows })
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> std::io::Result<()> {
        let record = self.rows.write_record(cells.iter().map(|cell| field(cell).into_owned()));
        record.map_err(io_error)
    }

    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.rows.flush()
    }
}

/// The error of the output itself, so that a closed pipe stays one: `?` would make any other of it.
fn io_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// NULL is empty, bytes are hexadecimal, members stand behind each other.
fn field<'c>(cell: &'c Cell<'_>) -> Cow<'c, str> {
    match cell {
        Cell::Null => Cow::Borrowed(""),
        Cell::Truth(is) => Cow::Borrowed(if *is { "true" } else { "false" }),
        Cell::Integer(number) => Cow::Owned(number.to_string()),
        Cell::Real(number) => Cow::Owned(number.to_string()),
        // No formula: the kind tells a number, and a spreadsheet may take it for one.
        Cell::Text(text) if text.parse::<i64>().is_ok() && !text.starts_with('+') => {
            Cow::Borrowed(text)
        }
        Cell::Text(text) => inert(text),
        Cell::Blob(bytes) => Cow::Owned(super::json::hex(bytes)),
        Cell::List(texts) => Cow::Owned(inert(&texts.join("; ")).into_owned()),
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
        assert_eq!(field(&Cell::text("-1")), "-1");
        assert_eq!(field(&Cell::text("+1")), "'+1");
        assert_eq!(field(&Cell::list(["=1", "b"])), "'=1; b");
    }
}
