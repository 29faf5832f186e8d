//! Releases as files: importing, exporting and packing them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::name;
use crate::cli::failure::{Exit, Failure};
use crate::cli::outputs;
use crate::cli::ui::{self, Ui};
use crate::release::{self, Catalogue};
use crate::source;

/// Add releases to the catalogue from files
///
/// One of the same name goes before the one that is built in. They are kept for the user, not in a database:
/// in $XDG_DATA_HOME/domcaps/releases, for root in /var/lib/domcaps/releases. To take one out, remove its file.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps release import debian-13.release")]
pub(super) struct Import {
    /// Files that `domcaps release export` or `domcaps release pack` wrote
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Write a release to a file, to give it to others
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps release export debian-13                  writes debian-13.release
  domcaps release export debian-13 /srv/d13.release")]
pub(super) struct Export {
    /// The release
    name: String,
    /// The file [default: NAME.release]
    file: Option<PathBuf>,
}

/// Pack a capture into a file
///
/// FOLDER is one as `domcaps import` reads it, with a manifest.toml: contrib/release/capture makes such folders
/// of an installed system and of a running daemon.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps release pack captures/debian-13 debian-13.release")]
pub(super) struct Pack {
    /// The folder of the capture
    folder: PathBuf,
    /// The file
    file: PathBuf,
}

pub(super) fn import(ui: &mut Ui<'_>, arguments: &Import) -> Result<Exit, Failure> {
    let folder = ui::releases().ok_or_else(|| {
        Failure::new(&"there is no home folder to keep releases in").with_hint("set XDG_DATA_HOME")
    })?;
    let mut read = Vec::new();
    for file in &arguments.files {
        let release = Catalogue::read_file(file)?;
        read.push((file, release));
    }
    for (file, release) in read {
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(&format!("{}: {error}", folder.display())))?;
        let path = folder.join(format!("{}.release", release.manifest.name));
        write(&path, &Catalogue::bytes_of(file)?)?;
        ui.status(format!(
            "release:{} is {}, captured {}",
            release.manifest.name, release.manifest.label, release.manifest.captured
        ));
    }
    Ok(Exit::Done)
}

pub(super) fn export(ui: &mut Ui<'_>, arguments: &Export) -> Result<Exit, Failure> {
    let name = name(&arguments.name);
    let bytes = ui::catalogue().file(name)?;
    let file = arguments.file.clone().unwrap_or_else(|| format!("{name}.release").into());
    write(&file, &bytes)?;
    ui.status(format!("release:{name} written to {}", file.display()));
    Ok(Exit::Done)
}

pub(super) fn pack(ui: &mut Ui<'_>, arguments: &Pack) -> Result<Exit, Failure> {
    let manifest = arguments.folder.join(release::MANIFEST);
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| Failure::new(&format!("{}: {error}", manifest.display())))?;
    let inputs = source::read(&arguments.folder, &mut std::io::empty());
    let inputs = inputs.into_iter().collect::<Result<Vec<_>, _>>()?;
    let at = |error| Failure::new(&format!("{}: {error}", arguments.folder.display()));
    let bytes = release::pack(&text, &inputs).map_err(at)?;
    // What was written can be read.
    let packed = release::unpack(&bytes).map_err(at)?;
    write(&arguments.file, &bytes)?;
    ui.status(format!(
        "{}: {} targets, {} different documents, {} bytes in {}",
        packed.manifest.name,
        packed.visit.observed.len(),
        packed.visit.bodies.len(),
        bytes.len(),
        arguments.file.display()
    ));
    Ok(Exit::Done)
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    outputs::check_folder(path)?;
    outputs::save_with(path, |out| Ok(out.write_all(bytes)?))
}
