//! The page a person reads: one cause one line, grouped by area.

mod fold;
mod lines;
mod names;
mod targets;

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::report::Report;
use crate::rules::{Area, Severity};
use crate::side::Origin;
use lines::Line;
pub use targets::targets_in_short;

/// Columns before the text of a change: its sign and a blank.
const INDENT: &str = "      ";

/// Writes a report; `is_full` lists what libvirt merely began or ceased to report, which is else
/// summed up.
///
/// # Errors
/// Where the output cannot be written.
pub fn diff(
    report: &Report,
    is_full: bool,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let bold = Style::new().bold();
    header(report, width, out)?;
    let lines = lines::lines(report, is_full);
    for area in Area::ALL {
        let mut in_area = lines.iter().filter(|line| line.area == area).peekable();
        if in_area.peek().is_some() {
            writeln!(out, "\n{bold}{}{bold:#}", area.name())?;
        }
        for line in in_area {
            write_line(line, width, out)?;
        }
    }
    if !is_full {
        for summed in lines::summed_up(report) {
            writeln!(out, "\n{}", wrapped(&summed, "  ", width))?;
        }
    }
    Ok(())
}

/// What is compared, what moved beside it, and how much there is.
fn header(report: &Report, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let bold = Style::new().bold();
    let name = |origin: &Origin| super::plain(&side_name(origin)).into_owned();
    let names = format!("{} → {}", name(&report.old), name(&report.new));
    writeln!(out, "{bold}{}{bold:#}", wrapped(&names, "  ", width))?;
    let context = report.context.iter().map(|change| {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
        format!("{} {} → {}", change.name, side(&change.old), side(&change.new))
    });
    let context = context.collect::<Vec<_>>().join(", ");
    if !context.is_empty() {
        writeln!(out, "{}", wrapped(&super::plain(&context), "  ", width))?;
    }
    let mut counts = targets::compared(report);
    if report.findings.is_empty() && !report.pairs.is_empty() {
        counts.push_str("; no difference");
    }
    writeln!(out, "{}", wrapped(&counts, "  ", width))?;
    if report.context.iter().any(|change| change.name == "api_flags") {
        let note = "host-model features not compared: asked for under other CPU flags (api_flags)";
        writeln!(out, "{}", wrapped(note, "  ", width))?;
    }
    let severities =
        Severity::ALL.map(|severity| (report.count_severity(severity), severity.name()));
    let severities = severities.into_iter().filter(|(count, _)| *count > 0);
    let severities: Vec<String> =
        severities.map(|(count, name)| format!("{count} {name}")).collect();
    if !severities.is_empty() {
        writeln!(out, "{}", severities.join(", "))?;
    }
    Ok(())
}

/// `hv01@2026-11-01T02:00:00Z (b3f1c2)`, or the path.
fn side_name(origin: &Origin) -> String {
    match (&origin.host, origin.taken_at, &origin.short, &origin.source) {
        (Some(host), Some(time), Some(id), _) => format!("{host} ({id}, {time})"),
        (Some(host), ..) => host.to_string(),
        (.., Some(source)) => source.clone(),
        _ => String::new(),
    }
}

fn write_line(line: &Line, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let color = match line.sign {
        '-' => AnsiColor::Red,
        '+' => AnsiColor::Green,
        _ => AnsiColor::Yellow,
    };
    let style = Style::new().fg_color(Some(color.into()));
    let text = wrapped(&format!("    {}", super::plain(&line.text)), INDENT, width);
    writeln!(out, "  {style}{}{style:#} {}", line.sign, &text[4..])
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
