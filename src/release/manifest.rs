//! What a capture of a release says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::Time;

/// A release, and how it was captured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseManifest {
    /// What selectors call it: `debian-13`.
    pub name: String,
    /// `debian`, `ubuntu`, ….
    pub distribution: String,
    /// The distribution's version: `13`, `24.04`.
    pub release: String,
    /// What people call it: `Debian 13`.
    pub label: String,
    /// The release that a moving one leads to, such as `Debian 14` for sid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
    /// The date of the capture, `YYYY-MM-DD`.
    pub captured: String,
    /// `tcg`, where it was captured without hardware virtualization.
    pub accelerator: String,
    /// The firmware images that were there, listed by libvirt or not: an image that a guest names starts where its
    /// file is there.
    #[serde(default)]
    pub firmware: Vec<String>,
    /// The packages that were installed, with their versions.
    #[serde(default)]
    pub packages: BTreeMap<String, String>,
    /// Packages that add capabilities and need not be installed; in the capture they are.
    #[serde(default)]
    pub optional: Vec<OptionalPackage>,
}

/// A package that adds capabilities to a release.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalPackage {
    /// Its name in the distribution; several, which are of use only together, with spaces.
    pub package: String,
    /// What it adds: `PATH=MEMBER`, `PATH=yes`, `arch=NAME`.
    pub adds: Vec<String>,
}

/// A manifest that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ManifestError {
    /// No TOML, or not these keys.
    #[error("manifest: {0}")]
    Syntax(String),
    /// The name cannot be written in a selector.
    #[error("manifest: invalid name '{0}': expected lower-case letters, digits, '.' and '-'")]
    Name(String),
    /// The date is none.
    #[error("manifest: invalid date '{0}': expected YYYY-MM-DD")]
    Date(String),
}

impl ReleaseManifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Where a key is missing, unknown or has no good value.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self =
            toml::from_str(text).map_err(|error| ManifestError::Syntax(error.message().into()))?;
        if !is_name(&manifest.name) {
            return Err(ManifestError::Name(manifest.name));
        }
        if manifest.captured.len() != 10 || manifest.captured_at().is_none() {
            return Err(ManifestError::Date(manifest.captured));
        }
        Ok(manifest)
    }

    /// The date of the capture as a moment.
    #[must_use]
    pub fn captured_at(&self) -> Option<Time> {
        Time::parse_taken(&format!("{}T00:00:00Z", self.captured)).ok()
    }
}

/// Whether selectors can name it.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 64
        && text.bytes().next().is_some_and(is_plain)
        && text.bytes().all(|byte| is_plain(byte) || b".-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = 'debian-13'\ndistribution = 'debian'\nrelease = '13'\nlabel = 'Debian 13'\n\
        captured = '2026-11-28'\naccelerator = 'tcg'\n";

    #[test]
    fn a_manifest_names_a_release_and_a_day() {
        let manifest = ReleaseManifest::parse(GOOD).unwrap();
        assert_eq!(manifest.captured_at().unwrap().to_string(), "2026-11-28T00:00:00Z");
        for (from, to) in [
            ("debian-13'", "Debian 13'"),
            ("debian-13'", "../x'"),
            ("2026-11-28", "2026-13-28"),
            ("2026-11-28", "today"),
            ("accelerator", "accelerators"),
            ("label = 'Debian 13'\n", ""),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert!(ReleaseManifest::parse(&text).is_err(), "{text}");
        }
    }
}
