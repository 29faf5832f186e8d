//! Equal differences of many targets as one change.
//!
//! A host has 120 targets and some ten different documents, and an upgrade changes hundreds of
//! capabilities in each of them. So differences are gathered by pairs of documents, and the list of
//! targets is made once for all changes that the same pairs of documents have.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::change::{Change, ChangedTarget, Difference, Evidence};
use super::pairs::Pair;
use super::snapshot::DocumentChanges;

/// Targets whose two documents are the same two.
pub(super) struct Groups<D> {
    /// Two documents, and the places of their targets in `targets`.
    pub(super) groups: Vec<(D, D, Vec<usize>)>,
    /// The target of every pair.
    pub(super) targets: Vec<ChangedTarget>,
}

impl<D: Clone + Eq + Hash> Groups<D> {
    pub(super) fn of(pairs: Vec<Pair<D>>) -> Self {
        let mut groups: Vec<(D, D, Vec<usize>)> = Vec::new();
        let mut at: HashMap<(D, D), usize> = HashMap::new();
        let mut targets = Vec::with_capacity(pairs.len());
        for Pair { old, new, target } in pairs {
            let group = *at.entry((old.clone(), new.clone())).or_insert_with(|| {
                groups.push((old, new, Vec::new()));
                groups.len() - 1
            });
            groups[group].2.push(targets.len());
            targets.push(target);
        }
        Self { groups, targets }
    }
}

/// Collects the targets of equal differences.
#[derive(Default)]
pub(super) struct Changes {
    at: HashMap<Difference, usize>,
    gathered: Vec<Gathered>,
    /// Lists of places that were added so far.
    lists: Vec<Vec<usize>>,
}

/// A difference, what explains it, and where it was seen.
struct Gathered {
    difference: Difference,
    evidence: Option<Evidence>,
    /// Targets that are no pair of documents.
    alone: Vec<ChangedTarget>,
    /// Numbers of lists of places.
    lists: Vec<usize>,
}

impl Changes {
    /// Adds a difference of one target, which nothing explains.
    pub(super) fn add(&mut self, difference: Difference, target: ChangedTarget) {
        self.of(difference).alone.push(target);
    }

    /// Adds the differences that all targets at these places have.
    pub(super) fn add_to_all(&mut self, differences: DocumentChanges, places: &[usize]) {
        let list = self.lists.len();
        self.lists.push(places.to_vec());
        for (difference, evidence) in differences {
            let gathered = self.of(difference);
            gathered.lists.push(list);
            match &mut gathered.evidence {
                Some(known) => known.join(&evidence),
                None => gathered.evidence = Some(evidence),
            }
        }
    }

    /// Adds a difference of the snapshots as a whole.
    pub(super) fn snapshot(&mut self, difference: Difference) {
        self.of(difference);
    }

    fn of(&mut self, difference: Difference) -> &mut Gathered {
        let at = match self.at.get(&difference) {
            Some(at) => *at,
            None => {
                self.at.insert(difference.clone(), self.gathered.len());
                let (alone, lists) = (Vec::new(), Vec::new());
                self.gathered.push(Gathered { difference, evidence: None, alone, lists });
                self.gathered.len() - 1
            }
        };
        &mut self.gathered[at]
    }

    /// Each change once, its targets sorted.
    pub(super) fn finish(self, targets: &[ChangedTarget]) -> Vec<Change> {
        let mut known: HashMap<Vec<usize>, Arc<[ChangedTarget]>> = HashMap::new();
        let Self { gathered, lists, .. } = self;
        let all = |numbers: &[usize], alone: Vec<ChangedTarget>| -> Arc<[ChangedTarget]> {
            let places = numbers.iter().flat_map(|number| &lists[*number]);
            let mut all: Vec<ChangedTarget> = places.map(|at| targets[*at].clone()).collect();
            all.extend(alone);
            all.sort();
            all.dedup();
            all.into()
        };
        let change = |Gathered { difference, evidence, alone, lists }| {
            let targets = match known.get(&lists) {
                Some(known) if alone.is_empty() => Arc::clone(known),
                _ if alone.is_empty() => {
                    let targets = all(&lists, alone);
                    known.insert(lists, Arc::clone(&targets));
                    targets
                }
                _ => all(&lists, alone),
            };
            Change { difference, evidence: evidence.unwrap_or_default(), targets }
        };
        gathered.into_iter().map(change).collect()
    }
}
