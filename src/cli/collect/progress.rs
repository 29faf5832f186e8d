//! The progress bar of a collection.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::ui::Ui;
use crate::collect::{Event, Site};

/// How many hosts are done and failed, the time so far and the time left, and the names of what still runs.
pub(super) struct Progress<'s> {
    bar: ProgressBar,
    sites: &'s [Site],
    at_work: Vec<usize>,
    failed: usize,
}

/// How many names stand beside the bar.
const NAMES: usize = 4;

impl<'s> Progress<'s> {
    pub(super) fn new(ui: &Ui<'_>, sites: &'s [Site]) -> Self {
        let bar = if ui.shows_progress() {
            let style = ProgressStyle::with_template(
                "{bar:24} {pos}/{len} hosts{prefix}, {elapsed} so far, {eta} left  {wide_msg}",
            );
            ProgressBar::new(sites.len() as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self { bar, sites, at_work: Vec::new(), failed: 0 }
    }

    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Started(site) => self.at_work.push(*site),
            Event::Waits(site) => self.at_work.retain(|other| other != site),
            Event::Done(site, result) => {
                if result.is_err() {
                    self.failed += 1;
                    self.bar.set_prefix(format!(", {} failed", self.failed));
                }
                self.at_work.retain(|other| other != site);
                self.bar.inc(1);
            }
        }
        if !self.bar.is_hidden() {
            self.bar.set_message(self.names());
        }
    }

    /// The hosts at work, those first that have been so for longest.
    fn names(&self) -> String {
        let names = self.at_work.iter().take(NAMES).map(|site| self.sites[*site].name.as_str());
        let names = names.collect::<Vec<_>>().join(" ");
        match self.at_work.len().saturating_sub(NAMES) {
            0 => names,
            more => format!("{names} +{more}"),
        }
    }

    /// Runs what may print, with the bar out of its way.
    pub(super) fn aside<T>(&self, run: impl FnOnce() -> T) -> T {
        self.bar.suspend(run)
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
