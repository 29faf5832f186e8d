//! Listings: columns as wide as they need to be.

use std::io::Write;

use comfy_table::{ContentArrangement, Table};
use unicode_width::UnicodeWidthStr as _;

use crate::model::Cell;

/// Writes rows under a header; an empty cell is shown as `-`.
///
/// # Errors
/// Where the output cannot be written.
pub fn table(header: &[&str], rows: &[Vec<String>], out: &mut dyn Write) -> std::io::Result<()> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| {
            let cell = super::plain(cell);
            if cell.is_empty() { "-".into() } else { cell }
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
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
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&self.widths) {
            line.push_str(cell);
            // Two at least, so that a wide cell does not run into the next.
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        writeln!(self.out, "{}", line.trim_end())
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
