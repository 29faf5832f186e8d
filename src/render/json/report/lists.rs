//! The targets of each group, once.

use std::collections::HashMap;

use crate::diff::ChangedTarget;
use crate::report::Report;
use crate::rules::Seen;

/// Positions in a group's list; `None` for every pair that was compared.
pub(super) type Positions<'l> = Option<&'l [usize]>;

/// The targets of a group, and where those of each finding stand among them.
pub(super) struct List<'r> {
    pub(super) targets: Vec<&'r ChangedTarget>,
    /// By the address of a finding's list: findings share theirs.
    positions: HashMap<*const ChangedTarget, Option<Vec<usize>>>,
    at: HashMap<&'r ChangedTarget, usize>,
}

/// First the pairs that were compared, then what findings name beside them: a machine that is gone
/// has no pair.
pub(super) fn lists(report: &Report) -> Vec<List<'_>> {
    let mut lists: Vec<List<'_>> = Vec::with_capacity(report.groups.len());
    for group in &report.groups {
        let mut list = List { targets: Vec::new(), positions: HashMap::new(), at: HashMap::new() };
        for pair in group.pairs.iter() {
            list.place(pair);
        }
        lists.push(list);
    }
    let pairs: Vec<usize> = lists.iter().map(|list| list.targets.len()).collect();
    for seen in report.findings.iter().flat_map(|finding| &finding.seen) {
        let list = &mut lists[seen.group];
        if seen.targets.is_empty() || list.positions.contains_key(&seen.targets.as_ptr()) {
            continue;
        }
        let mut positions: Vec<usize> = seen.targets.iter().map(|it| list.place(it)).collect();
        positions.sort_unstable();
        let is_all = positions.iter().copied().eq(0..pairs[seen.group]);
        list.positions.insert(seen.targets.as_ptr(), (!is_all).then_some(positions));
    }
    lists
}

impl<'r> List<'r> {
    /// The position of a target, at the end where it has none yet.
    fn place(&mut self, target: &'r ChangedTarget) -> usize {
        *self.at.entry(target).or_insert_with(|| {
            self.targets.push(target);
            self.targets.len() - 1
        })
    }

    /// Where the targets of a finding stand.
    pub(super) fn positions(&self, seen: &Seen) -> Positions<'_> {
        if seen.targets.is_empty() {
            return Some(&[]);
        }
        self.positions.get(&seen.targets.as_ptr()).and_then(Option::as_deref)
    }
}
