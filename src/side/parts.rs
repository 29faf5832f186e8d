//! Comparing two stored documents part by part.
//!
//! The parts of a document (`devices.disk`, `cpu.mode[custom]`) are compared on their own, and each
//! two of them once: the ten documents of a host share most parts, and so do the hosts of a fleet that
//! went the same way. What a part's changes depend on stands inside it, but for two things: a part that
//! only one side has, and an element such as `os` whose support settles all below it. These are
//! compared together.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::{HashMap, HashSet};

use super::Contents;
use crate::diff::{DocumentChanges, Facts, Scope, explained};
use crate::model::{CUSTOM_MODELS, Value, ancestors, is_at_or_below};
use crate::store::{Store, StoreError, TreeId};

/// The changes of a document, in pieces that other documents may have too.
pub type Pieces = Vec<Rc<DocumentChanges>>;

/// Two parts and how they are compared.
type Key = (TreeId, TreeId, Scope);

/// Parts that were compared.
pub(super) type Compared = RefCell<HashMap<Key, Rc<DocumentChanges>>>;

/// What is to be compared of two documents.
#[derive(Default)]
struct Plan {
    /// Parts of one path that both have and that differ.
    pairs: Vec<(TreeId, TreeId)>,
    /// Parts of either side that are compared together.
    together: [BTreeSet<TreeId>; 2],
    /// Paths of all other parts.
    apart: Vec<String>,
}

impl Contents {
    /// What changed between two stored documents, neither of which is empty.
    pub(super) fn pieces(
        &self,
        store: &Store,
        [old, new]: [TreeId; 2],
        scope: Scope,
    ) -> Result<Pieces, StoreError> {
        let plan = Plan::of(store, old, new, self.only.as_deref())?;
        let mut pieces = Vec::with_capacity(plan.pairs.len() + 1);
        for (old, new) in plan.pairs {
            let key = (old, new, scope);
            let known = self.compared.borrow().get(&key).cloned();
            let piece = match known {
                Some(known) => known,
                None => {
                    let part = store.difference(&[old].into(), &[new].into())?;
                    let piece = Rc::new(part.changes(&[], scope));
                    self.compared.borrow_mut().insert(key, Rc::clone(&piece));
                    piece
                }
            };
            pieces.push(piece);
        }
        if plan.together.iter().any(|side| !side.is_empty()) {
            let part = store.difference(&plan.together[0], &plan.together[1])?;
            pieces.push(Rc::new(part.changes(&plan.apart, scope)));
        }
        pieces.retain(|piece| !piece.is_empty());
        Ok(pieces)
    }

    /// Looks at the values of some full paths of a stored document, without reading the rest of it.
    pub(super) fn look(
        store: &Store,
        tree: TreeId,
        paths: &[&str],
        mut see: impl FnMut(&str, Value<'_>),
    ) -> Result<(), StoreError> {
        for part in store.parts(tree)?.iter() {
            let above = store.part_path(*part)?;
            if paths.iter().any(|path| is_at_or_below(path, &above)) {
                let all = store.capabilities(*part)?;
                all.iter().for_each(|(path, value)| see(path, value));
            }
        }
        Ok(())
    }
}

impl crate::store::TreeDifference {
    /// The changes in this part of two documents, of which neither is empty; `apart` are paths at or
    /// below which both have something that is not looked at here.
    #[must_use]
    pub fn changes(&self, apart: &[String], scope: Scope) -> DocumentChanges {
        let shared: Vec<String> = self.shared.iter().chain(apart).cloned().collect();
        let [old, new] = [&self.old, &self.new].map(|side| Facts::of_part(side, &shared, false));
        explained(&old, &new, scope)
    }
}

impl Plan {
    fn of(store: &Store, old: TreeId, new: TreeId, only: Option<&str>) -> Result<Self, StoreError> {
        let sides = [store.parts(old)?, store.parts(new)?];
        let sets = sides.each_ref().map(|parts| parts.iter().copied().collect::<HashSet<_>>());
        let mut plan = Self::default();
        let mut differing: BTreeMap<Rc<str>, [Vec<TreeId>; 2]> = BTreeMap::new();
        for (side, parts) in sides.iter().enumerate() {
            for part in parts.iter() {
                let path = store.part_path(*part)?;
                if !sets[1 - side].contains(part) {
                    differing.entry(path).or_default()[side].push(*part);
                } else if side == 0 {
                    plan.apart.push(path.to_string());
                }
            }
        }
        let is_top = |path: &str| ancestors(path).nth(1).is_none();
        let settled: Vec<Rc<str>> =
            differing.keys().filter(|path| is_top(path)).map(Rc::clone).collect();
        let is_asked = |path: &str| {
            only.is_none_or(|only| is_at_or_below(path, only) || is_at_or_below(only, path))
        };
        for (path, parts) in differing {
            if !is_asked(&path) {
                plan.apart.push(path.to_string());
                continue;
            }
            let is_settled = settled.iter().any(|top| is_at_or_below(&path, top));
            match (&parts[0][..], &parts[1][..]) {
                // Models without their mode (an invented document) stand in parts of one path.
                ([old], [new]) if !is_settled && *path != *CUSTOM_MODELS => {
                    plan.pairs.push((*old, *new));
                    plan.apart.push(path.to_string());
                }
                _ => {
                    plan.together[0].extend(&parts[0]);
                    plan.together[1].extend(&parts[1]);
                }
            }
        }
        Ok(plan)
    }
}
