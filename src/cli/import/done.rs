//! What an import has done so far.

use crate::model::counted;
use std::collections::BTreeSet;
use std::path::Path;

use super::super::ListFormat;
use super::super::ui::Ui;
use super::{Arguments, Place};
use crate::ingest::{IngestError, Ingested, Reading};
use crate::render::json::{Failed, Imported};

/// What has been done so far.
#[derive(Default)]
pub(super) struct Done {
    pub(super) imported: Vec<Imported>,
    pub(super) failed: Vec<Failed>,
    pub(super) unknown: BTreeSet<String>,
    /// What a dry run has read, as rows of a table.
    pub(super) read: Vec<Vec<String>>,
}

impl Done {
    pub(super) fn fail(&mut self, ui: &mut Ui<'_>, what: &Path, why: &str) {
        ui.error(why);
        self.failed.push(Failed { what: what.display().to_string(), why: why.to_owned() });
    }

    /// Tells why a snapshot was not stored, its bad files first.
    pub(super) fn refuse(&mut self, ui: &mut Ui<'_>, what: &Path, error: &IngestError) {
        for bad in error.bad_files() {
            self.fail(ui, &bad.path, &bad.to_string());
        }
        self.fail(ui, what, &error.to_string());
    }

    /// Tells of a snapshot whose commit has returned.
    pub(super) fn add(
        &mut self,
        ui: &mut Ui<'_>,
        arguments: &Arguments,
        place: &Place,
        ingested: Ingested,
    ) {
        let Place { host, taken_at, .. } = place;
        let Ingested { stored, documents, bad, unknown, .. } = ingested;
        for bad in bad {
            self.fail(ui, &bad.path, &bad.to_string());
        }
        self.unknown.extend(unknown);
        let outcome = if stored.is_new { "stored" } else { "known" };
        if arguments.tree.is_none() && arguments.format == ListFormat::Text {
            let id = &stored.id.to_string()[..12];
            let what = match (stored.is_new, stored.is_change) {
                (false, _) => "was stored before",
                (true, true) => "stored, content is new",
                (true, false) => "stored, content as before",
            };
            let documents = counted(documents, "document");
            ui.status(format!("{host} {taken_at} {id}: {documents}, {what}"));
        }
        self.imported.push(Imported {
            host: host.to_string(),
            taken_at: taken_at.to_string(),
            snapshot: Some(stored.id.to_string()),
            outcome,
            is_change: Some(stored.is_change),
            documents,
        });
    }

    /// Notes what would be stored.
    pub(super) fn add_dry(&mut self, place: &Place, reading: &Reading) {
        let observation = reading.observation();
        let machines =
            observation.info.machines.as_ref().map(|list| list.iter().count().to_string());
        self.read.push(vec![
            place.host.to_string(),
            place.taken_at.to_string(),
            observation.documents.len().to_string(),
            machines.unwrap_or_else(|| "-".to_owned()),
            observation.state().name().to_owned(),
        ]);
        for bad in &observation.bad {
            self.failed.push(Failed { what: bad.path.display().to_string(), why: bad.to_string() });
        }
        self.imported.push(Imported {
            host: place.host.to_string(),
            taken_at: place.taken_at.to_string(),
            snapshot: None,
            outcome: "dry-run",
            is_change: None,
            documents: observation.documents.len(),
        });
    }

    /// Tells how many snapshots a tree had.
    pub(super) fn sum_up(&self, ui: &mut Ui<'_>) {
        if !self.read.is_empty() {
            return;
        }
        let new = self.imported.iter().filter(|each| each.outcome == "stored").count();
        let known = self.imported.len() - new;
        let (new, failures) = (counted(new, "snapshot"), counted(self.failed.len(), "failure"));
        ui.status(format!("{new} stored, {known} known before, {failures}"));
    }
}
