//! A plan in Markdown.

use std::io::Write;

use super::{By, fixes, outlook, reason_line, some, words, worst_changes};
use crate::guests::Answer;
use crate::model::counted;
use crate::plan::UpgradePlan;
use crate::render::markdown::{code, prose};

pub(super) fn plan(plan: &UpgradePlan, by: By, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "## {}\n", prose(&format!("release:{}", plan.release)))?;
    writeln!(out, "**{}**\n", plan.headline())?;
    writeln!(out, "{}", prose(&plan.release_line))?;
    match by {
        By::Change => {
            writeln!(out, "\n### Changes\n")?;
            for (fix, guests) in plan.changes() {
                let count = counted(guests.len(), "guest");
                let first = guests.first().copied().unwrap_or_default();
                let names = code(&some(&guests));
                let command = code(&fix.command(first));
                writeln!(out, "- {}: {count} ({names}): {command}", prose(&fix.text))?;
            }
        }
        By::Guest => guests(plan, out)?,
        By::Host => {}
    }
    if !plan.hosts.is_empty() {
        writeln!(out, "\n### What else changes on the hosts\n")?;
    }
    for hosts in &plan.hosts {
        writeln!(out, "- {}: {}", code(&some(&hosts.hosts)), prose(&outlook(hosts)))?;
        if by == By::Host {
            for change in worst_changes(hosts) {
                writeln!(out, "  - {}", prose(&change))?;
            }
        }
    }
    Ok(())
}

fn guests(plan: &UpgradePlan, out: &mut dyn Write) -> std::io::Result<()> {
    for answer in [Answer::No, Answer::Unknown] {
        let mut of = plan.guests.iter().filter(|guest| guest.answer == answer).peekable();
        if of.peek().is_none() {
            continue;
        }
        writeln!(out, "\n### {} {}\n", counted(plan.count(answer), "guest"), words(answer))?;
        for guest in of {
            writeln!(out, "- {}", code(&guest.name))?;
            let is_one = guest.results.len() == 1;
            for (hosts, planned) in guest.reasons() {
                writeln!(out, "  - {}", prose(&reason_line(hosts, planned, is_one)))?;
            }
            for fix in fixes(guest) {
                writeln!(out, "  - **{}**: {}", prose(&fix.text), code(&fix.command(&guest.name)))?;
            }
        }
    }
    let stay = plan.guests.iter().filter(|guest| guest.answer == Answer::Yes);
    let stay: Vec<String> = stay.map(|guest| code(&guest.name)).collect();
    if !stay.is_empty() {
        let count = counted(stay.len(), "guest");
        writeln!(out, "\n<details><summary>{count} can stay</summary>\n")?;
        writeln!(out, "{}\n\n</details>", stay.join(", "))?;
    }
    Ok(())
}
