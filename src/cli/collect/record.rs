//! What a collection stored, host by host.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::changes::{Hook, HookKey};
use super::hosts::FollowedList;
use super::outcome::{self, Compared};
use crate::cli::failure::{Exit, Failure};
use crate::cli::judging::Judged;
use crate::cli::notify::Setup;
use crate::cli::sides;
use crate::cli::ui::{self, Ui};
use crate::cli::{future, hosts_of};
use crate::collect::{Change, Site, Unreached, Visit};
use crate::ingest::{self, Ingested};
use crate::model::{Hash, HostName, Tag, Time, When};
use crate::render::collected::{Collected, Outcome};
use crate::render::json;
use crate::report::Report;
use crate::rules::Severity;
use crate::side::{self, Contents};
use crate::store::{AttemptOutcome, NewAttempt, Store, StoreError};

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
    /// The list that the sites came from.
    followed: Option<&'r FollowedList>,
    /// Who is told when all is stored.
    notices: Option<&'r Setup>,
    /// Changes that a command was told of, which is not noted yet.
    told: Vec<HookKey>,
    /// When each site was first tried.
    started: Vec<Option<Time>>,
    /// The database was made by this run.
    is_new: bool,
}

/// What is asked for, and what is to be kept beside it.
#[derive(Clone, Copy)]
pub(super) struct Sources<'r> {
    pub(super) sites: &'r [Site],
    /// The list that the sites came from.
    pub(super) followed: Option<&'r FollowedList>,
    /// Who is told when all is stored.
    pub(super) notices: Option<&'r Setup>,
}

impl<'r> Record<'r> {
    /// A database that cannot be opened ends it before any host is asked; a new one is made when
    /// there is something to store.
    pub(super) fn new(
        ui: &mut Ui<'_>,
        database: &'r Path,
        sources: Sources<'r>,
        tags: &'r [Tag],
    ) -> Result<Self, Failure> {
        let Sources { sites, followed, notices } = sources;
        let mut store = match Store::open(database) {
            Err(StoreError::Missing { .. }) => None,
            other => Some(other?),
        };
        match &mut store {
            Some(store) => {
                store.check_writable()?;
                // Somebody who writes for long stops no host from being asked.
                match follow(ui, store, followed) {
                    Err(error @ StoreError::Locked { .. }) => {
                        ui.warning(format!("the list was not taken over: {error}"));
                    }
                    other => other?,
                }
                match notices.map_or(Ok(()), |notices| notices.register(store)) {
                    Err(error @ StoreError::Locked { .. }) => {
                        ui.warning(format!("new sinks are told from the next run on: {error}"));
                    }
                    other => other?,
                }
            }
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
            followed,
            notices,
            told: Vec::new(),
            started: vec![None; sites.len()],
            is_new: false,
        })
    }

    /// Notes that a site is tried.
    pub(super) fn note_start(&mut self, site: usize) {
        self.started[site].get_or_insert_with(ui::now);
    }

    /// Stores what a host answered, and tells of it once it is stored. Fails only where no further
    /// host could be stored either.
    pub(super) fn add(
        &mut self,
        ui: &mut Ui<'_>,
        site: usize,
        result: Result<Visit, Unreached>,
    ) -> Result<(), Failure> {
        let started = self.started[site].unwrap_or_else(ui::now);
        let site = &self.sites[site];
        let row = match result {
            Err(error) if error.is_stopped => Collected::interrupted(&site.name, error.to_string()),
            Err(error) => {
                self.note_failure(ui, site, started, &error.to_string())?;
                Collected::failed(&site.name, format!("{}: {error}", site.uri))
            }
            Ok(visit) => match self.store(ui, site, &visit) {
                Ok(ingested) => self.stored(ui, site, &visit, &ingested)?,
                Err(error @ (StoreError::Locked { .. } | StoreError::OtherContent { .. })) => {
                    Collected::failed(&site.name, error.to_string())
                }
                Err(error) => return Err(error.into()),
            },
        };
        match row.outcome {
            // All of them are one line at the end.
            Outcome::Failed if row.is_interrupted => {}
            Outcome::Failed => ui.error(row.line()),
            Outcome::Partial if row.is_narrowed => ui.status(row.line()),
            Outcome::Partial | Outcome::Suspect => ui.warning(row.line()),
            _ if row.refused > 0 || row.unsupported > 0 => ui.warning(row.line()),
            _ => {}
        }
        self.rows.push(row);
        Ok(())
    }

    /// The database, made where there is none yet.
    fn database(&mut self, ui: &mut Ui<'_>) -> Result<&mut Store, StoreError> {
        match &mut self.contents.store {
            Some(store) => Ok(store),
            none => {
                self.is_new = true;
                let store = none.insert(Store::create_or_open(self.database)?);
                follow(ui, store, self.followed)?;
                if let Some(notices) = self.notices {
                    notices.register(store)?;
                }
                Ok(store)
            }
        }
    }

    /// The list that names a site.
    fn list_of(&self, site: &Site) -> Option<&'r str> {
        let list = self.followed.filter(|list| list.members.contains_key(&site.name));
        list.map(|list| list.key.as_str())
    }

    /// Notes an attempt of which nothing is stored. No database is made for one of a host that no list
    /// names.
    fn note_failure(
        &mut self,
        ui: &mut Ui<'_>,
        site: &Site,
        started_at: Time,
        reason: &str,
    ) -> Result<(), StoreError> {
        let list = self.list_of(site);
        if self.contents.store.is_none() && list.is_none() {
            return Ok(());
        }
        let took = ui::now().milliseconds() - started_at.milliseconds();
        let attempt = NewAttempt {
            host: &site.name,
            started_at,
            duration: Duration::from_millis(took.try_into().unwrap_or_default()),
            outcome: AttemptOutcome::Failed,
            reason: Some(reason),
            list,
        };
        let noted = self.database(ui).and_then(|store| {
            let mut writer = store.writer()?;
            writer.note_attempt(&attempt)?;
            writer.commit()
        });
        match noted {
            Err(error @ StoreError::Locked { .. }) => {
                ui.warning(format!("{}: the attempt was not noted: {error}", site.name));
                Ok(())
            }
            other => other,
        }
    }

    fn store(
        &mut self,
        ui: &mut Ui<'_>,
        site: &Site,
        visit: &Visit,
    ) -> Result<Ingested, StoreError> {
        let tags: BTreeSet<Tag> = self.tags.iter().chain(&site.tags).cloned().collect();
        let tags: Vec<Tag> = tags.into_iter().collect();
        let list = self.list_of(site);
        // Its groups are the list's, and were taken over with it: stored with a snapshot they would
        // count as set by hand.
        let site = Site { groups: Vec::new(), ..site.clone() };
        let has_hook = self.hook.is_some();
        let mut writer = self.database(ui)?.writer()?;
        let ingested = ingest::visit(&mut writer, &site, &tags, visit)?;
        if has_hook && ingested.stored.is_new && ingested.stored.is_change {
            // With the snapshot: after a `kill -9` the next run knows that nobody was told.
            writer.expect_hook(&site.name, visit.taken_at)?;
        }
        let outcome = outcome::of_attempt(&ingested);
        let reason = outcome::reason(visit, &ingested);
        writer.note_attempt(&NewAttempt {
            host: &site.name,
            started_at: visit.taken_at,
            duration: visit.took,
            outcome,
            reason: reason.as_deref().filter(|_| !outcome.is_success()),
            list,
        })?;
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
            true => self.change(&site.name, ingested.stored.id)?,
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
        if self.hook.is_some() {
            let key = (site.name.clone(), visit.taken_at);
            match (row.outcome, &report) {
                (Outcome::Changed, Compared::Other(report)) => {
                    self.run_hook(ui, key, ingested.stored.id, report);
                }
                _ if ingested.stored.is_change => self.told.push(key),
                _ => {}
            }
        }
        self.settle_hooks()?;
        Ok(row)
    }

    /// Has the command of `--on-change` run for a change.
    fn run_hook(&mut self, ui: &mut Ui<'_>, key: HookKey, snapshot: Hash, report: &Report) {
        let Some(hook) = &self.hook else { return };
        let breaking = report.count_severity(Severity::Breaking);
        let write = |out: &mut dyn std::io::Write| json::diff(report, out);
        match Change::new(key.0.as_str(), snapshot.to_string(), breaking, write) {
            Ok(change) => hook.tell(change, key),
            Err(error) => {
                ui.error(format!("{}: --on-change: {error}", key.0));
                self.is_hook_broken = true;
            }
        }
    }

    /// Has the command of `--on-change` run for changes of earlier runs for which it did not succeed.
    pub(super) fn retry_hooks(&mut self, ui: &mut Ui<'_>) -> Result<(), Failure> {
        if self.hook.is_none() {
            return Ok(());
        }
        let Some(store) = &self.contents.store else { return Ok(()) };
        for (host, at, row) in store.pending_hooks()? {
            let compared = match &row {
                Some(row) => self.change(&row.host, row.id)?,
                None => Compared::Same,
            };
            match (compared, row) {
                (Compared::Other(report), Some(row)) => {
                    self.run_hook(ui, (host, at), row.id, &report);
                }
                // It was removed since, or is no change any more.
                _ => self.told.push((host, at)),
            }
        }
        Ok(self.settle_hooks()?)
    }

    /// Notes the changes that the command was told of. While somebody else writes for long they stay
    /// to be noted, at the latest by the next run.
    fn settle_hooks(&mut self) -> Result<(), StoreError> {
        self.told.extend(self.hook.iter().flat_map(Hook::told));
        if self.told.is_empty() {
            return Ok(());
        }
        let Some(store) = &mut self.contents.store else { return Ok(()) };
        let mut writer = match store.writer() {
            Err(StoreError::Locked { .. }) => return Ok(()),
            other => other?,
        };
        for (host, at) in &self.told {
            writer.settle_hook(host, *at)?;
        }
        writer.commit()?;
        self.told.clear();
        Ok(())
    }

    /// Tells the sinks of domcaps.toml what is new, where that was asked for.
    pub(super) fn notify(&self, ui: &mut Ui<'_>, stop: &AtomicBool) -> Result<Exit, Failure> {
        match (self.notices, &self.contents.store) {
            (Some(notices), Some(_)) => notices.deliver_after(ui, self.database, stop),
            _ => Ok(Exit::Done),
        }
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
    fn change(&self, host: &HostName, id: Hash) -> Result<Compared, Failure> {
        let Some(store) = &self.contents.store else { return Ok(Compared::First) };
        // A row's number may be another's since the last host: others may have pruned.
        self.contents.forget();
        store.at_one_moment(|| self.compared(store, host, id))?
    }

    fn compared(&self, store: &Store, host: &HostName, id: Hash) -> Result<Compared, Failure> {
        let new = When::Id(id.to_string());
        let new_row = match store.resolve(host.as_str(), &new) {
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
        let side = |when: &When| side::from_store(&self.contents, host.as_str(), when, None, "");
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
        if let Some(hook) = self.hook.take() {
            let (told, failed) = hook.end();
            self.told.extend(told);
            for broken in failed {
                ui.error(broken);
                self.is_hook_broken = true;
            }
            if self.is_hook_broken {
                ui.hint("the next run with --on-change tries again what failed");
            }
            if let Err(error) = self.settle_hooks() {
                ui.warning(format!("the next run repeats its commands of --on-change: {error}"));
            }
        }
        self.rows.sort_by(|a, b| (a.outcome, &a.host).cmp(&(b.outcome, &b.host)));
    }

    /// How many hosts were not collected, because domcaps was interrupted.
    pub(super) fn interrupted(&self) -> usize {
        self.rows.iter().filter(|row| row.is_interrupted).count()
    }

    /// Says what to do next: about a host that changed, else about one that is new.
    pub(super) fn hint(&self, ui: &mut Ui<'_>) {
        let find = |outcome| self.rows.iter().find(|row| row.outcome == outcome);
        if let Some(Collected { host, .. }) = find(Outcome::Changed) {
            ui.hint(format!("`domcaps diff {host}` shows what changed on {host}"));
        } else if let Some(Collected { host, .. }) = find(Outcome::Stored) {
            ui.hint(format!(
                "`domcaps show {host}` shows what {host} supports; after the next collection, \
                 `domcaps diff {host}` shows what changed"
            ));
        }
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

/// Makes the database's hosts and groups follow the list, and names the hosts that left it.
fn follow(
    ui: &mut Ui<'_>,
    store: &mut Store,
    followed: Option<&FollowedList>,
) -> Result<(), StoreError> {
    let Some(list) = followed else { return Ok(()) };
    let mut writer = store.writer()?;
    if list.is_whole {
        // A list whose file is gone was moved here, or is of no more use.
        for old in writer.store().known_lists()? {
            if old != list.key && Path::new(&old).is_absolute() && !Path::new(&old).exists() {
                writer.replace_list(&old, &list.key)?;
            }
        }
    }
    let left = writer.follow_list(&list.key, &list.members, list.is_whole, ui::now())?;
    writer.commit()?;
    if !left.is_empty() {
        let forget = match &left[..] {
            [host] => format!("`domcaps host forget {host}`"),
            _ => "`domcaps host forget HOST`".to_owned(),
        };
        ui.warning(format!(
            "{}: no longer lists {}, whose history stays: list it again, or remove it with {forget}",
            list.key,
            hosts_of::some(&left)
        ));
    }
    Ok(())
}

/// How many elements that are not known are named in one run. A libvirt has a few new ones.
const MANY: usize = 50;
