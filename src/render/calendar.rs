//! The calendar: what falls out when, and the machine types of each release.

use std::io::Write;

use super::grid::{Grid, GridCell, GridRow};
use super::text::{heading, wrapped};
use super::{grid, html, plain};
use crate::model::{counted, some_of};
use crate::plan::{Calendar, CalendarEvent, MachineFamily, MachineState, MachineTimes, due};

/// Names that are shown of many.
const NAMED: usize = 8;

/// Writes what falls out, then the table.
///
/// # Errors
/// Where the output cannot be written.
pub fn text(
    calendar: &Calendar,
    is_full: bool,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(out, "{}", heading("What stops working when", width))?;
    if calendar.events.is_empty() {
        writeln!(out, "nothing that a policy or a capture tells")?;
    }
    for event in &calendar.events {
        writeln!(out, "{}", wrapped(&plain(&line(event)), "    ", width))?;
    }
    writeln!(out, "\n{}", heading("Machine types", width))?;
    grid::text(&table(calendar, is_full), out)
}

/// Writes the table.
///
/// # Errors
/// Where the output cannot be written.
pub fn csv(calendar: &Calendar, is_full: bool, out: &mut dyn Write) -> std::io::Result<()> {
    grid::csv(&table(calendar, is_full), out)
}

/// Writes the table for a browser, with what falls out above it.
///
/// # Errors
/// Where the output cannot be written.
pub fn html(calendar: &Calendar, is_full: bool, out: &mut dyn Write) -> std::io::Result<()> {
    html::grid(&table(calendar, is_full), out)
}

/// `QEMU 11.2 (expected December 2026, QEMU's policy): 3 guests (a, b, c): pc-q35-5.2`.
fn line(event: &CalendarEvent) -> String {
    let source = if event.is_policy { "QEMU's policy" } else { "capture" };
    let when = match event.when.is_empty() {
        true => source.to_owned(),
        false => format!("{}, {source}", event.when),
    };
    let what = some_of(&event.what, NAMED);
    match &event.guests {
        Some(guests) => {
            let count = counted(guests.len(), "guest");
            let verb = if guests.len() == 1 { "falls" } else { "fall" };
            let names = some_of(guests, NAMED);
            format!("{count} {verb} out with {} ({when}): {names}: {what}", event.with)
        }
        None => format!("{} ({when}): {what}", event.with),
    }
}

/// Releases, then the versions of QEMU to come.
fn table(calendar: &Calendar, is_full: bool) -> Grid {
    let releases = calendar.releases.iter().map(|release| {
        let beside = format!("QEMU {}, captured {}", release.qemu, release.captured);
        (release.name.clone(), beside)
    });
    let versions = calendar.versions.iter().map(|(major, minor)| {
        (format!("QEMU {major}.{minor}"), format!("policy, expected {}", due((*major, *minor))))
    });
    let rows = calendar.families.iter().flat_map(|family| match is_full {
        true => family.machines.iter().map(|it| machine_row(calendar, family, it)).collect(),
        false => vec![family_row(calendar, family)],
    });
    Grid {
        title: "What stops working when".to_owned(),
        intro: calendar.events.iter().map(line).collect::<Vec<_>>().join("; "),
        corner: "machine types".to_owned(),
        columns: releases.chain(versions).collect(),
        rows: rows.collect(),
    }
}

fn machine_row(calendar: &Calendar, family: &MachineFamily, machine: &MachineTimes) -> GridRow {
    let states = machine.states.iter().map(|state| cell(*state, state.name()));
    let last = machine.states.last().copied().unwrap_or(MachineState::Absent);
    let later = calendar.versions.iter().map(|version| match machine.removal {
        Some(removal) if removal.version() <= *version => cell(MachineState::Removed, "removed"),
        _ => cell(last, if is_there(last) { "kept" } else { last.name() }),
    });
    GridRow {
        name: format!("{} {}", family.arch, machine.name),
        note: String::new(),
        cells: states.chain(later).collect(),
    }
}

fn is_there(state: MachineState) -> bool {
    !matches!(state, MachineState::Absent | MachineState::Removed)
}

/// What there is of a family: the oldest and the newest, and how many are deprecated.
fn family_row(calendar: &Calendar, family: &MachineFamily) -> GridRow {
    let version =
        |machine: &&MachineTimes| machine.name.rsplit('-').next().unwrap_or_default().to_owned();
    let of = |at: usize| {
        let there: Vec<&MachineTimes> =
            family.machines.iter().filter(|it| is_there(it.states[at])).collect();
        let count = |wanted| there.iter().filter(|it| it.states[at] == wanted).count();
        let deprecated = count(MachineState::Deprecated);
        let (Some(oldest), Some(newest)) = (there.first(), there.last()) else {
            let was_there = family.machines.iter().any(|it| it.states[at] == MachineState::Removed);
            let kind = if was_there { MachineState::Removed } else { MachineState::Absent };
            return cell(kind, kind.name());
        };
        let range = format!("{}–{}", version(oldest), version(newest));
        match deprecated {
            0 => cell(MachineState::Kept, range),
            some => cell(MachineState::Deprecated, format!("{range}, {some} deprecated")),
        }
    };
    let later = |at: (u32, u32)| {
        let last = family.machines.first().map_or(0, |it| it.states.len().saturating_sub(1));
        let stays = family
            .machines
            .iter()
            .filter(|it| is_there(it.states[last]))
            .find(|it| it.removal.is_none_or(|removal| removal.version() > at));
        match stays {
            Some(oldest) => cell(MachineState::Kept, format!("from {}", version(&oldest))),
            None => cell(MachineState::Absent, "-"),
        }
    };
    let cells = (0..calendar.releases.len()).map(of);
    GridRow {
        name: format!("{} {}", family.arch, family.family),
        note: String::new(),
        cells: cells.chain(calendar.versions.iter().map(|version| later(*version))).collect(),
    }
}

fn cell(state: MachineState, text: impl Into<String>) -> GridCell {
    match state {
        MachineState::Absent => GridCell::new("unreported", "-"),
        state => GridCell::new(state.name(), text),
    }
}
