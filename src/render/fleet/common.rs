//! What hosts have in common, in the terminal.

use std::collections::BTreeMap;
use std::io::Write;

use super::{counted, few_hosts, line, short, things};
use crate::fleet::{Common, FamilyCommon, HeldBack, generation};
use crate::model::{CUSTOM_MODELS, some_of};
use crate::render::page::names;
use crate::render::text::heading;

/// Where a line goes on.
const HANGING: &str = "    ";
/// How many CPU models without a known generation are named.
const OTHERS: usize = 8;

/// Writes what hosts have in common, and `limit` of the things in which few hosts hold all back.
///
/// # Errors
/// Where the output cannot be written.
pub fn common(
    common: &Common,
    for_migration: bool,
    limit: usize,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let (hosts, cohorts) = (counted(common.hosts, "host"), counted(common.cohorts, "cohort"));
    let what = if for_migration { "what guests keep when they move among" } else { "common to" };
    writeln!(out, "{}", heading(&format!("{what} {hosts} in {cohorts}"), width))?;
    if common.families.is_empty() {
        line("no architecture and domain type that all have", "  ", HANGING, width, out)?;
    }
    for (family, hosts) in &common.partial {
        let count = counted(hosts.len(), "host");
        line(
            &format!("{family}: not on {count} ({})", few_hosts(hosts, 6)),
            "  ",
            HANGING,
            width,
            out,
        )?;
    }
    if for_migration {
        line(&passthrough(common), "  ", HANGING, width, out)?;
    }
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for family in &common.families {
        writeln!(out, "\n{}", heading(&family.family.to_string(), width))?;
        let lines = if for_migration { migration(family) } else { everything(family) };
        // What stands in an earlier family word for word is not said again.
        let shared = |before: &[String]| lines.iter().filter(|it| before.contains(*it)).count();
        let like = told.iter().max_by_key(|(_, before)| shared(before));
        let like = like.filter(|(_, before)| shared(before) * 2 > lines.len());
        for text in &lines {
            if like.is_none_or(|(_, before)| !before.contains(text)) {
                line(text, "  ", HANGING, width, out)?;
            }
        }
        if let Some((name, before)) = like {
            let gone = before.iter().map(|it| label(it));
            let gone = gone.filter(|gone| !lines.iter().any(|it| label(it) == *gone));
            let gone = gone.collect::<Vec<_>>().join(", ");
            let gone = if gone.is_empty() { gone } else { format!(", without {gone}") };
            line(&format!("all else as {name}{gone}"), "  ", HANGING, width, out)?;
        }
        told.push((family.family.to_string(), lines));
        held_back(&family.held_back, limit, width, out)?;
    }
    Ok(())
}

/// What a line is about.
fn label(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(label, _)| label)
}

fn passthrough(common: &Common) -> String {
    let cpus: Vec<String> = common
        .cpus
        .iter()
        .map(|(cpu, hosts)| format!("{cpu} ({})", counted(*hosts, "host")))
        .chain(
            (common.unknown_cpus > 0)
                .then(|| format!("unknown ({})", counted(common.unknown_cpus, "host"))),
        )
        .collect();
    match &cpus[..] {
        [one] if common.unknown_cpus == 0 => format!("host-passthrough: one CPU on all, {one}"),
        _ => format!("host-passthrough: only among hosts of one CPU: {}", cpus.join(", ")),
    }
}

/// What a live migration needs.
fn migration(family: &FamilyCommon) -> Vec<String> {
    let mut lines = vec![machines(family)];
    lines.extend(models(family));
    let images: Vec<&str> = family.images.iter().map(|image| &**image).collect();
    lines.push(format!("firmware images: {}", or_none(&images.join(", "))));
    lines.push(match &family.host_models[..] {
        [one] => match &one.model {
            Some(model) => format!("host-model: {model} on all, with equal features"),
            None => "host-model: none is reported".to_owned(),
        },
        several => {
            let each = several.iter().map(|it| {
                let model = it.model.as_deref().unwrap_or("none");
                let hosts = counted(it.hosts.len(), "host");
                format!(
                    "{model} with {} features on {hosts} ({})",
                    it.features,
                    few_hosts(&it.hosts, 2)
                )
            });
            let shown: Vec<String> = each.take(6).collect();
            let more = if several.len() > shown.len() { "; …" } else { "" };
            format!("host-model: {} kinds: {}{more}", several.len(), shown.join("; "))
        }
    });
    for (path, groups) in &family.unequal {
        let each = groups.iter().map(|(value, hosts)| {
            format!("{value} on {} ({})", counted(hosts.len(), "host"), few_hosts(hosts, 3))
        });
        let each = each.collect::<Vec<_>>().join("; ");
        lines.push(format!("{} differs, so that no encrypted guest moves: {each}", short(path)));
    }
    lines
}

fn everything(family: &FamilyCommon) -> Vec<String> {
    let mut lines = vec![machines(family)];
    let aliases = family.aliases.iter().map(|(alias, machines)| {
        let machines: Vec<&str> = machines.iter().map(|it| &**it).collect();
        format!("{alias} → {}", machines.join(" or "))
    });
    let aliases: Vec<String> = aliases.collect();
    if !aliases.is_empty() {
        lines.push(format!("aliases: {}", aliases.join(", ")));
    }
    lines.extend(models(family));
    for (path, least, most) in &family.limits {
        let more = if most > least { format!(" (up to {most} on some)") } else { String::new() };
        lines.push(format!("{}: {least}{more}", short(path)));
    }
    let bare = family.offered.iter().filter(|(_, members)| members.is_empty());
    let bare: Vec<&str> = bare.map(|(path, _)| short(path)).collect();
    lines.push(format!("supported: {}", or_none(&bare.join(", "))));
    for (path, members) in &family.offered {
        // Names alone say nothing: those that all can use are told.
        if !members.is_empty() && &**path != CUSTOM_MODELS {
            let members: Vec<&str> = members.iter().map(|it| &**it).collect();
            lines.push(format!("{}: {}", short(path), members.join(", ")));
        }
    }
    if !family.images.is_empty() {
        let images: Vec<&str> = family.images.iter().map(|image| &**image).collect();
        lines.push(format!("firmware images: {}", images.join(", ")));
    }
    lines
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn machines(family: &FamilyCommon) -> String {
    let names: Vec<&str> = family.machines.iter().map(|it| &**it).collect();
    format!("machines: {}", or_none(&names::machines(&names)))
}

/// CPU models that all can use: generations of each vendor, newest first, then the others.
fn models(family: &FamilyCommon) -> Vec<String> {
    let mut vendors: BTreeMap<&str, Vec<(&str, u16, usize)>> = BTreeMap::new();
    let mut others = Vec::new();
    for model in &family.models {
        let Some(known) = generation(model) else {
            others.push(model.as_str());
            continue;
        };
        let generations = vendors.entry(known.vendor).or_default();
        let is_of_it = |model: &str| generation(model).map(|it| it.name) == Some(known.name);
        match generations.iter_mut().find(|(first, ..)| is_of_it(first)) {
            Some((.., more)) => *more += 1,
            None => generations.push((model, known.year, 0)),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for (vendor, generations) in vendors {
        let each = generations.iter().map(|(model, year, more)| match more {
            0 => format!("{model} ({year})"),
            _ => format!("{model} ({year}; {more} more)"),
        });
        lines.push(format!("CPU models, {vendor}: {}", each.collect::<Vec<_>>().join(", ")));
    }
    if !others.is_empty() {
        lines.push(format!("CPU models, other: {}", some_of(&others, OTHERS)));
    }
    if lines.is_empty() {
        lines.push("CPU models: none that all report as usable".to_owned());
    }
    lines
}

/// What most have and few lack.
fn held_back(
    held: &[HeldBack],
    limit: usize,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if held.is_empty() || limit == 0 {
        return Ok(());
    }
    line("held back, fewest hosts first:", "  ", HANGING, width, out)?;
    for each in held.iter().take(limit) {
        let mut text = format!(
            "{}: not on {}",
            things::told(each.things.iter()).join("; "),
            few_hosts(&each.no, 6)
        );
        if each.no.len() > 6 {
            text.push_str(&format!(" ({})", counted(each.no.len(), "host")));
        }
        if !each.blockers.is_empty() {
            let few = super::few(each.blockers.iter().map(String::as_str), 4);
            text.push_str(&format!(" (blocked by {few})"));
        }
        if !each.unreported.is_empty() {
            let hosts = counted(each.unreported.len(), "host");
            text.push_str(&format!(
                "; not reported by {hosts} ({})",
                few_hosts(&each.unreported, 2)
            ));
        }
        line(&text, "    ", "        ", width, out)?;
    }
    let more = held.len().saturating_sub(limit);
    if more > 0 {
        line(&format!("and {more} more (--limit N)"), "    ", HANGING, width, out)?;
    }
    Ok(())
}
