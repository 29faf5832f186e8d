//! Statements of others: read only, one at a time, and interruptible.
//!
//! The connection is told to write nothing (`query_only`), and SQLite asks [`permit`] about everything that a statement
//! would do before it does any of it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Statement};
use thiserror::Error;

use super::error::{StoreError, words};
use super::files;
use super::ids::JsonNames;
use super::open::{Store, connect, read_only};
use crate::model::{Cell, line_and_column};

/// Views that are no interface: `migrations/README.md`.
const INTERNAL: &str = "('body_subtree')";

/// Virtual machine instructions between two looks at the interruption: about a millisecond.
const STEPS: i32 = 100_000;

/// Why a statement gives no rows, or no more rows.
#[derive(Debug, Error)]
pub enum AskError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// SQLite does not take the statement.
    #[error("{}{message}", place.map_or_else(String::new, |(line, column)| format!("line {line}, column {column}: ")))]
    Sql {
        /// SQLite's words.
        message: String,
        /// Line and column, where SQLite knows it.
        place: Option<(usize, usize)>,
    },
    /// It would do something else than read.
    #[error("{0} is refused")]
    Refused(String),
    /// Several statements.
    #[error("several statements are refused")]
    Several,
    /// No statement.
    #[error("there is no statement")]
    Nothing,
    /// Someone has seen enough.
    #[error("interrupted")]
    Interrupted,
}

/// A view and its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// The names of its columns.
    pub columns: Vec<String>,
}

/// A database that cannot be written through this.
pub struct Reader {
    connection: Connection,
    path: PathBuf,
    refused: Arc<Mutex<Option<String>>>,
}

impl Reader {
    /// Opens the database at `path` for reading; `stop` ends a statement early.
    ///
    /// # Errors
    /// Where there is none, it cannot be read, is not ours, or is newer than this program.
    pub fn open(path: &Path, stop: Arc<AtomicBool>) -> Result<Self, StoreError> {
        // Brings an older database up to date, so that it has the views.
        drop(Store::open(path)?);
        let error = |source| StoreError::of(path, source);
        let file = files::existing(path)?;
        // Opened as a writer would, though nothing can be written: the last one to close the file
        // removes the log, and whoever may only read cannot.
        let mut connection = connect(&file, "rw").or_else(|_| read_only(&file)).map_err(error)?;
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")
            .map_err(error)?;
        let refused = Arc::new(Mutex::new(None));
        let note = Arc::clone(&refused);
        let authorizer = move |context: AuthContext<'_>| match permit(context.action) {
            Ok(()) => Authorization::Allow,
            Err(what) => {
                if let Ok(mut note) = note.lock() {
                    note.get_or_insert(what);
                }
                Authorization::Deny
            }
        };
        connection.authorizer(Some(authorizer)).map_err(error)?;
        let is_over = move || stop.load(Ordering::Relaxed);
        connection.progress_handler(STEPS, Some(is_over)).map_err(error)?;
        Ok(Self { connection, path: path.to_owned(), refused })
    }

    /// The views that are an interface, by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn views(&self) -> Result<Vec<View>, StoreError> {
        let sql = format!(
            "SELECT v.name, json_group_array(c.name ORDER BY c.cid)
             FROM sqlite_schema v, pragma_table_info(v.name) c
             WHERE v.type = 'view' AND v.name NOT IN {INTERNAL} GROUP BY v.name ORDER BY v.name"
        );
        let read = || {
            let mut select = self.connection.prepare(&sql)?;
            let rows = select.query_map([], |row| {
                let JsonNames(columns) = row.get(1)?;
                Ok(View { name: row.get(0)?, columns })
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        };
        read().map_err(|source| StoreError::of(&self.path, source))
    }

    /// Prepares a statement.
    ///
    /// # Errors
    /// Where it is none, several, wrong, or would do something else than read.
    pub fn ask(&self, sql: &str) -> Result<Answer<'_>, AskError> {
        let statement = self.connection.prepare(sql).map_err(|source| self.error(source))?;
        if statement.column_count() == 0
            && statement.expanded_sql().is_none_or(|sql| sql.is_empty())
        {
            return Err(AskError::Nothing);
        }
        if statement.parameter_count() > 0 {
            return Err(AskError::Refused("a parameter (?, :name)".to_owned()));
        }
        if !statement.readonly() {
            return Err(AskError::Refused("a statement that writes".to_owned()));
        }
        Ok(Answer { reader: self, statement })
    }

    /// SQLite's error, in the words of the one who wrote the statement.
    fn error(&self, source: rusqlite::Error) -> AskError {
        let refused = self.refused.lock().ok().and_then(|mut note| note.take());
        match (source, refused) {
            (rusqlite::Error::MultipleStatement, _) => AskError::Several,
            (_, Some(what)) => AskError::Refused(what),
            (rusqlite::Error::SqlInputError { msg, sql, offset, .. }, _) => {
                let offset = usize::try_from(offset).ok();
                let place = offset.map(|offset| line_and_column(&sql, offset));
                AskError::Sql { message: msg, place }
            }
            (source, _) => match source.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => AskError::Interrupted,
                Some(
                    ErrorCode::Unknown
                    | ErrorCode::TooBig
                    | ErrorCode::TypeMismatch
                    | ErrorCode::OutOfMemory
                    | ErrorCode::ApiMisuse,
                ) => AskError::Sql { message: words(&source), place: None },
                Some(_) => AskError::Store(StoreError::of(&self.path, source)),
                None => AskError::Sql { message: words(&source), place: None },
            },
        }
    }
}

/// A statement that reads.
pub struct Answer<'r> {
    reader: &'r Reader,
    statement: Statement<'r>,
}

impl Answer<'_> {
    /// The names of its columns, as SQLite gives them.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.statement.column_names().map(str::to_owned).collect()
    }

    /// Gives each row to `visit`, as it comes.
    ///
    /// # Errors
    /// What SQLite fails with on the way, and what `visit` does.
    pub fn each<E: From<AskError>>(
        mut self,
        mut visit: impl FnMut(&[Cell<'_>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { reader, statement } = &mut self;
        let count = statement.column_count();
        let mut rows = statement.query([]).map_err(|source| reader.error(source))?;
        while let Some(row) = rows.next().map_err(|source| reader.error(source))? {
            let mut cells = Vec::with_capacity(count);
            for at in 0..count {
                cells.push(cell(row.get_ref(at).map_err(|source| reader.error(source))?));
            }
            visit(&cells)?;
        }
        Ok(())
    }
}

fn cell(value: ValueRef<'_>) -> Cell<'_> {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(bytes) => Cell::Text(String::from_utf8_lossy(bytes)),
        ValueRef::Blob(bytes) => Cell::Blob(Cow::Borrowed(bytes)),
    }
}

/// Whether a statement may do this; if not, what it is called.
fn permit(action: AuthAction<'_>) -> Result<(), String> {
    /// Pragmas that tell about tables and views, and change nothing.
    const PRAGMAS: [&str; 6] =
        ["table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"];
    match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Ok(()),
        AuthAction::Function { function_name: "load_extension" } => {
            Err("load_extension()".to_owned())
        }
        AuthAction::Function { .. } => Ok(()),
        AuthAction::Pragma { pragma_name, .. } if PRAGMAS.contains(&pragma_name) => Ok(()),
        AuthAction::Pragma { pragma_name, .. } => Err(format!("PRAGMA {pragma_name}")),
        AuthAction::Attach { .. } => Err("ATTACH".to_owned()),
        AuthAction::Detach { .. } => Err("DETACH".to_owned()),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Err("a transaction of its own".to_owned())
        }
        // Their own tables: this is CREATE, DROP or ANALYZE.
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
            if table_name.starts_with("sqlite_") =>
        {
            Err("a statement that changes the database".to_owned())
        }
        AuthAction::Insert { table_name } => Err(format!("INSERT INTO {table_name}")),
        AuthAction::Update { table_name, .. } => Err(format!("UPDATE {table_name}")),
        AuthAction::Delete { table_name } => Err(format!("DELETE FROM {table_name}")),
        _ => Err("a statement that changes the database".to_owned()),
    }
}
