//! A tree of many hosts.

use std::path::Path;

use super::super::failure::Failure;
use super::super::ui::{self, Ui};
use super::{Arguments, Database, Done, Files, Place, warn_of_future};
use crate::ahead::{Room, in_order};
use crate::ingest::Seen;
use crate::source::{self, HostFolder};
use crate::store::Store;

/// How many snapshots, and of what weight, share a transaction at most.
const BATCH: (usize, usize) = (512, 64 << 20);

/// What may have been read ahead of them.
const AHEAD: usize = 32 << 20;

/// Stores every snapshot of a tree, committed in batches; what is wrong with one costs no other.
pub(super) fn import(
    ui: &mut Ui<'_>,
    database: &mut Database,
    arguments: &Arguments,
    tree: &Path,
    done: &mut Done,
) -> Result<(), Failure> {
    let folders = folders(ui, tree, done)?;
    let now = arguments.at.unwrap_or_else(ui::now);
    let progress = progress(ui, folders.len());
    let file = database.file();
    let seen = Seen::default();
    let worker = || {
        // Each question to it is a transaction of its own, so that nobody waits for this.
        let store = file.as_deref().and_then(|file| Store::open_at_rest(file).ok());
        let seen = &seen;
        move |folder: &HostFolder| {
            let place = Place {
                host: folder.host.clone(),
                taken_at: folder.taken_at.unwrap_or(now),
                what: folder.path.clone(),
            };
            let inputs = source::read_found(&folder.path);
            let inputs = inputs.into_iter().map(|input| (folder.path.as_path(), input)).collect();
            let files = Files::read(arguments, place, inputs, seen, store.as_ref());
            let weight = files.weight();
            (files, weight)
        }
    };
    let room = Room { threads: ui::threads(), weight: AHEAD };
    in_order(&folders, room, worker, |all| {
        loop {
            // Read before the database is locked: a slow disk delays nobody.
            let mut batch = Vec::new();
            let mut weight = 0;
            while batch.len() < BATCH.0
                && weight < BATCH.1
                && let Some(files) = all.next()
            {
                progress.inc(1);
                files.tell(ui, done);
                weight += files.weight();
                batch.push(files);
            }
            if batch.is_empty() {
                return Ok::<(), Failure>(());
            }
            database.import(ui, arguments, batch, done)?;
        }
    })?;
    progress.finish_and_clear();
    done.sum_up(ui);
    Ok(())
}

/// The hosts' files and folders; what is none is told.
fn folders(ui: &mut Ui<'_>, tree: &Path, done: &mut Done) -> Result<Vec<HostFolder>, Failure> {
    let mut folders = Vec::new();
    for folder in source::hosts(tree)? {
        match folder {
            Ok(folder) => folders.push(folder),
            Err(error) => done.fail(ui, error.path(), &error.to_string()),
        }
    }
    if folders.is_empty() {
        let error =
            format!("{}: no host in this tree: no folder and no *.xml file", tree.display());
        return Err(Failure::new(&error));
    }
    let times = folders.iter().filter_map(|folder| Some((folder, folder.taken_at?)));
    let mut future = times.filter(|(_, at)| crate::cli::future::is_future(*at));
    if let Some((folder, at)) = future.next() {
        warn_of_future(ui, &folder.path.display().to_string(), at, future.count());
    }
    Ok(folders)
}

fn progress(ui: &Ui<'_>, length: usize) -> indicatif::ProgressBar {
    if !ui.shows_progress() {
        return indicatif::ProgressBar::hidden();
    }
    indicatif::ProgressBar::new(length as u64)
        .with_message("snapshots")
        .with_style(indicatif::ProgressStyle::default_bar())
}
