//! Finding releases: those that are built in, and those that the user imported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::bundled::BUNDLED;
use super::pack::{PackError, Release, unpack};
use crate::bounded;
use crate::model::version_numbers;

/// The most bytes of a file with a release; those built in have some 20 KB.
const MAX_FILE: usize = 16 << 20;

/// The releases that selectors can name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Where imported ones are kept; none where only those built in are wanted.
    pub folder: Option<PathBuf>,
}

/// A release, and where it is from.
#[derive(Debug)]
pub struct Entry {
    /// The release.
    pub release: Release,
    /// The file that it was imported into; none for one that is built in.
    pub imported: Option<PathBuf>,
}

/// Why there is no release.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// None has this name.
    #[error("no release '{name}' in the catalogue; there are {there}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        there: String,
    },
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: std::io::Error,
    },
    /// A file holds no release.
    #[error("{}: {error}", path.display())]
    Pack {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: PackError,
    },
}

impl Catalogue {
    /// A catalogue with what was imported into a folder.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Each name once, with the file of an imported one.
    fn names(&self) -> BTreeMap<String, Option<PathBuf>> {
        let mut names: BTreeMap<String, Option<PathBuf>> =
            BUNDLED.iter().map(|(name, _)| ((*name).to_owned(), None)).collect();
        let entries = self.folder.as_deref().and_then(|folder| std::fs::read_dir(folder).ok());
        for path in entries.into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.and_then(|name| name.strip_suffix(".release"))
                && super::is_name(name)
            {
                names.insert(name.to_owned(), Some(path));
            }
        }
        names
    }

    /// The release of a name; an imported one goes before one that is built in.
    ///
    /// # Errors
    /// Where there is none, or its file is bad.
    pub fn find(&self, name: &str) -> Result<Entry, CatalogueError> {
        let names = self.names();
        match names.get(name) {
            Some(file) => read(name, file.clone()),
            None => {
                let there = names.into_keys().collect::<Vec<_>>().join(", ");
                Err(CatalogueError::Unknown { name: name.to_owned(), there })
            }
        }
    }

    /// Every release, the oldest QEMU first.
    ///
    /// # Errors
    /// Where a file is bad.
    pub fn all(&self) -> Result<Vec<Entry>, CatalogueError> {
        let all = self.names().into_iter().map(|(name, file)| read(&name, file));
        let mut all = all.collect::<Result<Vec<_>, _>>()?;
        all.sort_by_cached_key(|entry| {
            let manifest = &entry.release.manifest;
            (entry.release.qemu(), entry.release.libvirt(), manifest.name.clone())
        });
        Ok(all)
    }
}

fn read(name: &str, imported: Option<PathBuf>) -> Result<Entry, CatalogueError> {
    let release = match &imported {
        Some(path) => Catalogue::read_file(path)?,
        None => {
            let bundled = BUNDLED.iter().find(|(each, _)| *each == name).map(|(_, bytes)| *bytes);
            unpack(bundled.unwrap_or_default())
                .map_err(|error| CatalogueError::Pack { path: name.into(), error })?
        }
    };
    Ok(Entry { release, imported })
}

impl Catalogue {
    /// Reads a file with a release.
    ///
    /// # Errors
    /// Where it cannot be read, or holds none.
    pub fn read_file(path: &Path) -> Result<Release, CatalogueError> {
        let bytes = Self::bytes_of(path)?;
        unpack(&bytes).map_err(|error| CatalogueError::Pack { path: path.to_owned(), error })
    }

    /// The bytes of a file with a release.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn bytes_of(path: &Path) -> Result<Vec<u8>, CatalogueError> {
        let io = |error| CatalogueError::Io { path: path.to_owned(), error };
        let file = std::fs::File::open(path).map_err(io)?;
        bounded::bytes(file, MAX_FILE).map_err(io)
    }

    /// The bytes of a release of this name, as they can be given to others.
    ///
    /// # Errors
    /// Where there is none, or its file cannot be read.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, CatalogueError> {
        let entry = self.find(name)?;
        match &entry.imported {
            Some(path) => Self::bytes_of(path),
            None => {
                let bundled = BUNDLED.iter().find(|(each, _)| *each == name);
                Ok(bundled.map(|(_, bytes)| bytes.to_vec()).unwrap_or_default())
            }
        }
    }
}

impl Release {
    /// Its QEMU as numbers.
    #[must_use]
    pub fn qemu(&self) -> Option<crate::model::VersionNumbers> {
        version_numbers(self.qemu_text()?)
    }

    /// Its QEMU as text: `10.0.13`.
    #[must_use]
    pub fn qemu_text(&self) -> Option<&str> {
        self.visit.info.context.hypervisor.as_deref()?.strip_prefix("QEMU ")
    }

    /// Its libvirt as numbers.
    #[must_use]
    pub fn libvirt(&self) -> Option<crate::model::VersionNumbers> {
        version_numbers(self.visit.info.context.libvirt.as_deref()?)
    }
}

impl Entry {
    /// In one line what an answer rests on: label, versions, age and origin.
    #[must_use]
    pub fn describe(&self) -> String {
        let manifest = &self.release.manifest;
        let context = &self.release.visit.info.context;
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
        format!(
            "{}: libvirt {}, {}, captured {} ({})",
            manifest.label,
            known(&context.libvirt),
            known(&context.hypervisor),
            manifest.captured,
            self.origin()
        )
    }

    /// `built in` or `imported`.
    #[must_use]
    pub fn origin(&self) -> &'static str {
        if self.imported.is_some() { "imported" } else { "built in" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_release_is_whole_and_has_its_own_name() {
        for (name, bytes) in BUNDLED {
            let release = unpack(bytes).unwrap();
            assert_eq!(release.manifest.name, name);
            assert!(release.qemu().is_some() && release.libvirt().is_some(), "{name}");
            assert!(release.visit.observed.len() > 60, "{name}");
        }
        let size: usize = BUNDLED.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(size < 500_000, "{size}");
    }

    #[test]
    fn a_name_that_is_none_lists_all() {
        let error = Catalogue::default().find("debian-31").unwrap_err().to_string();
        assert!(error.contains("debian-13"), "{error}");
    }

    #[test]
    fn the_oldest_qemu_comes_first() {
        let all = Catalogue::default().all().unwrap();
        assert_eq!(all[0].release.manifest.name, "debian-11");
        assert!(all.is_sorted_by_key(|entry| entry.release.qemu()));
    }
}
