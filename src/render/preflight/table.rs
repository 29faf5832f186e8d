//! Many guests in the terminal: a table, then whatever has a reason.

use std::io::Write;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::{color, outcome, some, write_verdict};
use crate::guests::{Answer, GuestTable, VerdictGroup};
use crate::model::counted;
use crate::render::plain;
use crate::render::text::{heading, wrapped};

/// A column as it is shown: one host, or hosts on which every guest has the same answer.
pub(in crate::render) struct ShownColumn {
    /// What stands above it.
    pub(in crate::render) label: String,
    /// The hosts, where the label does not name them.
    pub(in crate::render) hosts: Vec<String>,
    /// A column of the table that it stands for.
    pub(in crate::render) place: usize,
}

/// Guests and hosts that get one answer for the same reasons.
pub(in crate::render) struct ShownGroup<'t> {
    /// What becomes of the guests: `does not run`.
    pub(in crate::render) words: &'static str,
    /// Whom it is about: `web01, web02 on hv01, hv02`.
    pub(in crate::render) about: String,
    /// The answer, and its reasons.
    pub(in crate::render) group: VerdictGroup<'t>,
}

/// The columns, each host on its own where at most so many hosts are there.
pub(in crate::render) fn shown_columns(table: &GuestTable, most: usize) -> Vec<ShownColumn> {
    if table.columns.len() <= most {
        return plain_columns(table);
    }
    let groups = table.column_groups();
    let label = |number: usize, columns: &[usize]| match columns {
        [one] => (name(table, *one), Vec::new()),
        several => {
            let hosts = several.iter().map(|place| host(table, *place).to_owned()).collect();
            (letters(number), hosts)
        }
    };
    let shown = groups.iter().enumerate().filter_map(|(number, group)| {
        let place = *group.columns.first()?;
        let (label, hosts) = label(number, &group.columns);
        Some(ShownColumn { label, hosts, place })
    });
    shown.collect()
}

fn plain_columns(table: &GuestTable) -> Vec<ShownColumn> {
    let shown = |place| ShownColumn { label: name(table, place), hosts: Vec::new(), place };
    (0..table.columns.len()).map(shown).collect()
}

/// The host of a column that is not the one that all ways share.
fn host(table: &GuestTable, place: usize) -> &str {
    table.columns.get(place).map_or("", |column| match (&column.from, column.is_back) {
        (Some(from), true) => &from.name,
        _ => &column.host.name,
    })
}

/// What a column of one host is called: `hv01`; of a way `→ hv01`, and of the way back `hv01 →`.
fn name(table: &GuestTable, place: usize) -> String {
    let host = host(table, place);
    match table.columns.get(place) {
        Some(column) if column.is_back => format!("{host} →"),
        Some(column) if column.from.is_some() => format!("→ {host}"),
        _ => host.to_owned(),
    }
}

/// A, B, …, Z, AA, AB, …
fn letters(number: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(number % 26).unwrap_or_default());
    match number / 26 {
        0 => letter.to_string(),
        more => format!("{}{letter}", letters(more - 1)),
    }
}

/// How the guests fare: `3 guests on 2 hosts, each by its worst answer: 1 does not run, 2 run`.
pub(in crate::render) fn headline(table: &GuestTable) -> String {
    let of = |answer: Answer| {
        let guests = 0..table.guests.len();
        guests.filter(|guest| table.worst_of(*guest) == Some(answer)).count()
    };
    let migration = table.columns.iter().find(|column| !column.is_back);
    let from = migration.and_then(|column| column.from.as_ref());
    let hosts = table.columns.iter().filter(|column| !column.is_back).count();
    let hosts = counted(hosts, "host");
    let place = match from {
        None => format!("on {hosts}"),
        Some(from) => format!("between {} and {hosts}", from.name),
    };
    let parts = Answer::ALL.into_iter().filter_map(|answer| {
        let count = of(answer);
        let words = match count {
            1 => outcome(answer, from.is_some()),
            _ => outcomes(answer, from.is_some()),
        };
        (count > 0).then(|| format!("{count} {words}"))
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let guests = counted(table.guests.len(), "guest");
    format!("{guests} {place}, each by its worst answer: {parts}")
}

/// What becomes of several guests, in words.
fn outcomes(answer: Answer, is_migration: bool) -> &'static str {
    match (answer, is_migration) {
        (Answer::No, false) => "do not run",
        (Answer::No, true) => "do not migrate",
        (Answer::Unknown, _) => "cannot be decided",
        (Answer::Yes, false) => "run",
        (Answer::Yes, true) => "migrate",
    }
}

/// Everything that has reasons or notes, worst first.
pub(in crate::render) fn shown_groups(table: &GuestTable) -> Vec<ShownGroup<'_>> {
    table.verdict_groups().into_iter().map(|group| shown_group(table, group)).collect()
}

fn shown_group<'t>(table: &GuestTable, group: VerdictGroup<'t>) -> ShownGroup<'t> {
    let guests = group.guests.iter().filter_map(|guest| table.names.get(*guest));
    let guests = some(guests.map(String::as_str), "guest");
    let hosts = some(group.columns.iter().map(|place| host(table, *place)), "host");
    let column = group.columns.first().and_then(|place| table.columns.get(*place));
    let from = column.and_then(|column| column.from.as_ref());
    let about = match (from, column) {
        (Some(from), _) if !group.is_back => format!("{guests}: {} → {hosts}", from.name),
        (Some(_), Some(column)) => format!("{guests}: {hosts} → {}", column.host.name),
        _ => format!("{guests} on {hosts}"),
    };
    let words = outcome(group.verdict.answer, from.is_some());
    ShownGroup { words, about, group }
}

/// Writes the table and the reasons.
///
/// # Errors
/// Where the output cannot be written.
pub fn table(table: &GuestTable, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}", heading(&headline(table), width))?;
    writeln!(out)?;
    let names: Vec<String> = table.names.iter().map(|name| plain(name).into_owned()).collect();
    let most = (width / 2).max(20);
    let first = names.iter().map(|name| name.width()).filter(|it| *it <= most).max().unwrap_or(0);
    let first = first.max(4);
    let mut columns = plain_columns(table);
    let needed = |columns: &[ShownColumn]| -> usize {
        first + columns.iter().map(|column| column_width(column) + 2).sum::<usize>()
    };
    if needed(&columns) > width {
        columns = shown_columns(table, 0);
        if needed(&columns) > width {
            lettered(table, &mut columns);
        }
    }
    legend(&columns, width, out)?;
    let mut rest = &columns[..];
    while !rest.is_empty() {
        // At least one column, however narrow the terminal is.
        let mut used = first;
        let fitting = rest.iter().take_while(|column| {
            used += column_width(column) + 2;
            used <= width
        });
        let (block, behind) = rest.split_at(fitting.count().max(1));
        write_block(table, &names, first, block, out)?;
        writeln!(out)?;
        rest = behind;
    }
    for shown in shown_groups(table) {
        write_verdict(shown.group.verdict, shown.words, &shown.about, width, out)?;
    }
    Ok(())
}

/// Letters for all columns: names, even of single hosts, are too wide.
fn lettered(table: &GuestTable, columns: &mut [ShownColumn]) {
    for (number, column) in columns.iter_mut().enumerate() {
        if column.hosts.is_empty() {
            column.hosts = vec![host(table, column.place).to_owned()];
        }
        column.label = letters(number);
    }
}

fn column_width(column: &ShownColumn) -> usize {
    plain(&column.label).width().max("yes".len())
}

/// Which hosts a letter stands for.
fn legend(columns: &[ShownColumn], width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let mut is_any = false;
    for column in columns.iter().filter(|column| !column.hosts.is_empty()) {
        let hosts = some(column.hosts.iter().map(String::as_str), "host");
        let text = format!("{}: {hosts}", column.label);
        writeln!(out, "{}", wrapped(&plain(&text), "    ", width))?;
        is_any = true;
    }
    if is_any { writeln!(out) } else { Ok(()) }
}

fn write_block(
    table: &GuestTable,
    names: &[String],
    first: usize,
    columns: &[ShownColumn],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let bold = Style::new().bold();
    let mut head = " ".repeat(first);
    for column in columns {
        let label = plain(&column.label);
        let gap = column_width(column) - label.width();
        head.push_str(&format!("  {label}{:gap$}", ""));
    }
    writeln!(out, "{bold}{}{bold:#}", head.trim_end())?;
    for (guest, name) in names.iter().enumerate() {
        // A name that is too wide for its column has a line of its own.
        let gap = match first.checked_sub(name.width()) {
            Some(gap) => {
                write!(out, "{name}")?;
                gap
            }
            None => {
                writeln!(out, "{name}")?;
                first
            }
        };
        write!(out, "{:gap$}", "")?;
        let last = columns.len().saturating_sub(1);
        for (nth, column) in columns.iter().enumerate() {
            let Some(answer) = table.answer(guest, column.place) else { continue };
            let text = sign(answer);
            let style = Style::new().fg_color(Some(color(answer).into()));
            let gap = if nth == last { 0 } else { column_width(column) - text.len() };
            write!(out, "  {style}{text}{style:#}{:gap$}", "")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// An answer in a narrow cell.
pub(super) fn sign(answer: Answer) -> &'static str {
    match answer {
        Answer::No => "no",
        Answer::Unknown => "?",
        Answer::Yes => "yes",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn letters_go_on_behind_z() {
        let letters = [0, 25, 26, 27, 701, 702].map(super::letters);
        assert_eq!(letters, ["A", "Z", "AA", "AB", "ZZ", "AAA"]);
    }
}
