//! The rule table: every rule once, a file for each area.

mod cpu;
mod devices;
mod document;
mod features;
mod firmware;
mod general;
mod machines;

use super::{Area, Mirror, Rule, Severity};

/// The areas' tables, in the order of the reports.
const TABLES: [&[Rule]; 7] = [
    document::RULES,
    machines::RULES,
    firmware::RULES,
    cpu::RULES,
    devices::RULES,
    features::RULES,
    general::RULES,
];

/// Every rule, by area.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    TABLES.into_iter().flatten()
}

/// The rule of that id, where there is one.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// The rule of that id.
///
/// # Panics
/// Where there is none: the ids that are asked for here are the judge's own, and tested.
#[must_use]
pub(super) fn rule(id: &str) -> &'static Rule {
    find(id).expect("every id that is used is in the table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_stand_once() {
        for rule in rules() {
            let is_kebab = rule.id.chars().all(|each| each.is_ascii_lowercase() || each == '-');
            assert!(is_kebab, "{}", rule.id);
            assert_eq!(rules().filter(|other| other.id == rule.id).count(), 1, "{}", rule.id);
        }
    }

    #[test]
    fn texts_are_sentences_and_summaries_are_lines() {
        for rule in rules() {
            assert!(!rule.summary.ends_with('.') && rule.summary.len() <= 80, "{}", rule.id);
            for text in [rule.explanation, rule.advice] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", rule.id);
            }
        }
    }

    #[test]
    fn a_mirror_is_a_rule_or_a_reason() {
        for rule in rules() {
            match rule.mirror {
                Mirror::Rule(id) => assert!(find(id).is_some(), "{}: {id}", rule.id),
                Mirror::None(why) => assert!(why.contains(' '), "{}", rule.id),
            }
        }
    }
}
