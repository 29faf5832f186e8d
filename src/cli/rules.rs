//! `domcaps rules`

use clap::Args;

use super::ListFormat;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::render;
use crate::rules::{self, Rule};

/// List the rules by which changes are judged, or explain one
///
/// A rule gives a change its severity: breaking (guests that use it no longer start, or can no longer
/// move), warning (cannot be decided from the documents), info. domcaps.toml can give a rule another.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps rules                          every rule in a line
  domcaps rules loader-renamed           what it means and what to do
  domcaps rules reporting-changed        what is known of each libvirt's reporting")]
pub(super) struct Arguments {
    /// Only this rule, explained
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// How to show them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(ui: &mut Ui<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let rules: Vec<&Rule> = match &arguments.id {
        Some(id) => vec![rules::find(id).ok_or_else(|| unknown(id))?],
        None => rules::rules().collect(),
    };
    let width = ui.width();
    match (arguments.format, &arguments.id, &rules[..]) {
        (ListFormat::Json, ..) => render::json::rules(&rules, ui.out())?,
        (ListFormat::Text, Some(_), [rule]) => {
            ui.print(|out| render::rules::explained(rule, width, out))?;
        }
        (ListFormat::Text, ..) => ui.print(|out| render::rules::list(&rules, out))?,
    }
    Ok(Exit::Done)
}

/// No such rule; the nearest are those that share a word.
fn unknown(id: &str) -> Failure {
    let words: Vec<&str> = id.split('-').filter(|word| word.len() > 2).collect();
    let shares = |rule: &&Rule| words.iter().any(|word| rule.id.contains(word));
    let near: Vec<&str> = rules::rules().filter(shares).map(|rule| rule.id).collect();
    let near = match near[..] {
        [] => String::new(),
        _ => format!("; nearest: {}", near.join(", ")),
    };
    Failure::new(&format!("{id}: no such rule{near}")).with_hint("`domcaps rules` lists them")
}
