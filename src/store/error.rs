//! What can go wrong with the store.

use std::path::PathBuf;

use thiserror::Error;

use crate::model::{Hash, HostName, Tag, Time};

/// A failure of the store. Nothing was changed by the operation that failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no such file, and nothing to look into.
    #[error("{}: no database there", path.display())]
    Missing {
        /// The database file.
        path: PathBuf,
    },
    /// The file or its folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The database file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file, but no database of ours.
    #[error("{}: not a domcaps database", path.display())]
    NotOurs {
        /// The database file.
        path: PathBuf,
    },
    /// Something else than a file.
    #[error("{}: {what}, not a file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A new database would take over what another one left.
    #[error("{}: {} is left from another database, and would be read into a new one", path.display(), leftover.display())]
    Leftover {
        /// The database file.
        path: PathBuf,
        /// The file beside it.
        leftover: PathBuf,
    },
    /// The file has several names.
    #[error("{}: the file has {links} names (hard links), and each would get a log of its own; nothing was stored", path.display())]
    Linked {
        /// The database file.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// The file is a mount point.
    #[error("{}: the file is mounted by itself, so its log would be kept apart from it; nothing was stored", path.display())]
    Mounted {
        /// The database file.
        path: PathBuf,
    },
    /// The name means another file now, or none.
    #[error("{}: the file or its log was deleted or replaced meanwhile; nothing was stored", path.display())]
    Replaced {
        /// The database file.
        path: PathBuf,
    },
    /// Written by a newer domcaps.
    #[error("{}: database version {found} is newer than this domcaps, which reads up to {supported}", path.display())]
    TooNew {
        /// The database file.
        path: PathBuf,
        /// The file's version.
        found: i64,
        /// The newest version that this program knows.
        supported: i64,
    },
    /// Another process kept the database locked for longer than we wait.
    #[error("{}: another process keeps the database locked", path.display())]
    Locked {
        /// The database file.
        path: PathBuf,
    },
    /// The disk is full, or fails.
    #[error("{}: the disk is full or fails ({}); nothing was stored", path.display(), words(source))]
    Full {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// The file or its folder may not be written, or not be read.
    #[error("{}: no permission ({})", path.display(), words(source))]
    NotWritable {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// SQLite's own error.
    #[error("{}: {}", path.display(), words(source))]
    Sql {
        /// The database file.
        path: PathBuf,
        /// The error.
        source: rusqlite::Error,
    },
    /// What was stored does not read back as what was stored.
    #[error("{}: damaged: {what}", path.display())]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The host has another snapshot of that time.
    #[error("host {host} already has a snapshot of {taken_at} with other content ({id})")]
    OtherContent {
        /// The host.
        host: HostName,
        /// The time.
        taken_at: Time,
        /// The stored snapshot.
        id: Hash,
    },
    /// No host is stored yet.
    #[error("{}: the database holds no host yet", path.display())]
    Empty {
        /// The database file.
        path: PathBuf,
    },
    /// A host of that name is there already.
    #[error("host {host} is there already")]
    HostExists {
        /// The host.
        host: HostName,
    },
    /// The snapshot does not have the tag that is to be taken off.
    #[error("host {host}: the snapshot of {taken_at} is not tagged {tag}")]
    NotTagged {
        /// The host.
        host: HostName,
        /// The time.
        taken_at: Time,
        /// The tag.
        tag: Tag,
    },
    /// There is a file where a new one was to be.
    #[error("{}: there is a file of that name", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database that is in use.
    #[error("{}: a database that is in use", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// No host of that name.
    #[error("no host `{host}`{}", if known.is_empty() { String::new() } else { format!(": there are {}{}", known.join(", "), if known.len() == 5 { ", …" } else { "" }) })]
    UnknownHost {
        /// As the user wrote it.
        host: String,
        /// Up to five names that are stored, nearest first.
        known: Vec<String>,
    },
    /// The host has no snapshot of that moment.
    #[error("host {host} has no snapshot {moment}{}", hint.as_deref().unwrap_or_default())]
    NoSnapshot {
        /// The host.
        host: HostName,
        /// What was asked for, in words.
        moment: String,
        /// What there is instead.
        hint: Option<String>,
    },
    /// Several snapshots begin so.
    #[error("host {host} has several snapshots id:{prefix}: {}", candidates.join(", "))]
    AmbiguousId {
        /// The host.
        host: HostName,
        /// As the user wrote it.
        prefix: String,
        /// The ids in full.
        candidates: Vec<String>,
    },
}

/// SQLite's message without what the library adds, such as the whole statement.
pub(super) fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
