//! Putting a report together, group by group.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::{Fleet, Group, IgnoreUse, Report};
use crate::diff::{ChangedTarget, Comparison, Difference};
use crate::rules::{Finding, Judge, Policy, Severity, UsedBy};
use crate::side::Origin;

/// A report that grows by one comparison after the other.
pub struct Builder<'j> {
    policy: &'j Policy,
    report: Report,
    at: HashMap<Same, usize>,
    targets: HashSet<Arc<[ChangedTarget]>>,
    /// Lists that were looked up, by where they are, and what is kept for them.
    lists: HashMap<*const ChangedTarget, [Arc<[ChangedTarget]>; 2]>,
}

/// What findings of several groups have in common that are one finding.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    difference: Difference,
    rule: &'static str,
    severity: Severity,
    ignored: Option<String>,
}

impl<'j> Builder<'j> {
    /// An empty report.
    #[must_use]
    pub fn new(policy: &'j Policy) -> Self {
        let ignores = policy.ignores.iter();
        let ignores = ignores.map(|ignore| IgnoreUse {
            ignore: ignore.clone(),
            matched: 0,
            is_for_these: false,
        });
        let report = Report { ignores: ignores.collect(), ..Report::default() };
        Self { policy, report, at: HashMap::new(), targets: HashSet::new(), lists: HashMap::new() }
    }

    /// Adds a comparison and the host it is of, with what tells which guests its changes hit; gives
    /// the group's number.
    pub fn add(
        &mut self,
        sides: [Origin; 2],
        comparison: &Comparison,
        used_by: Option<UsedBy<'_>>,
    ) -> usize {
        let group = self.report.groups.len();
        let names = names(&sides);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let judge = Judge { policy: self.policy, used_by };
        for finding in judge.findings(comparison, &names, group) {
            self.note_ignores(&finding, &names);
            self.add_finding(finding);
        }
        for ignore in &mut self.report.ignores {
            ignore.is_for_these |= ignore.ignore.is_for(&names);
        }
        let pairs = self.shared(comparison.pairs.as_slice().into());
        self.report.groups.push(Group {
            members: vec![sides],
            context: comparison.context.clone(),
            pairs,
            chosen: comparison.chosen.clone(),
            identical: comparison.identical,
            not_compared: comparison.not_compared.clone(),
        });
        group
    }

    /// These are all hosts there are: an ignore for none of them is stale.
    pub fn all_hosts<'h>(&mut self, names: impl Iterator<Item = &'h str>) {
        let names: Vec<&str> = names.collect();
        for used in &mut self.report.ignores {
            used.is_for_these |= !used.ignore.is_for(&names);
        }
    }

    /// Notes guests that could not be judged.
    pub fn unjudged(&mut self, guests: impl Iterator<Item = String>) {
        self.report.unjudged.extend(guests);
    }

    /// Adds a host to a group that went the same way.
    pub fn join(&mut self, group: usize, sides: [Origin; 2]) {
        self.report.groups[group].members.push(sides);
    }

    /// How many groups there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.report.groups.len()
    }

    /// The report of two sides, or of a fleet; `guests` is how many were looked at.
    #[must_use]
    pub fn finish(mut self, fleet: Option<Fleet>, guests: Option<usize>) -> Report {
        self.report.findings.sort_by(|a, b| {
            let severity = a.severity.cmp(&b.severity);
            severity
                .then_with(|| a.difference.cmp(&b.difference))
                .then_with(|| {
                    a.seen.first().map(|it| &it.targets).cmp(&b.seen.first().map(|it| &it.targets))
                })
                .then_with(|| a.ignored.cmp(&b.ignored))
        });
        self.report.fleet = fleet;
        self.report.guests = guests;
        self.report
    }

    fn note_ignores(&mut self, finding: &Finding, names: &[&str]) {
        let ignores = &mut self.report.ignores;
        if let Some(used) = ignores.iter_mut().find(|it| it.ignore.fits(finding, names)) {
            used.matched += 1;
        }
    }

    /// A finding that another group has too is one finding, seen on both.
    fn add_finding(&mut self, mut finding: Finding) {
        for seen in &mut finding.seen {
            seen.targets = self.shared(Arc::clone(&seen.targets));
        }
        let same = Same {
            difference: finding.difference.clone(),
            rule: finding.rule.id,
            severity: finding.severity,
            ignored: finding.ignored.clone(),
        };
        match self.at.get(&same) {
            Some(at) => self.report.findings[*at].join(finding),
            None => {
                self.at.insert(same, self.report.findings.len());
                self.report.findings.push(finding);
            }
        }
    }

    /// Equal lists of targets are kept once: a fleet has few, and thousands of findings.
    fn shared(&mut self, targets: Arc<[ChangedTarget]>) -> Arc<[ChangedTarget]> {
        // A list that is kept stays where it is.
        if let Some([_, kept]) = self.lists.get(&targets.as_ptr()) {
            return Arc::clone(kept);
        }
        let kept = match self.targets.get(&targets) {
            Some(known) => Arc::clone(known),
            None => {
                self.targets.insert(Arc::clone(&targets));
                Arc::clone(&targets)
            }
        };
        if !targets.is_empty() {
            self.lists.insert(targets.as_ptr(), [targets, Arc::clone(&kept)]);
        }
        kept
    }
}

/// What the two sides are called, by which a site's ignores know them.
fn names(sides: &[Origin; 2]) -> Vec<String> {
    let names = sides.iter().filter_map(|side| {
        side.host.as_ref().map(ToString::to_string).or_else(|| side.source.clone())
    });
    names.collect()
}

#[cfg(test)]
mod tests;
