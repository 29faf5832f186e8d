//! A plan in the terminal.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::{By, fixes, outlook, reason_line, some, words, worst_changes};
use crate::guests::Answer;
use crate::model::{counted, some_of};
use crate::plan::{PlannedGuest, UpgradePlan};
use crate::render::plain;
use crate::render::text::{heading, wrapped};

/// Breaking changes of a host that are shown; `domcaps diff HOST release:NAME` shows all.
const SHOWN: usize = 8;

/// Guests that are named in one line.
const NAMED: usize = 30;

pub(super) fn plan(
    plan: &UpgradePlan,
    by: By,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let color = match plan.guests.iter().map(|guest| guest.answer).min() {
        Some(Answer::No) => AnsiColor::Red,
        Some(Answer::Unknown) => AnsiColor::Yellow,
        _ => AnsiColor::Green,
    };
    let style = Style::new().bold().fg_color(Some(color.into()));
    writeln!(out, "{style}{}{style:#}", plan.headline())?;
    let line = format!("release:{}  {}", plan.release, plan.release_line);
    writeln!(out, "{}", wrapped(&plain(&line), "  ", width))?;
    match by {
        By::Guest => guests(plan, width, out)?,
        By::Change => changes(plan, width, out)?,
        By::Host => {}
    }
    hosts(plan, by, width, out)
}

fn guests(plan: &UpgradePlan, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    for answer in [Answer::No, Answer::Unknown] {
        let of: Vec<&PlannedGuest> =
            plan.guests.iter().filter(|guest| guest.answer == answer).collect();
        if of.is_empty() {
            continue;
        }
        let title = format!("{} {}", counted(of.len(), "guest"), words(answer));
        writeln!(out, "\n{}", heading(&title, width))?;
        for guest in of {
            one(guest, width, out)?;
        }
    }
    let stay: Vec<&str> = plan
        .guests
        .iter()
        .filter(|guest| guest.answer == Answer::Yes)
        .map(|guest| guest.name.as_str())
        .collect();
    if !stay.is_empty() {
        writeln!(
            out,
            "\n{}",
            heading(&format!("{} can stay", counted(stay.len(), "guest")), width)
        )?;
        writeln!(out, "{}", wrapped(&plain(&some_of(&stay, NAMED)), "", width))?;
    }
    Ok(())
}

fn one(guest: &PlannedGuest, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let bold = Style::new().bold();
    let name = if guest.name.is_empty() { "guest without a name" } else { &guest.name };
    writeln!(out, "{bold}{}{bold:#}", plain(name))?;
    let is_one = guest.results.len() == 1;
    for (hosts, planned) in guest.reasons() {
        let sign = if planned.reason.answer == Answer::No { '-' } else { '?' };
        let line = format!("  {sign} {}", plain(&reason_line(hosts, planned, is_one)));
        writeln!(out, "{}", wrapped(&line, "      ", width))?;
    }
    let mut notes: Vec<&String> = Vec::new();
    for note in guest.results.iter().flat_map(|result| &result.verdict.notes) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    for note in notes {
        writeln!(out, "{}", wrapped(&format!("  ! {}", plain(note)), "      ", width))?;
    }
    for fix in fixes(guest) {
        let note = fix.note.map(|note| format!(" ({note})")).unwrap_or_default();
        writeln!(out, "{}", wrapped(&format!("  → {}{note}:", plain(&fix.text)), "      ", width))?;
        // A command stays on its line, so that it can be copied.
        writeln!(out, "      {}", plain(&fix.command(&guest.name)))?;
    }
    Ok(())
}

fn changes(plan: &UpgradePlan, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let changes = plan.changes();
    if !changes.is_empty() {
        writeln!(out, "\n{}", heading("Changes", width))?;
    }
    for (fix, guests) in &changes {
        let line = format!("{}: {} ({})", fix.text, counted(guests.len(), "guest"), some(guests));
        writeln!(out, "{}", wrapped(&plain(&line), "    ", width))?;
        if let Some(note) = fix.note {
            writeln!(out, "{}", wrapped(&format!("    ({note})"), "     ", width))?;
        }
        let guest = guests.first().copied().unwrap_or_default();
        writeln!(out, "    {}", plain(&fix.command(guest)))?;
    }
    let is_open = |guest: &&PlannedGuest| guest.answer != Answer::Yes && fixes(guest).is_empty();
    let open: Vec<&str> = plan.guests.iter().filter(is_open).map(|it| it.name.as_str()).collect();
    if !open.is_empty() {
        let line = format!(
            "without a known change: {} ({}); --by guest says why",
            counted(open.len(), "guest"),
            some(&open)
        );
        writeln!(out, "\n{}", wrapped(&plain(&line), "    ", width))?;
    }
    Ok(())
}

fn hosts(plan: &UpgradePlan, by: By, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    if plan.hosts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", heading("What else changes on the hosts", width))?;
    for hosts in &plan.hosts {
        let line = format!("{}: {}", some(&hosts.hosts), outlook(hosts));
        writeln!(out, "{}", wrapped(&plain(&line), "    ", width))?;
        let worst = worst_changes(hosts);
        let shown = if by == By::Host { worst.len() } else { 0 };
        for change in worst.iter().take(shown.min(SHOWN * 5)) {
            writeln!(out, "{}", wrapped(&plain(&format!("  - {change}")), "      ", width))?;
        }
        if let Some(host) = hosts.hosts.first() {
            writeln!(out, "    domcaps diff {} release:{}", plain(host), plain(&plan.release))?;
        }
    }
    Ok(())
}
