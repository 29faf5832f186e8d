//! Reading a snapshot back: which target gave what.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::error::StoreError;
use super::ids::{BodyId, MachineListId, TreeId};
use super::open::Store;
use super::snapshot::SnapshotRow;
use crate::model::{Context, FailureClass, Machine, MachineList, Suspicion, Target};

/// A stored document: enough to compare it and to get it back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredDocument {
    /// Its body.
    pub body: BodyId,
    /// The root of its capabilities: equal roots are equal capabilities.
    pub tree: TreeId,
    /// See [`crate::model::Capabilities::is_empty_document`].
    pub is_empty: bool,
    /// What speaks against it.
    pub suspicion: Suspicion,
    /// Its identity elements as they stood in it.
    pub head: Vec<u8>,
}

/// Everything one snapshot holds.
#[derive(Clone, Debug)]
pub struct StoredSnapshot {
    /// Each target with its document, or libvirt's error.
    pub outcomes: BTreeMap<Target, Result<StoredDocument, (FailureClass, String)>>,
    /// The machine list, where it was collected.
    pub machines: Option<MachineList>,
    /// What explains changes.
    pub context: Context,
}

impl Store {
    /// Reads a snapshot; documents stay where they are.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn snapshot(&self, snapshot: &SnapshotRow) -> Result<StoredSnapshot, StoreError> {
        let outcomes = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT emulator, arch, virttype, machine, bytes, body_id, subtree_id,
                        is_empty_document, suspicion, class, message
                 FROM profile_target
                 JOIN head USING (head_id) JOIN target USING (target_id)
                 LEFT JOIN body USING (body_id) LEFT JOIN failure USING (failure_id)
                 WHERE profile_id = ?",
            )?;
            select.query_map([snapshot.profile], outcome)?.collect()
        })?;
        let list: Option<MachineListId> = self.sql(|connection| {
            connection.query_row(
                "SELECT machine_list_id FROM profile WHERE profile_id = ?",
                [snapshot.profile],
                |row| row.get(0),
            )
        })?;
        let machines = list.map(|list| self.machine_list(list)).transpose()?;
        Ok(StoredSnapshot { outcomes, machines, context: self.context(snapshot)? })
    }

    /// A machine list.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn machine_list(&self, list: MachineListId) -> Result<MachineList, StoreError> {
        let machines = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT emulator, arch, virttype, name, canonical, max_cpus, deprecated
                 FROM listed_machine WHERE machine_list_id = ?",
            )?;
            select.query_map([list], machine)?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        Ok(MachineList::new(machines))
    }
}

/// A target, from the first columns of a row.
pub(super) fn target(row: &Row<'_>) -> rusqlite::Result<Target> {
    Ok(Target {
        emulator: row.get(0)?,
        arch: row.get(1)?,
        virttype: row.get(2)?,
        machine: row.get(3)?,
    })
}

/// A machine of a list, from the first columns of a row.
pub(super) fn machine(row: &Row<'_>) -> rusqlite::Result<Machine> {
    Ok(Machine {
        emulator: row.get(0)?,
        arch: row.get(1)?,
        virttype: row.get(2)?,
        name: row.get(3)?,
        canonical: row.get(4)?,
        max_cpus: row.get(5)?,
        deprecated: row.get(6)?,
    })
}

type OutcomeRow = (Target, Result<StoredDocument, (FailureClass, String)>);

fn outcome(row: &Row<'_>) -> rusqlite::Result<OutcomeRow> {
    let target = target(row)?;
    let outcome = match row.get::<_, Option<BodyId>>("body_id")? {
        Some(body) => {
            let (tree, is_empty) = (row.get("subtree_id")?, row.get("is_empty_document")?);
            let (suspicion, head) = (row.get("suspicion")?, row.get("bytes")?);
            Ok(StoredDocument { body, tree, is_empty, suspicion, head })
        }
        None => Err((row.get("class")?, row.get("message")?)),
    };
    Ok((target, outcome))
}
