//! A copy of the database while others write to it.

use std::path::Path;

use rusqlite::Connection;

use super::check::{Counts, counted};
use super::error::StoreError;
use super::open::{Store, create_private, draft, uri};

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
        if is_in_use(to) || is_same_file(self.path(), to) {
            return Err(StoreError::InUse { path: to.to_owned() });
        }
        self.end_reading()?;
        let draft = draft(to);
        create_private(&draft).map_err(io)?;
        let made = self.copy(&draft, to).and_then(|counts| {
            let size = std::fs::metadata(&draft).map_err(io)?.len();
            if is_replaced {
                std::fs::rename(&draft, to).map_err(io)?;
            } else if let Err(source) = std::fs::hard_link(&draft, to) {
                let is_there = source.kind() == std::io::ErrorKind::AlreadyExists;
                return Err(match is_there {
                    true => StoreError::Exists { path: to.to_owned() },
                    false => io(source),
                });
            }
            Ok((size, counts))
        });
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = draft.clone().into_os_string();
            name.push(suffix);
            let _already_gone = std::fs::remove_file(name);
        }
        let made = made?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        // The name must last too. Not every file system can promise it.
        let _no_promise =
            std::fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|it| it.sync_all());
        Ok(made)
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
/// its place would get the log's pages.
fn is_in_use(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}
