//! Opening the database file.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::error::StoreError;
use super::files::{self, Draft, FileIdentity};
use super::known::Kept;
use super::migrate;
use super::tree::Nodes;

/// How long a command waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long it sleeps between two tries. SQLite's own waiting sleeps ever longer, up to 100 ms, so that
/// whoever waited longest tries least: of four importers in loops one waited 2 s for its turn.
const NAP: Duration = Duration::from_millis(2);

/// So many naps a file may have two names.
const NAPS_FOR_LINKS: u32 = 150;

/// Says whether to try once more after `tries`.
fn wait(tries: i32) -> bool {
    std::thread::sleep(NAP);
    NAP.saturating_mul(tries.unsigned_abs()) < BUSY_TIMEOUT
}

/// An open database.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    path: PathBuf,
    named: Option<Named>,
    pub(super) nodes: Nodes,
    pub(super) kept: Kept,
}

/// The file that was opened, to tell whether it still is the one that the name means.
#[derive(Debug)]
struct Named {
    file: PathBuf,
    identity: Option<FileIdentity>,
    /// Its log, where it has one.
    log: Option<FileIdentity>,
    is_mounted: OnceCell<bool>,
}

impl Store {
    /// Opens the database at `path`, and creates it (mode 0600, its folder too) if there is none. Where
    /// `path` is a link to a file that is not there yet, the file is made where the link leads.
    ///
    /// A new database is made under another name and put in its place whole, so nobody ever sees
    /// a part of it, and of two first runs at once both work with the one that was first.
    ///
    /// # Errors
    /// Where the file cannot be had, is not ours, or is newer than this program; where another
    /// database left its log beside the name.
    pub fn create_or_open(path: &Path) -> Result<Self, StoreError> {
        match files::existing(path) {
            Ok(file) => files::sweep(&file),
            Err(StoreError::Missing { .. }) => {
                let file = new_path(path)?;
                // Made after the look: whoever was faster has put a log beside the name by now.
                match (files::leftover(&file), file.exists()) {
                    (_, true) => {}
                    (Some(leftover), _) => {
                        return Err(StoreError::Leftover { path: file, leftover });
                    }
                    (None, _) => make(&file, path)?,
                }
            }
            Err(error) => return Err(error),
        }
        Self::open_at_rest(path)
    }

    /// Opens the database at `path`; where it may not be written, for reading. All that is read is
    /// of one moment, whatever others store or remove meanwhile, until [`Store::writer`] is called.
    ///
    /// # Errors
    /// Where there is none, it cannot be read, is not ours, or is newer than this program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_at_rest(path)?;
        // It takes no lock before the first read.
        store.sql(|connection| connection.execute_batch("BEGIN"))?;
        Ok(store)
    }

    /// Opens the database; each statement is a transaction of its own, and what it finds may be gone
    /// before the next one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_at_rest(path: &Path) -> Result<Self, StoreError> {
        let file = files::existing(path)?;
        let identity = FileIdentity::of(&file);
        let connection = match connect(&file, "rw") {
            Err(error) if is_not_writable(&error) => read_only(&file).map_err(|_| error),
            other => other,
        };
        let connection = connection.map_err(|source| StoreError::of(path, source))?;
        let log = FileIdentity::of(&files::beside(&file, "-wal"));
        let mut store = Self {
            connection,
            path: path.to_owned(),
            named: Some(Named { file, identity, log, is_mounted: OnceCell::new() }),
            nodes: Nodes::default(),
            kept: Kept::default(),
        };
        migrate::migrate(&mut store, false)?;
        Ok(store)
    }

    /// Looks whether what is written now is there for whoever opens the name next: the file still has
    /// its name, and no other.
    ///
    /// # Errors
    /// Where it has been deleted or replaced, has several names, or is mounted by itself.
    pub(super) fn check_named(&self) -> Result<(), StoreError> {
        // A draft has no name yet.
        let Some(named) = &self.named else { return Ok(()) };
        let path = || self.path.clone();
        let mut naps = 0;
        loop {
            let metadata = std::fs::metadata(&named.file).ok();
            let metadata = metadata.filter(|it| named.identity == Some(FileIdentity::from(it)));
            let Some(metadata) = metadata else {
                return Err(StoreError::Replaced { path: path() });
            };
            let links = std::os::unix::fs::MetadataExt::nlink(&metadata);
            if links <= 1 {
                break;
            }
            // A new database may have two names for a moment, where it could only be linked.
            if naps >= NAPS_FOR_LINKS {
                return Err(StoreError::Linked { path: path(), links });
            }
            std::thread::sleep(NAP);
            naps += 1;
        }
        if named.log.is_some() && FileIdentity::of(&files::beside(&named.file, "-wal")) != named.log
        {
            return Err(StoreError::Replaced { path: path() });
        }
        match named.is_mounted.get_or_init(|| files::is_mount_point(&named.file)) {
            true => Err(StoreError::Mounted { path: path() }),
            false => Ok(()),
        }
    }

    /// Ends the moment that is read: what is read from now on may have changed.
    pub(super) fn end_reading(&self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            self.sql(|connection| connection.execute_batch("COMMIT"))?;
        }
        // A number may be another's once `prune` has freed it.
        self.nodes.clear();
        Ok(())
    }

    /// Runs `read`, which sees the database as it is at one moment.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn at_one_moment<T>(&self, read: impl FnOnce() -> T) -> Result<T, StoreError> {
        if !self.connection.is_autocommit() {
            return Ok(read());
        }
        self.nodes.clear();
        self.sql(|connection| connection.execute_batch("BEGIN"))?;
        let result = read();
        self.end_reading()?;
        Ok(result)
    }

    /// Writes the log back and cuts it, unless readers of an older moment need it: then the last one
    /// to close the file does.
    pub(super) fn cut_log(&mut self) -> Result<(), StoreError> {
        self.sql(|connection| {
            connection.busy_timeout(Duration::from_secs(1))?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        })?;
        let waiting = self.connection.busy_handler(Some(wait));
        waiting.map_err(|source| StoreError::of(&self.path, source))
    }

    /// Whether it can be written, before anything else is done for it.
    ///
    /// # Errors
    /// Where it cannot.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        match self.sql(|connection| connection.is_readonly(rusqlite::MAIN_DB))? {
            true => Err(StoreError::Io {
                path: self.path.clone(),
                source: std::io::ErrorKind::PermissionDenied.into(),
            }),
            false => self.check_named(),
        }
    }

    /// Whether a database can be made at `path`; leaves nothing but its folder behind.
    ///
    /// # Errors
    /// Where it cannot.
    pub fn check_creatable(path: &Path) -> Result<(), StoreError> {
        let file = new_path(path)?;
        if let Some(leftover) = files::leftover(&file).filter(|_| !file.exists()) {
            return Err(StoreError::Leftover { path: file, leftover });
        }
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        Draft::new(&file).map(drop).map_err(io)
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
        self.check_named()?;
        self.forget_known();
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
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => Self::Full { path, source },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::NotWritable { path, source }
            }
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, what: source.to_string() },
            _ => Self::Sql { path, source },
        }
    }
}

/// Connects, and looks whether the file can be used so.
pub(super) fn connect(path: &Path, mode: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut connection = Connection::open_with_flags(uri(path, mode), flags)?;
    connection.busy_handler(Some(wait))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Else a statement is prepared again for each value that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Connects to a file that may only be read. SQLite cannot share it with a writer then; where
/// nobody has written since it was last closed, it needs no sharing.
pub(super) fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let is_at_rest = std::fs::metadata(log).map_or(true, |log| log.len() == 0);
    connect(path, "ro")
        .or_else(|error| if is_at_rest { connect(path, "ro&immutable=1") } else { Err(error) })
}

fn is_not_writable(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

/// A path as SQLite's URI; what means something in a URI is escaped.
pub(super) fn uri(path: &Path, mode: &str) -> String {
    let mut uri = String::from("file:");
    for byte in std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()) {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{uri}?mode={mode}")
}

/// The file that a new database at `path` is; its folder is made, but not that of a link's target: what
/// is to be mounted there may be missing.
fn new_path(path: &Path) -> Result<PathBuf, StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    if let Ok(target) = std::fs::read_link(path) {
        return files::real_path(path).map_err(|source| StoreError::Io {
            path: format!("{} -> {}", path.display(), target.display()).into(),
            source,
        });
    }
    std::fs::create_dir_all(files::folder(path)).map_err(io)?;
    files::real_path(path).map_err(io)
}

/// Makes an empty database and puts it at `file`, unless one has come there; `path` names it in errors.
fn make(file: &Path, path: &Path) -> Result<(), StoreError> {
    let error = |source| StoreError::of(path, source);
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let draft = Draft::new(file).map_err(io)?;
    let connection = connect(draft.file(), "rw").map_err(error)?;
    let mut store = Store {
        connection,
        path: path.to_owned(),
        named: None,
        nodes: Nodes::default(),
        kept: Kept::default(),
    };
    // Before the first table, or not without a VACUUM: lets `prune` give space back in small steps.
    store.sql(|connection| connection.pragma_update(None, "auto_vacuum", "INCREMENTAL"))?;
    migrate::migrate(&mut store, true)?;
    // Closing does not tell whether the last checkpoint failed, and without its log the file would be
    // malformed for ever.
    let is_busy: bool = store.sql(|connection| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
    })?;
    store.connection.close().map_err(|(_, source)| error(source))?;
    let log = files::leftover(draft.file());
    if is_busy || log.is_some_and(|log| std::fs::metadata(log).is_ok_and(|log| log.len() > 0)) {
        return Err(StoreError::Damaged {
            path: path.to_owned(),
            what: "the new database could not be written whole".to_owned(),
        });
    }
    std::fs::File::open(draft.file()).and_then(|file| file.sync_all()).map_err(io)?;
    draft.put_new(file).map_err(io)?;
    files::sync_folder(file);
    Ok(())
}
