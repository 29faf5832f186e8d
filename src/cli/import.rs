//! `domcaps import`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::ingest::{self, IngestError, Ingested, Occasion};
use crate::model::{HostName, Tag, Time};
use crate::render::json::{self, Failed, Imported};
use crate::source::{self, HostFolder, Input};
use crate::store::{Store, Writer};

/// Store documents from files as a snapshot of a host
///
/// Each call is one snapshot. A folder gives its *.xml files; `capabilities.xml` (the output of
/// `virsh capabilities`) becomes the machine list, `version.txt` (of `virsh version --daemon`) the
/// versions. The same again is no new snapshot; the same at another time is one row more.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps import --host hv01 captures/hv01
  virsh domcapabilities --machine q35 | domcaps import --host hv01 --tag pre-upgrade -
  domcaps import --tree fleet/     each folder or file of fleet/ is a host; HOST/TIME/ for many times

Limits: 8 MiB a document, 64 elements deep, 200,000 elements and attributes.")]
pub(super) struct Arguments {
    /// The host the documents are from
    #[arg(long, value_name = "NAME", required_unless_present = "tree", conflicts_with = "tree")]
    host: Option<HostName>,
    /// Files, folders of one host's files, or - for standard input
    #[arg(value_name = "PATH", required_unless_present = "tree", conflicts_with = "tree")]
    paths: Vec<PathBuf>,
    /// A folder with a folder or file for each host: HOST.xml, HOST/…, or HOST/TIME/…
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// When the documents were taken: an RFC 3339 time, or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = Time::parse_taken)]
    at: Option<Time>,
    /// Tag the snapshot, to name it later as HOST@TAG (can be repeated)
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<Tag>,
    /// Put the host into a group (can be repeated)
    #[arg(long = "group", value_name = "GROUP", value_parser = super::host::group)]
    groups: Vec<String>,
    /// CPU flags the documents were asked for under, such as expand-cpu-features
    #[arg(long, value_name = "FLAGS")]
    api_flags: Option<String>,
    /// Store nothing of a snapshot that has a bad file
    #[arg(long)]
    strict: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

/// How many snapshots, and how many bytes of documents, share a transaction at most.
const BATCH: (usize, usize) = (512, 64 << 20);

/// What has been done so far.
#[derive(Default)]
struct Done {
    imported: Vec<Imported>,
    failed: Vec<Failed>,
    unknown: BTreeSet<String>,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let mut done = Done::default();
    match (&arguments.tree, &arguments.host) {
        (Some(tree), _) => import_tree(ui, global, arguments, tree, &mut done)?,
        (None, Some(host)) => import_host(ui, global, arguments, host, &mut done)?,
        (None, None) => return Err(Failure::usage(&"name the host: --host NAME")),
    }
    let unknown: Vec<String> = done.unknown.into_iter().collect();
    for element in &unknown {
        ui.warning(format!("{element}: not known to this domcaps; kept like any other capability"));
    }
    if arguments.format == ListFormat::Json {
        json::imported(&done.imported, &done.failed, &unknown, ui.out())?;
    }
    Ok(match (done.imported.is_empty(), done.failed.is_empty()) {
        (_, true) => Exit::Done,
        (true, false) => Exit::Failed,
        (false, false) => Exit::Partly,
    })
}

/// One snapshot of one host.
fn import_host(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
    host: &HostName,
    done: &mut Done,
) -> Result<(), Failure> {
    let mut inputs = Vec::new();
    for path in &arguments.paths {
        for input in source::read(path, &mut std::io::stdin().lock()) {
            match input {
                Ok(input) => inputs.push(input),
                Err(error) => done.fail(ui, path, &error.to_string()),
            }
        }
    }
    let taken_at = arguments.at.unwrap_or_else(|| ui.now());
    if inputs.is_empty() {
        return Ok(());
    }
    if arguments.strict && !done.failed.is_empty() {
        done.fail(
            ui,
            Path::new(host.as_str()),
            &format!("host {host}: nothing stored because of bad files (--strict)"),
        );
        return Ok(());
    }
    // A file that is no database, or no document at all, must not leave a new database behind.
    let path = ui::database(global)?;
    let is_new = !path.exists();
    let stored = store_one(ui, &path, arguments, host, taken_at, &inputs, done);
    if is_new && done.imported.is_empty() {
        remove_empty(&path);
    }
    stored
}

fn store_one(
    ui: &mut Ui<'_>,
    database: &Path,
    arguments: &Arguments,
    host: &HostName,
    taken_at: Time,
    inputs: &[Input],
    done: &mut Done,
) -> Result<(), Failure> {
    let mut store = Store::create_or_open(database)?;
    let mut writer = store.writer()?;
    let ingested = match ingest::ingest(&mut writer, &arguments.occasion(host, taken_at), inputs) {
        Ok(ingested) => ingested,
        Err(IngestError::Store(error)) => return Err(error.into()),
        Err(error) => {
            done.refuse(ui, Path::new(host.as_str()), &error);
            return Ok(());
        }
    };
    writer.commit()?;
    done.add(ui, arguments, host, taken_at, ingested);
    Ok(())
}

/// A database that was made for an import which then stored nothing.
fn remove_empty(database: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        // It may never have been made.
        let _already_gone = std::fs::remove_file(PathBuf::from(name));
    }
}

/// Every snapshot of a tree, committed in batches.
fn import_tree(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
    tree: &Path,
    done: &mut Done,
) -> Result<(), Failure> {
    let mut folders = Vec::new();
    for folder in source::hosts(tree)? {
        match folder {
            Ok(folder) => folders.push(folder),
            Err(error) => done.fail(ui, tree, &error.to_string()),
        }
    }
    if folders.is_empty() {
        let error =
            format!("{}: no host in this tree: no folder and no *.xml file", tree.display());
        return Err(Failure::new(&error));
    }
    let now = arguments.at.unwrap_or_else(|| ui.now());
    let progress = progress(ui, folders.len());
    let database = ui::database(global)?;
    let is_new = !database.exists();
    let mut store = Store::create_or_open(&database)?;
    let mut folders = folders.into_iter().peekable();
    while folders.peek().is_some() {
        let mut writer = store.writer()?;
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH.0
            && bytes < BATCH.1
            && let Some(folder) = folders.next()
        {
            progress.inc(1);
            let taken_at = folder.taken_at.unwrap_or(now);
            let (result, read) =
                import_folder(ui, &mut writer, arguments, &folder, taken_at, done)?;
            bytes += read;
            batch.extend(result.map(|ingested| (folder.host, taken_at, ingested)));
        }
        writer.commit()?;
        for (host, taken_at, ingested) in batch {
            done.add(ui, arguments, &host, taken_at, ingested);
        }
    }
    progress.finish_and_clear();
    drop(store);
    if is_new && done.imported.is_empty() {
        remove_empty(&database);
    }
    let new = done.imported.iter().filter(|each| each.outcome == "stored").count();
    ui.status(format!("{new} snapshots stored, {} known before", done.imported.len() - new));
    Ok(())
}

/// One snapshot of a tree; what is wrong with it is named, and costs no other.
fn import_folder(
    ui: &mut Ui<'_>,
    writer: &mut Writer<'_>,
    arguments: &Arguments,
    folder: &HostFolder,
    taken_at: Time,
    done: &mut Done,
) -> Result<(Option<Ingested>, usize), Failure> {
    let mut inputs = Vec::new();
    for input in source::read(&folder.path, &mut std::io::empty()) {
        match input {
            Ok(input) => inputs.push(input),
            Err(error) => done.fail(ui, &folder.path, &error.to_string()),
        }
    }
    let bytes = inputs.iter().map(|input| input.bytes.len()).sum();
    if inputs.is_empty() {
        return Ok((None, bytes));
    }
    match ingest::ingest(writer, &arguments.occasion(&folder.host, taken_at), &inputs) {
        Ok(ingested) => Ok((Some(ingested), bytes)),
        Err(IngestError::Store(error @ crate::store::StoreError::OtherContent { .. })) => {
            done.fail(ui, &folder.path, &error.to_string());
            Ok((None, bytes))
        }
        Err(IngestError::Store(error)) => Err(error.into()),
        Err(error) => {
            done.refuse(ui, &folder.path, &error);
            Ok((None, bytes))
        }
    }
}

fn progress(ui: &Ui<'_>, length: usize) -> indicatif::ProgressBar {
    if !ui.shows_progress() {
        return indicatif::ProgressBar::hidden();
    }
    indicatif::ProgressBar::new(length as u64)
        .with_message("snapshots")
        .with_style(indicatif::ProgressStyle::default_bar())
}

impl Arguments {
    fn occasion<'a>(&'a self, host: &'a HostName, taken_at: Time) -> Occasion<'a> {
        Occasion {
            host,
            taken_at,
            tags: &self.tags,
            groups: &self.groups,
            api_flags: self.api_flags.as_deref(),
            is_strict: self.strict,
        }
    }
}

impl Done {
    fn fail(&mut self, ui: &mut Ui<'_>, what: &Path, why: &str) {
        ui.error(why);
        self.failed.push(Failed { what: what.display().to_string(), why: why.to_owned() });
    }

    /// Tells why a snapshot was not stored, its bad files first.
    fn refuse(&mut self, ui: &mut Ui<'_>, what: &Path, error: &IngestError) {
        for bad in error.bad_files() {
            self.fail(ui, &bad.path, &bad.to_string());
        }
        self.fail(ui, what, &error.to_string());
    }

    /// Tells of a snapshot whose commit has returned.
    fn add(
        &mut self,
        ui: &mut Ui<'_>,
        arguments: &Arguments,
        host: &HostName,
        taken_at: Time,
        ingested: Ingested,
    ) {
        let Ingested { stored, documents, bad, unknown } = ingested;
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
            ui.status(format!("{host} {taken_at} {id}: {documents} documents, {what}"));
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
}
