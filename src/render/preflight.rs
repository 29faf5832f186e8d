//! Where a guest runs, for a person: one line for all hosts of one answer, the reasons below.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::plain;
use super::text::{heading, wrapped};
use crate::guests::{Answer, Checked, Reason, Verdict, lacking};
use crate::model::{Guest, counted};

/// Hosts that are named where there are many.
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
    let verdict = &first.verdict;
    let (words, color) = match (verdict.answer, &first.from) {
        (Answer::No, None) => ("does not run", AnsiColor::Red),
        (Answer::No, Some(_)) => ("does not migrate", AnsiColor::Red),
        (Answer::Unknown, _) => ("cannot be decided", AnsiColor::Yellow),
        (Answer::Yes, None) => ("runs", AnsiColor::Green),
        (Answer::Yes, Some(_)) => ("migrates", AnsiColor::Green),
    };
    let style = Style::new().bold().fg_color(Some(color.into()));
    let line = wrapped(&format!("{words}: {}", plain(&names(group))), "    ", width);
    writeln!(out, "{style}{words}{style:#}{}", &line[words.len()..])?;
    for reasons in of_one_set(&verdict.reasons) {
        let is_no = reasons.iter().any(|reason| reason.answer == Answer::No);
        writeln!(out, "{}", item(if is_no { '-' } else { '?' }, &reason_text(&reasons), width))?;
    }
    for note in &verdict.notes {
        writeln!(out, "{}", item('!', note, width))?;
    }
    Ok(())
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
    let hosts = some(group.iter().map(|each| each.host.name.as_str()));
    let Some(froms) = group.iter().map(|each| Some(each.from.as_ref()?.name.as_str())).collect()
    else {
        return hosts;
    };
    let froms: Vec<&str> = froms;
    match (froms.first(), group.first()) {
        (Some(from), _) if froms.iter().all(|each| each == from) => format!("{from} → {hosts}"),
        (_, Some(first)) => format!("{} → {}", some(froms.into_iter()), first.host.name),
        _ => hosts,
    }
}

fn some<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        count if count > NAMED => format!("{shown} … ({})", counted(count, "host")),
        _ => shown,
    }
}
