//! Telling of changes: `--on-change`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use crate::collect::{self, Change, Untold};
use crate::model::{HostName, Time};

/// Runs the command for one change after the other, while hosts are still being asked.
pub(super) struct Hook {
    changes: SyncSender<(Change, HookKey)>,
    told: Receiver<HookKey>,
    thread: JoinHandle<Vec<String>>,
}

/// The host and the time of the snapshot that a change came with.
pub(super) type HookKey = (HostName, Time);

/// How many changes may wait for a slow command; a further one makes the storing wait.
const WAITING: usize = 64;

/// A command that took too long so often is not run again.
const PATIENCE: usize = 3;

impl Hook {
    pub(super) fn start(command: &str, database: &Path, stop: Arc<AtomicBool>) -> Self {
        let (changes, receiver) = sync_channel(WAITING);
        let (done, told) = channel();
        let command = command.to_owned();
        let database = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        let run = move || tell_all(&command, &database, &receiver, &done, &stop);
        let thread = std::thread::spawn(run);
        Self { changes, told, thread }
    }

    pub(super) fn tell(&self, change: Change, key: HookKey) {
        // The thread listens as long as this can tell.
        let _always_heard = self.changes.send((change, key));
    }

    /// The changes for which the command succeeded since this was last asked.
    pub(super) fn told(&self) -> impl Iterator<Item = HookKey> {
        self.told.try_iter()
    }

    /// Waits until all is told; what succeeded since it was last asked, and what failed.
    pub(super) fn end(self) -> (Vec<HookKey>, Vec<String>) {
        drop(self.changes);
        let failed = self
            .thread
            .join()
            .unwrap_or_else(|_| vec!["the thread of --on-change broke off".to_owned()]);
        (self.told.try_iter().collect(), failed)
    }
}

fn tell_all(
    command: &str,
    database: &Path,
    changes: &Receiver<(Change, HookKey)>,
    done: &Sender<HookKey>,
    stop: &AtomicBool,
) -> Vec<String> {
    let mut failed = Vec::new();
    let mut slow = 0;
    for (change, key) in changes {
        let host = change.host().to_owned();
        let told = match slow {
            PATIENCE.. => Err(Untold::Failed("not run: it took too long before".to_owned())),
            _ => collect::tell(command, database, change, stop),
        };
        slow += usize::from(told == Err(Untold::TooLong));
        match told {
            // Whoever started this listens until it ends.
            Ok(()) => drop(done.send(key)),
            Err(untold) => failed.push(format!("{host}: the command of --on-change {untold}")),
        }
    }
    failed
}
