//! Comparing many pairs of snapshots in one report; what is alike is compared once.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt as _};

use super::failure::Failure;
use super::judging::Judged;
use super::sides;
use crate::diff::{Comparison, Scope};
use crate::model::{Hash, State};
use crate::report::{Builder, Fleet, Report};
use crate::side::{Contents, Origin, Snapshots};
use crate::store::{ContextId, ProfileId, SnapshotRow, Store};

/// What a snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holds {
    /// All of it.
    Profile(ProfileId),
    /// All but what is unique to its host.
    Shared(Hash),
}

/// Pairs that hold the same before and the same after are compared once.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Contained {
    holds: [Holds; 2],
    states: [State; 2],
    scope: Scope,
}

/// And those that went so in the same circumstances are told as one.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    holds: [Holds; 2],
    states: [State; 2],
    /// The contexts, but for the URI.
    contexts: [usize; 2],
    /// Which of the site's ignores are for them.
    ignores: Vec<bool>,
}

/// Two snapshots, of which it is known what they hold.
pub(super) type Pair<'p> = ([&'p SnapshotRow; 2], [Holds; 2]);

/// A report over many pairs of snapshots, while it grows.
pub(super) struct Many<'m> {
    contents: &'m Contents,
    store: &'m Store,
    judged: &'m Judged,
    snapshots: Snapshots<'m>,
    pub(super) builder: Builder<'m>,
    compared: HashMap<Contained, Comparison>,
    known: HashMap<Same, usize>,
}

impl<'m> Many<'m> {
    pub(super) fn new(contents: &'m Contents, judged: &'m Judged) -> Result<Self, Failure> {
        Ok(Self {
            contents,
            store: contents.stored()?,
            judged,
            snapshots: Snapshots::new(contents)?,
            builder: Builder::new(&judged.policy),
            compared: HashMap::new(),
            known: HashMap::new(),
        })
    }

    /// Compares all pairs.
    pub(super) fn add(&mut self, pairs: &[Pair<'_>]) -> Result<(), Failure> {
        let rows = pairs.iter().flat_map(|(rows, _)| rows);
        let contexts: BTreeSet<ContextId> = rows.map(|row| row.context_id()).collect();
        let alike = self.store.contexts_alike(&contexts)?;
        for (rows, holds) in pairs {
            let names = rows.map(|row| row.host.as_str());
            let names = if names[0] == names[1] { &names[1..] } else { &names[..] };
            let same = Same {
                holds: *holds,
                states: rows.map(|row| row.state),
                contexts: rows.map(|row| alike[&row.context_id()]),
                ignores: self.judged.policy.for_hosts(names),
            };
            if let Some(group) = self.known.get(&same) {
                self.builder.join(*group, rows.map(Origin::of));
                continue;
            }
            let group = self.group(*rows, *holds)?;
            self.known.insert(same, group);
        }
        Ok(())
    }

    /// The first pair of a group.
    fn group(&mut self, rows: [&SnapshotRow; 2], holds: [Holds; 2]) -> Result<usize, Failure> {
        let side = |row| self.snapshots.side(row);
        if self.judged.guests.is_some() {
            let (old, new) = (side(rows[0])?, side(rows[1])?);
            let comparison = without_uri(sides::comparison(self.contents, [&old, &new])?);
            let sides = [&old, &new];
            return sides::add(&mut self.builder, self.contents, sides, &comparison, self.judged);
        }
        let (old, new) = (self.store.context(rows[0])?, self.store.context(rows[1])?);
        let contained = Contained {
            holds,
            states: rows.map(|row| row.state),
            scope: Scope::between(&old, &new, rows[0].host == rows[1].host),
        };
        if let Some(known) = self.compared.get(&contained) {
            let comparison = without_uri(known.among([&old, &new]));
            return Ok(self.builder.add(rows.map(Origin::of), &comparison, None));
        }
        let (old, new) = (side(rows[0])?, side(rows[1])?);
        let comparison = without_uri(sides::comparison(self.contents, [&old, &new])?);
        let group = self.builder.add(rows.map(Origin::of), &comparison, None);
        self.compared.insert(contained, comparison);
        Ok(group)
    }

    pub(super) fn finish(self, fleet: Fleet) -> Report {
        // The process ends soon: to free what thousands of findings were made of is time for nothing.
        std::mem::forget(self.compared);
        self.builder.finish(Some(fleet), self.judged.count_guests())
    }
}

/// Each host of a group has a URI of its own.
fn without_uri(mut comparison: Comparison) -> Comparison {
    comparison.context.retain(|change| change.name != "uri");
    comparison
}
