//! `domcaps sql`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Global;
use super::failure::{Exit, Failure};
use super::outputs;
use super::ui::{self, Ui};
use crate::bounded;
use crate::render;
use crate::render::rows::{RowFormat, Rows};
use crate::store::{AskError, Reader, View};

/// Ask the database in SQL; nothing can be changed this way
///
/// One SELECT over the views that are documented in migrations/README.md: they keep their columns and
/// meanings, the tables below them do not. Rows are written as they come.
#[derive(Args, Debug)]
#[command(override_usage = "domcaps sql [OPTIONS] <STATEMENT|-|--file FILE|--views>")]
#[command(after_help = "\
Examples:
  domcaps sql --views
  domcaps sql \"SELECT host, libvirt FROM snapshot WHERE state = 'complete'\"
  domcaps sql --file question.sql --format csv --output answer.csv
  echo \"SELECT count(*) FROM latest_capability\" | domcaps sql - --format json

In the table NULL is -, in csv it is empty. Bytes are hexadecimal digits. csv is for spreadsheets: a
quote stands before text that they would take for a formula. ndjson and json hold text as it is.")]
pub(super) struct Arguments {
    /// The statement; - reads it from standard input
    #[arg(required_unless_present_any = ["file", "views"])]
    statement: Option<String>,
    /// Read the statement from a file
    #[arg(long, value_name = "FILE", conflicts_with = "statement")]
    file: Option<PathBuf>,
    /// List the views and their columns
    #[arg(long, conflicts_with_all = ["statement", "file"])]
    views: bool,
    /// How to show the rows
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write them to a file, whole or not at all
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns for people
    #[value(alias = "text")]
    Table,
    /// Comma-separated values
    Csv,
    /// An object a line
    Ndjson,
    /// One object with all rows
    Json,
}

impl From<Format> for RowFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Csv => Self::Csv,
            Format::Ndjson => Self::Ndjson,
            Format::Json => Self::Json,
        }
    }
}

/// More than anyone writes.
const LONGEST: usize = 1 << 20;

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let statement = match arguments.views {
        true => None,
        false => Some(statement(arguments)?),
    };
    let stop = ui::interruption()?;
    let reader = Reader::open(&ui::database(global)?, stop)?;
    let write = |out: &mut dyn std::io::Write| match &statement {
        Some(sql) => rows(&reader, sql, arguments.format, out),
        None => views(&reader.views()?, arguments.format, out),
    };
    match &arguments.output {
        Some(path) => {
            outputs::save_with(path, write)?;
            ui.status(format!("rows written to {}", path.display()));
        }
        None => write(ui.out())?,
    }
    Ok(Exit::Done)
}

/// The statement, wherever it is.
fn statement(arguments: &Arguments) -> Result<String, Failure> {
    let read = |from: &str, stream: &mut dyn std::io::Read| {
        let text = bounded::text(stream, LONGEST);
        text.map_err(|error| Failure::new(&format!("{from}: cannot read a statement: {error}")))
    };
    match (&arguments.file, arguments.statement.as_deref()) {
        (Some(path), _) if path != Path::new("-") => {
            let name = path.display().to_string();
            let file = std::fs::File::open(path);
            let mut file = file.map_err(|error| Failure::new(&format!("{name}: {error}")))?;
            read(&name, &mut file)
        }
        (Some(_), _) | (None, Some("-")) => read("standard input", &mut std::io::stdin().lock()),
        (None, statement) => Ok(statement.unwrap_or_default().to_owned()),
    }
}

fn rows(
    reader: &Reader,
    sql: &str,
    format: Format,
    out: &mut dyn std::io::Write,
) -> Result<(), Failure> {
    let answer = reader.ask(sql).map_err(|error| explained(error, reader))?;
    let columns = answer.columns();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut rows = Rows::new(format.into(), None, &columns, out)?;
    let asked = answer.each(|cells| rows.row(cells).map_err(Stopped::from));
    match asked {
        Ok(()) => Ok(rows.finish()?),
        Err(Stopped::Written(failure)) => Err(failure),
        // What was found so far stands before the error, as whole JSON too: who reads that is told of
        // the statement's error by exit code and stderr, and not of JSON that ends in the middle.
        Err(Stopped::Asked(error)) => {
            rows.finish()?;
            Err(explained(error, reader))
        }
    }
}

/// Why not all rows were written.
enum Stopped {
    Asked(AskError),
    Written(Failure),
}

impl From<AskError> for Stopped {
    fn from(error: AskError) -> Self {
        Self::Asked(error)
    }
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        Self::Written(error.into())
    }
}

fn views(views: &[View], format: Format, out: &mut dyn std::io::Write) -> Result<(), Failure> {
    if format == Format::Json {
        return Ok(render::json::views(views, out)?);
    }
    let mut rows = Rows::new(format.into(), None, &["view", "column"], out)?;
    for view in views {
        for column in &view.columns {
            rows.row(&[crate::model::Cell::text(&view.name), crate::model::Cell::text(column)])?;
        }
    }
    Ok(rows.finish()?)
}

/// The error with what to do.
fn explained(error: AskError, reader: &Reader) -> Failure {
    const READS: &str = "`domcaps sql` only reads, one SELECT at a time";
    match error {
        AskError::Store(error) => error.into(),
        AskError::Refused(_) | AskError::Several => {
            Failure::usage(&format!("sql: {error}")).with_hint(READS)
        }
        AskError::Nothing => Failure::usage(&format!("sql: {error}"))
            .with_hint("`domcaps sql --views` lists what can be asked"),
        AskError::Interrupted => Failure::new(&"interrupted: these are not all rows"),
        AskError::Sql { ref message, .. } => {
            let hint = hint(message, &reader.views().unwrap_or_default());
            Failure::usage(&format!("sql: {error}")).with_hint(&hint)
        }
    }
}

/// What there is instead of a name that there is not.
fn hint(message: &str, views: &[View]) -> String {
    let names = || views.iter().map(|view| view.name.as_str());
    let columns = || views.iter().flat_map(|view| &view.columns).map(String::as_str);
    let unknown = |what: &str| message.split_once(what).map(|(_, name)| name.trim());
    let nearest = if let Some(name) = unknown("no such table:") {
        crate::model::nearest_name(name, names()).map(|name| format!("the view `{name}`"))
    } else if let Some(name) = unknown("no such column:") {
        let name = name.rsplit('.').next().unwrap_or(name);
        crate::model::nearest_name(name, columns()).map(|name| {
            let has = views.iter().filter(|view| view.columns.iter().any(|each| each == name));
            let has: Vec<&str> = has.map(|view| view.name.as_str()).collect();
            format!("`{name}` of {}", has.join(", "))
        })
    } else {
        None
    };
    match nearest {
        Some(nearest) => format!("nearest is {nearest}; `domcaps sql --views` lists all"),
        None => "`domcaps sql --views` lists the views and their columns".to_owned(),
    }
}
