//! Where documents come from: files, folders of files, standard input.
//!
//! A folder is one host's: its `*.xml` and `*.xml.gz` files and `version.txt`. Each file is read on
//! its own, so one that cannot be read costs no other. What is compressed with gzip is unpacked,
//! whatever its name.

mod tree;

use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::bounded;
use crate::parse::MAX_BYTES;

pub use tree::{HostFolder, TreeError, hosts};

/// The name of standard input among paths.
pub const STDIN: &str = "-";

/// One file's content.
#[derive(Clone, Debug)]
pub struct Input {
    /// As the user wrote it, or as it was found below what the user wrote.
    pub path: PathBuf,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// The most bytes of all files of one host; a Debian 13 host with five architectures has 5 MiB.
pub const MAX_HOST_BYTES: usize = 64 << 20;

/// A path that gave nothing.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Larger than any document that is read.
    #[error("{}: larger than {} MiB", path.display(), MAX_BYTES >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Compressed, and damaged or cut off.
    #[error("{}: not a whole gzip file: {source}", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What the decoder says.
        source: std::io::Error,
    },
    /// One host's folder where a folder of hosts was meant.
    #[error("{}: this is the folder of one host ({why}), not of many", path.display())]
    OneHost {
        /// The folder.
        path: PathBuf,
        /// How it shows.
        why: String,
    },
    /// The files of a folder are larger together than those of any host.
    #[error("{}: its files are larger than {} MiB together", path.display(), MAX_HOST_BYTES >> 20)]
    HostTooLarge {
        /// The folder.
        path: PathBuf,
    },
    /// A pipe, socket or device in a folder.
    #[error("{}: not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A folder without documents.
    #[error("{}: no *.xml file in this folder{}", path.display(), if *has_folders { ", but folders: is it a tree of hosts (import --tree)?" } else { "" })]
    NoDocuments {
        /// The folder.
        path: PathBuf,
        /// It has folders, which may hold documents.
        has_folders: bool,
    },
}

impl SourceError {
    /// The file or folder it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::TooLarge { path }
            | Self::Gzip { path, .. }
            | Self::OneHost { path, .. }
            | Self::HostTooLarge { path }
            | Self::NotAFile { path }
            | Self::NoDocuments { path, .. } => path,
        }
    }
}

/// Reads what a path names: a file, the files of a folder in the order of their names, or
/// standard input.
pub fn read(path: &Path, stdin: &mut dyn Read) -> Vec<Result<Input, SourceError>> {
    if path.as_os_str() == STDIN {
        return vec![read_limited(path, stdin)];
    }
    if !path.is_dir() {
        return vec![read_file(path)];
    }
    let files = match files(path) {
        Ok(files) => files,
        Err(error) => return vec![Err(error)],
    };
    let mut inputs = Vec::with_capacity(files.len());
    let mut bytes = 0;
    for file in files {
        let input = read_regular(&file);
        bytes += input.as_ref().map_or(0, |input| input.bytes.len());
        if bytes > MAX_HOST_BYTES {
            return vec![Err(SourceError::HostTooLarge { path: path.to_owned() })];
        }
        inputs.push(input);
    }
    inputs
}

/// Reads a file or folder that was found and not named.
pub fn read_found(path: &Path) -> Vec<Result<Input, SourceError>> {
    if path.is_dir() { read(path, &mut std::io::empty()) } else { vec![read_regular(path)] }
}

/// The files of a host's folder, sorted.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut files = Vec::new();
    let mut has_folders = false;
    for entry in entries(folder)? {
        if entry.is_dir() {
            has_folders = true;
        } else if document_stem(&entry).is_some() || is_version(&entry) {
            files.push(entry);
        }
    }
    if files.iter().all(|file| is_version(file)) {
        return Err(SourceError::NoDocuments { path: folder.to_owned(), has_folders });
    }
    Ok(files)
}

/// The name of a file without `.xml` or `.xml.gz`, where it ends so.
#[must_use]
pub fn document_stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".xml").map(str::to_owned)
}

/// What stands in a folder, hidden files left out, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let io = |source| SourceError::Io { path: folder.to_owned(), source };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

/// Whether a path is a folder that holds folders.
#[must_use]
pub fn has_folders(path: &Path) -> bool {
    path.is_dir() && entries(path).is_ok_and(|entries| entries.iter().any(|entry| entry.is_dir()))
}

/// Whether a file holds the output of `virsh version --daemon`.
#[must_use]
pub fn is_version(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "version.txt")
}

/// Reads a file that was found and not named: anything else there, such as a pipe, could wait for
/// ever.
fn read_regular(path: &Path) -> Result<Input, SourceError> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(SourceError::NotAFile { path: path.to_owned() }),
        Ok(_) => read_file(path),
        Err(source) => Err(SourceError::Io { path: path.to_owned(), source }),
    }
}

fn read_file(path: &Path) -> Result<Input, SourceError> {
    let io = |source| SourceError::Io { path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(io)?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    // A file that says how long it is, is read at once; the byte more tells that it has grown.
    let room = usize::try_from(length).unwrap_or(usize::MAX).min(MAX_BYTES) + 1;
    let mut bytes = vec![0; room];
    let mut read = 0;
    while read < room {
        match file.read(&mut bytes[read..]) {
            Ok(0) => {
                bytes.truncate(read);
                return unpacked(path.to_owned(), bytes);
            }
            Ok(more) => read += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(io(source)),
        }
    }
    read_limited(path, &mut bytes.as_slice().chain(file))
}

/// Reads no more than a document may have, whatever there is.
fn read_limited(path: &Path, from: &mut dyn Read) -> Result<Input, SourceError> {
    let path = path.to_owned();
    match bounded::bytes(from, MAX_BYTES) {
        Ok(bytes) => unpacked(path, bytes),
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Err(SourceError::TooLarge { path })
        }
        Err(source) => Err(SourceError::Io { path, source }),
    }
}

/// Unpacks what is compressed, no more of it than a document may have.
fn unpacked(path: PathBuf, bytes: Vec<u8>) -> Result<Input, SourceError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Input { path, bytes });
    }
    let mut unpacked = Vec::new();
    let decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
    match decoder.take(MAX_BYTES as u64 + 1).read_to_end(&mut unpacked) {
        Ok(_) if unpacked.len() > MAX_BYTES => Err(SourceError::TooLarge { path }),
        Ok(_) => Ok(Input { path, bytes: unpacked }),
        Err(source) => Err(SourceError::Gzip { path, source }),
    }
}
