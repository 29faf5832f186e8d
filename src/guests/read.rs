//! Reading guests from files and folders.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::Guest;
use crate::observe::BadFile;
use crate::parse;
use crate::source::{self, SourceError};

/// A guest and the file it stands in: two files can hold guests of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestFile {
    /// The file.
    pub path: PathBuf,
    /// The guest.
    pub guest: Guest,
}

/// What some paths gave.
#[derive(Debug, Default)]
pub struct Reading {
    /// Every guest, in the order of the paths and of the names in a folder.
    pub guests: Vec<GuestFile>,
    /// Files that hold no guest, with line, column and reason.
    pub bad: Vec<BadFile>,
    /// Paths that could not be read.
    pub unread: Vec<SourceError>,
}

/// Where a file is, however it is spelled.
fn place(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Reads what `paths` name: files, folders with their `*.xml` files, or `-`. A file that is named
/// twice is read once; one that is bad costs no other.
pub fn read(paths: &[PathBuf], stdin: &mut dyn Read) -> Reading {
    let mut reading = Reading::default();
    let mut seen = HashSet::new();
    for path in paths {
        for input in source::read(path, stdin) {
            match input {
                Ok(input) if source::is_version(&input.path) => {}
                Ok(input) if !seen.insert(place(&input.path)) => {}
                Ok(input) => match parse::guest(&input.bytes) {
                    Ok(guest) => reading.guests.push(GuestFile { path: input.path, guest }),
                    Err(error) => reading.bad.push(BadFile { path: input.path, error }),
                },
                Err(error) => reading.unread.push(error),
            }
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_of_one_name_are_kept_apart_and_bad_files_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let one = write("a.xml", "<domain type='kvm'><name>g</name></domain>");
        write("b.xml", "<domain type='qemu'><name>g</name></domain>");
        write("c.xml", "<network/>");
        write("version.txt", "no matter");
        let missing = folder.path().join("none.xml");
        let paths = [folder.path().to_owned(), one.clone(), missing.clone()];
        let reading = read(&paths, &mut std::io::empty());
        let found =
            reading.guests.iter().map(|it| (it.guest.name.as_str(), it.guest.virttype.as_str()));
        assert_eq!(found.collect::<Vec<_>>(), [("g", "kvm"), ("g", "qemu")]);
        assert_eq!(reading.guests[0].path, one);
        assert!(reading.bad.len() == 1 && reading.bad[0].path.ends_with("c.xml"));
        assert_eq!(reading.unread[0].path(), missing);
    }
}
