//! What a user names on the command line: `HOST[@WHEN][:TARGET]`, `release:NAME[:TARGET]`, a file, a
//! folder, or `-`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

use crate::model::{TargetPattern, Time, When, WhenError};

/// One side of a comparison, or what to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A file, a folder of files, or `-`.
    Files(PathBuf),
    /// A snapshot of a host, whole or some targets of it.
    Host {
        /// The host's name, as written.
        host: String,
        /// Which snapshot.
        when: When,
        /// Which targets; all without one.
        target: Option<TargetPattern>,
    },
    /// A release of the catalogue, whole or some targets of it.
    Release {
        /// Its name.
        name: String,
        /// Which targets; all without one.
        target: Option<TargetPattern>,
    },
}

/// What the selector of a release begins with.
pub const RELEASE: &str = "release:";

/// Text that names nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OperandError {
    /// No host before `@` or `:`.
    #[error("`{0}` names no host: write HOST[@WHEN][:TARGET], or a path")]
    NoHost(String),
    /// No name behind `release:`.
    #[error(
        "`release:` names no release: write release:NAME[:TARGET]; `domcaps release list` lists them"
    )]
    NoRelease,
    /// What stands behind `@` says no moment.
    #[error("`{operand}`: {error}")]
    When {
        /// The operand.
        operand: String,
        /// What is wrong.
        error: WhenError,
    },
    /// What stands behind `:` is no target.
    #[error("`{operand}`: {error}")]
    Target {
        /// The operand.
        operand: String,
        /// What is wrong.
        error: String,
    },
}

impl Operand {
    /// Reads an operand; `exists` tells whether a path does.
    ///
    /// # Errors
    /// Where the text has neither form.
    pub fn parse(text: &str, exists: impl Fn(&Path) -> bool) -> Result<Self, OperandError> {
        let is_path = text == "-"
            || ["/", "./", "../"].iter().any(|start| text.starts_with(start))
            || text.ends_with(".xml")
            || text.ends_with(".xml.gz")
            || (!text.is_empty() && exists(Path::new(text)));
        if is_path {
            return Ok(Self::Files(PathBuf::from(text)));
        }
        let target_of = |target: Option<&str>| {
            let target = target.map(str::parse).transpose();
            target.map_err(|error| OperandError::Target { operand: text.to_owned(), error })
        };
        if let Some(rest) = text.strip_prefix(RELEASE) {
            let (name, target) = match rest.split_once(':') {
                Some((name, target)) => (name, Some(target)),
                None => (rest, None),
            };
            if name.is_empty() {
                return Err(OperandError::NoRelease);
            }
            return Ok(Self::Release { name: name.to_owned(), target: target_of(target)? });
        }
        let end = text.find(['@', ':']).unwrap_or(text.len());
        let (host, rest) = text.split_at(end);
        if host.is_empty() {
            return Err(OperandError::NoHost(text.to_owned()));
        }
        let (when, target) = match rest.strip_prefix('@') {
            Some(rest) => split_when(rest),
            None => ("latest", rest.strip_prefix(':')),
        };
        let when =
            when.parse().map_err(|error| OperandError::When { operand: text.to_owned(), error })?;
        Ok(Self::Host { host: host.to_owned(), when, target: target_of(target)? })
    }
}

/// Splits `WHEN[:TARGET]`. An RFC 3339 time holds colons of its own, and so does `id:PREFIX`.
fn split_when(text: &str) -> (&str, Option<&str>) {
    let mut colons = text.rmatch_indices(':').map(|(at, _)| at);
    let is_time = |end: &usize| text[..*end].parse::<Timestamp>().is_ok();
    let time_end = std::iter::once(text.len()).chain(&mut colons).find(is_time);
    let from = if text.starts_with("id:") { "id:".len() } else { 0 };
    let end = time_end.or_else(|| text[from..].find(':').map(|at| from + at));
    // A time that is none is told as a whole.
    let end =
        end.filter(|_| time_end.is_some() || !Time::looks_like_one(text) || !text.contains('T'));
    match end {
        Some(end) if end < text.len() => (&text[..end], Some(&text[end + 1..])),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Operand, OperandError> {
        Operand::parse(text, |path| path == Path::new("snapshots/a"))
    }

    fn host(text: &str) -> (String, When, bool) {
        match parse(text) {
            Ok(Operand::Host { host, when, target }) => (host, when, target.is_some()),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn paths_are_told_from_hosts() {
        for path in ["-", "/x", "./x", "../x", "x.xml", "snapshots/a"] {
            assert_eq!(parse(path), Ok(Operand::Files(path.into())), "{path}");
        }
        assert_eq!(host("hv01"), ("hv01".into(), When::Latest, false));
        assert!(matches!(parse("@latest"), Err(OperandError::NoHost(_))));
        assert!(matches!(parse(""), Err(OperandError::NoHost(_))));
    }

    #[test]
    fn colons_of_times_and_ids_are_their_own() {
        let time = When::At(Time::parse_moment("2026-11-01T02:00:00Z").unwrap());
        assert_eq!(host("a@2026-11-01T02:00:00Z"), ("a".into(), time.clone(), false));
        assert_eq!(host("a@2026-11-01T02:00:00Z:pc"), ("a".into(), time.clone(), true));
        assert_eq!(host("a@2026-11-01T03:00:00+01:00:x86_64/kvm/*"), ("a".into(), time, true));
        assert_eq!(host("a@id:ab:pc"), ("a".into(), When::Id("ab".into()), true));
        assert_eq!(host("a@id:ab"), ("a".into(), When::Id("ab".into()), false));
        assert_eq!(host("a@prev:q35"), ("a".into(), When::Changes(1), true));
        assert_eq!(host("a:q35"), ("a".into(), When::Latest, true));
    }

    #[test]
    fn a_release_has_a_name_and_perhaps_a_target() {
        let release = |text: &str| match parse(text) {
            Ok(Operand::Release { name, target }) => (name, target.is_some()),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(release("release:debian-13"), ("debian-13".into(), false));
        assert_eq!(release("release:ubuntu-24.04:x86_64/kvm/*"), ("ubuntu-24.04".into(), true));
        assert_eq!(parse("release:"), Err(OperandError::NoRelease));
        assert!(matches!(parse("release:x:a/b"), Err(OperandError::Target { .. })));
        assert!(matches!(parse("releases"), Ok(Operand::Host { .. })));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(parse("a@").unwrap_err().to_string().contains("a tag"));
        assert!(parse("a@2026-06-01T12:00").unwrap_err().to_string().contains("is no time"));
        assert!(parse("a:x/y").unwrap_err().to_string().contains("is no target"));
    }
}
