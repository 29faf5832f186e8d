//! Which snapshot of a host a user means.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Tag, TagError, Time, TimeError};

/// The part of an operand behind `@`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// The newest complete snapshot; where none is, the newest that has anything.
    #[default]
    Latest,
    /// That many changes of content back; `prev` is one.
    Changes(u32),
    /// That many runs back, changed or not.
    Runs(u32),
    /// The newest not after a time; a date is the end of its day, UTC.
    At(Time),
    /// The one whose id begins so, in lower case.
    Id(String),
    /// The newest with that tag.
    Tag(Tag),
}

/// Text that says no moment.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WhenError {
    /// An id that is no hexadecimal number.
    #[error("`id:{0}` is no snapshot id: write the first digits that `domcaps snapshots` shows")]
    Id(String),
    /// Begins like a date, and is none.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// Nothing else, and no tag either.
    #[error("{0}; a moment is latest, prev, -N, run-N, a time, a date, id:PREFIX or a tag")]
    Tag(#[from] TagError),
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let count = |digits: &str| digits.parse::<u32>().ok();
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if text == "prev" {
            return Ok(Self::Changes(1));
        }
        if let Some(changes) = text.strip_prefix('-').and_then(count) {
            return Ok(Self::Changes(changes));
        }
        if let Some(runs) = text.strip_prefix("run-").and_then(count) {
            return Ok(Self::Runs(runs));
        }
        if let Some(prefix) = text.strip_prefix("id:") {
            let is_hex = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
            let prefix = prefix.to_ascii_lowercase();
            return if is_hex { Ok(Self::Id(prefix)) } else { Err(WhenError::Id(prefix)) };
        }
        match Time::parse_moment(text) {
            Ok(time) => Ok(Self::At(time)),
            Err(error) if Time::looks_like_one(text) => Err(error.into()),
            Err(_) => Ok(Self::Tag(text.parse()?)),
        }
    }
}

impl fmt::Display for When {
    /// In the words of a sentence: `host hv01 has no snapshot …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => write!(f, "that is complete"),
            Self::Changes(1) => write!(f, "before its last change"),
            Self::Changes(count) => write!(f, "before its last {count} changes"),
            Self::Runs(count) => write!(f, "{count} runs back"),
            Self::At(time) => write!(f, "at or before {time}"),
            Self::Id(prefix) => write!(f, "id:{prefix}"),
            Self::Tag(tag) => write!(f, "tagged {tag}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_when() {
        let when = |text: &str| text.parse::<When>();
        assert_eq!(when("latest"), Ok(When::Latest));
        assert_eq!(when("prev"), Ok(When::Changes(1)));
        assert_eq!(when("-3"), Ok(When::Changes(3)));
        assert_eq!(when("run-0"), Ok(When::Runs(0)));
        assert_eq!(when("id:AB12"), Ok(When::Id("ab12".into())));
        assert!(matches!(when("2026-11-01"), Ok(When::At(_))));
        assert!(matches!(when("2026-11-01T02:00:00Z"), Ok(When::At(_))));
        assert!(matches!(when("pre-upgrade"), Ok(When::Tag(_))));
        for bad in ["2026-13-01", "2026-11", "2026-11-01T02:00"] {
            assert!(matches!(when(bad), Err(WhenError::Time(_))), "{bad}");
        }
        for bad in ["", "id:", "id:xyz", "a b", "--1"] {
            assert!(when(bad).is_err(), "{bad}");
        }
    }
}
