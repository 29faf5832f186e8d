//! The page in the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::page::{Entry, Page, Purpose, Section, counted};
use crate::diff::Kind;
use crate::model::some_of;
use crate::rules::Severity;

/// Columns before the text of a change: its sign and a blank.
const INDENT: &str = "      ";

/// Writes a page; `is_full` lists what libvirt merely reports otherwise, and what is ignored, which
/// are else summed up.
///
/// # Errors
/// Where the output cannot be written.
pub fn page(page: &Page, is_full: bool, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    head(page, width, out)?;
    for section in &page.sections {
        match section.purpose {
            Purpose::Reporting if !is_full => {
                for line in summed_up(section) {
                    writeln!(out, "\n{}", wrapped(&super::plain(&line), "  ", width))?;
                }
            }
            Purpose::Ignored if !is_full => {}
            _ => write_section(section, width, out)?,
        }
    }
    groups(page, width, out)
}

/// What is compared, what moved beside it, how much there is and whether it matters.
fn head(page: &Page, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}", heading(&page.title, width))?;
    let context = page.context.iter().map(|moved| {
        let hosts = moved.hosts.as_ref().map(|hosts| format!(" ({hosts})")).unwrap_or_default();
        format!("{} {} → {}{hosts}", moved.name, moved.old, moved.new)
    });
    let context = context.collect::<Vec<_>>().join(", ");
    for line in [&context].into_iter().chain(&page.facts).filter(|line| !line.is_empty()) {
        writeln!(out, "{}", wrapped(&super::plain(line), "  ", width))?;
    }
    let color = match page.worst {
        Some(Severity::Breaking) => AnsiColor::Red,
        Some(Severity::Warning) => AnsiColor::Yellow,
        _ => AnsiColor::Green,
    };
    let style = Style::new().bold().fg_color(Some(color.into()));
    // The verdict has told the others.
    let counts = page.counts.iter().filter(|(name, _)| matches!(*name, "info" | "ignored"));
    let counts = counts.map(|(name, count)| format!("{count} {name}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let counts = if counts.is_empty() { counts } else { format!(" ({counts})") };
    let line = wrapped(&format!("{}{counts}", page.verdict), "  ", width);
    writeln!(out, "{style}{line}{style:#}")
}

fn write_section(section: &Section, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "\n{}", heading(section.purpose.heading(), width))?;
    let mut above: Option<&Entry> = None;
    for (at, entry) in section.entries.iter().enumerate() {
        write_entry(entry, width, out)?;
        // A reason that the next entry has too is said once, below the last of them.
        let next = section.entries.get(at + 1);
        let is_told = next.is_some_and(|next| tells(next) == tells(entry));
        if !is_told {
            write_reason(entry, above.is_some(), width, out)?;
        }
        above = is_told.then_some(entry);
    }
    Ok(())
}

/// What is said below an entry.
fn tells(entry: &Entry) -> (&str, Option<&str>, &[String], Option<&str>) {
    (entry.rule.id, entry.reason.as_deref(), &entry.guests, entry.ignored.as_deref())
}

pub(super) fn write_entry(entry: &Entry, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let color = match entry.kind {
        Kind::Lost => AnsiColor::Red,
        Kind::Gained => AnsiColor::Green,
        _ => AnsiColor::Yellow,
    };
    let style = Style::new().fg_color(Some(color.into()));
    let mut text = entry.label.clone();
    if !entry.summary.is_empty() {
        text.push_str("  ");
        text.push_str(&entry.summary);
    }
    for beside in entry.hosts.iter().chain(&entry.place) {
        text.push_str(&format!("  ({beside})"));
    }
    let text = wrapped(&format!("    {}", super::plain(&text)), INDENT, width);
    writeln!(out, "  {style}{}{style:#} {}", entry.sign(), &text[4..])
}

/// How many guests are named.
const GUESTS: usize = 5;

fn write_reason(
    entry: &Entry,
    _is_shared: bool,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let dim = Style::new().dimmed();
    let mut parts: Vec<String> = Vec::new();
    if let Some(reason) = &entry.reason {
        parts.push(format!("{reason} [{}]", entry.rule.id));
    }
    if !entry.guests.is_empty() {
        parts.push(format!("needed by {}", some_of(&entry.guests, GUESTS)));
    }
    if let Some(ignored) = &entry.ignored {
        parts.push(format!("ignored: {ignored}"));
    }
    for part in parts {
        let text = wrapped(&format!("{INDENT}  {}", super::plain(&part)), "        ", width);
        writeln!(out, "{dim}{text}{dim:#}")?;
    }
    Ok(())
}

/// What libvirt merely reports otherwise, in a line each.
pub(super) fn summed_up(section: &Section) -> Vec<String> {
    let line = |kinds: &[Kind], words: &str| {
        let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in section.entries.iter().filter(|entry| kinds.contains(&entry.kind)) {
            *labels.entry(&entry.label).or_default() += entry.items.len();
        }
        let count: usize = labels.values().sum();
        let labels = labels.into_iter().map(|(label, count)| match count {
            1 => label.to_owned(),
            _ => format!("{label} ({count})"),
        });
        let labels = labels.collect::<Vec<_>>().join(", ");
        (count > 0).then(|| format!("{words} ({count}; --full lists them): {labels}"))
    };
    [
        line(&[Kind::Reported, Kind::Gained], "newly reported, nothing gained"),
        line(&[Kind::Unreported, Kind::Lost], "no longer reported, nothing lost"),
        line(&[Kind::Changed], "reported otherwise, nothing changed"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The groups of a fleet, and the hosts that say nothing.
fn groups(page: &Page, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    if page.groups.is_empty() && page.silent.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", heading("Hosts", width))?;
    // Groups of which the same is said stand in one line.
    let mut rows: Vec<(String, BTreeSet<&str>)> = Vec::new();
    for group in &page.groups {
        let what = match (group.findings, group.old.is_empty()) {
            (0, _) => "no difference".to_owned(),
            (count, true) => counted(count, "finding"),
            (count, false) => {
                format!("{}; {} → {}", counted(count, "finding"), group.old, group.new)
            }
        };
        let names = group.hosts.iter().map(String::as_str);
        match rows.iter_mut().find(|(known, _)| *known == what) {
            Some((_, hosts)) => hosts.extend(names),
            None => rows.push((what, names.collect())),
        }
    }
    for (what, names) in rows {
        let text = format!("  {}  ({what})", hosts(&names.into_iter().collect::<Vec<_>>()));
        writeln!(out, "{}", wrapped(&super::plain(&text), INDENT, width))?;
    }
    for (host, why) in &page.silent {
        let text = format!("  {host}  (not compared: {why})");
        writeln!(out, "{}", wrapped(&super::plain(&text), INDENT, width))?;
    }
    Ok(())
}

/// The first hosts by name, and how many more there are.
fn hosts(names: &[&str]) -> String {
    some_of(names, 8)
}

/// A heading, bold, on as many lines as it needs.
#[must_use]
pub fn heading(text: &str, width: usize) -> String {
    let bold = Style::new().bold();
    format!("{bold}{}{bold:#}", wrapped(&super::plain(text), "  ", width))
}
/// Text broken at blanks to lines of `width`, all but the first behind `hanging`.
pub(super) fn wrapped(text: &str, hanging: &str, width: usize) -> String {
    let indent = text.len() - text.trim_start().len();
    let mut lines = String::with_capacity(text.len() + 16);
    lines.push_str(&text[..indent]);
    let mut column = indent;
    for (nth, word) in text.trim_start().split(' ').enumerate() {
        let length = word.chars().count();
        if nth > 0 && column + 1 + length > width && column > hanging.len() {
            lines.truncate(lines.trim_end().len());
            lines.push('\n');
            lines.push_str(hanging);
            column = hanging.len();
        } else if nth > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}
