//! The matrix in the terminal, and as comma-separated values.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::{counted, few_hosts, short};
use crate::fleet::{Cell, Column, Matrix, Row};
use crate::render::csv::records;
use crate::render::plain;

/// Writes a table: paths over the values of each.
///
/// # Errors
/// Where the output cannot be written.
pub fn matrix(matrix: &Matrix, out: &mut dyn Write) -> std::io::Result<()> {
    let names: Vec<String> = matrix.rows.iter().map(|row| plain(&name(row)).into_owned()).collect();
    let first = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let cells = |row: &Row| -> Vec<String> {
        row.cells.iter().map(|cell| plain(&shown(cell)).into_owned()).collect()
    };
    let rows: Vec<Vec<String>> = matrix.rows.iter().map(cells).collect();
    let heads: Vec<String> =
        matrix.columns.iter().map(|it| plain(&head(it)).into_owned()).collect();
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([head.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    if let Some(line) = paths(&matrix.columns, first, &widths) {
        writeln!(out, "{line}")?;
    }
    let bold = Style::new().bold();
    let heads = heads.iter().zip(&widths).map(|(head, width)| format!("{head:width$}"));
    let heads = format!("{:first$}  {}", "", heads.collect::<Vec<_>>().join("  "));
    writeln!(out, "{bold}{}{bold:#}", heads.trim_end())?;
    for ((name, cells), row) in names.iter().zip(&rows).zip(&matrix.rows) {
        write!(out, "{name:first$}")?;
        let last = cells.len().saturating_sub(1);
        for (at, ((text, width), cell)) in cells.iter().zip(&widths).zip(&row.cells).enumerate() {
            let style = style(cell);
            let gap = if at == last { 0 } else { width - text.chars().count() };
            write!(out, "  {style}{text}{style:#}{:gap$}", "")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Each path once, above the first of its members.
fn paths(columns: &[Column], first: usize, widths: &[usize]) -> Option<String> {
    let mut line = " ".repeat(first);
    let mut start = first;
    let mut above: Option<&str> = None;
    for (column, width) in columns.iter().zip(widths) {
        if column.value.is_some() && above != Some(&column.path) {
            let used = line.chars().count();
            line.push_str(
                &" ".repeat((start + 2).saturating_sub(used).max(usize::from(used > first) * 2)),
            );
            line.push_str(&plain(short(&column.path)));
        }
        above = Some(&column.path);
        start += width + 2;
    }
    (line.chars().count() > first).then_some(line)
}

fn head(column: &Column) -> String {
    match &column.value {
        Some(value) => value.to_string(),
        None => short(&column.path).to_owned(),
    }
}

fn name(row: &Row) -> String {
    match &row.hosts[..] {
        [one] => one.to_string(),
        several => format!("{} ({})", counted(several.len(), "host"), few_hosts(several, 2)),
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Yes => "yes".to_owned(),
        Cell::No => "no".to_owned(),
        Cell::Some => "some".to_owned(),
        Cell::Unreported => "-".to_owned(),
        Cell::Values(values) => {
            let values: Vec<&str> = values.iter().map(|value| &**value).collect();
            values.join(", ")
        }
    }
}

fn style(cell: &Cell) -> Style {
    match cell {
        Cell::Yes => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Cell::No => Style::new().fg_color(Some(AnsiColor::Red.into())),
        Cell::Some => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Cell::Unreported => Style::new().dimmed(),
        Cell::Values(_) => Style::new(),
    }
}

/// Writes a row for each host or cohort behind a row of names: `hosts`, then `PATH` or `PATH=VALUE`.
/// What is not reported is empty.
///
/// # Errors
/// Where the output cannot be written.
pub fn matrix_csv(matrix: &Matrix, out: &mut dyn Write) -> std::io::Result<()> {
    let head = |column: &Column| match &column.value {
        Some(value) => format!("{}={value}", column.path),
        None => column.path.clone(),
    };
    // No path begins as a formula does.
    let heads = matrix.columns.iter().map(|it| plain(&head(it)).into_owned());
    let heads: Vec<String> = heads.collect();
    let heads: Vec<&str> =
        std::iter::once("hosts").chain(heads.iter().map(String::as_str)).collect();
    let rows = matrix.rows.iter().map(|row| {
        let hosts = row.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let cell = |cell: &Cell| match cell {
            Cell::Unreported => String::new(),
            Cell::Values(values) => {
                values.iter().map(|value| &**value).collect::<Vec<_>>().join("; ")
            }
            other => shown(other),
        };
        std::iter::once(hosts).chain(row.cells.iter().map(cell)).collect()
    });
    records(&heads, rows, out)
}
