//! `domcaps import`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::ingest::{self, IngestError, Ingested, Occasion, nothing_stored};
use crate::model::{HostName, Tag, Time};
use crate::render::json::{self, Failed, Imported};
use crate::source::{self, HostFolder, Input};
use crate::store::{Store, StoreError};

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

/// The files of one snapshot.
struct Files {
    host: HostName,
    taken_at: Time,
    /// The file, folder or host that errors are about.
    what: PathBuf,
    inputs: Vec<Input>,
    /// Some file could not be read.
    is_partial: bool,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let mut done = Done::default();
    let mut database = Database { path: ui::database(global)?, store: None };
    if let Some(at) = arguments.at.filter(|at| is_future(*at)) {
        warn_of_future(ui, "--at", at, 0);
    }
    match (&arguments.tree, &arguments.host) {
        (Some(tree), _) => import_tree(ui, &mut database, arguments, tree, &mut done)?,
        (None, Some(host)) => {
            let files = one_host(ui, arguments, host, &mut done);
            database.import(ui, arguments, &[files], &mut done)?;
        }
        (None, None) => return Err(Failure::usage(&"name the host: --host NAME")),
    }
    let unknown: Vec<String> = done.unknown.into_iter().collect();
    for element in &unknown {
        ui.unknown_element(element);
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

/// The files that the command line names.
fn one_host(ui: &mut Ui<'_>, arguments: &Arguments, host: &HostName, done: &mut Done) -> Files {
    let mut inputs = Vec::new();
    for path in &arguments.paths {
        for input in source::read(path, &mut std::io::stdin().lock()) {
            match input {
                Ok(input) => inputs.push(input),
                Err(error) => done.fail(ui, path, &error.to_string()),
            }
        }
        if source::has_folders(path) {
            ui.warning(format!(
                "{}: the folders in it were not read; `import --tree` reads a tree of hosts",
                path.display()
            ));
        }
    }
    let taken_at = arguments.at.unwrap_or_else(ui::now);
    let what = PathBuf::from(host.as_str());
    Files { host: host.clone(), taken_at, what, inputs, is_partial: !done.failed.is_empty() }
}

/// Every snapshot of a tree, committed in batches; what is wrong with one costs no other.
fn import_tree(
    ui: &mut Ui<'_>,
    database: &mut Database,
    arguments: &Arguments,
    tree: &Path,
    done: &mut Done,
) -> Result<(), Failure> {
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
    let mut future = times.filter(|(_, at)| is_future(*at));
    if let Some((folder, at)) = future.next() {
        warn_of_future(ui, &folder.path.display().to_string(), at, future.count());
    }
    let now = arguments.at.unwrap_or_else(ui::now);
    let progress = progress(ui, folders.len());
    let mut folders = folders.into_iter().peekable();
    while folders.peek().is_some() {
        // Read before the database is locked: a slow disk delays nobody.
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH.0
            && bytes < BATCH.1
            && let Some(folder) = folders.next()
        {
            progress.inc(1);
            let files = read_folder(ui, folder, now, done);
            bytes += files.inputs.iter().map(|input| input.bytes.len()).sum::<usize>();
            batch.push(files);
        }
        database.import(ui, arguments, &batch, done)?;
    }
    progress.finish_and_clear();
    let new = done.imported.iter().filter(|each| each.outcome == "stored").count();
    let known = done.imported.len() - new;
    ui.status(format!(
        "{new} snapshots stored, {known} known before, {} failures",
        done.failed.len()
    ));
    Ok(())
}

/// Whether a time is later than any clock that is merely wrong.
fn is_future(at: Time) -> bool {
    at.milliseconds() > ui::now().milliseconds() + 24 * 60 * 60 * 1000
}

fn warn_of_future(ui: &mut Ui<'_>, what: &str, at: Time, more: usize) {
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    ui.warning(format!(
        "{what}: {at} is in the future{more}: until then later snapshots will stand before it"
    ));
}

fn read_folder(ui: &mut Ui<'_>, folder: HostFolder, now: Time, done: &mut Done) -> Files {
    let mut inputs = Vec::new();
    let mut is_partial = false;
    for input in source::read(&folder.path, &mut std::io::empty()) {
        match input {
            Ok(input) => inputs.push(input),
            Err(error) => {
                is_partial = true;
                done.fail(ui, &folder.path, &error.to_string());
            }
        }
    }
    let taken_at = folder.taken_at.unwrap_or(now);
    Files { host: folder.host, taken_at, what: folder.path, inputs, is_partial }
}

/// The database, opened when there is something to store.
struct Database {
    path: PathBuf,
    store: Option<Store>,
}

impl Database {
    /// Stores snapshots under one transaction, and tells of them when its commit has returned.
    fn import(
        &mut self,
        ui: &mut Ui<'_>,
        arguments: &Arguments,
        batch: &[Files],
        done: &mut Done,
    ) -> Result<(), Failure> {
        let Some(store) = self.open(arguments, batch)? else {
            for files in batch.iter().filter(|files| !files.inputs.is_empty()) {
                let read =
                    ingest::read(&arguments.occasion(files), &files.inputs, &mut nothing_stored);
                if let Err(error) = read {
                    done.refuse(ui, &files.what, &error);
                }
            }
            return Ok(());
        };
        let mut writer = store.writer()?;
        let mut stored = Vec::new();
        for files in batch.iter().filter(|files| !files.inputs.is_empty()) {
            let occasion = arguments.occasion(files);
            let refused = if arguments.strict && files.is_partial {
                Err(IngestError::Strict { host: files.host.clone(), bad: Vec::new() })
            } else {
                ingest::ingest(&mut writer, &occasion, &files.inputs)
            };
            match refused {
                Ok(ingested) => stored.push((files, ingested)),
                Err(IngestError::Store(error))
                    if !matches!(error, StoreError::OtherContent { .. }) =>
                {
                    return Err(error.into());
                }
                Err(error) => done.refuse(ui, &files.what, &error),
            }
        }
        writer.commit()?;
        for (files, ingested) in stored {
            done.add(ui, arguments, files, ingested);
        }
        Ok(())
    }

    /// A database that is there is opened; a new one is made only for something good to store.
    fn open(
        &mut self,
        arguments: &Arguments,
        batch: &[Files],
    ) -> Result<Option<&mut Store>, Failure> {
        let is_good = |files: &Files| {
            let is_whole = !(arguments.strict && files.is_partial);
            let occasion = arguments.occasion(files);
            is_whole && ingest::read(&occasion, &files.inputs, &mut nothing_stored).is_ok()
        };
        if self.store.is_none() && (self.path.exists() || batch.iter().any(is_good)) {
            self.store = Some(Store::create_or_open(&self.path)?);
        }
        Ok(self.store.as_mut())
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
    fn occasion<'a>(&'a self, files: &'a Files) -> Occasion<'a> {
        Occasion {
            host: &files.host,
            taken_at: files.taken_at,
            is_partial: files.is_partial,
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
    fn add(&mut self, ui: &mut Ui<'_>, arguments: &Arguments, files: &Files, ingested: Ingested) {
        let Files { host, taken_at, .. } = files;
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
            let s = if documents == 1 { "" } else { "s" };
            ui.status(format!("{host} {taken_at} {id}: {documents} document{s}, {what}"));
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
