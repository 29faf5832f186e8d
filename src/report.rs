//! What a comparison comes to: findings in order, and counts. Data only; [`crate::render`] shows it.

mod builder;

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::diff::{ChangedTarget, ContextChange, Kind, NotCompared};
use crate::model::{HostFreshness, HostName, SelectError, Target, is_at_or_below};
use crate::rules::{Finding, Ignore, Severity};
use crate::side::Origin;

pub use builder::Builder;

/// A judged comparison: of two sides, or of every host of a fleet with itself.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was asked, for a report over a fleet; `None` where two sides were compared.
    pub fleet: Option<Fleet>,
    /// Hosts that went the same way stand in one group; two sides are one group of one.
    pub groups: Vec<Group>,
    /// Worst first: in order of severity, path, value, kind and targets; ignored ones among them.
    pub findings: Vec<Finding>,
    /// The site's ignores, and how many findings each met.
    pub ignores: Vec<IgnoreUse>,
    /// How many guests were looked at; `None` where none were given.
    pub guests: Option<usize>,
    /// Guests that no target was compared for, on some host at least.
    pub unjudged: BTreeSet<String>,
}

/// What a report over a fleet was asked.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// Which hosts: a name, `group NAME` or `all hosts`.
    pub scope: String,
    /// The old moment, as asked.
    pub from: String,
    /// The new moment, as asked.
    pub to: String,
    /// Hosts that could not be compared, and why.
    pub silent: Vec<(HostName, String)>,
    /// Where the changes of a period are meant: of whom. A host may then be in several groups.
    pub period: Option<Period>,
    /// How current each host is, where the new moment is now.
    pub freshness: Vec<HostFreshness>,
}

/// Whose changes of a period are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// How many hosts there are.
    pub hosts: usize,
    /// How many were first seen in the period: there is nothing to compare them with.
    pub new_hosts: usize,
}

/// Hosts whose old sides are alike and whose new sides are alike.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Where the old and the new side of each come from.
    pub members: Vec<[Origin; 2]>,
    /// Versions and settings that differ.
    pub context: Vec<ContextChange>,
    /// The target of every pair that was compared.
    pub pairs: Arc<[ChangedTarget]>,
    /// The two targets, where the user chose one document on each side.
    pub chosen: Option<(Target, Target)>,
    /// Pairs without any change.
    pub identical: usize,
    /// Targets that one side did not answer for.
    pub not_compared: Vec<NotCompared>,
}

/// An ignore and what became of it.
#[derive(Clone, Debug)]
pub struct IgnoreUse {
    /// The ignore.
    pub ignore: Ignore,
    /// How many findings it met.
    pub matched: usize,
    /// It is for some of these hosts: where it meets nothing, it is stale.
    pub is_for_these: bool,
}

impl IgnoreUse {
    /// `active`, `stale` or `expired`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.ignore.is_expired, self.is_stale()) {
            (true, _) => "expired",
            (_, true) => "stale",
            _ => "active",
        }
    }

    /// Whether it can be taken out of the configuration.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.matched == 0 && self.is_for_these && !self.ignore.is_expired
    }
}

impl Report {
    /// The two sides; of a fleet those of its first host.
    #[must_use]
    pub fn sides(&self) -> [Origin; 2] {
        let first = self.groups.first().and_then(|group| group.members.first());
        first.cloned().unwrap_or_default()
    }

    /// Every pair of targets that was compared, each once.
    #[must_use]
    pub fn pairs(&self) -> Vec<ChangedTarget> {
        match &self.groups[..] {
            [one] => one.pairs.to_vec(),
            several => {
                // Groups have few lists of pairs, and share them.
                let lists: HashMap<*const ChangedTarget, &[ChangedTarget]> =
                    several.iter().map(|group| (group.pairs.as_ptr(), &*group.pairs)).collect();
                let all: BTreeSet<&ChangedTarget> = lists.into_values().flatten().collect();
                all.into_iter().cloned().collect()
            }
        }
    }

    /// How many hosts a finding was seen on.
    #[must_use]
    pub fn count_hosts(&self, finding: &Finding) -> usize {
        self.count_hosts_of(finding.seen.iter().map(|seen| seen.group))
    }

    /// How many hosts are in these groups, each counted once.
    #[must_use]
    pub fn count_hosts_of(&self, groups: impl IntoIterator<Item = usize>) -> usize {
        let groups = groups.into_iter().map(|group| &self.groups[group]);
        if self.fleet.as_ref().is_none_or(|fleet| fleet.period.is_none()) {
            return groups.map(|group| group.members.len()).sum();
        }
        let hosts = groups.flat_map(|group| group.members.iter().map(|[_, new]| &new.host));
        hosts.collect::<HashSet<_>>().len()
    }

    /// Keeps what stands at or below one of these paths, which may be short; `known` are the paths
    /// that there are, changed or not.
    ///
    /// # Errors
    /// Where a path names none, or could be several.
    pub fn keep_paths(&mut self, wanted: &[String], known: &[String]) -> Result<(), SelectError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let changed = self.findings.iter().map(|each| each.difference.path.as_str());
        let levels = ["document", "emulator", "arch", "virttype", "machine", "target", "alias"];
        let known: Vec<&str> =
            changed.chain(known.iter().map(String::as_str)).chain(levels).collect();
        let select = |path: &String| crate::model::select(known.iter().copied(), path);
        let full = wanted.iter().map(select).collect::<Result<Vec<_>, _>>()?;
        self.findings.retain(|finding| {
            full.iter().any(|path| is_at_or_below(&finding.difference.path, path))
        });
        self.forget_unmet_ignores();
        Ok(())
    }

    /// Leaves out the ignores that met nothing: where only a part was compared, or hosts that are not
    /// one host's before and after, nobody knows whether they are still needed.
    pub fn forget_unmet_ignores(&mut self) {
        self.ignores.retain(|used| used.matched > 0 || used.ignore.is_expired);
    }

    /// How many findings are of a kind, ignored or not.
    #[must_use]
    pub fn count_kind(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|each| each.difference.kind == kind).count()
    }

    /// How many findings are of a severity and not ignored.
    #[must_use]
    pub fn count_severity(&self, severity: Severity) -> usize {
        self.counted().filter(|each| each.severity == severity).count()
    }

    /// How many findings are ignored.
    #[must_use]
    pub fn count_ignored(&self) -> usize {
        self.findings.len() - self.counted().count()
    }

    /// The findings that are not ignored.
    pub fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.ignored.is_none())
    }

    /// The worst severity of what is not ignored.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.counted().map(|finding| finding.severity).min()
    }
}
