//! What each target of many profiles answered, without reading any document: for questions about a fleet.
//!
//! Profiles share targets and bodies, so each of these is read once, and the rows of a profile are
//! three numbers a target.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::{OptionalExtension as _, Row};

use super::error::StoreError;
use super::ids::{BodyId, MachineListId, ProfileId, TreeId};
use super::observed::target;
use super::open::Store;
use crate::model::{FailureClass, Hash, Suspicion, Target};

/// What a profile is beside the answers of its targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// Equal where machine lists, targets and what these answered are equal, but for values unique to
    /// one host (`crate::model::HOST_UNIQUE`) and the words of errors.
    pub shared: Hash,
    /// The values that are unique to the host.
    pub unique: Rc<str>,
    /// The machine list, where it was collected.
    pub machines: Option<MachineListId>,
}

/// What one target answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The target.
    pub target: Rc<Target>,
    /// Its document, or why there is none.
    pub answer: Result<BodyAnswer, FailureClass>,
    /// libvirt's words, where there is no document.
    pub message: Option<Rc<str>>,
}

/// A stored document by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyAnswer {
    /// The body.
    pub body: BodyId,
    /// The root of its capabilities.
    pub tree: TreeId,
    /// See [`crate::model::Capabilities::is_empty_document`].
    pub is_empty: bool,
    /// What speaks against it.
    pub suspicion: Suspicion,
    /// Equal where the capabilities are equal, but for those unique to one host.
    pub shared: Hash,
}

/// Reads profiles; what these have in common is read once.
#[derive(Debug)]
pub struct ProfileAnswers<'s> {
    store: &'s Store,
    targets: RefCell<HashMap<i64, Rc<Target>>>,
    bodies: RefCell<HashMap<i64, BodyAnswer>>,
    failures: RefCell<HashMap<i64, (FailureClass, Rc<str>)>>,
}

/// Positions in `listed` of the targets that no answer is of: listed by the host, but not collected.
/// Both are in the order of targets.
#[must_use]
pub fn not_collected(listed: &[Rc<Target>], answers: &[Answered]) -> Vec<usize> {
    fn without_emulator(target: &Target) -> [&str; 3] {
        [&target.arch, &target.virttype, &target.machine]
    }
    let (mut missing, mut rest) = (Vec::new(), answers);
    for (position, target) in listed.iter().enumerate() {
        let name = without_emulator(target);
        while let Some((first, later)) = rest.split_first()
            && without_emulator(&first.target) < name
        {
            rest = later;
        }
        let mut same = rest.iter().take_while(|it| without_emulator(&it.target) == name);
        if !same.any(|it| it.target.is_same(target)) {
            missing.push(position);
        }
    }
    missing
}

impl Store {
    /// The rows of profiles.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn profile_rows(
        &self,
        profiles: impl IntoIterator<Item = ProfileId>,
    ) -> Result<HashMap<ProfileId, ProfileRow>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT shared_hash, host_unique, machine_list_id FROM profile WHERE profile_id = ?",
            )?;
            let mut rows = HashMap::new();
            for profile in profiles {
                if let std::collections::hash_map::Entry::Vacant(new) = rows.entry(profile) {
                    new.insert(select.query_row([profile], |row| {
                        let unique: Rc<str> = row.get_ref(1)?.as_str()?.into();
                        Ok(ProfileRow { shared: row.get(0)?, unique, machines: row.get(2)? })
                    })?);
                }
            }
            Ok(rows)
        })
    }

    /// Reads what the targets of profiles answered.
    #[must_use]
    pub fn profile_answers(&self) -> ProfileAnswers<'_> {
        ProfileAnswers {
            store: self,
            targets: RefCell::default(),
            bodies: RefCell::default(),
            failures: RefCell::default(),
        }
    }
}

impl ProfileAnswers<'_> {
    /// What each target of a profile answered, in the order of the targets.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn of(&self, profile: ProfileId) -> Result<Rc<[Answered]>, StoreError> {
        let rows: Vec<(i64, Option<i64>, Option<i64>)> = self.store.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT head_id, body_id, failure_id FROM profile_target WHERE profile_id = ?",
            )?;
            select
                .query_map([profile], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })?;
        let mut answers = Vec::with_capacity(rows.len());
        for (head, body, failure) in rows {
            let target = self.target(head)?;
            let (answer, message) = match body {
                Some(body) => (Ok(self.body(body)?), None),
                None => {
                    let (class, message) = self.failure(failure)?;
                    (Err(class), Some(message))
                }
            };
            answers.push(Answered { target, answer, message });
        }
        answers.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(answers.into())
    }

    fn target(&self, head: i64) -> Result<Rc<Target>, StoreError> {
        self.once(
            &self.targets,
            head,
            "SELECT emulator, arch, virttype, machine FROM head JOIN target USING (target_id)
             WHERE head_id = ?",
            |row| Ok(Rc::new(target(row)?)),
        )
    }

    fn body(&self, body: i64) -> Result<BodyAnswer, StoreError> {
        self.once(
            &self.bodies,
            body,
            "SELECT body_id, subtree_id, is_empty_document, suspicion, shared_hash
             FROM body WHERE body_id = ?",
            |row| {
                Ok(BodyAnswer {
                    body: row.get("body_id")?,
                    tree: row.get("subtree_id")?,
                    is_empty: row.get("is_empty_document")?,
                    suspicion: row.get("suspicion")?,
                    shared: row.get("shared_hash")?,
                })
            },
        )
    }

    fn failure(&self, failure: Option<i64>) -> Result<(FailureClass, Rc<str>), StoreError> {
        let Some(failure) = failure else { return Ok((FailureClass::Transient, "".into())) };
        self.once(
            &self.failures,
            failure,
            "SELECT class, message FROM failure WHERE failure_id = ?",
            |row| {
                let message: String = row.get("message")?;
                Ok((row.get("class")?, message.into()))
            },
        )
    }

    /// A row by its number, read the first time it is asked for.
    fn once<T: Clone>(
        &self,
        known: &RefCell<HashMap<i64, T>>,
        id: i64,
        select: &str,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if let Some(known) = known.borrow().get(&id) {
            return Ok(known.clone());
        }
        let found = self.store.sql(|connection| {
            connection.prepare_cached(select)?.query_row([id], read).optional()
        })?;
        let found = found.ok_or_else(|| self.store.damaged("a profile names what is not there"))?;
        known.borrow_mut().insert(id, found.clone());
        Ok(found)
    }
}
