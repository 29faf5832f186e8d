//! What a collection stored, host by host.

use std::collections::BTreeSet;
use std::path::Path;

use super::Hook;
use super::outcome::{self, Compared};
use crate::cli::failure::{Exit, Failure};
use crate::cli::future;
use crate::cli::judging::Judged;
use crate::cli::sides;
use crate::cli::ui::Ui;
use crate::collect::{Change, Site, Unreached, Visit};
use crate::ingest::{self, Ingested};
use crate::model::{Tag, When};
use crate::render::collected::{Collected, Outcome};
use crate::render::json;
use crate::side::{self, Contents};
use crate::store::{Store, StoreError};

/// The database, and what was done so far.
pub(super) struct Record<'r> {
    database: &'r Path,
    contents: Contents,
    sites: &'r [Site],
    tags: &'r [Tag],
    pub(super) hook: Option<Hook>,
    pub(super) rows: Vec<Collected>,
    pub(super) unknown: BTreeSet<String>,
    is_hook_broken: bool,
    /// How many hosts have snapshots of a later time.
    ran_back: usize,
    /// The database was made by this run.
    is_new: bool,
}

impl<'r> Record<'r> {
    /// A database that cannot be opened ends it before any host is asked; a new one is made when
    /// there is something to store.
    pub(super) fn new(
        database: &'r Path,
        sites: &'r [Site],
        tags: &'r [Tag],
    ) -> Result<Self, Failure> {
        let store = match Store::open(database) {
            Err(StoreError::Missing { .. }) => None,
            other => Some(other?),
        };
        match &store {
            Some(store) => store.check_writable()?,
            None => Store::check_creatable(database)?,
        }
        Ok(Self {
            database,
            contents: Contents::new(store),
            sites,
            tags,
            hook: None,
            rows: Vec::new(),
            unknown: BTreeSet::new(),
            is_hook_broken: false,
            ran_back: 0,
            is_new: false,
        })
    }

    /// Stores what a host answered, and tells of it once it is stored. Fails only where no further
    /// host could be stored either.
    pub(super) fn add(
        &mut self,
        ui: &mut Ui<'_>,
        site: usize,
        result: Result<Visit, Unreached>,
    ) -> Result<(), Failure> {
        let site = &self.sites[site];
        let row = match result {
            Err(error) if error.is_stopped => Collected::failed(&site.name, error.to_string()),
            Err(error) => Collected::failed(&site.name, format!("{}: {error}", site.uri)),
            Ok(visit) => match self.store(site, &visit) {
                Ok(ingested) => self.stored(ui, site, &visit, &ingested)?,
                Err(error @ (StoreError::Locked { .. } | StoreError::OtherContent { .. })) => {
                    Collected::failed(&site.name, error.to_string())
                }
                Err(error) => return Err(error.into()),
            },
        };
        match row.outcome {
            Outcome::Failed => ui.error(row.line()),
            Outcome::Partial if row.is_narrowed => ui.status(row.line()),
            Outcome::Partial | Outcome::Suspect => ui.warning(row.line()),
            _ if row.refused > 0 || row.unsupported > 0 => ui.warning(row.line()),
            _ => {}
        }
        self.rows.push(row);
        Ok(())
    }

    fn store(&mut self, site: &Site, visit: &Visit) -> Result<Ingested, StoreError> {
        let store = match &mut self.contents.store {
            Some(store) => store,
            none => {
                self.is_new = true;
                none.insert(Store::create_or_open(self.database)?)
            }
        };
        let tags: BTreeSet<Tag> = self.tags.iter().chain(&site.tags).cloned().collect();
        let tags: Vec<Tag> = tags.into_iter().collect();
        let mut writer = store.writer()?;
        let ingested = ingest::visit(&mut writer, site, &tags, visit)?;
        writer.commit()?;
        Ok(ingested)
    }

    /// What became of a host that is stored.
    fn stored(
        &mut self,
        ui: &mut Ui<'_>,
        site: &Site,
        visit: &Visit,
        ingested: &Ingested,
    ) -> Result<Collected, Failure> {
        let report = match outcome::is_whole(ingested) {
            true => self.change(site, ingested)?,
            false => Compared::First,
        };
        let new = ingested.unknown.difference(&self.unknown).count();
        for element in &ingested.unknown {
            if self.unknown.len() < MANY && self.unknown.insert(element.clone()) {
                ui.unknown_element(element);
            }
        }
        if new > MANY {
            ui.warning(format!("{}: {new} elements are not known to this domcaps", site.name));
        }
        self.clock_ran_back(ui, site, visit)?;
        let row = outcome::row(site, visit, ingested, &report);
        if let (Outcome::Changed, Compared::Other(report), Some(hook)) =
            (row.outcome, &report, &self.hook)
        {
            let snapshot = ingested.stored.id.to_string();
            let breaking = row.breaking.unwrap_or_default();
            let change = Change::new(&row.host, snapshot, breaking, |out| json::diff(report, out));
            match change {
                Ok(change) => hook.tell(change),
                Err(error) => {
                    ui.error(format!("{}: --on-change: {error}", row.host));
                    self.is_hook_broken = true;
                }
            }
        }
        Ok(row)
    }

    /// Says that the host has a snapshot of a later time: that one answers for it, not this one.
    fn clock_ran_back(
        &mut self,
        ui: &mut Ui<'_>,
        site: &Site,
        visit: &Visit,
    ) -> Result<(), Failure> {
        let Some(store) = &self.contents.store else { return Ok(()) };
        let newest = match store.resolve(site.name.as_str(), &When::Runs(0)) {
            Ok(resolved) => resolved.snapshot,
            // Removed or renamed by someone since.
            Err(StoreError::NoSnapshot { .. } | StoreError::UnknownHost { .. }) => return Ok(()),
            Err(StoreError::Empty { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if future::is_later(newest.taken_at, visit.taken_at) {
            self.ran_back += 1;
            if self.ran_back <= MANY {
                future::warn_ran_back(ui, &newest, visit.taken_at);
            }
        }
        Ok(())
    }

    /// What changed since the complete snapshot before that was asked for under the same flags.
    fn change(&self, site: &Site, ingested: &Ingested) -> Result<Compared, Failure> {
        let Some(store) = &self.contents.store else { return Ok(Compared::First) };
        // A row's number may be another's since the last host: others may have pruned.
        self.contents.forget();
        store.at_one_moment(|| self.compared(store, site, ingested))?
    }

    fn compared(
        &self,
        store: &Store,
        site: &Site,
        ingested: &Ingested,
    ) -> Result<Compared, Failure> {
        let new = When::Id(ingested.stored.id.to_string());
        let new_row = match store.resolve(site.name.as_str(), &new) {
            // Stored, and removed or renamed by someone since.
            Err(
                StoreError::NoSnapshot { .. }
                | StoreError::UnknownHost { .. }
                | StoreError::Empty { .. },
            ) => return Ok(Compared::First),
            other => other?.snapshot,
        };
        let Some(old) = store.comparable_before(&new_row)? else { return Ok(Compared::First) };
        if old.has_content_of(&new_row) {
            return Ok(Compared::Same);
        }
        let side =
            |when: &When| side::from_store(&self.contents, site.name.as_str(), when, None, "");
        let (old, new) = (side(&When::Id(old.id.to_string()))?, side(&new)?);
        let report = sides::compare(&self.contents, [&old, &new], &Judged::default())?;
        let is_same = report.findings.is_empty();
        Ok(if is_same { Compared::Same } else { Compared::Other(Box::new(report)) })
    }

    /// Notes that a host's answer could not be stored, nor those of any further one.
    pub(super) fn lost(&mut self, ui: &mut Ui<'_>, site: usize, failure: &Failure) {
        let why = match failure {
            Failure::Error { message, .. } => format!("not stored: {message}"),
            Failure::ClosedPipe => "not stored".to_owned(),
        };
        let row = Collected::failed(&self.sites[site].name, why);
        ui.error(row.line());
        self.rows.push(row);
    }

    /// Waits for the commands of `--on-change`, and puts the rows in order.
    pub(super) fn finish(&mut self, ui: &mut Ui<'_>) {
        if self.is_new {
            ui.status(format!("{}: a new database", self.database.display()));
        }
        for broken in self.hook.take().map(Hook::end).unwrap_or_default() {
            ui.error(broken);
            self.is_hook_broken = true;
        }
        self.rows.sort_by(|a, b| (a.outcome, &a.host).cmp(&(b.outcome, &b.host)));
    }

    pub(super) fn exit(&self, has_refused: bool) -> Exit {
        let is_sound = |row: &Collected| {
            row.refused == 0
                && (row.is_narrowed
                    || matches!(
                        row.outcome,
                        Outcome::Stored | Outcome::Unchanged | Outcome::Changed
                    ))
        };
        if self.rows.iter().all(|row| row.outcome == Outcome::Failed) {
            Exit::Failed
        } else if has_refused || self.is_hook_broken || !self.rows.iter().all(is_sound) {
            Exit::Partly
        } else {
            Exit::Done
        }
    }
}

/// How many elements that are not known are named in one run. A libvirt has a few new ones.
const MANY: usize = 50;
