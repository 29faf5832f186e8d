//! What the page of a matrix is filled with: texts only, so that the template escapes them.

use crate::fleet::{Cell, Column, Matrix, Row};
use crate::model::counted;
use crate::render::grid::{Grid, GridCell, GridRow};
use crate::render::plain;

/// The page.
pub(super) struct View {
    pub(super) tool: String,
    pub(super) title: String,
    pub(super) intro: String,
    pub(super) corner: String,
    pub(super) columns: Vec<Head>,
    pub(super) rows: Vec<Line>,
}

/// The head of a column; the path stands above the first of its members.
pub(super) struct Head {
    pub(super) path: String,
    pub(super) value: String,
}

/// One row: its name, and its hosts where they are several.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) hosts: String,
    pub(super) cells: Vec<Shown>,
}

/// One cell.
pub(super) struct Shown {
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl View {
    pub(super) fn new(matrix: &Matrix) -> Self {
        let hosts: usize = matrix.rows.iter().map(|row| row.hosts.len()).sum();
        let noun = if hosts == 1 { "host" } else { "hosts" };
        Self {
            tool: format!("domcaps {}", env!("CARGO_PKG_VERSION")),
            title: format!("What {hosts} {noun} can do"),
            intro: "yes: some machine offers it. no: it is said not to be there. some: architectures or domain \
                types differ. –: not reported, which is not no."
                .to_owned(),
            corner: "hosts".to_owned(),
            columns: heads(&matrix.columns),
            rows: matrix.rows.iter().map(line).collect(),
        }
    }
}

impl View {
    /// A table of texts.
    pub(super) fn of_grid(grid: &Grid) -> Self {
        let shown = |text: &str| plain(text).into_owned();
        let head = |head: &(String, String)| Head { path: shown(&head.1), value: shown(&head.0) };
        let cell = |cell: &GridCell| Shown { kind: cell.kind, text: shown(&cell.text) };
        let line = |row: &GridRow| Line {
            name: shown(&row.name),
            hosts: shown(&row.note),
            cells: row.cells.iter().map(cell).collect(),
        };
        Self {
            tool: format!("domcaps {}", env!("CARGO_PKG_VERSION")),
            title: shown(&grid.title),
            intro: shown(&grid.intro),
            corner: shown(&grid.corner),
            columns: grid.columns.iter().map(head).collect(),
            rows: grid.rows.iter().map(line).collect(),
        }
    }
}

fn heads(columns: &[Column]) -> Vec<Head> {
    let mut above: Option<&str> = None;
    let head = |column: &Column, is_first: bool| match &column.value {
        Some(value) => Head {
            path: if is_first { plain(&column.path).into_owned() } else { String::new() },
            value: plain(value).into_owned(),
        },
        None => Head { path: String::new(), value: plain(&column.path).into_owned() },
    };
    let mut heads = Vec::with_capacity(columns.len());
    for column in columns {
        heads.push(head(column, above != Some(&column.path)));
        above = Some(&column.path);
    }
    heads
}

fn line(row: &Row) -> Line {
    let names: Vec<&str> = row.hosts.iter().map(|host| host.as_str()).collect();
    let (name, hosts) = match &names[..] {
        [one] => ((*one).to_owned(), String::new()),
        several => (counted(several.len(), "host"), several.join(", ")),
    };
    Line { name, hosts, cells: row.cells.iter().map(shown).collect() }
}

fn shown(cell: &Cell) -> Shown {
    let (kind, text) = match cell {
        Cell::Yes => ("yes", "yes".to_owned()),
        Cell::No => ("no", "no".to_owned()),
        Cell::Some => ("some", "some".to_owned()),
        Cell::Unreported => ("unreported", "–".to_owned()),
        Cell::Values(values) => {
            let values: Vec<&str> = values.iter().map(|value| &**value).collect();
            ("value", plain(&values.join(", ")).into_owned())
        }
    };
    Shown { kind, text }
}
