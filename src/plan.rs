//! Whether guests run on a release that their hosts do not have yet, and what is to be done before.
//!
//! A host is projected onto the release, and the one verdict engine ([`crate::guests`]) judges the guests there;
//! nothing is judged here. What has to change follows from its reasons.

mod calendar;
mod fix;
mod project;
mod verdict;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::guests::Answer;
use crate::report::Report;

pub use calendar::{
    Calendar, CalendarEvent, CalendarRelease, MachineFamily, MachineState, MachineTimes, due,
};
pub use fix::{Fix, FixPlace};
pub use project::{OF_HOST, Projection, ReleaseSide};
pub use verdict::{Basis, PlannedReason, PlannedVerdict};

/// An upgrade to a release, as it is for guests and hosts.
#[derive(Debug, Default)]
pub struct UpgradePlan {
    /// What all of it rests on, in one line.
    pub release_line: String,
    /// The release's name.
    pub release: String,
    /// Each guest, the worst first, then by name.
    pub guests: Vec<PlannedGuest>,
    /// Hosts that are alike, and what else changes there.
    pub hosts: Vec<PlannedHosts>,
}

/// A guest, and what is answered of it.
#[derive(Clone, Debug)]
pub struct PlannedGuest {
    /// What it is called; with its file, where another has its name.
    pub name: String,
    /// The worst of the answers.
    pub answer: Answer,
    /// An answer for each set of hosts on which it is the same; one without hosts where none was named.
    pub results: Rc<[PlannedResult]>,
}

/// An answer, and the hosts that it is of.
#[derive(Clone, Debug)]
pub struct PlannedResult {
    /// The hosts; empty where none was named.
    pub hosts: Vec<String>,
    /// The verdict.
    pub verdict: PlannedVerdict,
}

/// Hosts that are alike, on the release.
#[derive(Debug)]
pub struct PlannedHosts {
    /// Their names.
    pub hosts: Vec<String>,
    /// What changes there beside the guests.
    pub report: Report,
}

impl PlannedGuest {
    /// A guest with its answers.
    #[must_use]
    pub fn new(name: String, results: Rc<[PlannedResult]>) -> Self {
        let answer = results.iter().map(|result| result.verdict.answer).min();
        Self { name, answer: answer.unwrap_or(Answer::Yes), results }
    }

    /// Every reason with the hosts that it is of.
    pub fn reasons(&self) -> impl Iterator<Item = (&[String], &PlannedReason)> {
        self.results.iter().flat_map(|result| {
            result.verdict.reasons.iter().map(|reason| (result.hosts.as_slice(), reason))
        })
    }
}

impl UpgradePlan {
    /// How many guests have an answer.
    #[must_use]
    pub fn count(&self, answer: Answer) -> usize {
        self.guests.iter().filter(|guest| guest.answer == answer).count()
    }

    /// In one sentence, whether guests can stay.
    #[must_use]
    pub fn headline(&self) -> String {
        let [no, unknown, yes] = Answer::ALL.map(|answer| self.count(answer));
        let stay = match yes {
            1 => "1 guest can stay as it is".to_owned(),
            count => format!("{count} guests can stay as they are"),
        };
        format!("{stay}, {no} must change before, {unknown} cannot be decided")
    }

    /// Each change with the guests that need it, those of most guests first.
    #[must_use]
    pub fn changes(&self) -> Vec<(Fix, Vec<&str>)> {
        let mut changes: BTreeMap<(FixPlace, &str), (Fix, Vec<&str>)> = BTreeMap::new();
        for guest in &self.guests {
            for fix in guest.reasons().filter_map(|(_, reason)| reason.fix.as_ref()) {
                let (_, guests) = changes
                    .entry((fix.place, &fix.text))
                    .or_insert_with(|| (fix.clone(), Vec::new()));
                if guests.last() != Some(&guest.name.as_str()) {
                    guests.push(&guest.name);
                }
            }
        }
        let mut changes: Vec<_> = changes.into_values().collect();
        changes.sort_by_key(|(_, guests)| std::cmp::Reverse(guests.len()));
        changes
    }
}
