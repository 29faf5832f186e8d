//! The history of a host in the terminal.

use std::io::Write;

use super::page::{Page, Purpose, counted};
use super::{text, words};
use crate::diff::Plain;
use crate::history::{About, History, Step};
use crate::model::{Context, HostName};

/// Writes a history, oldest first; `is_full` lists what libvirt merely reports otherwise.
///
/// # Errors
/// Where the output cannot be written.
pub fn text(
    host: &HostName,
    history: &History,
    is_full: bool,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let about = match &history.about {
        About::All => String::new(),
        About::Path(path) => format!(", {path}"),
        About::Expression(text) => format!(", {text}"),
    };
    let changes = counted(history.steps.len().saturating_sub(1), "change");
    let snapshots = counted(history.snapshots, "complete snapshot");
    let title = format!("{host}{about}: {changes} in {snapshots}");
    writeln!(out, "{}", text::heading(&title, width))?;
    for (at, step) in history.steps.iter().enumerate() {
        write_step(history, step, at + 1 == history.steps.len(), is_full, width, out)?;
    }
    Ok(())
}

fn write_step(
    history: &History,
    step: &Step,
    is_last: bool,
    is_full: bool,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut head = vec![match &step.report {
        None if !step.is_there => "gone: the host has no such target".to_owned(),
        None if step.point.before.is_none() => first(&step.context),
        None => String::new(),
        Some(report) => moved(report),
    }];
    if step.report.is_none() || history.about != About::All {
        head.push(values(step));
    }
    let until = if is_last { "last seen" } else { "until" };
    head.push(match step.snapshots {
        1 => "seen once".to_owned(),
        count => format!("{count} times, {until} {}", step.last.taken_at),
    });
    head.retain(|part| !part.is_empty());
    let line = format!("{}  {}", step.point.after.taken_at, head.join("; "));
    writeln!(out, "\n{}", text::wrapped(&super::plain(&line), "  ", width))?;
    let Some(report) = &step.report else { return Ok(()) };
    for section in &Page::new(report, is_full).sections {
        if section.purpose == Purpose::Reporting && !is_full {
            for line in text::summed_up(section) {
                let line = format!("  {}", super::plain(&line).replace("--full", "--all"));
                writeln!(out, "{}", text::wrapped(&line, "    ", width))?;
            }
        } else {
            for entry in &section.entries {
                text::write_entry(entry, width, out)?;
            }
        }
    }
    Ok(())
}

/// How it began.
fn first(context: &Context) -> String {
    let known =
        [context.libvirt.as_ref().map(|it| format!("libvirt {it}")), context.hypervisor.clone()];
    let known: Vec<String> = known.into_iter().flatten().collect();
    match known[..] {
        [] => "first seen".to_owned(),
        _ => format!("first seen, with {}", known.join(", ")),
    }
}

/// Versions and settings that moved beside it.
fn moved(report: &crate::report::Report) -> String {
    let order = Context::NAMES;
    let mut moved: Vec<_> = report.groups.iter().flat_map(|group| &group.context).collect();
    moved.sort_by_key(|change| order.iter().position(|name| *name == change.name));
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
    let moved = moved
        .iter()
        .map(|change| format!("{} {} → {}", change.name, side(&change.old), side(&change.new)));
    moved.collect::<Vec<_>>().join(", ")
}

/// What the targets say.
fn values(step: &Step) -> String {
    let value = |value: &Option<Plain>| match value {
        Some(Plain::List(list)) if list.is_empty() => "none".to_owned(),
        Some(value) => words::cut(&words::shown(value), 120).into_owned(),
        None => "not reported".to_owned(),
    };
    match &step.values[..] {
        [] => String::new(),
        [(one, _)] => value(one),
        several => {
            let several = several
                .iter()
                .map(|(one, count)| format!("{} on {}", value(one), counted(*count, "target")));
            several.collect::<Vec<_>>().join("; ")
        }
    }
}
