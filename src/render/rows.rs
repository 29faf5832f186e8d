//! Rows of any table, written one after the other: nothing is held but what decides column widths.

use std::collections::HashSet;
use std::io::Write;

use super::csv as spreadsheet;
use super::json::{self, Listed};
use super::table::Columns;
use crate::model::Cell;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// Columns, for people.
    Table,
    /// Comma-separated values, the first line names.
    Csv,
    /// An object a line.
    Ndjson,
    /// One object with all rows.
    Json,
}

/// A table that is being written.
pub struct Rows<'o> {
    schema: Option<&'static str>,
    names: Vec<String>,
    sink: Sink<'o>,
}

enum Sink<'o> {
    Table(Columns<'o>),
    Csv(Box<spreadsheet::Sheet<'o>>),
    Ndjson(&'o mut dyn Write),
    Json(Listed<'o>),
}

impl<'o> Rows<'o> {
    /// Begins a table with these columns; `schema` stands in each object of ndjson.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn new(
        format: RowFormat,
        schema: Option<&'static str>,
        columns: &[&str],
        out: &'o mut dyn Write,
    ) -> std::io::Result<Self> {
        let names = distinct(columns);
        let sink = match format {
            RowFormat::Table => Sink::Table(Columns::new(columns, out)),
            RowFormat::Csv => Sink::Csv(Box::new(spreadsheet::Sheet::new(columns, out)?)),
            RowFormat::Ndjson => Sink::Ndjson(out),
            RowFormat::Json => Sink::Json(Listed::new(&names, out)?),
        };
        Ok(Self { schema, names, sink })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> std::io::Result<()> {
        match &mut self.sink {
            Sink::Table(columns) => columns.row(cells),
            Sink::Csv(sheet) => sheet.row(cells),
            Sink::Ndjson(out) => json::object(self.schema, &self.names, cells, *out),
            Sink::Json(listed) => listed.row(cells),
        }
    }

    /// Ends the table.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn finish(self) -> std::io::Result<()> {
        match self.sink {
            Sink::Table(columns) => columns.finish(),
            Sink::Csv(sheet) => sheet.finish(),
            Sink::Ndjson(_) => Ok(()),
            Sink::Json(listed) => listed.finish(),
        }
    }
}

/// Names for an object: a second column of one name gets `_2` behind it.
fn distinct(columns: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut names = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = (*column).to_owned();
        let mut number = 1;
        while taken.contains(&name) || (number > 1 && columns.contains(&name.as_str())) {
            number += 1;
            name = format!("{column}_{number}");
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_of_one_name_are_told_apart() {
        assert_eq!(super::distinct(&["a", "a", "a_2", "a", "b"]), ["a", "a_3", "a_2", "a_4", "b"]);
    }
}
