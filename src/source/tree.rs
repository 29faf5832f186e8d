//! Trees of many hosts: `HOST.xml`, `HOST/…`, or `HOST/TIME/…`.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{SourceError, document_stem, entries, is_version, read_regular};
use crate::model::{HostName, HostNameError, Time, TimeError};
use crate::parse;

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
/// Where `tree` itself cannot be read, or is the folder of one host: its documents would become hosts.
pub fn hosts(tree: &Path) -> Result<Vec<Result<HostFolder, TreeError>>, SourceError> {
    let mut found = Vec::new();
    let entries = entries(tree)?;
    if let Some(why) = is_one_host(&entries) {
        return Err(SourceError::OneHost { path: tree.to_owned(), why });
    }
    for path in entries {
        let is_folder = path.is_dir();
        let name = match document_stem(&path) {
            _ if is_folder => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Some(stem) => stem,
            None => continue,
        };
        match name.parse::<HostName>() {
            Ok(host) if is_folder => found.extend(snapshots(&host, &path)),
            Ok(host) => found.push(Ok(HostFolder { host, taken_at: None, path })),
            Err(error) => found.push(Err(TreeError::Name { path, error })),
        }
    }
    Ok(found)
}

/// How a folder shows that it is one host's, where it does.
fn is_one_host(entries: &[PathBuf]) -> Option<String> {
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        entries.iter().partition(|entry| entry.is_dir());
    let named = |path: &&&PathBuf| {
        let stem = document_stem(path);
        let stem = stem.as_deref().unwrap_or_default();
        is_version(path)
            || matches!(stem, "capabilities" | "supported_features")
            || stem.starts_with("virsh_domcapabilities")
    };
    if let Some(file) = files.iter().find(named) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        return Some(format!("it holds {name}"));
    }
    let is_time = |path: &&PathBuf| {
        Time::parse_taken(&path.file_name().unwrap_or_default().to_string_lossy()).is_ok()
    };
    if !folders.is_empty() && folders.iter().all(is_time) {
        return Some("its folders are named by times".to_owned());
    }
    let documents: Vec<&PathBuf> =
        files.into_iter().filter(|file| document_stem(file).is_some()).collect();
    let is_of_targets = folders.is_empty()
        && documents.len() > 1
        && documents.iter().all(|file| is_named_by_target(file));
    is_of_targets.then(|| "its files are named by the machines they describe".to_owned())
}

/// Whether a document's file has the name of its machine in it, or the other way round (`q35` of
/// `pc-q35-9.2`): then it is not named by its host.
fn is_named_by_target(file: &Path) -> bool {
    let Ok(input) = read_regular(file) else { return false };
    let Some(head) = parse::split(&input.bytes) else { return false };
    let (stem, machine) = (document_stem(file).unwrap_or_default(), head.target.machine);
    !machine.is_empty() && !stem.is_empty() && (stem.contains(&machine) || machine.contains(&stem))
}

/// The snapshots of one host: its folders where it has any, else itself.
fn snapshots(host: &HostName, folder: &Path) -> Vec<Result<HostFolder, TreeError>> {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = match entries(folder) {
        Ok(entries) => entries.into_iter().partition(|entry| entry.is_dir()),
        Err(error) => return vec![Err(error.into())],
    };
    let is_time = |path: &PathBuf| {
        Time::parse_taken(&path.file_name().unwrap_or_default().to_string_lossy()).is_ok()
    };
    let is_document = |file: &PathBuf| document_stem(file).is_some();
    // Folders beside documents, none of which is a time, are something else of this host's, such as
    // the `cpu_map` of KubeVirt's node labeller.
    let is_itself = !folders.iter().any(is_time) && files.iter().any(is_document);
    if folders.is_empty() || is_itself {
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
    let beside = files.into_iter().filter(is_document);
    let beside = beside.map(|path| Err(TreeError::Beside { path }));
    folders.into_iter().map(snapshot).chain(beside).collect()
}
