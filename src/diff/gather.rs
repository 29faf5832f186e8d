//! Equal differences of many targets as one change.
//!
//! A host has 120 targets and some ten different documents, and an upgrade changes hundreds of
//! capabilities in each of them. So differences are gathered by pairs of documents, and the list of
//! targets is made once for all changes that the same pairs of documents have.

use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

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
    /// Differences of one target, or of the snapshots as a whole.
    alone: Vec<(Difference, Option<ChangedTarget>)>,
    /// Pieces, each with the places of all targets that have it.
    pieces: Vec<(Rc<DocumentChanges>, Vec<usize>)>,
    at: HashMap<*const DocumentChanges, usize>,
}

/// A difference, what explains it, and where it was seen.
#[derive(Default)]
struct Gathered {
    evidence: Option<Evidence>,
    /// Targets that are no pair of documents.
    alone: Vec<ChangedTarget>,
    /// Numbers of pieces.
    pieces: Vec<usize>,
}

impl Changes {
    /// Adds a difference of one target, which nothing explains.
    pub(super) fn add(&mut self, difference: Difference, target: ChangedTarget) {
        self.alone.push((difference, Some(target)));
    }

    /// Adds the differences that all targets at these places have.
    pub(super) fn add_to_all(&mut self, piece: Rc<DocumentChanges>, places: &[usize]) {
        // A piece lives as long as this does, so its address is its own.
        let at = *self.at.entry(Rc::as_ptr(&piece)).or_insert_with(|| {
            self.pieces.push((piece, Vec::new()));
            self.pieces.len() - 1
        });
        self.pieces[at].1.extend(places);
    }

    /// Adds a difference of the snapshots as a whole.
    pub(super) fn snapshot(&mut self, difference: Difference) {
        self.alone.push((difference, None));
    }

    /// Each change once, its targets sorted.
    pub(super) fn finish(self, targets: &[ChangedTarget]) -> Vec<Change> {
        let Self { alone, pieces, .. } = self;
        let mut gathered: HashMap<&Difference, Gathered> = HashMap::new();
        for (difference, target) in &alone {
            gathered.entry(difference).or_default().alone.extend(target.clone());
        }
        for (number, (piece, _)) in pieces.iter().enumerate() {
            for (difference, evidence) in piece.iter() {
                let gathered = gathered.entry(difference).or_default();
                gathered.pieces.push(number);
                match &mut gathered.evidence {
                    Some(known) => known.join(evidence),
                    None => gathered.evidence = Some(evidence.clone()),
                }
            }
        }
        let order = Order::of(targets);
        let mut of_pieces: HashMap<Vec<usize>, Arc<[ChangedTarget]>> = HashMap::new();
        // Different pieces stand in the same documents.
        let mut of_ranks: HashMap<Vec<usize>, Arc<[ChangedTarget]>> = HashMap::new();
        let mut all = |numbers: Vec<usize>| -> Arc<[ChangedTarget]> {
            if let Some(known) = of_pieces.get(&numbers) {
                return Arc::clone(known);
            }
            let places = numbers.iter().flat_map(|number| &pieces[*number].1);
            let ranks = order.ranks_of(places.copied());
            let list = of_ranks.entry(ranks).or_insert_with_key(|ranks| order.at(ranks, targets));
            of_pieces.insert(numbers, Arc::clone(list));
            Arc::clone(list)
        };
        let change = |(difference, it): (&Difference, Gathered)| {
            let mut targets = all(it.pieces);
            if !it.alone.is_empty() {
                let mut both: Vec<ChangedTarget> =
                    targets.iter().cloned().chain(it.alone).collect();
                both.sort();
                both.dedup();
                targets = both.into();
            }
            let evidence = it.evidence.unwrap_or_default();
            Change { difference: difference.clone(), evidence, targets }
        };
        gathered.into_iter().map(change).collect()
    }
}

/// The order of all targets, found out once.
struct Order {
    /// For each place, its rank.
    ranks: Vec<usize>,
    /// For each rank, its place.
    places: Vec<usize>,
}

impl Order {
    fn of(targets: &[ChangedTarget]) -> Self {
        let mut places: Vec<usize> = (0..targets.len()).collect();
        places.sort_by_key(|place| &targets[*place]);
        let mut ranks = vec![0; targets.len()];
        for (rank, place) in places.iter().enumerate() {
            ranks[*place] = rank;
        }
        Self { ranks, places }
    }

    /// The ranks of some places, sorted, each once.
    fn ranks_of(&self, places: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut ranks: Vec<usize> = places.map(|place| self.ranks[place]).collect();
        ranks.sort_unstable();
        ranks.dedup();
        ranks
    }

    /// The targets that have these ranks, each once.
    fn at(&self, ranks: &[usize], targets: &[ChangedTarget]) -> Arc<[ChangedTarget]> {
        let mut all: Vec<_> =
            ranks.iter().map(|rank| targets[self.places[*rank]].clone()).collect();
        all.dedup();
        all.into()
    }
}
