//! The command that is told of a change.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Seek as _, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// How long a command may take.
const BUDGET: Duration = Duration::from_secs(60);

/// How long it has to end by itself once all is to end.
const GRACE: Duration = Duration::from_secs(2);

/// A change to tell of.
#[derive(Debug)]
pub struct Change {
    host: String,
    snapshot: String,
    breaking: usize,
    /// `domcaps.diff/1`, in a file that has no name: some megabytes after an upgrade.
    json: File,
}

/// Why a command was not run, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untold {
    /// It failed, or does not run.
    Failed(String),
    /// It took too long.
    TooLong,
    /// All is to end.
    Stopped,
}

impl fmt::Display for Untold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => f.write_str(why),
            Self::TooLong => {
                write!(f, "ended, since it was not done within {} s", BUDGET.as_secs())
            }
            Self::Stopped => f.write_str("interrupted"),
        }
    }
}

impl Change {
    /// A change of `host` that came with `snapshot`; `write` writes what changed.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub fn new(
        host: &str,
        snapshot: String,
        breaking: usize,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> std::io::Result<Self> {
        let mut json = BufWriter::new(tempfile::tempfile()?);
        write(&mut json)?;
        let mut json = json.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        json.rewind()?;
        Ok(Self { host: host.to_owned(), snapshot, breaking, json })
    }

    /// The host it is of.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Runs `command` by the shell, with the change on its standard input; what it prints goes to
/// standard error. `DOMCAPS_HOST`, `DOMCAPS_SNAPSHOT`, `DOMCAPS_BREAKING` (how many changes are) and
/// `DOMCAPS_DB` are set. `stop` ends it early.
///
/// # Errors
/// Where it does not run, fails, or is not done within a minute.
pub fn tell(
    command: &str,
    database: &Path,
    change: Change,
    stop: &AtomicBool,
) -> Result<(), Untold> {
    if stop.load(Ordering::Relaxed) {
        return Err(Untold::Stopped);
    }
    let mut shell = shell(command);
    shell
        .env("DOMCAPS_HOST", &change.host)
        .env("DOMCAPS_SNAPSHOT", &change.snapshot)
        .env("DOMCAPS_BREAKING", change.breaking.to_string())
        .env("DOMCAPS_DB", database)
        .stdin(change.json);
    match run_within(&mut shell, stop)? {
        status if status.success() => Ok(()),
        status => Err(Untold::Failed(format!("failed ({status})"))),
    }
}

/// A command for the shell; what it prints goes to standard error.
#[must_use]
pub fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).stdout(std::io::stderr());
    shell
}

/// Runs a command to its end, or for a minute; `stop` ends it early.
///
/// # Errors
/// Where it does not run, or is not done within a minute.
pub fn run_within(command: &mut Command, stop: &AtomicBool) -> Result<ExitStatus, Untold> {
    let mut child = command
        .process_group(0)
        .spawn()
        .map_err(|error| Untold::Failed(format!("does not run: {error}")))?;
    let started = Instant::now();
    let mut stopped = None;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return Err(Untold::Failed(error.to_string())),
        }
        if stop.load(Ordering::Relaxed) {
            stopped.get_or_insert_with(Instant::now);
        }
        let untold = match stopped {
            Some(since) if since.elapsed() > GRACE => Untold::Stopped,
            _ if started.elapsed() > BUDGET => Untold::TooLong,
            _ => {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
        };
        // It may end by itself at this moment.
        let _gone = rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL);
        let _status = child.wait();
        return Err(untold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static GO_ON: AtomicBool = AtomicBool::new(false);

    fn run(command: &str, bytes: usize, stop: &AtomicBool) -> Result<(), Untold> {
        let write = |out: &mut dyn Write| out.write_all(&vec![b'x'; bytes]);
        let change = Change::new("hv01", "abc".into(), 3, write).unwrap();
        tell(command, Path::new("d.db"), change, stop)
    }

    #[test]
    fn it_reads_the_change_or_does_not() {
        let reads = "test $(wc -c) = 300000 && test $DOMCAPS_HOST$DOMCAPS_BREAKING = hv013";
        assert_eq!(run(reads, 300_000, &GO_ON), Ok(()));
        assert_eq!(run("exit 0", 300_000, &GO_ON), Ok(()));
        let failed = Untold::Failed("failed (exit status: 3)".to_owned());
        assert_eq!(run("exit 3", 10, &GO_ON), Err(failed));
    }

    #[test]
    fn what_it_leaves_behind_holds_up_nothing() {
        assert_eq!(run("exec 3<&0; setsid sleep 20 <&3 & exit 0", 300_000, &GO_ON), Ok(()));
    }

    #[test]
    fn an_interruption_ends_it() {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let told = scope.spawn(|| run("sleep 1000", 10, &stop));
            std::thread::sleep(Duration::from_millis(50));
            stop.store(true, Ordering::Relaxed);
            assert_eq!(told.join().unwrap(), Err(Untold::Stopped));
        });
        assert_eq!(run("exit 0", 10, &stop), Err(Untold::Stopped));
    }
}
