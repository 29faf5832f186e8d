//! `domcaps release which`

use clap::{Args, ValueEnum};

use crate::cli::failure::{Exit, Failure};
use crate::cli::query::shown;
use crate::cli::sides;
use crate::cli::ui::{self, Ui};
use crate::query::{Answer, Expression, Node, SideQuery, Test, members};
use crate::release::Entry;
use crate::render;
use crate::render::grid::{Grid, GridCell, GridRow};
use crate::side::{Contents, Side};

/// Show which releases support something: a table of expressions and releases
///
/// An expression is one as `domcaps query` takes it; a path alone whose value is a set becomes a row for each
/// value that some release has. yes: on some target; no: on none; -: no document says it. Releases are captured
/// under emulation, so what the hardware decides is not in them.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps release which 'machine = pc-q35-4.1'
  domcaps release which graphics.type                      a row for each type
  domcaps release which 'machine = pc-i440fx-2.1' 'disk.bus = fdc' --format html > table.html")]
pub(in crate::cli) struct Arguments {
    /// What to ask
    #[arg(value_name = "EXPR", required = true)]
    expressions: Vec<String>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    format: TableFormat,
}

/// Formats of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TableFormat {
    Text,
    Csv,
    /// One file for a browser
    Html,
    Json,
}

/// What each release answers to an expression.
type Row = (String, Vec<&'static str>);

pub(super) fn run(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut contents = Contents::default();
    let entries = ui::catalogue().all()?;
    let sides = sides::releases(&mut contents, &entries)?;
    let all: Vec<&Side> = sides.iter().collect();
    let paths = contents.paths_of(&all)?;
    let mut rows = Vec::new();
    for text in &arguments.expressions {
        let expression: Expression = text.parse().map_err(|error| shown(&error, text))?;
        for expression in expanded(expression, &all, &contents, &paths)? {
            rows.push(row(&expression, (&entries, &all), &contents, &paths)?);
        }
    }
    match arguments.format {
        TableFormat::Json => render::json::which(&entries, &rows, ui.out())?,
        TableFormat::Csv => render::grid::csv(&grid(&entries, &rows), ui.out())?,
        TableFormat::Html => render::html::grid(&grid(&entries, &rows), ui.out())?,
        TableFormat::Text => ui.print(|out| render::grid::text(&grid(&entries, &rows), out))?,
    }
    Ok(Exit::Done)
}

/// A path alone whose value is a set, as an expression for each member; all else as it is.
fn expanded(
    expression: Expression,
    sides: &[&Side],
    contents: &Contents,
    paths: &[String],
) -> Result<Vec<Expression>, Failure> {
    let Node::Leaf(leaf) = &expression.root else { return Ok(vec![expression]) };
    let known = paths.iter().map(String::as_str);
    let (Test::Holds, Ok(path)) =
        (&leaf.test, crate::model::select(known, leaf.subject.text.as_str()))
    else {
        return Ok(vec![expression]);
    };
    let members = members(&path, sides, contents)?;
    if members.is_empty() {
        return Ok(vec![expression]);
    }
    let each = members.iter().map(|member| {
        let text = format!("{} = \"{member}\"", leaf.subject.text);
        let mut expression: Expression = text.parse().map_err(|error| shown(&error, &text))?;
        expression.text = format!("{} = {member}", leaf.subject.text);
        Ok(expression)
    });
    each.collect()
}

fn row(
    expression: &Expression,
    (entries, sides): (&[Entry], &[&Side]),
    contents: &Contents,
    paths: &[String],
) -> Result<Row, Failure> {
    let query =
        SideQuery::new(expression, paths).map_err(|error| shown(&error, &expression.text))?;
    let mut answers = Vec::with_capacity(sides.len());
    for (entry, side) in entries.iter().zip(sides) {
        answers.push(query.ask(&entry.release.manifest.name, side, contents)?.name());
    }
    Ok((expression.text.clone(), answers))
}

fn grid(entries: &[Entry], rows: &[Row]) -> Grid {
    let column = |entry: &Entry| {
        let release = &entry.release;
        let versions = format!(
            "libvirt {}, QEMU {}, captured {} ({})",
            release.visit.info.context.libvirt.as_deref().unwrap_or("?"),
            release.qemu_text().unwrap_or("?"),
            release.manifest.captured,
            entry.origin()
        );
        (release.manifest.name.clone(), versions)
    };
    let cell = |answer: &&'static str| match *answer {
        "unknown" => GridCell::new("unreported", "-"),
        answer => GridCell::new(if answer == Answer::Yes.name() { "yes" } else { "no" }, answer),
    };
    let row = |(name, answers): &Row| GridRow {
        name: name.clone(),
        note: String::new(),
        cells: answers.iter().map(cell).collect(),
    };
    Grid {
        title: "Which release supports what".to_owned(),
        intro: "yes: on some target. no: on none. -: no document says it. Captured under emulation: what the \
            hardware decides is not in it."
            .to_owned(),
        corner: "expression".to_owned(),
        columns: entries.iter().map(column).collect(),
        rows: rows.iter().map(row).collect(),
    }
}
