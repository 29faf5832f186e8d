//! Listings: columns as wide as they need to be.

use std::borrow::Cow;
use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use crate::model::Cell;

/// Writes rows under a header; an empty cell is shown as `-`.
///
/// # Errors
/// Where the output cannot be written.
pub fn table(header: &[&str], rows: &[Vec<String>], out: &mut dyn Write) -> std::io::Result<()> {
    let header: Vec<Cow<'_, str>> = header.iter().map(|name| name.to_uppercase().into()).collect();
    let mut widths: Vec<usize> = header.iter().map(|name| name.width()).collect();
    let rows: Vec<Vec<Cow<'_, str>>> = rows
        .iter()
        .map(|row| {
            let shown = row.iter().map(|cell| match super::plain(cell) {
                cell if cell.is_empty() => "-".into(),
                cell => cell,
            });
            shown.collect()
        })
        .collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    std::iter::once(&header).chain(&rows).try_for_each(|row| write_row(row, &widths, out))
}

/// Writes cells that are this wide, with two spaces between them.
fn write_row<C: AsRef<str>>(
    row: &[C],
    widths: &[usize],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let cell = cell.as_ref();
        line.push_str(cell);
        // Two at least, so that a wide cell does not run into the next.
        line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    out.write_all(line.as_bytes())
}

/// Rows that decide how wide columns are.
const SAMPLE: usize = 1000;

/// A table of any length: its first thousand rows decide the widths. A cell that is wider than its
/// column moves what stands behind it, and nothing is cut.
pub(super) struct Columns<'o> {
    out: &'o mut dyn Write,
    widths: Vec<usize>,
    /// The header and the first rows, until the widths are decided.
    held: Option<Vec<Vec<String>>>,
}

impl<'o> Columns<'o> {
    pub(super) fn new(names: &[&str], out: &'o mut dyn Write) -> Self {
        let names: Vec<String> = names.iter().map(|name| super::plain(name).into_owned()).collect();
        let widths = names.iter().map(|name| name.width()).collect();
        Self { out, widths, held: Some(vec![names]) }
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> std::io::Result<()> {
        let row: Vec<String> = cells.iter().map(shown).collect();
        let Some(held) = &mut self.held else { return self.write(&row) };
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = (*width).max(cell.width());
        }
        held.push(row);
        if held.len() > SAMPLE { self.release() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.release()
    }

    /// Writes what was held: from now on rows go straight out.
    fn release(&mut self) -> std::io::Result<()> {
        let mut held = self.held.take().unwrap_or_default();
        if !held.is_empty() {
            held.insert(1, self.widths.iter().map(|width| "-".repeat(*width)).collect());
        }
        held.iter().try_for_each(|row| self.write(row))
    }

    fn write(&mut self, row: &[String]) -> std::io::Result<()> {
        write_row(row, &self.widths, self.out)
    }
}

/// A cell on one line: NULL is `-`, bytes are hexadecimal.
fn shown(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => "-".to_owned(),
        Cell::Truth(is) => if *is { "yes" } else { "no" }.to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => super::plain(text).into_owned(),
        Cell::Blob(bytes) => super::json::hex(bytes),
        Cell::List(texts) => super::plain(&texts.join(", ")).into_owned(),
    }
}
