//! Rules, for a person.

use std::io::Write;

use super::text::{heading, wrapped};
use crate::rules::knowledge::{self, KNOWLEDGE};
use crate::rules::{Area, Mirror, Rule};

/// Every rule in a line.
///
/// # Errors
/// Where the output cannot be written.
pub fn list(rules: &[&Rule], out: &mut dyn Write) -> std::io::Result<()> {
    let rows = rules.iter().map(|rule| {
        vec![
            rule.id.to_owned(),
            rule.severity.name().to_owned(),
            area(rule).to_owned(),
            rule.summary.to_owned(),
        ]
    });
    super::table::table(&["rule", "severity", "area", "fires when"], &rows.collect::<Vec<_>>(), out)
}

/// One rule with all that is said of it.
///
/// # Errors
/// Where the output cannot be written.
pub fn explained(rule: &Rule, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let title = format!("{} ({}, {})", rule.id, rule.severity.name(), area(rule));
    writeln!(out, "{}", heading(&title, width))?;
    writeln!(out, "{}", wrapped(rule.summary, "", width))?;
    writeln!(out, "\n{}", wrapped(rule.explanation, "", width))?;
    writeln!(out, "\n{}", wrapped(&format!("What to do: {}", rule.advice), "", width))?;
    let mirror = match rule.mirror {
        Mirror::Rule(id) if id == rule.id => {
            "The change back falls under the same rule.".to_owned()
        }
        Mirror::Rule(id) => format!("The change back falls under {id}."),
        Mirror::None(why) => format!("No one rule is for the change back: {why}."),
    };
    writeln!(out, "\n{}", wrapped(&mirror, "", width))?;
    if rule.id == knowledge::RULE {
        writeln!(out, "\n{}", heading("Known of versions", width))?;
        for entry in KNOWLEDGE {
            let (major, minor, micro) = entry.since;
            let value = entry.value.map(|value| format!(" {value}")).unwrap_or_default();
            let text = format!(
                "  {} {major}.{minor}.{micro}  {} {}{value}: {} ({})",
                entry.component.name(),
                entry.kind.name(),
                entry.path,
                entry.reason,
                entry.source
            );
            writeln!(out, "{}", wrapped(&text, "      ", width))?;
        }
    }
    Ok(())
}

fn area(rule: &Rule) -> &'static str {
    rule.area.map_or("any", Area::name)
}
