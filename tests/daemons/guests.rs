//! Guests that are started on real daemons, and what domcaps says of each beforehand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::Sandbox;
use super::daemon::Daemon;
use super::table::TableGuest;

impl TableGuest {
    /// Writes its domain XML into a folder.
    fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}.xml", self.name));
        std::fs::write(&path, self.xml()).unwrap();
        path
    }
}

/// Starts a guest, paused, and ends it; or gives libvirt's reason for refusing it.
fn start(daemon: &Daemon, name: &str, xml: &Path) -> Result<(), String> {
    let output = daemon.virsh(&["create", "--paused"]).arg(xml).output().unwrap();
    if !output.status.success() {
        let message = String::from_utf8(output.stderr).unwrap();
        let reason = message.lines().skip_while(|line| line.starts_with("error: Failed to create"));
        return Err(reason.collect::<Vec<_>>().join(" "));
    }
    let output = daemon.virsh(&["destroy", name]).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// A guest that was tried on a daemon: what domcaps said of it, and what became of it.
#[derive(Debug)]
pub(crate) struct Trial {
    name: &'static str,
    /// What a host may lack that no document speaks of, as its refusal says it.
    outside: Option<String>,
    notes: usize,
    pub(crate) answer: String,
    reasons: Vec<String>,
    pub(crate) outcome: Result<(), String>,
    took: Duration,
}

impl Trial {
    /// Whether domcaps said the opposite of what happened.
    pub(crate) fn is_wrong(&self) -> bool {
        match &*self.answer {
            "yes" => self.outcome.as_ref().is_err_and(|reason| !self.is_outside(reason)),
            "no" => self.outcome.is_ok(),
            answer => {
                assert_eq!(answer, "unknown", "{}", self.name);
                false
            }
        }
    }
}

impl Trial {
    /// Whether the refusal is for what the verdict's note names.
    fn is_outside(&self, reason: &str) -> bool {
        self.notes > 0 && self.outside.as_ref().is_some_and(|outside| reason.contains(outside))
    }
}

/// Trials as a table for people: wrong answers are marked.
pub(crate) fn listed(trials: &[Trial]) -> String {
    let mut text = String::new();
    for trial in trials {
        let mark = if trial.is_wrong() { "WRONG" } else { "" };
        let outcome = trial.outcome.as_ref().map_or_else(|reason| &**reason, |()| "started");
        let Trial { name, answer, reasons, took, .. } = trial;
        let (reasons, took) = (reasons.join("; "), took.as_secs_f32());
        writeln!(text, "{mark:5} {name:30} {answer:7} {took:4.1} s | {outcome} | {reasons}")
            .unwrap();
    }
    text
}

/// Collects a daemon's documents, asks domcaps about each guest, and then starts it there.
pub(crate) fn try_all(
    sandbox: &Sandbox,
    host: &str,
    daemon: &Daemon,
    guests: &[TableGuest],
) -> Vec<Trial> {
    let collected = sandbox.collect(host, daemon, &[]);
    assert_ne!(collected["hosts"][0]["outcome"], "failed", "{collected}");
    // What the daemon sees as /var/lib/libvirt.
    std::fs::write(daemon.folder.path().join("var/disk"), [0; 1 << 20]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trial = |guest: &TableGuest| {
        let xml = guest.write(folder.path());
        let (answer, reasons, notes) = forecast(sandbox, host, &xml);
        let since = Instant::now();
        let outcome = start(daemon, guest.name, &xml);
        let outside = guest.parts.get("outside").cloned();
        let (name, took) = (guest.name, since.elapsed());
        Trial { name, outside, notes, answer, reasons, outcome, took }
    };
    guests.iter().map(trial).collect()
}

/// Writes every guest into a folder.
pub(crate) fn write_all(guests: &[TableGuest], folder: &Path) {
    for guest in guests {
        guest.write(folder);
    }
}

/// What was said of a guest: the answer, its reasons, and how many notes.
type Forecast = (String, Vec<String>, usize);

/// Starts every guest on a daemon, and holds the outcome against what was said before.
pub(crate) fn start_all(
    daemon: &Daemon,
    guests: &[TableGuest],
    folder: &Path,
    said: &BTreeMap<String, Forecast>,
) -> Vec<Trial> {
    std::fs::write(daemon.folder.path().join("var/disk"), [0; 1 << 20]).unwrap();
    let trial = |guest: &TableGuest| {
        let since = Instant::now();
        let outcome = start(daemon, guest.name, &folder.join(format!("{}.xml", guest.name)));
        // What is no guest at all is skipped, and no host starts it.
        let (answer, reasons, notes) =
            said.get(guest.name).cloned().unwrap_or_else(|| ("no".into(), Vec::new(), 0));
        let (name, took) = (guest.name, since.elapsed());
        let outside = guest.parts.get("outside").cloned();
        Trial { name, outside, notes, answer, reasons, outcome, took }
    };
    guests.iter().map(trial).collect()
}

/// What `preflight` answers for a guest on a host, with its reasons and how many notes.
fn forecast(sandbox: &Sandbox, host: &str, xml: &Path) -> Forecast {
    let output = sandbox.run(&["preflight", xml.to_str().unwrap(), host, "--format", "json"]);
    let Ok(page) = serde_json::from_str::<Json>(&output.stdout) else {
        // No guest at all, and said so.
        assert_eq!(output.code, Some(1), "{output:?}");
        return ("no".into(), vec![output.stderr.trim().replace('\n', " ")], 0);
    };
    let results = page["results"].as_array().unwrap();
    let [result] = &results[..] else { panic!("{page}") };
    let reasons = result["reasons"].as_array().unwrap();
    let text =
        |reason: &Json| format!("{}: {}", reason["element"], reason["text"]).replace('"', "");
    let notes = result["notes"].as_array().unwrap().len();
    (result["answer"].as_str().unwrap().to_owned(), reasons.iter().map(text).collect(), notes)
}
