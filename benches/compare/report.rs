//! The table, as text and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::machine::{Machine, Versions};
use crate::row::Row;

/// A comparison that was not made.
#[derive(Serialize)]
struct LeftOut {
    section: String,
    what: String,
    why: String,
}

/// Something that a figure does not say.
#[derive(Serialize)]
struct Note {
    section: String,
    text: String,
}

/// All that came out.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) versions: Versions,
    pub(crate) corpus: String,
    pub(crate) rounds: usize,
    pub(crate) heavy_rounds: usize,
    rows: Vec<Row>,
    notes: Vec<Note>,
    left_out: Vec<LeftOut>,
    #[serde(skip)]
    section: String,
}

const HEAD: [&str; 7] = ["what", "domcaps", "peer", "peer's", "ratio", "target", "reached"];

impl Report {
    /// What is added from now on is of this section.
    pub(crate) fn begin(&mut self, section: &str) {
        section.clone_into(&mut self.section);
    }

    /// Adds a row, and tells of it.
    pub(crate) fn row(&mut self, mut row: Row) {
        row.section.clone_from(&self.section);
        let cells = row.cells();
        let told: Vec<&str> =
            cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        eprintln!("  {}", told.join(" | "));
        self.rows.push(row);
    }

    /// Adds something that a figure does not say.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        eprintln!("  {text}");
        self.notes.push(Note { section: self.section.clone(), text });
    }

    /// Adds what was not compared, and why.
    pub(crate) fn left_out(&mut self, what: &str, why: &str) {
        eprintln!("  {what}: left out: {why}");
        let (section, what, why) = (self.section.clone(), what.to_owned(), why.to_owned());
        self.left_out.push(LeftOut { section, what, why });
    }

    /// The report for people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.machine, self.versions, self.corpus);
        let rounds = (self.rounds, self.heavy_rounds);
        writeln!(
            text,
            "Medians (least to most) of {} rounds, {} of what takes over 10 s a run; the ratio is that of the two of a round.\n",
            rounds.0, rounds.1
        )
        .unwrap();
        let cells: Vec<[String; 7]> = self.rows.iter().map(Row::cells).collect();
        let head = HEAD.map(str::to_owned);
        let all = || std::iter::once(&head).chain(&cells);
        let widths: [usize; 7] =
            std::array::from_fn(|at| all().map(|it| it[at].chars().count()).max().unwrap_or(0));
        line(&mut text, &head, &widths);
        let mut section = "";
        for (row, cells) in self.rows.iter().zip(&cells) {
            if row.section != section {
                section = &row.section;
                writeln!(text, "[{section}]").unwrap();
            }
            line(&mut text, cells, &widths);
        }
        text.push('\n');
        for Note { section, text: note } in &self.notes {
            writeln!(text, "{section}: {note}").unwrap();
        }
        for LeftOut { section, what, why } in &self.left_out {
            writeln!(text, "{section}: {what}: left out: {why}").unwrap();
        }
        text
    }
}

/// One line of the table.
fn line(text: &mut String, cells: &[String; 7], widths: &[usize; 7]) {
    let cells: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| {
            let missing = width - cell.chars().count();
            format!("{cell}{}", " ".repeat(missing))
        })
        .collect();
    text.push_str(cells.join("  ").trim_end());
    text.push('\n');
}
