//! Cohorts in the terminal: a few lines for each.

use std::io::Write;

use anstyle::Style;

use super::{counted, few_hosts, line, share, short};
use crate::diff::Kind;
use crate::fleet::{Apart, ApartChange, Cohort, Cohorts, Counted, newest_first};
use crate::model::{CUSTOM_MODELS, noun_for};
use crate::render::page::{fold, names};
use crate::render::plain;
use crate::render::text::{heading, wrapped};
use crate::render::words::cut;

const INDENT: &str = "      ";
/// Lines for what sets a cohort apart.
const LINES: usize = 2;
/// How many things of a kind are named, and how many members of each, where there is room.
const DETAIL: usize = 4;

/// Writes cohorts, biggest first: `aparts` of the second and those after it.
///
/// # Errors
/// Where the output cannot be written.
pub fn cohorts(
    fleet: &Cohorts,
    aparts: &[Apart],
    limit: usize,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let hosts = fleet.hosts();
    let count = counted(fleet.cohorts.len(), "cohort");
    writeln!(out, "{}", heading(&format!("{} in {count}", counted(hosts, "host")), width))?;
    for (number, cohort) in fleet.cohorts.iter().enumerate().take(limit.max(1)) {
        let bold = Style::new().bold();
        let size = counted(cohort.hosts.len(), "host");
        writeln!(
            out,
            "{:>4}  {bold}{size}{bold:#} ({})  {}",
            number + 1,
            share(cohort.hosts.len(), hosts),
            plain(&few_hosts(&cohort.hosts, 4))
        )?;
        line(&versions(cohort), INDENT, INDENT, width, out)?;
        if let Some(apart) = number.checked_sub(1).and_then(|at| aparts.get(at)) {
            for text in lines_of(apart, width - INDENT.len()) {
                writeln!(out, "{INDENT}{text}")?;
            }
        }
    }
    let rest = fleet.cohorts.get(limit.max(1)..).unwrap_or_default();
    if !rest.is_empty() {
        let sizes = rest.iter().map(|cohort| cohort.hosts.len());
        let all: usize = sizes.clone().sum();
        let (least, most) = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
        let each = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        let count = counted(rest.len(), "more cohort");
        let each = format!("{each} {}", noun_for(most, "host"));
        let text = format!("{count} of {each}, {all} in all (--limit N, --all)");
        line(&text, "   …  ", INDENT, width, out)?;
    }
    Ok(())
}

/// What sets a cohort apart, in as much detail as has room in a few lines.
fn lines_of(apart: &Apart, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for most in (1..=DETAIL).rev() {
        let told = wrapped(&plain(&told(apart, most)), "", width);
        lines = told.lines().map(str::to_owned).collect();
        if lines.len() <= LINES {
            return lines;
        }
    }
    lines.truncate(LINES);
    if let Some(last) = lines.last_mut() {
        *last = cut_off(last, width);
    }
    lines
}

/// A line that goes on.
fn cut_off(text: &str, width: usize) -> String {
    let room = width.saturating_sub(2);
    let short = cut(text, room);
    let whole = match short.strip_suffix('…').and_then(|it| it.rsplit_once(' ')) {
        Some((whole, _)) if text.chars().count() > room => whole,
        _ => &short,
    };
    format!("{} …", whole.trim_end_matches([',', ';', '…', ' ']))
}

/// `libvirt 9.0.0, QEMU 7.2.22; AMD family 25 model 1 stepping 1`
fn versions(cohort: &Cohort) -> String {
    let known = |counts: &Counted| -> Option<String> {
        const SHOWN: usize = 2;
        let shown: Vec<&str> = counts.iter().take(SHOWN).map(|(text, _)| &**text).collect();
        let more = if counts.len() > SHOWN { ", …" } else { "" };
        (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
    };
    let libvirt = known(&cohort.libvirt).unwrap_or_else(|| "unknown".to_owned());
    let rest = [&cohort.hypervisor, &cohort.cpu].into_iter().filter_map(known);
    std::iter::once(format!("libvirt {libvirt}")).chain(rest).collect::<Vec<_>>().join("; ")
}

/// What sets a cohort apart: `lacks disk.bus fdc; has …; differs in vcpu.max 255 → 4096`.
fn told(apart: &Apart, most: usize) -> String {
    let mut parts: Vec<String> =
        [(Kind::Lost, "lacks"), (Kind::Gained, "has"), (Kind::Changed, "differs in")]
            .into_iter()
            .filter_map(|(kind, word)| clause(apart, kind, word, most))
            .collect();
    if apart.reported > 0 {
        parts.push(format!("reports {} other", apart.reported));
    }
    if apart.unreported > 0 {
        parts.push(format!("does not report {}", apart.unreported));
    }
    if parts.is_empty() {
        "differs in nothing that was compared".to_owned()
    } else {
        parts.join("; ")
    }
}

/// What happened to one kind: findings of one label together, in the order of the first of each.
fn clause(apart: &Apart, kind: Kind, word: &str, most: usize) -> Option<String> {
    let mut labels: Vec<(String, Vec<String>, usize)> = Vec::new();
    let of_kind = |change: &&ApartChange| change.difference.kind == kind;
    for change in apart.changes.iter().filter(of_kind) {
        let (label, item) = (fold::label(&change.difference), fold::item(&change.difference));
        match labels.iter_mut().find(|(known, ..)| *known == label) {
            Some((_, items, targets)) => {
                items.push(item);
                *targets = (*targets).max(change.targets);
            }
            None => labels.push((label, vec![item], change.targets)),
        }
    }
    if labels.is_empty() {
        return None;
    }
    let more = labels.len().saturating_sub(most);
    let shown = labels.iter().take(most).map(|(label, items, targets)| {
        let is_everywhere = *targets >= apart.targets || label.starts_with("machine");
        let is_everywhere = is_everywhere || most == 1;
        let place = if is_everywhere {
            String::new()
        } else {
            format!(" on {}", counted(*targets, "target"))
        };
        format!("{}{place}", named(label, items, most))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {more} other") } else { String::new() };
    Some(format!("{word} {shown}{more}"))
}

/// One label with a few of its items.
fn named(label: &str, items: &[String], most: usize) -> String {
    let mut texts: Vec<&str> =
        items.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    if label.starts_with(CUSTOM_MODELS) {
        texts.sort_by(|a, b| newest_first(a, b));
    }
    let is_many = texts.len() > most;
    let label = label.strip_prefix(CUSTOM_MODELS).map_or_else(
        || short(label).to_owned(),
        |rest| match rest {
            "[…].usable" => "usable CPU model".to_owned(),
            _ => format!("CPU model{}", rest.trim_start_matches("[…]")),
        },
    );
    if label.starts_with("machine") {
        return match is_many {
            true => format!("{} {label}s", texts.len()),
            false => format!("{label} {}", names::machines(&texts)),
        };
    }
    if is_many {
        let few = texts.iter().take(most).copied().collect::<Vec<_>>().join(", ");
        return format!("{label} {few} and {} more", texts.len() - most);
    }
    if texts.is_empty() { label } else { format!("{label} {}", texts.join(", ")) }
}
