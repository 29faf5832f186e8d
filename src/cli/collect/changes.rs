//! Telling of changes: `--on-change`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::collect::{self, Change, Untold};

/// Runs the command for one change after the other, while hosts are still being asked.
pub(super) struct Hook {
    changes: SyncSender<Change>,
    thread: JoinHandle<Vec<String>>,
}

/// How many changes may wait for a slow command; a further one makes the storing wait.
const WAITING: usize = 64;

/// A command that took too long so often is not run again.
const PATIENCE: usize = 3;

impl Hook {
    pub(super) fn start(command: &str, database: &Path, stop: Arc<AtomicBool>) -> Self {
        let (changes, receiver) = sync_channel(WAITING);
        let command = command.to_owned();
        let database = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        let thread = std::thread::spawn(move || tell_all(&command, &database, &receiver, &stop));
        Self { changes, thread }
    }

    pub(super) fn tell(&self, change: Change) {
        // The thread listens as long as this can tell.
        let _always_heard = self.changes.send(change);
    }

    /// Waits until all is told; what failed.
    pub(super) fn end(self) -> Vec<String> {
        drop(self.changes);
        self.thread
            .join()
            .unwrap_or_else(|_| vec!["the thread of --on-change broke off".to_owned()])
    }
}

fn tell_all(
    command: &str,
    database: &Path,
    changes: &Receiver<Change>,
    stop: &AtomicBool,
) -> Vec<String> {
    let mut failed = Vec::new();
    let mut slow = 0;
    for change in changes {
        let host = change.host().to_owned();
        let told = match slow {
            PATIENCE.. => Err(Untold::Failed("not run: it took too long before".to_owned())),
            _ => collect::tell(command, database, change, stop),
        };
        slow += usize::from(told == Err(Untold::TooLong));
        if let Err(untold) = told {
            failed.push(format!("{host}: the command of --on-change {untold}"));
        }
    }
    failed
}
