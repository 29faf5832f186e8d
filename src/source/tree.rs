//! Trees of many hosts: `HOST.xml`, `HOST/…`, or `HOST/TIME/…`.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{SourceError, entries};
use crate::model::{HostName, HostNameError, Time, TimeError};

/// What one snapshot of one host is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFolder {
    /// The host, named by the file or folder.
    pub host: HostName,
    /// When it was taken, where a folder says so.
    pub taken_at: Option<Time>,
    /// The file or folder.
    pub path: PathBuf,
}

/// An entry of a tree that is no host.
#[derive(Debug, Error)]
pub enum TreeError {
    /// It cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Its name is no host's.
    #[error("{}: {error}", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        error: HostNameError,
    },
    /// A document beside folders of times: it has no time of its own.
    #[error("{}: stands beside folders of times; left out", path.display())]
    Beside {
        /// The file.
        path: PathBuf,
    },
    /// A folder of a host's folder whose name is no time.
    #[error("{}: {error}", path.display())]
    Time {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        error: TimeError,
    },
}

impl TreeError {
    /// The file or folder it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Source(error) => error.path(),
            Self::Name { path, .. } | Self::Time { path, .. } | Self::Beside { path } => path,
        }
    }
}

/// The snapshots below `tree`, by host and time; what is neither a folder nor `*.xml` is left out.
///
/// # Errors
/// Where `tree` itself cannot be read.
pub fn hosts(tree: &Path) -> Result<Vec<Result<HostFolder, TreeError>>, SourceError> {
    let mut found = Vec::new();
    for path in entries(tree)? {
        let is_folder = path.is_dir();
        if !is_folder && path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let name = if is_folder { path.file_name() } else { path.file_stem() };
        match name.unwrap_or_default().to_string_lossy().parse::<HostName>() {
            Ok(host) if is_folder => found.extend(snapshots(&host, &path)),
            Ok(host) => found.push(Ok(HostFolder { host, taken_at: None, path })),
            Err(error) => found.push(Err(TreeError::Name { path, error })),
        }
    }
    Ok(found)
}

/// The snapshots of one host: its folders where it has any, else itself.
fn snapshots(host: &HostName, folder: &Path) -> Vec<Result<HostFolder, TreeError>> {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = match entries(folder) {
        Ok(entries) => entries.into_iter().partition(|entry| entry.is_dir()),
        Err(error) => return vec![Err(error.into())],
    };
    if folders.is_empty() {
        let (host, path) = (host.clone(), folder.to_owned());
        return vec![Ok(HostFolder { host, taken_at: None, path })];
    }
    let snapshot = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match Time::parse_taken(&name) {
            Ok(time) => Ok(HostFolder { host: host.clone(), taken_at: Some(time), path }),
            Err(error) => Err(TreeError::Time { path: path.clone(), error }),
        }
    };
    let is_document = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "xml");
    let beside = files.into_iter().filter(is_document);
    let beside = beside.map(|path| Err(TreeError::Beside { path }));
    folders.into_iter().map(snapshot).chain(beside).collect()
}
