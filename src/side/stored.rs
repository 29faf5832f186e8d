//! A side from the store.

use std::cell::RefCell;
use std::collections::BTreeMap;

use foldhash::HashMap;

use super::{Content, Contents, Origin, Raw, Side, SideError};
use crate::diff::{Observed, Outcome};
use crate::model::{MachineList, State, Suspicion, Target, TargetPattern, When};
use crate::store::{
    Answered, BodyAnswer, MachineListId, ProfileAnswers, Resolved, SnapshotRow, Store, StoreError,
};

/// The snapshot of `host` that `when` means, and the targets that `target` means.
///
/// # Errors
/// Where there is no such snapshot or target.
pub fn from_store(
    contents: &Contents,
    host: &str,
    when: &When,
    target: Option<&TargetPattern>,
    operand: &str,
) -> Result<Side, SideError> {
    let store = contents.stored()?;
    let Resolved { snapshot, passed_over } = store.resolve(host, when)?;
    let mut side = from_snapshot(contents, &snapshot)?;
    side.passed_over = passed_over;
    if let Some(pattern) = target {
        side.choose(pattern, operand)?;
    }
    Ok(side)
}

/// A snapshot that was found in the store.
///
/// # Errors
/// Where the store cannot be read.
pub fn from_snapshot(contents: &Contents, snapshot: &SnapshotRow) -> Result<Side, StoreError> {
    let store = contents.stored()?;
    let stored = store.snapshot(snapshot)?;
    let mut outcomes = BTreeMap::new();
    let mut raw = BTreeMap::new();
    let mut state = snapshot.state;
    for (target, outcome) in stored.outcomes {
        let outcome = match outcome {
            Ok(document) => {
                state = judged(state, document.suspicion, &target);
                raw.insert(target.clone(), Raw::Stored(document.body, document.head));
                let is_empty = document.is_empty;
                Outcome::Document(Content::Stored { tree: document.tree, is_empty })
            }
            Err((class, message)) => Outcome::Failed { class, message },
        };
        outcomes.insert(target, outcome);
    }
    Ok(Side {
        origin: Origin { short: Some(store.short_id(snapshot)?), ..Origin::of(snapshot) },
        observed: Observed {
            outcomes,
            machines: stored.machines,
            state,
            context: stored.context,
            is_chosen: false,
            whole: None,
        },
        raw,
        passed_over: Vec::new(),
        bad: Vec::new(),
        unread: Vec::new(),
    })
}

/// The state of a snapshot that holds a document. One that was stored before documents were judged
/// wherever they came from may say that it is whole.
fn judged(state: State, suspicion: Suspicion, target: &Target) -> State {
    match state {
        State::Complete | State::Partial if suspicion.counts_for(target) => State::Suspect,
        other => other,
    }
}

/// Reads many snapshots to compare them; what they have in common is read once.
#[derive(Debug)]
pub struct Snapshots<'c> {
    store: &'c Store,
    answers: ProfileAnswers<'c>,
    lists: RefCell<HashMap<MachineListId, MachineList>>,
}

impl<'c> Snapshots<'c> {
    /// Those of the store.
    ///
    /// # Errors
    /// Where there is no store.
    pub fn new(contents: &'c Contents) -> Result<Self, StoreError> {
        let store = contents.stored()?;
        Ok(Self { store, answers: store.profile_answers(), lists: RefCell::default() })
    }

    /// A side that can be compared; the bytes of its documents are left where they are.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn side(&self, snapshot: &SnapshotRow) -> Result<Side, StoreError> {
        let profile = snapshot.content();
        let outcome = |answered: &Answered| match answered.answer {
            Ok(BodyAnswer { tree, is_empty, .. }) => {
                Outcome::Document(Content::Stored { tree, is_empty })
            }
            Err(class) => {
                let message = answered.message.as_deref().unwrap_or_default().to_owned();
                Outcome::Failed { class, message }
            }
        };
        let answers = self.answers.of(profile)?;
        let mut state = snapshot.state;
        for answered in &*answers {
            if let Ok(body) = &answered.answer {
                state = judged(state, body.suspicion, &answered.target);
            }
        }
        let list = self.store.profile_rows([profile])?[&profile].machines;
        Ok(Side {
            origin: Origin::of(snapshot),
            observed: Observed {
                outcomes: answers.iter().map(|it| ((*it.target).clone(), outcome(it))).collect(),
                machines: list.map(|list| self.machine_list(list)).transpose()?,
                state,
                context: self.store.context(snapshot)?,
                is_chosen: false,
                whole: None,
            },
            raw: BTreeMap::new(),
            passed_over: Vec::new(),
            bad: Vec::new(),
            unread: Vec::new(),
        })
    }

    fn machine_list(&self, list: MachineListId) -> Result<MachineList, StoreError> {
        if let Some(known) = self.lists.borrow().get(&list) {
            return Ok(known.clone());
        }
        let machines = self.store.machine_list(list)?;
        self.lists.borrow_mut().insert(list, machines.clone());
        Ok(machines)
    }
}

impl Origin {
    /// Where a snapshot comes from; its id in full only.
    #[must_use]
    pub fn of(snapshot: &SnapshotRow) -> Self {
        Self {
            host: Some(snapshot.host.clone()),
            snapshot: Some(snapshot.id.to_string()),
            short: None,
            taken_at: Some(snapshot.taken_at),
            source: None,
        }
    }
}
