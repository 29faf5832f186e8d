//! Telling of changes: `--on-change`.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use crate::collect::{self, Change};

/// Runs the command for one change after the other, while hosts are still being asked.
pub(super) struct Hook {
    changes: Sender<Change>,
    thread: JoinHandle<Vec<String>>,
}

impl Hook {
    pub(super) fn start(command: &str, database: &Path) -> Self {
        let (changes, receiver) = channel::<Change>();
        let command = command.to_owned();
        let database = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        let thread = std::thread::spawn(move || {
            let told = receiver.into_iter().filter_map(|change| {
                let error = collect::tell(&command, &database, &change).err()?;
                Some(format!("{}: the command of --on-change {error}", change.host))
            });
            told.collect()
        });
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
