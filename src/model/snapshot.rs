//! Names and states of snapshots.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::Time;

/// The name of a host: `[A-Za-z0-9][A-Za-z0-9._-]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// A name that no host can have.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` cannot name a host: a letter or digit, then letters, digits, `.`, `_` and `-`")]
pub struct HostNameError(pub String);

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if is_word(name, "._-") {
            Ok(Self(name.to_owned()))
        } else {
            Err(HostNameError(name.to_owned()))
        }
    }
}

impl HostName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A letter or digit, then letters, digits and `others`.
fn is_word(text: &str, others: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|each| each.is_ascii_alphanumeric() || others.contains(each))
}

/// A word that a user gives to a snapshot; it cannot look like any other way to say when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// A word that no tag can be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TagError {
    /// Holds other characters.
    #[error("`{0}` cannot be a tag: a letter or digit, then letters, digits, `.`, `_` and `-`")]
    Characters(String),
    /// Would read as a time, a date, `latest`, `prev` or `run-N`.
    #[error("`{0}` cannot be a tag: it already says when in another way")]
    Reserved(String),
}

impl FromStr for Tag {
    type Err = TagError;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        if !is_word(tag, "._-") {
            return Err(TagError::Characters(tag.to_owned()));
        }
        let is_run = tag.strip_prefix("run-").is_some_and(|count| count.parse::<u32>().is_ok());
        if is_run || matches!(tag, "latest" | "prev") || Time::looks_like_one(tag) {
            return Err(TagError::Reserved(tag.to_owned()));
        }
        Ok(Self(tag.to_owned()))
    }
}

impl Tag {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How far a snapshot can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// All that was asked was answered.
    #[default]
    Complete,
    /// The collection was cut short: what is missing says nothing.
    Partial,
    /// Nothing could be had.
    Failed,
    /// Answered, but not to be believed (a half-usable /dev/kvm).
    Suspect,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Complete, Self::Partial, Self::Failed, Self::Suspect];

    /// The name used in JSON and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Suspect => "suspect",
        }
    }
}

/// Why libvirt gave no document for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureClass {
    /// The host cannot do it: a removed machine is an error, not silence.
    Unsupported,
    /// A matter of the moment: connection, time-out. Says nothing about the host.
    Transient,
    /// Not asked, or not allowed to ask.
    Refused,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Unsupported, Self::Transient, Self::Refused];

    /// The name used in JSON and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Transient => "transient",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_plain_words() {
        for good in ["hv01", "hv01.example.org", "0", "a_b-c"] {
            assert!(good.parse::<HostName>().is_ok(), "{good}");
        }
        for bad in ["", "-x", ".x", "a b", "a/b", "a:b", "a@b", "ä"] {
            assert!(bad.parse::<HostName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_cannot_look_like_another_when() {
        for good in ["pre-upgrade", "v12.1", "run-x", "2026"] {
            assert!(good.parse::<Tag>().is_ok(), "{good}");
        }
        for bad in [
            "latest",
            "prev",
            "run-3",
            "-2",
            "2026-11-01",
            "2026-11",
            "id:ab",
            "2026-11-01T02:00:00Z",
        ] {
            assert!(bad.parse::<Tag>().is_err(), "{bad}");
        }
    }
}

/// How current what is known of a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFreshness {
    /// The host.
    pub host: HostName,
    /// When it last answered all that was asked; of a host that is only imported, when its newest
    /// snapshot was taken.
    pub last_success: Option<Time>,
    /// It has no success within the time that was asked for.
    pub is_stale: bool,
}
