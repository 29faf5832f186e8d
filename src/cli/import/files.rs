//! The files of one snapshot, read.

use std::path::{Path, PathBuf};

use super::super::ui::Ui;
use super::{Arguments, Done};
use crate::ingest::{self, IngestError, Known, Reading, Seen};
use crate::model::{HostName, Time};
use crate::source::{Input, SourceError};
use crate::store::Store;

/// What a snapshot is of.
pub(super) struct Place {
    pub(super) host: HostName,
    pub(super) taken_at: Time,
    /// The file, folder or host that errors are about.
    pub(super) what: PathBuf,
}

/// A snapshot, read and not yet stored.
pub(super) struct Files {
    pub(super) place: Place,
    /// None where no file could be read.
    pub(super) reading: Option<Result<Reading, IngestError>>,
    /// What could not be read, and why.
    unread: Vec<(PathBuf, String)>,
}

impl Files {
    /// Reads what the files say, all but the documents that are known.
    pub(super) fn read(
        arguments: &Arguments,
        place: Place,
        files: Vec<(&Path, Result<Input, SourceError>)>,
        seen: &Seen,
        store: Option<&Store>,
    ) -> Self {
        let mut inputs = Vec::with_capacity(files.len());
        let mut unread = Vec::new();
        for (path, input) in files {
            match input {
                Ok(input) => inputs.push(input),
                Err(error) => unread.push((path.to_owned(), error.to_string())),
            }
        }
        let is_partial = !unread.is_empty();
        let reading = (!inputs.is_empty()).then(|| {
            let occasion = arguments.occasion(&place, is_partial);
            let reading = ingest::read(&occasion, inputs, &Known::new(seen, store))?;
            match arguments.strict && is_partial {
                true => Err(IngestError::Strict { host: place.host.clone(), bad: Vec::new() }),
                false => Ok(reading),
            }
        });
        Self { place, reading, unread }
    }

    /// Tells what could not be read.
    pub(super) fn tell(&self, ui: &mut Ui<'_>, done: &mut Done) {
        for (path, why) in &self.unread {
            done.fail(ui, path, why);
        }
    }

    /// Whether some file could not be read.
    pub(super) fn is_partial(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Whether there is something to store.
    pub(super) fn is_good(&self) -> bool {
        matches!(self.reading, Some(Ok(_)))
    }

    /// What it takes of memory, roughly: what a document says takes five times its bytes.
    pub(super) fn weight(&self) -> usize {
        let (all, new) = match &self.reading {
            Some(Ok(reading)) => reading.bytes(),
            _ => (0, 0),
        };
        4096 + all + 5 * new
    }
}
