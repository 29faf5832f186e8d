//! The files of a database: the one that is named, SQLite's files beside it, and drafts of new ones.
//!
//! SQLite pairs a database with its log by name alone, so a file that is made elsewhere and moved into
//! place, or that has several names, can meet the log of another: <https://sqlite.org/howtocorrupt.html>.

use std::fs::{File, Metadata, TryLockError};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::StoreError;

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-journal", "-shm"];

/// How every draft's folder begins.
const DRAFT: &str = ".domcaps-draft-";

/// Symbolic links that are followed to a file: as many as Linux follows.
const MOST_LINKS: usize = 40;

/// How old a draft must be to count as stale where locks do not tell.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// A file of SQLite's beside a database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What SQLite left beside a file, or keeps there while the file is in use.
pub(super) fn leftover(path: &Path) -> Option<PathBuf> {
    let names = BESIDE.into_iter().map(|suffix| beside(path, suffix));
    names.into_iter().find(|name| std::fs::symlink_metadata(name).is_ok())
}

/// The file that a path means, with its links followed even where the last one leads nowhere yet.
/// Absolute, so that SQLite takes no name (`:memory:`) for anything but a file's.
pub(super) fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    let mut file = path.to_owned();
    let mut links = 0;
    while let Ok(target) = std::fs::read_link(&file) {
        file = folder(&file).join(target);
        links += 1;
        if links > MOST_LINKS {
            return Err(std::io::Error::other("too many symbolic links"));
        }
    }
    let name = file.file_name().ok_or_else(|| std::io::Error::other("not the name of a file"))?;
    Ok(folder(&file).canonicalize()?.join(name))
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Looks whether there is a file that can be a database.
pub(super) fn existing(path: &Path) -> Result<PathBuf, StoreError> {
    use std::io::ErrorKind;
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            // Of a link, the name that is missing.
            let target = std::fs::read_link(path).map(|target| folder(path).join(target));
            return Err(StoreError::Missing { path: target.unwrap_or_else(|_| path.to_owned()) });
        }
        Err(error) => return Err(io(error)),
    };
    if metadata.is_dir() {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    match special(&metadata) {
        Some(what) => Err(StoreError::NotAFile { path: path.to_owned(), what }),
        None => real_path(path).map_err(io),
    }
}

/// What it is, where it is no file.
pub(super) fn special(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a named pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        Some("a device")
    }
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    number: u64,
}

impl FileIdentity {
    /// That of the file that has the name now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), number: metadata.ino() }
    }
}

/// Whether a single file is mounted in the place of this one, where the system tells.
pub(super) fn is_mount_point(file: &Path) -> bool {
    let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let name = std::os::unix::ffi::OsStrExt::as_bytes(file.as_os_str());
    mounts
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .any(|place| unescaped(place) == name)
}

/// A name of mountinfo: blanks and backslashes stand there as `\040` and `\134` (proc_pid_mountinfo(5)).
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (first, code) {
            (b'\\', Some(code)) => {
                bytes.push(code);
                rest = &after[3..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// A new database before it has its name: a file in a folder of its own, so that SQLite's files beside
/// it go with it. The folder is locked as long as the process lives.
pub(super) struct Draft {
    folder: PathBuf,
    file: PathBuf,
    /// Held, not read.
    _lock: File,
}

impl Draft {
    /// An empty file beside `path` that only its owner may read: documents tell what a host can be
    /// attacked with. Drafts of processes that were killed are removed.
    pub(super) fn new(path: &Path) -> std::io::Result<Self> {
        sweep(path);
        let private = std::fs::Permissions::from_mode(0o700);
        loop {
            let mut builder = tempfile::Builder::new();
            let made = builder.prefix(DRAFT).rand_bytes(12).permissions(private.clone());
            let folder = made.tempdir_in(folder(path))?.keep();
            // Until it is locked, another process may take it for a stale one.
            let lock = match File::open(&folder) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other?,
            };
            let is_ours = !matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
            let is_there = FileIdentity::of(&folder) == Some((&lock.metadata()?).into());
            if is_ours && is_there {
                let draft = Self { file: folder.join("new.db"), folder, _lock: lock };
                create_private(&draft.file)?;
                return Ok(draft);
            }
        }
    }

    /// The file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Gives the file its name, unless there is one of that name; whether it did.
    pub(super) fn put_new(&self, to: &Path) -> std::io::Result<bool> {
        // Renamed, not linked: a file with two names is refused by whoever opens it just then.
        let named = tempfile::TempPath::try_from_path(&self.file)?.persist_noclobber(to);
        match named {
            Ok(()) => Ok(true),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    }

    /// Gives the file its name in the place of another.
    pub(super) fn replace(&self, to: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.file, to)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _swept_later = std::fs::remove_dir_all(&self.folder);
    }
}

/// Creates an empty file that only its owner may read.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Removes drafts that killed processes left in the folder of a database.
pub(super) fn sweep(path: &Path) {
    let old_names = format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy());
    for entry in std::fs::read_dir(folder(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(DRAFT) {
            let Ok(lock) = File::open(entry.path()) else { continue };
            let is_stale = match lock.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(_)) => is_old(&entry.path(), path),
            };
            if is_stale {
                let _swept_later = std::fs::remove_dir_all(entry.path());
            }
        } else if let Some(number) = name.strip_prefix(&old_names) {
            // domcaps 0.1.0 named them after the process.
            let digits = number.trim_end_matches(|letter: char| !letter.is_ascii_digit());
            let suffix = &number[digits.len()..];
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_number
                && (suffix.is_empty() || BESIDE.contains(&suffix))
                && is_old(&entry.path(), path)
            {
                let _swept_later = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether a file is older than a database by so much that no process still works on it. Of a database
/// that is not there yet, none is.
fn is_old(leftover: &Path, path: &Path) -> bool {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|it| it.modified()).ok();
    let age = modified(path).zip(modified(leftover));
    age.is_some_and(|(now, then)| now.duration_since(then).is_ok_and(|age| age > STALE))
}

/// Makes a name that was given last. Not every file system can promise it.
pub(super) fn sync_folder(path: &Path) {
    let _no_promise = File::open(folder(path)).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_drafts_are_swept_and_those_in_use_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.db");
        let used = Draft::new(&path).unwrap();
        let stale = folder.path().join(".domcaps-draft-killed");
        std::fs::create_dir(&stale).unwrap();
        std::fs::write(stale.join("new.db-wal"), "pages").unwrap();
        // Of an older domcaps: one that may still run, and one that is not of this database.
        for name in [".d.db.1", ".e.db.1", ".d.db.x"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::write(&path, "a database").unwrap();
        let old = File::options().append(true).open(folder.path().join(".d.db.1")).unwrap();
        sweep(&path);
        assert!(used.file().exists() && !stale.exists());
        assert!(folder.path().join(".d.db.1").exists(), "it is new");
        let then = path.metadata().unwrap().modified().unwrap() - 2 * STALE;
        old.set_modified(then).unwrap();
        sweep(&path);
        assert!(!folder.path().join(".d.db.1").exists());
        assert!(folder.path().join(".e.db.1").exists() && folder.path().join(".d.db.x").exists());
        drop(used);
        let left = std::fs::read_dir(folder.path()).unwrap();
        assert!(left.flatten().all(|it| !it.file_name().to_string_lossy().starts_with(DRAFT)));
    }

    #[test]
    fn names_of_mountinfo_are_read() {
        assert_eq!(unescaped(br"/a\040b\134c"), br"/a b\c");
        assert_eq!(unescaped(br"/a\04"), br"/a\04");
        assert!(is_mount_point(Path::new("/proc")) || !Path::new("/proc/self/mountinfo").exists());
        assert!(!is_mount_point(Path::new("/no/such/place")));
    }
}
