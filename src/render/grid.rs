//! A table of texts with a head for each column: in a terminal, as comma-separated values, in a browser.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::csv::records;
use super::plain;

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// Its title, for a page.
    pub title: String,
    /// How it is read, for a page.
    pub intro: String,
    /// The head of the names of rows.
    pub corner: String,
    /// Name and what stands with it, of each column.
    pub columns: Vec<(String, String)>,
    /// The rows.
    pub rows: Vec<GridRow>,
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct GridRow {
    /// Its name.
    pub name: String,
    /// What stands with it, on a page.
    pub note: String,
    /// A cell for each column.
    pub cells: Vec<GridCell>,
}

/// A cell.
#[derive(Clone, Debug)]
pub struct GridCell {
    /// What it says, for its colour: `yes`, `no`, `unreported`, `kept`, `deprecated`, `removed`, `new` or `value`.
    pub kind: &'static str,
    /// Its text.
    pub text: String,
}

impl GridCell {
    /// A cell of a kind.
    #[must_use]
    pub fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// Writes it for a terminal.
///
/// # Errors
/// Where the output cannot be written.
pub fn text(grid: &Grid, out: &mut dyn Write) -> std::io::Result<()> {
    let shown = |text: &str| plain(text).into_owned();
    let width = |text: &str| text.chars().count();
    let first = grid.rows.iter().map(|row| width(&shown(&row.name)));
    let first = first.chain([width(&grid.corner)]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..grid.columns.len())
        .map(|at| {
            let cells = grid.rows.iter().map(|row| width(&shown(&row.cells[at].text)));
            cells.chain([width(&shown(&grid.columns[at].0))]).max().unwrap_or(0)
        })
        .collect();
    let bold = Style::new().bold();
    let heads = grid.columns.iter().zip(&widths);
    let heads = heads.map(|((head, _), width)| format!("{:width$}", shown(head)));
    let head = format!("{:first$}  {}", grid.corner, heads.collect::<Vec<_>>().join("  "));
    writeln!(out, "{bold}{}{bold:#}", head.trim_end())?;
    for row in &grid.rows {
        write!(out, "{:first$}", shown(&row.name))?;
        let last = row.cells.len().saturating_sub(1);
        for (at, (cell, column)) in row.cells.iter().zip(&widths).enumerate() {
            let (style, text) = (style(cell.kind), shown(&cell.text));
            let gap = if at == last { 0 } else { column.saturating_sub(width(&text)) };
            write!(out, "  {style}{text}{style:#}{:gap$}", "")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn style(kind: &str) -> Style {
    let colored = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
    match kind {
        "yes" | "kept" => colored(AnsiColor::Green),
        "new" => colored(AnsiColor::Green).bold(),
        "no" | "removed" => colored(AnsiColor::Red),
        "deprecated" => colored(AnsiColor::Yellow),
        "unreported" => Style::new().dimmed(),
        _ => Style::new(),
    }
}

/// Writes a row for each behind a row of names; what is not reported is empty.
///
/// # Errors
/// Where the output cannot be written.
pub fn csv(grid: &Grid, out: &mut dyn Write) -> std::io::Result<()> {
    let heads = std::iter::once(grid.corner.as_str());
    let heads: Vec<&str> =
        heads.chain(grid.columns.iter().map(|(name, _)| name.as_str())).collect();
    let rows = grid.rows.iter().map(|row| {
        let cell = |cell: &GridCell| match cell.kind {
            "unreported" => String::new(),
            _ => cell.text.clone(),
        };
        std::iter::once(row.name.clone()).chain(row.cells.iter().map(cell)).collect()
    });
    records(&heads, rows, out)
}
