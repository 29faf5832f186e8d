//! Releases, and what each of them supports.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use crate::release::{Entry, OptionalPackage};

#[derive(Serialize)]
struct Releases<'r> {
    schema: &'static str,
    releases: Vec<ReleaseLine<'r>>,
}

/// A release that an answer rests on.
#[derive(Serialize)]
pub(super) struct ReleaseLine<'r> {
    name: &'r str,
    label: &'r str,
    distribution: &'r str,
    release: &'r str,
    becomes: Option<&'r str>,
    libvirt: Option<&'r str>,
    qemu: Option<&'r str>,
    targets: usize,
    captured: &'r str,
    accelerator: &'r str,
    origin: &'static str,
    hash: String,
}

#[derive(Serialize)]
struct ReleaseDetails<'r> {
    schema: &'static str,
    #[serde(flatten)]
    release: ReleaseLine<'r>,
    packages: &'r BTreeMap<String, String>,
    optional: &'r [OptionalPackage],
}

#[derive(Serialize)]
struct Which<'r> {
    schema: &'static str,
    releases: Vec<ReleaseLine<'r>>,
    rows: Vec<WhichRow<'r>>,
}

#[derive(Serialize)]
struct WhichRow<'r> {
    expression: &'r str,
    answers: BTreeMap<&'r str, &'static str>,
}

impl<'r> ReleaseLine<'r> {
    pub(super) fn of(entry: &'r Entry) -> Self {
        let release = &entry.release;
        let manifest = &release.manifest;
        Self {
            name: &manifest.name,
            label: &manifest.label,
            distribution: &manifest.distribution,
            release: &manifest.release,
            becomes: manifest.becomes.as_deref(),
            libvirt: release.visit.info.context.libvirt.as_deref(),
            qemu: release.qemu_text(),
            targets: release.visit.observed.len(),
            captured: &manifest.captured,
            accelerator: &manifest.accelerator,
            origin: entry.origin(),
            hash: release.hash.to_string(),
        }
    }
}

/// Writes `domcaps.releases/1`.
///
/// # Errors
/// Where the output cannot be written.
pub fn releases(entries: &[Entry], out: &mut dyn Write) -> std::io::Result<()> {
    let releases = entries.iter().map(ReleaseLine::of).collect();
    super::write(&Releases { schema: "domcaps.releases/1", releases }, out)
}

/// Writes `domcaps.release/1`.
///
/// # Errors
/// Where the output cannot be written.
pub fn release(entry: &Entry, out: &mut dyn Write) -> std::io::Result<()> {
    let details = ReleaseDetails {
        schema: "domcaps.release/1",
        release: ReleaseLine::of(entry),
        packages: &entry.release.manifest.packages,
        optional: &entry.release.manifest.optional,
    };
    super::write(&details, out)
}

/// Writes `domcaps.which/1`: for each expression what each release answers.
///
/// # Errors
/// Where the output cannot be written.
pub fn which(
    entries: &[Entry],
    rows: &[(String, Vec<&'static str>)],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let rows = rows.iter().map(|(expression, answers)| WhichRow {
        expression,
        answers: entries
            .iter()
            .map(|entry| entry.release.manifest.name.as_str())
            .zip(answers.iter().copied())
            .collect(),
    });
    let which = Which {
        schema: "domcaps.which/1",
        releases: entries.iter().map(ReleaseLine::of).collect(),
        rows: rows.collect(),
    };
    super::write(&which, out)
}
