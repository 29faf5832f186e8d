//! The command that is told of a change.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// How long a command may take.
const BUDGET: Duration = Duration::from_secs(60);

/// A change to tell of.
#[derive(Clone, Debug)]
pub struct Change {
    /// The host.
    pub host: String,
    /// The id of the new snapshot.
    pub snapshot: String,
    /// How many of the changes are breaking.
    pub breaking: usize,
    /// What changed: `domcaps.diff/1`.
    pub json: Vec<u8>,
}

/// Runs `command` by the shell, with the change on its standard input; what it prints goes to
/// standard error. `DOMCAPS_HOST`, `DOMCAPS_SNAPSHOT`, `DOMCAPS_BREAKING` (how many changes are) and
/// `DOMCAPS_DB` are set.
///
/// # Errors
/// Where it does not run, fails, or is not done within a minute.
pub fn tell(command: &str, database: &Path, change: &Change) -> Result<(), String> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .env("DOMCAPS_HOST", &change.host)
        .env("DOMCAPS_SNAPSHOT", &change.snapshot)
        .env("DOMCAPS_BREAKING", change.breaking.to_string())
        .env("DOMCAPS_DB", database)
        .stdin(Stdio::piped())
        .stdout(std::io::stderr())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot run /bin/sh: {error}"))?;
    let mut input = child.stdin.take();
    std::thread::scope(|scope| {
        // Beside the wait: a command that reads nothing must not stop anything.
        scope.spawn(move || {
            let input = input.take();
            let _read_or_not = input.map(|mut input| input.write_all(&change.json));
        });
        wait(&mut child)
    })
}

/// Waits for the end of a command, and ends it and all that it started where it takes too long.
fn wait(child: &mut Child) -> Result<(), String> {
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < BUDGET => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // It may end by itself at this moment.
                let _gone =
                    rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
                let _status = child.wait();
                return Err(format!("ended, since it was not done within {} s", BUDGET.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    };
    if status.success() { Ok(()) } else { Err(format!("failed ({status})")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command: &str, bytes: usize) -> Result<(), String> {
        let json = vec![b'x'; bytes];
        tell(
            command,
            Path::new("d.db"),
            &Change { host: "hv01".into(), snapshot: "abc".into(), breaking: 0, json },
        )
    }

    #[test]
    fn it_reads_the_change_or_does_not() {
        assert_eq!(run("test $(wc -c) = 300000 && test $DOMCAPS_HOST = hv01", 300_000), Ok(()));
        assert_eq!(run("exit 0", 300_000), Ok(()));
        assert_eq!(run("exit 3", 10), Err("failed (exit status: 3)".to_owned()));
    }
}
