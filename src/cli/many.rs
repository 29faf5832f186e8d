//! Comparing many pairs of snapshots in one report; what is alike is compared once.

use std::collections::HashMap;

use super::failure::Failure;
use super::judging::Judged;
use super::sides;
use crate::model::{Context, Hash, State};
use crate::report::{Builder, Fleet, Report};
use crate::side::{self, Contents, Origin};
use crate::store::{ProfileId, SnapshotRow, Store, StoreError};

/// What a snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holds {
    /// All of it.
    Profile(ProfileId),
    /// All but what is unique to its host.
    Shared(Hash),
}

/// Pairs that hold the same before and the same after, in the same circumstances, are one.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    holds: [Holds; 2],
    contexts: [Hash; 2],
    states: [State; 2],
    /// Which of the site's ignores are for them.
    ignores: Vec<bool>,
}

/// A report over many pairs of snapshots, while it grows.
pub(super) struct Many<'m> {
    contents: &'m Contents,
    judged: &'m Judged,
    pub(super) builder: Builder<'m>,
    known: HashMap<Same, usize>,
}

impl<'m> Many<'m> {
    pub(super) fn new(contents: &'m Contents, judged: &'m Judged) -> Self {
        let builder = Builder::new(&judged.policy);
        Self { contents, judged, builder, known: HashMap::new() }
    }

    /// Compares two snapshots, of which it is known what they hold.
    pub(super) fn pair(
        &mut self,
        store: &Store,
        [old, new]: [&SnapshotRow; 2],
        holds: [Holds; 2],
    ) -> Result<(), Failure> {
        let same = self.same(store, [old, new], holds)?;
        if let Some(group) = self.known.get(&same) {
            self.builder.join(*group, [Origin::of(old), Origin::of(new)]);
            return Ok(());
        }
        let [old, new] = [old, new].map(|row| side::from_snapshot(self.contents, row));
        let (old, new) = (old?, new?);
        let group = sides::add(&mut self.builder, self.contents, [&old, &new], self.judged)?;
        self.known.insert(same, group);
        Ok(())
    }

    fn same(
        &self,
        store: &Store,
        rows: [&SnapshotRow; 2],
        holds: [Holds; 2],
    ) -> Result<Same, StoreError> {
        // Each host has a URI of its own, which says nothing of what it can do.
        let context =
            |row| store.context(row).map(|context| Context { uri: None, ..context }.hash());
        let names = rows.map(|row| row.host.as_str());
        let names = if names[0] == names[1] { &names[1..] } else { &names[..] };
        Ok(Same {
            holds,
            contexts: [context(rows[0])?, context(rows[1])?],
            states: rows.map(|row| row.state),
            ignores: self.judged.policy.for_hosts(names),
        })
    }

    pub(super) fn finish(self, fleet: Fleet) -> Report {
        self.builder.finish(Some(fleet), self.judged.count_guests())
    }
}
