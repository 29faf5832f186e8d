//! `--format` and `--output`: a report in several formats at once.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::failure::Failure;
use super::ui::Ui;
use crate::render::{self, Format, Options};
use crate::report::Report;

/// How a report is shown.
#[derive(Args, Debug)]
pub(super) struct Outputs {
    /// Write it to a file too, such as html=report.html. Can be given several times
    #[arg(long, value_name = "FORMAT=FILE")]
    output: Vec<Output>,
    /// List in full what is else summed up: what libvirt merely reports otherwise, and what is ignored
    #[arg(long)]
    full: bool,
}

/// A format and the file to write it to.
#[derive(Clone, Debug)]
struct Output {
    format: Format,
    path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or("write FORMAT=FILE, such as html=report.html")?;
        if path == "-" {
            return Err("standard output is for --format".to_owned());
        }
        Ok(Self { format: format.parse()?, path: path.into() })
    }
}

/// Columns of text in a file.
const WIDTH: usize = 100;

impl Outputs {
    /// Whether any file was asked for.
    pub(super) fn is_asked(&self) -> bool {
        !self.output.is_empty()
    }

    /// Writes the files, then the standard output as `format`.
    pub(super) fn write(
        &self,
        ui: &mut Ui<'_>,
        report: &Report,
        format: Format,
    ) -> Result<(), Failure> {
        self.write_all_of(ui, report, format, false)
    }

    /// Writes them; in full where `is_full` or the option says so.
    pub(super) fn write_all_of(
        &self,
        ui: &mut Ui<'_>,
        report: &Report,
        format: Format,
        is_full: bool,
    ) -> Result<(), Failure> {
        let is_full = is_full || self.full;
        for (at, output) in self.output.iter().enumerate() {
            let is_same = |other: &&Output| same_file(&other.path) == same_file(&output.path);
            if self.output[..at].iter().any(|other| is_same(&other)) {
                let message = format!("{}: named twice by --output", output.path.display());
                return Err(Failure::usage(&message));
            }
        }
        for output in &self.output {
            let mut content = Vec::new();
            let options = Options { is_full, width: WIDTH };
            render::write(output.format, report, options, &mut content)?;
            if output.format == Format::Text {
                content = super::ui::without_color(&content);
            }
            save(&output.path, &content)?;
            ui.status(format!("{} written to {}", output.format.name(), output.path.display()));
        }
        let options = Options { is_full, width: ui.width() };
        match format {
            Format::Text => {
                ui.print(|out| render::write(Format::Text, report, options, out))?;
            }
            format => render::write(format, report, options, ui.out())?,
        }
        Ok(())
    }
}

/// That the folder of a file to be written is there.
pub(super) fn check_folder(file: &Path) -> Result<(), Failure> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            let message = format!(
                "{}: cannot write: No such file or directory: {}",
                file.display(),
                folder.display()
            );
            Err(Failure::new(&message).with_hint("nothing was written; make the folder first"))
        }
        _ => Ok(()),
    }
}

/// What two spellings of one file have in common: where its folder really is, and its name; for one
/// that is there, its number, which hard links share.
fn same_file(path: &Path) -> (PathBuf, Option<(u64, u64)>) {
    const MOST_LINKS: usize = 40;
    if let Ok(there) = std::fs::metadata(path) {
        return (PathBuf::new(), Some((there.dev(), there.ino())));
    }
    let folder = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).to_owned()
    };
    // A link that leads to nothing yet; a circle of links leads nowhere.
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(to) = std::fs::read_link(&path) else { break };
        path = folder(&path).join(to);
    }
    let folder = folder(&path);
    let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
    (folder.join(path.file_name().unwrap_or_default()), None)
}

/// Writes a file whole or not at all.
fn save(path: &Path, content: &[u8]) -> Result<(), Failure> {
    check_folder(path)?;
    save_with(path, |out| Ok(out.write_all(content)?))
}

/// Writes a file whole or not at all, as `write` makes it.
pub(super) fn save_with(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let place = Place::of(path).map_err(|error| not_written(path, error))?;
    let mut out = Kept { out: BufWriter::new(place.file()), error: None };
    let written = write(&mut out);
    let flushed = out.out.flush();
    // An error of the file is told with its name, whatever became of it on the way.
    if let Some(error) = out.error.take() {
        return Err(not_written(path, error));
    }
    drop(out);
    written?;
    flushed.and_then(|()| place.keep()).map_err(|error| not_written(path, error))
}

/// Writes a file whole or not at all. A new one can be read by all, whatever the umask is.
pub(super) fn save_for_all(path: &Path, content: &[u8]) -> Result<(), Failure> {
    check_folder(path)?;
    let save = || {
        let is_new = std::fs::symlink_metadata(path).is_err();
        let place = Place::of(path)?;
        if is_new {
            place.file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        place.file().write_all(content)?;
        place.keep()
    };
    save().map_err(|error| not_written(path, error))
}

fn not_written(path: &Path, error: std::io::Error) -> Failure {
    // Without the name of the file that was to take its place.
    let error = error.raw_os_error().map_or(error, std::io::Error::from_raw_os_error);
    Failure::new(&format!("{}: cannot write: {error}", path.display()))
}

/// Keeps the first error, which whoever writes may pass on as something else.
struct Kept<'f> {
    out: BufWriter<&'f File>,
    error: Option<std::io::Error>,
}

impl Write for Kept<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write(bytes).map_err(|error| self.keep(error))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush().map_err(|error| self.keep(error))
    }
}

impl Kept<'_> {
    fn keep(&mut self, error: std::io::Error) -> std::io::Error {
        let copy = error.raw_os_error().map_or_else(
            || std::io::Error::new(error.kind(), error.to_string()),
            std::io::Error::from_raw_os_error,
        );
        self.error.get_or_insert(copy);
        error
    }
}

/// Where a file is written until it is whole.
enum Place {
    /// Beside the file that it takes the place of.
    Beside(tempfile::NamedTempFile, PathBuf),
    /// What cannot be replaced, such as a device or a pipe.
    There(File),
}

impl Place {
    fn of(path: &Path) -> std::io::Result<Self> {
        // A link stays, and what it leads to is written.
        let file = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let is_ours = !["/dev", "/proc"].iter().any(|system| path.starts_with(system));
        let is_replaceable = match std::fs::symlink_metadata(&file) {
            Ok(there) => there.is_file() && is_ours,
            Err(_) => std::fs::symlink_metadata(path).is_err(),
        };
        if !is_replaceable {
            return File::create(path).map(Self::There);
        }
        let mut permissions = std::fs::Permissions::from_mode(0o666);
        if let Ok(there) = std::fs::metadata(&file) {
            // What may not be written is not replaced either, and what few may read stays so.
            drop(std::fs::OpenOptions::new().write(true).open(&file)?);
            permissions = there.permissions();
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let new = tempfile::Builder::new()
            .permissions(permissions)
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        Ok(Self::Beside(new, file))
    }

    fn file(&self) -> &File {
        match self {
            Self::Beside(new, _) => new.as_file(),
            Self::There(file) => file,
        }
    }

    fn keep(self) -> std::io::Result<()> {
        match self {
            Self::Beside(new, file) => new.persist(file).map(drop).map_err(|error| error.error),
            Self::There(_) => Ok(()),
        }
    }
}
