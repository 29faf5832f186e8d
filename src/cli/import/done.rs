//! What an import has done so far.

use crate::model::counted;
use std::collections::BTreeSet;
use std::path::Path;

use super::super::ListFormat;
use super::super::ui::Ui;
use super::{Arguments, Place};
use crate::ingest::{IngestError, Ingested};
use crate::render::json::{Failed, Imported};

/// What has been done so far.
#[derive(Default)]
pub(super) struct Done {
    pub(super) imported: Vec<Imported>,
    pub(super) failed: Vec<Failed>,
    pub(super) unknown: BTreeSet<String>,
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
            snapshot: stored.id.to_string(),
            outcome,
            is_change: stored.is_change,
            documents,
        });
    }

    /// Tells how many snapshots a tree had.
    pub(super) fn sum_up(&self, ui: &mut Ui<'_>) {
        let new = self.imported.iter().filter(|each| each.outcome == "stored").count();
        let known = self.imported.len() - new;
        let (new, failures) = (counted(new, "snapshot"), counted(self.failed.len(), "failure"));
        ui.status(format!("{new} stored, {known} known before, {failures}"));
    }
}
