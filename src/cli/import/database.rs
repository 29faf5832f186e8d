//! The database that snapshots are put into.

use std::path::PathBuf;

use super::super::failure::Failure;
use super::super::ui::Ui;
use super::{Arguments, Done, Files};
use crate::ingest::{self, IngestError};
use crate::store::{Store, StoreError};

/// The database, opened when there is something to store.
pub(super) struct Database {
    path: PathBuf,
    store: Option<Store>,
}

impl Database {
    /// A database that is there is opened; a new one is made only for something good to store. A dry
    /// run leaves both alone.
    pub(super) fn new(path: PathBuf, is_dry: bool) -> Result<Self, Failure> {
        let store =
            if path.exists() && !is_dry { Some(Store::create_or_open(&path)?) } else { None };
        Ok(Self { path, store })
    }

    /// What is there already.
    pub(super) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// Its file, where it is there already.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.store.as_ref().map(|store| store.path().to_owned())
    }

    fn open(&mut self) -> Result<&mut Store, StoreError> {
        match &mut self.store {
            Some(store) => Ok(store),
            none => Ok(none.insert(Store::create_or_open(&self.path)?)),
        }
    }

    /// Stores snapshots under one transaction, and tells of them when its commit has returned.
    pub(super) fn import(
        &mut self,
        ui: &mut Ui<'_>,
        arguments: &Arguments,
        batch: Vec<Files>,
        done: &mut Done,
    ) -> Result<(), Failure> {
        if arguments.dry_run {
            dry(ui, batch, done);
            return Ok(());
        }
        // For bad files alone nobody waits until others have written.
        let mut writer = match batch.iter().any(Files::is_good) {
            true => Some(self.open()?.writer()?),
            false => None,
        };
        let mut stored = Vec::new();
        for files in batch {
            let is_partial = files.is_partial();
            let Files { place, reading: Some(reading), .. } = files else { continue };
            let ingested = match (reading, &mut writer) {
                (Ok(reading), Some(writer)) => {
                    let occasion = arguments.occasion(&place, is_partial);
                    ingest::store(writer, &occasion, reading).map_err(IngestError::Store)
                }
                (Err(error), _) => Err(error),
                // There is a writer where one is good.
                (Ok(_), None) => continue,
            };
            match ingested {
                Ok(ingested) => stored.push((place, ingested)),
                Err(IngestError::Store(error))
                    if !matches!(error, StoreError::OtherContent { .. }) =>
                {
                    return Err(error.into());
                }
                Err(error) => done.refuse(ui, &place.what, &error),
            }
        }
        if let Some(writer) = writer {
            writer.commit()?;
        }
        for (place, ingested) in stored {
            done.add(ui, arguments, &place, ingested);
        }
        Ok(())
    }
}

/// Tells what would be stored.
fn dry(ui: &mut Ui<'_>, batch: Vec<Files>, done: &mut Done) {
    for Files { place, reading, .. } in batch {
        match reading {
            Some(Ok(reading)) => {
                for bad in &reading.observation().bad {
                    ui.error(bad);
                }
                done.add_dry(&place, &reading);
            }
            Some(Err(error)) => done.refuse(ui, &place.what, &error),
            None => {}
        }
    }
}
