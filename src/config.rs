//! `domcaps.toml`: what a site thinks of rules and findings.

mod sinks;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use toml::value::Datetime;

use crate::bounded;
use crate::model::{Within, line_and_column};
use crate::rules::{self, Ignore, Policy, Severity};

pub use sinks::{Alerts, alerts};

/// Largest configuration that is read: 5,000 ignores with long reasons.
const MAX_BYTES: usize = 1 << 20;

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no TOML, or says something that it cannot say.
    #[error("{}:{line}:{column}: {why}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        why: String,
    },
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stale: Option<Spanned<String>>,
    #[serde(default)]
    severity: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default, rename = "ignore")]
    ignores: Vec<Spanned<Accepted>>,
    #[serde(default)]
    notify: sinks::Section,
}

/// One `[[ignore]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    rule: Option<Spanned<String>>,
    host: Option<String>,
    path: Option<String>,
    value: Option<String>,
    fingerprint: Option<Spanned<String>>,
    reason: Option<Spanned<String>>,
    expires: Option<Spanned<Datetime>>,
}

/// Reads the file; `today`, as `YYYY-MM-DD`, is the day on which ignores must still hold.
///
/// # Errors
/// Where it cannot be read, or not be used as it is: a mistake in it must not let a finding through,
/// nor hold one back.
pub fn read(path: &Path, today: &str) -> Result<Policy, ConfigError> {
    let text = bounded::file(path, MAX_BYTES);
    let text = text.map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
    parse(&text, path, today)
}

/// Reads how old a last success may be before a host counts as stale, where the file says so.
///
/// # Errors
/// Where the file cannot be read, is no TOML, or says no length of time.
pub fn stale(path: &Path) -> Result<Option<Within>, ConfigError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
    let reading = Reading { text: &text, path };
    reading.age(&reading.file()?)
}

/// Reads the text of the file, as [`read`] does; `path` is for errors and places.
///
/// # Errors
/// See [`read`].
pub fn parse(text: &str, path: &Path, today: &str) -> Result<Policy, ConfigError> {
    let reading = Reading { text, path };
    let file = reading.file()?;
    reading.age(&file)?;
    let mut policy = Policy::default();
    for (rule, severity) in &file.severity {
        if rules::find(rule.get_ref()).is_none() {
            return Err(reading.no_such_rule(rule));
        }
        let parsed: Severity =
            severity.get_ref().parse().map_err(|why| reading.error(severity.span(), why))?;
        policy.severities.insert(rule.get_ref().clone(), parsed);
    }
    for ignore in &file.ignores {
        policy.ignores.push(reading.ignore(ignore, today)?);
    }
    Ok(policy)
}

/// The text that is read, for saying where something is.
struct Reading<'t> {
    text: &'t str,
    path: &'t Path,
}

impl Reading<'_> {
    fn file(&self) -> Result<File, ConfigError> {
        toml::from_str(self.text).map_err(|error| {
            let why = error.message().lines().collect::<Vec<_>>().join(", ");
            self.error(error.span().unwrap_or_default(), why)
        })
    }

    /// How old a last success may be.
    fn age(&self, file: &File) -> Result<Option<Within>, ConfigError> {
        let Some(stale) = &file.stale else { return Ok(None) };
        let age = stale.get_ref().parse::<Within>();
        age.map(Some).map_err(|why| self.error(stale.span(), why))
    }

    fn error(&self, span: Range<usize>, why: String) -> ConfigError {
        let (line, column) = line_and_column(self.text, span.start);
        ConfigError::Text { path: self.path.to_owned(), line, column, why }
    }

    /// A rule by its id, or several by a pattern that means at least one.
    fn check_rule(&self, rule: &Spanned<String>) -> Result<(), ConfigError> {
        let id = rule.get_ref();
        if rules::rules().any(|rule| crate::model::glob(id, rule.id)) {
            return Ok(());
        }
        Err(self.no_such_rule(rule))
    }

    fn no_such_rule(&self, rule: &Spanned<String>) -> ConfigError {
        let why = format!("{}: no such rule; `domcaps rules` lists them", rule.get_ref());
        self.error(rule.span(), why)
    }

    fn ignore(&self, spanned: &Spanned<Accepted>, today: &str) -> Result<Ignore, ConfigError> {
        let accepted = spanned.get_ref();
        let missing = |why: &str| self.error(spanned.span(), why.to_owned());
        if let Some(rule) = &accepted.rule {
            self.check_rule(rule)?;
        }
        let reason = accepted.reason.as_ref().ok_or_else(|| missing("an ignore needs a reason"))?;
        if reason.get_ref().trim().is_empty() {
            return Err(self.error(reason.span(), "an ignore needs a reason".to_owned()));
        }
        if let Some(print) = &accepted.fingerprint {
            let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
            if print.get_ref().len() != 12 || !print.get_ref().bytes().all(is_hex) {
                let why = "a fingerprint is 12 digits of 0-9 and a-f, as JSON and HTML show it";
                return Err(self.error(print.span(), why.to_owned()));
            }
        }
        let Accepted { rule, host, path, value, fingerprint, expires, .. } = accepted;
        let is_any = [host, path, value].iter().all(|it| it.is_none());
        if is_any && rule.is_none() && fingerprint.is_none() {
            return Err(missing("this would ignore everything: say which rule, path or value"));
        }
        let expires = match expires {
            Some(day) => Some(self.day(day)?),
            None => None,
        };
        let (line, _) = line_and_column(self.text, spanned.span().start);
        Ok(Ignore {
            rule: rule.as_ref().map(|rule| rule.get_ref().clone()),
            host: host.clone(),
            path: path.clone(),
            value: value.clone(),
            fingerprint: fingerprint.as_ref().map(|print| print.get_ref().clone()),
            reason: reason.get_ref().trim().to_owned(),
            // Days of this form compare as texts.
            is_expired: expires.as_deref().is_some_and(|day| day < today),
            expires,
            place: format!("{}:{line}", self.path.display()),
        })
    }

    fn day(&self, day: &Spanned<Datetime>) -> Result<String, ConfigError> {
        match day.get_ref() {
            Datetime { date: Some(date), time: None, offset: None } => Ok(date.to_string()),
            _ => Err(self.error(day.span(), "expires is a day, such as 2027-01-31".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Policy, String> {
        parse(text, Path::new("d.toml"), "2026-11-23").map_err(|error| error.to_string())
    }

    #[test]
    fn severities_and_ignores_are_read() {
        let policy = read(
            "[severity]\nmachine-deprecated = \"info\"\n\n[[ignore]]\nrule = \"machine-*\"\n\
             host = \"hv-*\"\nreason = \"INFRA-1\"\nexpires = 2026-11-22\n",
        )
        .unwrap();
        assert_eq!(policy.severity("machine-deprecated"), Some(Severity::Info));
        let ignore = &policy.ignores[0];
        assert_eq!((ignore.place.as_str(), ignore.is_expired), ("d.toml:4", true));
        let last = "[[ignore]]\npath='x'\nreason='y'\nexpires=2026-11-23\n";
        assert!(!read(last).unwrap().ignores[0].is_expired, "the last day is part of it");
    }

    #[test]
    fn mistakes_are_errors_with_their_place() {
        for (text, error) in [
            ("[severity]\nx = \"info\"", "d.toml:2:1: x: no such rule; `domcaps rules` lists them"),
            (
                "[severity]\ngained = \"bad\"",
                "d.toml:2:10: `bad` is no severity: write breaking, warning or info",
            ),
            ("[[ignore]]\nrule = \"gained\"", "d.toml:1:1: an ignore needs a reason"),
            (
                "[[ignore]]\nrule = \"gained\"\nreason = \" \"",
                "d.toml:3:10: an ignore needs a reason",
            ),
            (
                "[[ignore]]\nreason = \"x\"",
                "d.toml:1:1: this would ignore everything: say which rule, path or value",
            ),
            (
                "[[ignore]]\npath = \"x\"\nreason = \"x\"\nexpires = 10:00:00",
                "d.toml:4:11: expires is a day, such as 2027-01-31",
            ),
        ] {
            assert_eq!(read(text), Err(error.to_owned()), "{text}");
        }
        assert!(read("[[ignore]]\npaht = \"x\"").unwrap_err().contains("unknown field `paht`"));
        assert!(read("[severity").unwrap_err().starts_with("d.toml:1:"));
    }
}
