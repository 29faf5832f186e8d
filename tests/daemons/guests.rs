//! Guests that are started on real daemons, and what domcaps says of each beforehand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::Sandbox;
use super::daemon::Daemon;

const TABLE: &str = include_str!("guests.txt");

/// One guest of the table.
pub(crate) struct TableGuest {
    name: &'static str,
    parts: BTreeMap<&'static str, String>,
}

/// All guests of the table, in its order.
pub(crate) fn table() -> Vec<TableGuest> {
    let mut guests: Vec<TableGuest> = Vec::new();
    let mut last = "";
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("== ") {
            assert!(guests.iter().all(|guest| guest.name != name), "{name} is there twice");
            guests.push(TableGuest { name, parts: BTreeMap::new() });
            continue;
        }
        let parts = &mut guests.last_mut().unwrap().parts;
        if let Some(more) = line.strip_prefix("  ") {
            let part = parts.get_mut(last).unwrap();
            write!(part, "\n{more}").unwrap();
        } else {
            let (part, text) = line.split_once(':').unwrap();
            assert!(
                PARTS.iter().any(|(known, _)| *known == part) || part == "whole",
                "{part} is no part of a guest"
            );
            assert!(parts.insert(part, text.trim().to_owned()).is_none(), "{line} is there twice");
            last = part;
        }
    }
    guests
}

/// The parts of the plain guest.
const PARTS: [(&str, &str); 8] = [
    ("domain", "type='qemu'"),
    ("vcpu", "1"),
    ("os", "<type arch='x86_64' machine='q35'>hvm</type>"),
    ("features", "<acpi/>"),
    ("cpu", ""),
    ("emulator", "/usr/bin/qemu-system-x86_64"),
    ("devices", ""),
    ("more", ""),
];

impl TableGuest {
    fn part(&self, name: &str) -> &str {
        let (_, plain) = PARTS.iter().find(|(part, _)| *part == name).unwrap();
        self.parts.get(name).map_or(plain, String::as_str)
    }

    /// Its domain XML.
    fn xml(&self) -> String {
        if let Some(whole) = self.parts.get("whole") {
            return whole.clone() + "\n";
        }
        // Attributes come before the content.
        let split = |part| {
            let text = self.part(part);
            text.split_at(text.find('<').unwrap_or_default())
        };
        let (os_attributes, os) = split("os");
        let vcpu = self.part("vcpu");
        let vcpu = if vcpu.starts_with('<') { vcpu.into() } else { format!("<vcpu>{vcpu}</vcpu>") };
        let emulator = match self.part("emulator") {
            "" => String::new(),
            path => format!("<emulator>{path}</emulator>"),
        };
        let lines = [
            format!("<domain {}>", self.part("domain")),
            format!("<name>{}</name>", self.name),
            "<memory unit='MiB'>64</memory>".into(),
            vcpu,
            format!("<os {os_attributes}>{os}</os>"),
            format!("<features>{}</features>", self.part("features")),
            self.part("cpu").into(),
            format!("<devices>{emulator}{}</devices>", self.part("devices")),
            self.part("more").into(),
            "</domain>".into(),
        ];
        lines
            .iter()
            .filter(|line| !line.is_empty())
            .fold(String::new(), |xml, line| xml + line + "\n")
    }

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
    pub(crate) answer: String,
    reasons: Vec<String>,
    pub(crate) outcome: Result<(), String>,
    took: Duration,
}

impl Trial {
    /// Whether domcaps said the opposite of what happened.
    pub(crate) fn is_wrong(&self) -> bool {
        match &*self.answer {
            "yes" => self.outcome.is_err(),
            "no" => self.outcome.is_ok(),
            answer => {
                assert_eq!(answer, "unknown", "{}", self.name);
                false
            }
        }
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
        let (answer, reasons) = forecast(sandbox, host, &xml);
        let since = Instant::now();
        let outcome = start(daemon, guest.name, &xml);
        Trial { name: guest.name, answer, reasons, outcome, took: since.elapsed() }
    };
    guests.iter().map(trial).collect()
}

/// Writes every guest into a folder.
pub(crate) fn write_all(guests: &[TableGuest], folder: &Path) {
    for guest in guests {
        guest.write(folder);
    }
}

/// Starts every guest on a daemon, and holds the outcome against what was said before.
pub(crate) fn start_all(
    daemon: &Daemon,
    guests: &[TableGuest],
    folder: &Path,
    said: &BTreeMap<String, (String, Vec<String>)>,
) -> Vec<Trial> {
    std::fs::write(daemon.folder.path().join("var/disk"), [0; 1 << 20]).unwrap();
    let trial = |guest: &TableGuest| {
        let since = Instant::now();
        let outcome = start(daemon, guest.name, &folder.join(format!("{}.xml", guest.name)));
        // What is no guest at all is skipped, and no host starts it.
        let (answer, reasons) =
            said.get(guest.name).cloned().unwrap_or_else(|| ("no".into(), Vec::new()));
        Trial { name: guest.name, answer, reasons, outcome, took: since.elapsed() }
    };
    guests.iter().map(trial).collect()
}

/// What `preflight` answers for a guest on a host, with its reasons.
fn forecast(sandbox: &Sandbox, host: &str, xml: &Path) -> (String, Vec<String>) {
    let output = sandbox.run(&["preflight", xml.to_str().unwrap(), host, "--format", "json"]);
    let Ok(page) = serde_json::from_str::<Json>(&output.stdout) else {
        // No guest at all, and said so.
        assert_eq!(output.code, Some(1), "{output:?}");
        return ("no".into(), vec![output.stderr.trim().replace('\n', " ")]);
    };
    let results = page["results"].as_array().unwrap();
    let [result] = &results[..] else { panic!("{page}") };
    let reasons = result["reasons"].as_array().unwrap();
    let text =
        |reason: &Json| format!("{}: {}", reason["element"], reason["text"]).replace('"', "");
    (result["answer"].as_str().unwrap().to_owned(), reasons.iter().map(text).collect())
}
