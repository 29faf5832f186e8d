//! Releases of the catalogue, for a person.

use std::io::Write;

use super::plain;
use super::table::table;
use super::text::heading;
use crate::release::Entry;

/// Writes a line for each.
///
/// # Errors
/// Where the output cannot be written.
pub fn list(entries: &[Entry], out: &mut dyn Write) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    table(&["release", "label", "libvirt", "qemu", "targets", "captured", "origin"], &rows, out)
}

fn row(entry: &Entry) -> Vec<String> {
    let release = &entry.release;
    let manifest = &release.manifest;
    vec![
        manifest.name.clone(),
        manifest.label.clone(),
        release.visit.info.context.libvirt.clone().unwrap_or_default(),
        release.qemu_text().unwrap_or_default().to_owned(),
        release.visit.observed.len().to_string(),
        manifest.captured.clone(),
        entry.origin().to_owned(),
    ]
}

/// Writes what a release says of itself.
///
/// # Errors
/// Where the output cannot be written.
pub fn show(entry: &Entry, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let release = &entry.release;
    let manifest = &release.manifest;
    writeln!(out, "{}", heading(&plain(&manifest.label), width))?;
    writeln!(out, "{}", plain(&entry.describe()))?;
    writeln!(out, "hash {}, accelerator {}", release.hash, plain(&manifest.accelerator))?;
    if let Some(becomes) = &manifest.becomes {
        writeln!(out, "leads to {}", plain(becomes))?;
    }
    if let Some(path) = &entry.imported {
        writeln!(out, "{}", plain(&path.display().to_string()))?;
    }
    writeln!(out)?;
    let packages = manifest.packages.iter();
    let rows: Vec<Vec<String>> =
        packages.map(|(name, version)| vec![name.clone(), version.clone()]).collect();
    table(&["package", "version"], &rows, out)?;
    for optional in &manifest.optional {
        writeln!(out, "\n{} adds", plain(&optional.package))?;
        for each in &optional.adds {
            writeln!(out, "  {}", plain(each))?;
        }
    }
    Ok(())
}
