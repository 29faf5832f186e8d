//! Migrations: numbered `.sql` files, embedded, immutable once released.

use rusqlite::{Connection, ErrorCode};

use super::error::{StoreError, words};
use super::open::Store;

/// In order; the version of a database is how many of these it has seen.
const MIGRATIONS: [&str; 7] = [
    include_str!("../../migrations/0001_initial.sql"),
    include_str!("../../migrations/0002_fleet.sql"),
    include_str!("../../migrations/0003_counts.sql"),
    include_str!("../../migrations/0004_observation.sql"),
    include_str!("../../migrations/0005_removed.sql"),
    include_str!("../../migrations/0006_attempts.sql"),
    include_str!("../../migrations/0007_notify.sql"),
];

/// `domc` in ASCII: says that a SQLite file is ours (SQLite's file format, offset 68).
const APPLICATION_ID: i64 = 0x646f_6d63;

/// Brings the database up to this program's version; a blank one only where it may be.
///
/// Everything happens under one immediate transaction that reads the version itself: of two
/// processes that find an old database, one waits and finds the work done.
pub(super) fn migrate(store: &mut Store, may_be_blank: bool) -> Result<(), StoreError> {
    let path = store.path().to_owned();
    let (found, ours) = store.sql(versions)?;
    let supported = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let check = |found: i64, ours: i64, is_blank: bool| {
        if ours != APPLICATION_ID && !is_blank {
            return Err(StoreError::NotOurs { path: path.clone() });
        }
        if found > supported {
            return Err(StoreError::TooNew { path: path.clone(), found, supported });
        }
        if found < 1 && !is_blank {
            let what = format!("its user_version is {found}, which no domcaps writes");
            return Err(StoreError::Damaged { path: path.clone(), what });
        }
        Ok(())
    };
    check(found, ours, may_be_blank && found == 0 && store.sql(is_blank)?)?;
    if found == supported {
        return Ok(());
    }
    if found == 0 {
        // Once, at creation: it cannot be set inside a transaction and does not wait for locks.
        store.sql(|connection| {
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
        })?;
    }
    let transaction = store.begin()?;
    let sql = |source| StoreError::of(&path, source);
    let (found, ours) = versions(&transaction).map_err(sql)?;
    check(found, ours, may_be_blank && is_blank(&transaction).map_err(sql)?)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        transaction.execute_batch(migration).map_err(|source| match source {
            // Of SQL that is known to be right.
            source if source.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                let what = format!("it does not fit its user_version {found}: {}", words(&source));
                StoreError::Damaged { path: path.clone(), what }
            }
            source => sql(source),
        })?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql)?;
    transaction.pragma_update(None, "user_version", supported).map_err(sql)?;
    transaction.commit().map_err(sql)
}

/// The database's version and application id.
fn versions(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("user_version")?, pragma("application_id")?))
}

/// Whether nothing was ever put into the database.
fn is_blank(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// The tables, indexes and views of a database that has seen all migrations: kind, name and definition.
pub(super) fn expected_schema() -> rusqlite::Result<Vec<(String, String, String)>> {
    let blank = Connection::open_in_memory()?;
    for migration in MIGRATIONS {
        blank.execute_batch(migration)?;
    }
    schema(&blank)
}

/// What a database consists of: kind, name and definition.
pub(super) fn schema(connection: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    let mut select = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
    )?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}
