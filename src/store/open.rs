//! Opening the database file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::error::StoreError;
use super::migrate;
use super::tree::Nodes;

/// How long a command waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// An open database.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    path: PathBuf,
    pub(super) nodes: Nodes,
}

impl Store {
    /// Opens the database at `path`, and creates it (mode 0600, its folder too) if there is none.
    ///
    /// # Errors
    /// Where the file cannot be had, is not ours, or is newer than this program.
    pub fn create_or_open(path: &Path) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        if !path.exists() {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                fs_err::create_dir_all(folder).map_err(io)?;
            }
            create_private(path).map_err(io)?;
        }
        Self::open_as(path, true)
    }

    /// Opens the database at `path`.
    ///
    /// # Errors
    /// Where there is none, it cannot be read, is not ours, or is newer than this program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_as(path, false)
    }

    fn open_as(path: &Path, may_be_blank: bool) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        if path.is_dir() {
            return Err(StoreError::NotOurs { path: path.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let error = |source| StoreError::of(path, source);
        let connection = Connection::open_with_flags(path, flags).map_err(error)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
        connection.set_prepared_statement_cache_capacity(64);
        let mut store = Self { connection, path: path.to_owned(), nodes: Nodes::default() };
        migrate::migrate(&mut store, may_be_blank)?;
        store.sql(|connection| {
            connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")
        })?;
        Ok(store)
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs SQL; its error gets the path of the file.
    pub(super) fn sql<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        run(&self.connection).map_err(|source| StoreError::of(&self.path, source))
    }

    /// A transaction that may write: it waits for its turn here, and not half-way.
    pub(super) fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        let path = &self.path;
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|source| StoreError::of(path, source))
    }

    /// The error of content that does not fit together.
    pub(super) fn damaged(&self, what: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), what: what.into() }
    }
}

impl StoreError {
    /// SQLite's error, in the words of the one who must act on it.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotOurs { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, what: source.to_string() },
            _ => Self::Sql { path, source },
        }
    }
}

/// Creates an empty file that only its owner may read: documents tell what a host can be
/// attacked with.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // Another process was first.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}
