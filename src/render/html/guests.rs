//! What the page of guests and hosts is filled with: texts only, so that the template escapes them.

use crate::guests::{Answer, GuestTable};
use crate::model::counted;
use crate::render::plain;
use crate::render::preflight::{
    ShownColumn, ShownGroup, headline, shown_columns, shown_groups, verdict_lines,
};

/// The page.
pub(super) struct GuestsView {
    pub(super) tool: String,
    pub(super) title: String,
    pub(super) columns: Vec<GuestsHead>,
    pub(super) rows: Vec<GuestsRow>,
    pub(super) groups: Vec<GuestsReasons>,
}

/// The head of a column, and its hosts where they are several.
pub(super) struct GuestsHead {
    pub(super) label: String,
    pub(super) hosts: String,
}

/// One guest.
pub(super) struct GuestsRow {
    pub(super) name: String,
    pub(super) cells: Vec<GuestsCell>,
}

/// One answer.
pub(super) struct GuestsCell {
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
}

/// Whom an answer is about, and why it is so.
pub(super) struct GuestsReasons {
    pub(super) words: &'static str,
    pub(super) about: String,
    pub(super) lines: Vec<String>,
}

/// Hosts that have a column each; above these, those of equal answers share one.
const COLUMNS: usize = 12;

impl GuestsView {
    pub(super) fn new(table: &GuestTable) -> Self {
        let columns = shown_columns(table, COLUMNS);
        let row = |(number, name): (usize, &String)| GuestsRow {
            name: plain(name).into_owned(),
            cells: columns.iter().map(|column| cell(table.answer(number, column.place))).collect(),
        };
        Self {
            tool: format!("domcaps {}", env!("CARGO_PKG_VERSION")),
            title: plain(&headline(table)).into_owned(),
            rows: table.names.iter().enumerate().map(row).collect(),
            columns: columns.iter().map(head).collect(),
            groups: shown_groups(table).iter().map(reasons).collect(),
        }
    }
}

fn head(column: &ShownColumn) -> GuestsHead {
    let label = match column.hosts.len() {
        0 => plain(&column.label).into_owned(),
        count => counted(count, "host"),
    };
    GuestsHead { label, hosts: plain(&column.hosts.join(", ")).into_owned() }
}

fn cell(answer: Option<Answer>) -> GuestsCell {
    match answer {
        Some(Answer::Yes) => GuestsCell { kind: "yes", text: "yes" },
        Some(Answer::No) => GuestsCell { kind: "no", text: "no" },
        Some(Answer::Unknown) => GuestsCell { kind: "unknown", text: "?" },
        None => GuestsCell { kind: "unreported", text: "–" },
    }
}

fn reasons(shown: &ShownGroup<'_>) -> GuestsReasons {
    let lines = verdict_lines(shown.group.verdict);
    GuestsReasons {
        words: shown.words,
        about: plain(&shown.about).into_owned(),
        lines: lines.iter().map(|(sign, text)| format!("{sign} {}", plain(text))).collect(),
    }
}
