//! A copy of the database while others write to it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::check::{Counts, counted};
use super::error::StoreError;
use super::files::{self, Draft};
use super::open::{Store, connect, uri};

impl Store {
    /// Copies the database as it is at one moment to a new file that only its owner may read, and
    /// looks whether the copy is sound; its size, and what is in it. There is the whole copy, or none.
    ///
    /// `VACUUM INTO` reads under one transaction: it keeps no writer waiting, and, unlike SQLite's
    /// backup of pages, does not begin anew whenever another process writes.
    ///
    /// # Errors
    /// Where `to` is there already and not to be replaced, or the copy cannot be written.
    pub fn backup(&self, to: &Path, is_replaced: bool) -> Result<(u64, Counts), StoreError> {
        let io = |source| StoreError::Io { path: to.to_owned(), source };
        if std::fs::symlink_metadata(to).is_ok() && !is_replaced {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        // Put in the place of a device or a pipe, the copy would take it from all other programs.
        if let Some(what) = std::fs::metadata(to).ok().as_ref().and_then(files::special) {
            return Err(StoreError::NotAFile { path: to.to_owned(), what });
        }
        if is_same_file(self.path(), to) {
            return Err(StoreError::InUse { path: to.to_owned() });
        }
        // A link stays, and what it leads to is written.
        let file = files::real_path(to).map_err(io)?;
        if let Some(leftover) = in_use(&file) {
            return Err(match file.exists() {
                true => StoreError::InUse { path: to.to_owned() },
                false => StoreError::Leftover { path: to.to_owned(), leftover },
            });
        }
        self.end_reading()?;
        let draft = Draft::new(&file).map_err(io)?;
        let counts = self.copy(draft.file(), to)?;
        let size = std::fs::metadata(draft.file()).map_err(io)?.len();
        if is_replaced {
            draft.replace(&file).map_err(io)?;
        } else if !draft.put_new(&file).map_err(io)? {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        // The name must last too.
        files::sync_folder(&file);
        Ok((size, counts))
    }

    fn copy(&self, draft: &Path, to: &Path) -> Result<Counts, StoreError> {
        let error = |source| StoreError::of(to, source);
        let target = uri(draft, "rw");
        // Whether the disk that is full is the copy's or its own SQLite does not tell; it is the copy's
        // that is written.
        self.connection.execute("VACUUM INTO ?", [&target]).map_err(error)?;
        let copy = Connection::open(draft).map_err(error)?;
        let found: String =
            copy.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(error)?;
        if found != "ok" {
            return Err(self.damaged(format!("a copy of it is not sound: {found}")));
        }
        // Whoever works with the copy finds the journal that domcaps works with.
        copy.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(error)?;
        // What is in the file that was copied may be more by now.
        let counts = counted(&copy).map_err(error)?;
        copy.close().map_err(|(_, source)| error(source))?;
        let io = |source| StoreError::Io { path: to.to_owned(), source };
        std::fs::File::open(draft).and_then(|file| file.sync_all()).map_err(io)?;
        Ok(counts)
    }
}

/// A log beside a file says that a process works with it, or that one was killed: another file in
/// its place would get the log's pages. What a killed one left beside a database is settled by opening
/// and closing it.
fn in_use(path: &Path) -> Option<PathBuf> {
    let leftover = files::leftover(path)?;
    let mut start = [0; 16];
    let is_database = std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start))
        .is_ok_and(|()| &start == b"SQLite format 3\0");
    if is_database && let Ok(connection) = connect(path, "rw") {
        let _still_in_use = connection.close();
        return files::leftover(path);
    }
    Some(leftover)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}
