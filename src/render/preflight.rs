//! Where guests run, for a person: of one guest one line for all hosts of one answer, of many a table;
//! the reasons below.

mod flat;
mod table;

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::plain;
use super::text::{heading, wrapped};
use crate::guests::{Answer, Checked, Reason, Verdict, lacking};
use crate::model::{Guest, counted};

pub use flat::{csv, markdown};
pub use table::table;
pub(super) use table::{ShownColumn, ShownGroup, headline, shown_columns, shown_groups};

/// Names that are shown where there are many.
const NAMED: usize = 8;

/// Writes the answers, worst first.
///
/// # Errors
/// Where the output cannot be written.
pub fn preflight(
    guest: &Guest,
    checked: &[Checked],
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let name = if guest.name.is_empty() { "guest without a name" } else { &guest.name };
    writeln!(out, "{}", heading(&format!("{name}  {guest}"), width))?;
    for answer in Answer::ALL {
        for group in groups(checked, answer) {
            write_group(&group, width, out)?;
        }
    }
    Ok(())
}

/// Equal answers, in the order in which they come up.
fn groups(checked: &[Checked], answer: Answer) -> Vec<Vec<&Checked>> {
    let mut groups: Vec<Vec<&Checked>> = Vec::new();
    for each in checked.iter().filter(|each| each.verdict.answer == answer) {
        let says = |verdict: &Verdict| (verdict.reasons.clone(), verdict.notes.clone());
        let is_same = |group: &&mut Vec<&Checked>| {
            group.first().is_some_and(|first| {
                is_one_way(first, each) && says(&first.verdict) == says(&each.verdict)
            })
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(each),
            None => groups.push(vec![each]),
        }
    }
    groups
}

/// Whether two answers are of starting, or of ways that begin or end at one host.
fn is_one_way(one: &Checked, other: &Checked) -> bool {
    match (&one.from, &other.from) {
        (None, None) => true,
        (Some(from), Some(other_from)) => {
            from.name == other_from.name || one.host.name == other.host.name
        }
        _ => false,
    }
}

fn write_group(group: &[&Checked], width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    let words = outcome(first.verdict.answer, first.from.is_some());
    write_verdict(&first.verdict, words, &names(group), width, out)
}

/// What becomes of a guest, in words.
pub(super) fn outcome(answer: Answer, is_migration: bool) -> &'static str {
    match (answer, is_migration) {
        (Answer::No, false) => "does not run",
        (Answer::No, true) => "does not migrate",
        (Answer::Unknown, _) => "cannot be decided",
        (Answer::Yes, false) => "runs",
        (Answer::Yes, true) => "migrates",
    }
}

fn color(answer: Answer) -> AnsiColor {
    match answer {
        Answer::No => AnsiColor::Red,
        Answer::Unknown => AnsiColor::Yellow,
        Answer::Yes => AnsiColor::Green,
    }
}

/// Writes whom a verdict is about, and its reasons.
fn write_verdict(
    verdict: &Verdict,
    words: &str,
    about: &str,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let style = Style::new().bold().fg_color(Some(color(verdict.answer).into()));
    let line = wrapped(&format!("{words}: {}", plain(about)), "    ", width);
    writeln!(out, "{style}{words}{style:#}{}", &line[words.len()..])?;
    for (sign, text) in verdict_lines(verdict) {
        writeln!(out, "{}", item(sign, &text, width))?;
    }
    Ok(())
}

/// What is said below an answer, with the sign of each: `-` for no, `?` for unknown, `!` for a note.
pub(super) fn verdict_lines(verdict: &Verdict) -> Vec<(char, String)> {
    let of_one_set = of_one_set(&verdict.reasons);
    let reasons = of_one_set.iter().map(|reasons| {
        let is_no = reasons.iter().any(|reason| reason.answer == Answer::No);
        (if is_no { '-' } else { '?' }, reason_text(reasons))
    });
    reasons.chain(verdict.notes.iter().map(|note| ('!', note.clone()))).collect()
}

fn item(sign: char, text: &str, width: usize) -> String {
    wrapped(&format!("  {sign} {}", plain(text)), "      ", width)
}

/// Reasons, those that miss members of one set together.
fn of_one_set(reasons: &[Reason]) -> Vec<Vec<&Reason>> {
    let mut groups: Vec<Vec<&Reason>> = Vec::new();
    for reason in reasons {
        let is_same = |group: &&mut Vec<&Reason>| {
            group.first().is_some_and(|first| {
                reason.value.is_some() && first.value.is_some() && first.path == reason.path
            })
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(reason),
            None => groups.push(vec![reason]),
        }
    }
    groups
}

fn reason_text(reasons: &[&Reason]) -> String {
    let Some(first) = reasons.first() else { return String::new() };
    let values: Vec<&str> = reasons.iter().filter_map(|reason| reason.value.as_deref()).collect();
    match (&first.path, reasons.len() - 1) {
        (Some(path), more @ 1..) => {
            let text = lacking(path, &values, &first.there);
            format!("{} and {more} more: {text}", first.element)
        }
        _ => format!("{}: {}", first.element, first.text),
    }
}

/// `hv01, hv02 … (400 hosts)`; of ways, the host that they share once: `hv01 → hv02, hv03`.
fn names(group: &[&Checked]) -> String {
    let hosts = some(group.iter().map(|each| each.host.name.as_str()), "host");
    let Some(froms) = group.iter().map(|each| Some(each.from.as_ref()?.name.as_str())).collect()
    else {
        return hosts;
    };
    let froms: Vec<&str> = froms;
    match (froms.first(), group.first()) {
        (Some(from), _) if froms.iter().all(|each| each == from) => format!("{from} → {hosts}"),
        (_, Some(first)) => format!("{} → {}", some(froms.into_iter(), "host"), first.host.name),
        _ => hosts,
    }
}

/// The first names, and how many there are of the noun.
fn some<'n>(names: impl Iterator<Item = &'n str>, noun: &str) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        count if count > NAMED => format!("{shown} … ({})", counted(count, noun)),
        _ => shown,
    }
}
