//! `domcaps notify`, and what `collect --notify` does with it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use super::changes::pairs;
use super::failure::{Exit, Failure};
use super::judging::{Judged, Judging};
use super::many::Many;
use super::ui::{self, Ui};
use super::{Global, ListFormat};
use crate::config::{self, Alerts};
use crate::deliver::{self, NoticeSink, SinkKind};
use crate::model::nearest_name;
use crate::render::json::{self, SinkResult};
use crate::render::notice::{self, FailingHost, Notice};
use crate::report::{Fleet, Period, Report};
use crate::rules::Severity;
use crate::side::Contents;
use crate::store::{EventId, HostContact, NewEvents, SinkCursor, Store, StoreError};

/// Tell the sinks of domcaps.toml what is new since they were last told
///
/// One digest for each sink: changes of all hosts, folded as `changes` folds them and judged with
/// domcaps.toml and its guests, hosts that began to fail, hosts that recovered, and new hosts. What was
/// delivered is not told again; what was not is told on the next run, together with what is new then.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps notify --test                   try every sink; nothing counts as told
  domcaps notify --dry-run                what would be sent now
  domcaps notify                          after an import, or by a timer of its own
  domcaps notify --sink chat --quiet      one sink only
  domcaps collect --all --notify          collect, then notify

A sink in domcaps.toml (docs/alerts.md has all of them):
  [[notify.sink]]
  name = \"ops\"
  command = \"jq -r .text | mail -s domcaps ops@example.org\"

Exit codes: 0 every sink was told, or there is nothing new; 3 a sink was not told, and will be
on the next run; 1 there are no sinks, or domcaps.toml or the database cannot be used.")]
pub(super) struct Arguments {
    /// Tell only this sink (can be repeated)
    #[arg(long = "sink", value_name = "NAME")]
    sinks: Vec<String>,
    /// Show what would be sent; send nothing
    #[arg(long, conflicts_with = "test")]
    dry_run: bool,
    /// Send a notice that says that it is a test
    #[arg(long)]
    test: bool,
    /// Sinks, severities and ignores [default: domcaps.toml in this folder, else in
    /// $XDG_CONFIG_HOME/domcaps, for root in /etc/domcaps]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The fleet's guests, beside those that domcaps.toml names (can be repeated)
    #[arg(long, value_name = "FILE|FOLDER")]
    used_by: Vec<PathBuf>,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let mut setup = Setup::read(arguments.config.clone())?;
    setup.choose(&arguments.sinks)?;
    setup.alerts.guests.extend(arguments.used_by.iter().cloned());
    let stop = ui::interruption()?;
    let database = ui::database(global)?;
    let (results, exit) = match arguments.test {
        true => (setup.test(&database, &stop), Exit::Done),
        false => setup.deliver(ui, Store::open(&database)?, arguments.dry_run, &stop)?,
    };
    match arguments.format {
        ListFormat::Json => json::notified(&results, ui.out())?,
        ListFormat::Text => ui.print(|out| {
            for result in results.iter().filter(|result| result.error.is_none()) {
                writeln!(out, "{}", line(result))?;
                if let (Some(notice), true) = (&result.notice, arguments.dry_run) {
                    write!(out, "{}", notice.text())?;
                }
            }
            Ok(())
        })?,
    }
    Ok(name_failures(ui, &results, exit))
}

/// `ops: delivered: domcaps: 2 breaking changes`
fn line(result: &SinkResult) -> String {
    let title = result.notice.as_ref().map(|notice| format!(": {}", notice.title()));
    let outcome = result.outcome.replace('-', " ");
    format!("{}: {outcome}{}", result.sink, title.unwrap_or_default())
}

/// Names the sinks that were not told; how the command ends that would end with `exit` else.
fn name_failures(ui: &mut Ui<'_>, results: &[SinkResult], exit: Exit) -> Exit {
    let mut is_failed = false;
    for result in results {
        let Some(error) = &result.error else { continue };
        is_failed = true;
        ui.error(format!("{} ({}): not told: {error}", result.sink, result.kind));
    }
    if is_failed {
        ui.hint("what was not told is kept, and sent on the next run");
    }
    if is_failed && exit == Exit::Done { Exit::Partly } else { exit }
}

/// Who is to be told, and with what.
pub(super) struct Setup {
    path: PathBuf,
    alerts: Alerts,
    curl: Option<PathBuf>,
}

/// What is new since an event.
struct Digest {
    report: Option<Report>,
    events: NewEvents,
    failing: Vec<HostContact>,
}

impl Setup {
    /// Reads domcaps.toml. Without a sink in it nobody could be told.
    pub(super) fn read(config: Option<PathBuf>) -> Result<Self, Failure> {
        let hint =
            "docs/alerts.md says how; the shortest is [[notify.sink]] with a name and a command";
        let path = config.or_else(ui::default_config).ok_or_else(|| {
            Failure::new(&"there is no domcaps.toml that names a sink").with_hint(hint)
        })?;
        let alerts = config::alerts(&path).map_err(|error| {
            Failure::new(&error)
                .with_hint("nobody was told; docs/alerts.md says what a sink can have")
        })?;
        if alerts.sinks.is_empty() {
            let error = format!("{}: it has no [[notify.sink]]", path.display());
            return Err(Failure::new(&error).with_hint(hint));
        }
        let curl = ui::program(Path::new("curl"));
        let http = alerts.sinks.iter().find(|sink| matches!(sink.kind, SinkKind::Http(_)));
        if let (Some(sink), None) = (http, &curl) {
            let error = format!("the sink {} needs the program `curl`", sink.name);
            return Err(Failure::new(&error).with_hint("install the package curl"));
        }
        Ok(Self { path, alerts, curl })
    }

    /// Keeps only the sinks of these names, where any are given.
    fn choose(&mut self, names: &[String]) -> Result<(), Failure> {
        for name in names {
            let known = self.alerts.sinks.iter().map(|sink| sink.name.as_str());
            if !known.clone().any(|known| known == name) {
                let near =
                    nearest_name(name, known.clone()).map(|near| format!("did you mean {near}?"));
                let all = format!("its sinks are: {}", known.collect::<Vec<_>>().join(", "));
                let error = format!("{}: it has no sink {name}", self.path.display());
                return Err(Failure::new(&error).with_hint(&near.unwrap_or(all)));
            }
        }
        if !names.is_empty() {
            self.alerts.sinks.retain(|sink| names.contains(&sink.name));
        }
        Ok(())
    }

    /// From now on all that happens is kept for the sinks.
    pub(super) fn register(&self, store: &mut Store) -> Result<(), StoreError> {
        let names = self.alerts.sinks.iter().map(|sink| sink.name.as_str());
        let cursors = store.sink_cursors()?;
        let is_recent = |cursor: &SinkCursor| cursor.is_seen_since_yesterday(ui::now());
        if names.clone().all(|name| cursors.get(name).is_some_and(is_recent)) {
            return Ok(());
        }
        let mut writer = store.writer()?;
        writer.keep_for_sinks(names, ui::now())?;
        writer.commit()
    }

    /// Tells each sink that it is a test.
    fn test(&self, database: &Path, stop: &AtomicBool) -> Vec<SinkResult> {
        let now = ui::now();
        let test = |sink: &NoticeSink| {
            let id = format!("test-{}", now.milliseconds());
            let mut notice = Notice::empty(&sink.name, id, now);
            notice.is_test = true;
            self.tell(sink, notice, database, stop)
        };
        self.alerts.sinks.iter().map(test).collect()
    }

    /// After a collection: tells the sinks, and says so on stderr.
    pub(super) fn deliver_after(
        &self,
        ui: &mut Ui<'_>,
        database: &Path,
        stop: &AtomicBool,
    ) -> Result<Exit, Failure> {
        let (results, exit) = self.deliver(ui, Store::open(database)?, false, stop)?;
        for result in results.iter().filter(|result| result.outcome == "delivered") {
            ui.status(line(result));
        }
        Ok(name_failures(ui, &results, exit))
    }

    /// Tells each sink what is new for it, and notes that it was told once it was: after a `kill -9`
    /// between the two it is told again.
    fn deliver(
        &self,
        ui: &mut Ui<'_>,
        mut store: Store,
        is_dry: bool,
        stop: &AtomicBool,
    ) -> Result<(Vec<SinkResult>, Exit), Failure> {
        let database =
            std::path::absolute(store.path()).unwrap_or_else(|_| store.path().to_owned());
        let _lock = if is_dry { None } else { Some(lock(&database, stop)?) };
        if !is_dry {
            self.register(&mut store)?;
        }
        let judging = Judging::of(self.path.clone(), self.alerts.guests.clone());
        let judged = judging.read(ui)?;
        let mut contents = Contents::new(Some(store));
        let mut cursors = contents.stored()?.sink_cursors()?;
        for sink in &self.alerts.sinks {
            if !cursors.contains_key(&sink.name) {
                let cursor = contents.stored()?.new_cursor(&sink.name)?;
                cursors.insert(sink.name.clone(), cursor);
            }
        }
        let mut digests: BTreeMap<(EventId, bool), Digest> = BTreeMap::new();
        let mut results = Vec::new();
        // All is read before anything is sent: each sink is told of the same moment.
        for sink in &self.alerts.sinks {
            let cursor = &cursors[&sink.name];
            let key = (cursor.told, cursor.delivered_at.is_none());
            if let Entry::Vacant(digest) = digests.entry(key) {
                digest.insert(Digest::read(&contents, &judged, cursor)?);
            }
        }
        for sink in &self.alerts.sinks {
            let cursor = &cursors[&sink.name];
            let digest = &digests[&(cursor.told, cursor.delivered_at.is_none())];
            let notice = digest.notice(sink, cursor);
            let result = match (notice.is_empty(), is_dry) {
                (true, _) => outcome(sink, "nothing-new", None),
                (false, true) => outcome(sink, "dry-run", Some(notice)),
                (false, false) => self.tell(sink, notice, &database, stop),
            };
            let last = digest.events.last;
            let is_delivered = result.outcome == "delivered";
            let is_told = result.error.is_none() && (is_delivered || last != cursor.told);
            if let (true, false, Some(store)) = (is_told, is_dry, &mut contents.store) {
                let mut writer = store.writer()?;
                writer.note_told(&sink.name, last, is_delivered, ui::now())?;
                writer.commit()?;
            }
            results.push(result);
        }
        let exit = if judged.is_partial() { Exit::Partly } else { Exit::Done };
        Ok((results, exit))
    }

    /// Tells a sink.
    fn tell(
        &self,
        sink: &NoticeSink,
        notice: Notice,
        database: &Path,
        stop: &AtomicBool,
    ) -> SinkResult {
        let told = match &sink.kind {
            _ if stop.load(Ordering::Relaxed) => Err("interrupted".to_owned()),
            SinkKind::Command(command) => {
                let variables =
                    [("DOMCAPS_NOTICE", &*notice.id), ("DOMCAPS_TITLE", &notice.title())];
                let json = json::notice_in_line(&notice);
                deliver::command(command, json.as_bytes(), variables, database, stop)
            }
            SinkKind::Http(http) => match &self.curl {
                Some(curl) => deliver::post(curl, &notice::request(http, &notice), stop),
                None => Err("there is no program `curl`".to_owned()),
            },
        };
        match told {
            Ok(()) => outcome(sink, "delivered", Some(notice)),
            Err(error) => {
                SinkResult { error: Some(error), ..outcome(sink, "failed", Some(notice)) }
            }
        }
    }
}

fn outcome(sink: &NoticeSink, outcome: &'static str, notice: Option<Notice>) -> SinkResult {
    SinkResult { sink: sink.name.clone(), kind: sink.kind.name(), outcome, error: None, notice }
}

/// Waits until no other process tells the sinks of this database, and keeps others from it: what two
/// told at once would arrive twice. The lock is on the database's folder, so that no file is left over.
fn lock(database: &Path, stop: &AtomicBool) -> Result<File, Failure> {
    /// Longer than a few sinks that do not answer take.
    const PATIENCE: Duration = Duration::from_secs(300);
    let folder = database.parent().unwrap_or(Path::new("/"));
    let file = File::open(folder)
        .map_err(|error| Failure::new(&format!("{}: {error}", folder.display())))?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A file system without locks: then it can only be told twice.
            Err(std::fs::TryLockError::Error(_)) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => {}
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Failure::new(&"interrupted; what was not told is sent on the next run"));
        }
        if started.elapsed() > PATIENCE {
            let error = "another process has been telling the sinks of this database for 5 minutes";
            return Err(Failure::new(&error).with_hint("what is new is sent on the next run"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Digest {
    fn read(contents: &Contents, judged: &Judged, cursor: &SinkCursor) -> Result<Self, Failure> {
        let store = contents.stored()?;
        let events = store.events_since(cursor.told)?;
        let is_first = cursor.delivered_at.is_none();
        let failing = match is_first || !events.failing.is_empty() {
            true => store.contacts(None)?,
            false => Vec::new(),
        };
        let is_new = |contact: &HostContact| {
            let is_known = is_first && contact.left_at().is_none();
            contact.is_failing() && (is_known || events.failing.contains(&contact.id))
        };
        let failing = failing.into_iter().filter(is_new).collect();
        let report = match events.changes.iter().any(|point| point.before.is_some()) {
            true => {
                let mut many = Many::new(contents, judged)?;
                many.add(&pairs(store, &events.changes)?)?;
                let times = events.changes.iter().map(|point| point.after.taken_at);
                let new_hosts =
                    events.changes.iter().filter(|point| point.before.is_none()).count();
                let period = Period { hosts: store.count_hosts(None)?, new_hosts };
                Some(many.finish(Fleet {
                    scope: "all hosts".to_owned(),
                    from: times.min().map_or_else(String::new, |from| from.to_string()),
                    to: "now".to_owned(),
                    silent: Vec::new(),
                    period: Some(period),
                    freshness: Vec::new(),
                }))
            }
            false => None,
        };
        Ok(Self { report, events, failing })
    }

    /// What a sink is told.
    fn notice(&self, sink: &NoticeSink, cursor: &SinkCursor) -> Notice {
        let id = cursor.notice_id(self.events.last);
        let mut notice = Notice::empty(&sink.name, id, ui::now());
        if let Some(report) = &self.report {
            notice.add_changes(report, sink.least);
        }
        if sink.least == Severity::Info {
            let new = self.events.changes.iter().filter(|point| point.before.is_none());
            notice.new_hosts = new.map(|point| point.after.host.clone()).collect();
        }
        notice.failing = self.failing.iter().map(FailingHost::of).collect();
        notice.recovered = self.events.recovered.clone();
        notice
    }
}
