//! Many guests as comma-separated values, and in Markdown.

use std::io::Write;

use super::table::{ShownColumn, sign};
use super::{headline, shown_columns, shown_groups, verdict_lines};
use crate::guests::GuestTable;
use crate::render::csv::records;
use crate::render::markdown::{code, prose};

/// Names of the columns; later versions add some at the end.
const COLUMNS: [&str; 8] =
    ["guest", "source", "question", "from", "host", "answer", "reasons", "notes"];

/// Writes a row for each guest and host behind a row of names: guests in their order, hosts in theirs.
///
/// # Errors
/// Where the output cannot be written.
pub fn csv(table: &GuestTable, out: &mut dyn Write) -> std::io::Result<()> {
    let rows = table.guests.iter().enumerate().flat_map(|(number, file)| {
        table.columns.iter().filter_map(move |column| {
            let verdict = column.verdicts.get(number)?;
            let reasons = verdict.reasons.iter();
            let reasons = reasons.map(|reason| format!("{}: {}", reason.element, reason.text));
            Some(vec![
                file.guest.name.clone(),
                file.path.display().to_string(),
                if column.from.is_some() { "migrate" } else { "start" }.to_owned(),
                column.from.as_ref().map(|from| from.name.clone()).unwrap_or_default(),
                column.host.name.clone(),
                verdict.answer.name().to_owned(),
                reasons.collect::<Vec<_>>().join("; "),
                verdict.notes.join("; "),
            ])
        })
    });
    records(&COLUMNS, rows, out)
}

/// Columns of a table that can still be read beside text.
const COLUMNS_SHOWN: usize = 8;

/// Writes a table and the reasons below it.
///
/// # Errors
/// Where the output cannot be written.
pub fn markdown(table: &GuestTable, out: &mut dyn Write) -> std::io::Result<()> {
    let columns = shown_columns(table, COLUMNS_SHOWN);
    writeln!(out, "## {}\n", prose(&headline(table)))?;
    let heads = columns.iter().map(|column| cell(&column.label));
    writeln!(out, "| |{}|", heads.map(|head| format!(" {head} ")).collect::<Vec<_>>().join("|"))?;
    writeln!(out, "|---|{}", "---|".repeat(columns.len()))?;
    for (number, name) in table.names.iter().enumerate() {
        write!(out, "| {} |", cell(name))?;
        for column in &columns {
            let answer = table.answer(number, column.place).map_or("", sign);
            write!(out, " {answer} |")?;
        }
        writeln!(out)?;
    }
    let is_folded = |column: &&ShownColumn| !column.hosts.is_empty();
    for column in columns.iter().filter(is_folded) {
        let hosts: Vec<String> = column.hosts.iter().map(|host| code(host)).collect();
        write!(out, "\n{}: {}\n", code(&column.label), hosts.join(", "))?;
    }
    for shown in shown_groups(table) {
        write!(out, "\n**{}**: {}\n\n", shown.words, prose(&shown.about))?;
        for (sign, text) in verdict_lines(shown.group.verdict) {
            writeln!(out, "- {} {}", code(&sign.to_string()), prose(&text))?;
        }
    }
    Ok(())
}

/// A code span in a table, where a bar ends the cell even in a span (GFM 0.29, example 200).
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}
