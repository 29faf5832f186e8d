//! What `diff` and `report` have in common: how changes are judged, and when that is a failure.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use crate::config;
use crate::guests::{self, GuestFile};
use crate::model::Guest;
use crate::report::Report;
use crate::rules::{Policy, Severity};

/// How changes are judged.
#[derive(Args, Debug)]
#[command(next_help_heading = "Judging")]
pub(super) struct Judging {
    /// Severities and ignores [default: domcaps.toml in this folder, else in
    /// $XDG_CONFIG_HOME/domcaps, for root in /etc/domcaps]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The fleet's guests, as `virsh dumpxml` prints them: severity follows what they need. Can be
    /// given several times
    #[arg(long, value_name = "FILE|FOLDER")]
    used_by: Vec<PathBuf>,
    /// Exit with code 10 if something of this severity or worse is found: breaking, warning or info
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Severity>,
}

/// What the options come to.
#[derive(Default)]
pub(super) struct Judged {
    /// What the site thinks.
    pub(super) policy: Policy,
    /// The guests, where any were given.
    pub(super) guests: Option<Fleet>,
    fail_on: Option<Severity>,
    is_partial: bool,
}

/// The guests of a fleet.
pub(super) struct Fleet {
    files: Vec<GuestFile>,
    /// How many have each name.
    names: HashMap<String, usize>,
}

impl Fleet {
    fn of(files: Vec<GuestFile>) -> Self {
        let mut names = HashMap::new();
        for file in &files {
            *names.entry(file.guest.name.clone()).or_default() += 1;
        }
        Self { files, names }
    }

    /// Each guest.
    pub(super) fn each(&self) -> impl Iterator<Item = &Guest> {
        self.files.iter().map(|file| &file.guest)
    }

    /// What a guest is called; with its file, where another has its name.
    pub(super) fn name(&self, number: usize) -> String {
        let GuestFile { path, guest } = &self.files[number];
        match self.names.get(&guest.name) {
            None | Some(1) => guest.name.clone(),
            _ => format!("{} ({})", guest.name, path.display()),
        }
    }
}

impl Judging {
    /// Judging with this file and these guests.
    pub(super) fn of(config: PathBuf, used_by: Vec<PathBuf>) -> Self {
        Self { config: Some(config), used_by, fail_on: None }
    }

    /// Whether any of it was given.
    pub(super) fn is_asked(&self) -> bool {
        self.config.is_some() || !self.used_by.is_empty() || self.fail_on.is_some()
    }

    /// Every file that is read for it.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.used_by.iter().filter_map(|path| path.to_str())
    }

    /// Reads the configuration and the guests.
    pub(super) fn read(&self, ui: &mut Ui<'_>) -> Result<Judged, Failure> {
        let mut judged = Judged { fail_on: self.fail_on, ..Judged::default() };
        if let Some(path) = self.config.clone().or_else(ui::default_config) {
            judged.policy = config::read(&path, &ui::today())?;
            if self.config.is_none() {
                ui.status(format!("judged with {}", path.display()));
            }
        }
        if !self.used_by.is_empty() {
            let reading = guests::read(&self.used_by, &mut std::io::stdin().lock());
            for bad in &reading.bad {
                ui.error(format!("{bad}: left out"));
            }
            for unread in &reading.unread {
                ui.error(unread);
            }
            judged.is_partial = !(reading.bad.is_empty() && reading.unread.is_empty());
            if reading.guests.is_empty() {
                return Err(Failure::new(&"--used-by: no guest is described there").with_hint(
                    "it takes files as `virsh dumpxml GUEST` prints them, and folders of such",
                ));
            }
            judged.guests = Some(Fleet::of(reading.guests));
        }
        Ok(judged)
    }
}

impl Judged {
    /// Whether guests could not be read.
    pub(super) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// How many guests were looked at.
    pub(super) fn count_guests(&self) -> Option<usize> {
        self.guests.as_ref().map(|guests| guests.files.len())
    }

    /// How a command ends that made this report and would end with `exit` else; names ignores that
    /// can be taken out.
    pub(super) fn exit(&self, ui: &mut Ui<'_>, report: &Report, exit: Exit) -> Exit {
        for used in &report.ignores {
            let why = match &used.ignore.expires {
                Some(day) if used.ignore.is_expired => format!("held until {day}"),
                _ if used.is_stale() => "meets no finding any more".to_owned(),
                _ => continue,
            };
            ui.warning(format!("{}: this ignore {why}: {}", used.ignore.place, used.ignore.reason));
        }
        if !report.unjudged.is_empty() {
            let names: Vec<&str> = report.unjudged.iter().map(String::as_str).collect();
            ui.warning(format!(
                "not judged, since no target like theirs was compared: {}",
                names.join(", ")
            ));
        }
        let worst = report.worst();
        let is_found = self.fail_on.zip(worst).is_some_and(|(level, worst)| worst <= level);
        match exit {
            _ if is_found => Exit::Found,
            Exit::Done if self.is_partial || !report.unjudged.is_empty() => Exit::Partly,
            other => other,
        }
    }
}
