//! What `domcaps export` writes: the columns of each kind of row, in an order that does not change.
//! Later versions add columns behind them.

use std::collections::BTreeSet;

use super::record::Records;
use crate::diff::Plain;
use crate::model::{Cell, Context, Hash, Machine, Target};
use crate::report::Report;
use crate::store::{HostRow, SnapshotRow, ToldOutcome, ToldSnapshot, ToldValue};

/// A kind of row.
#[derive(Debug)]
pub struct Kind {
    /// What each line of ndjson says under `schema`.
    pub schema: &'static str,
    /// The columns.
    pub columns: &'static [&'static str],
}

/// A host.
pub const HOSTS: Kind = Kind {
    schema: "domcaps.export-host/1",
    columns: &[
        "host",
        "uri",
        "groups",
        "snapshots",
        "last_seen",
        "last_changed",
        "libvirt",
        "hypervisor",
    ],
};

/// A snapshot.
pub const SNAPSHOTS: Kind =
    Kind { schema: "domcaps.export-snapshot/1", columns: &SNAPSHOT_COLUMNS };

/// What stands before and behind the facts that the first format had; later ones come last, so that no
/// column moves.
const BEFORE: [&str; 6] = ["snapshot", "host", "taken_at", "state", "is_change", "profile"];
const BEHIND: [&str; 2] = ["groups", "tags"];

const SNAPSHOT_COLUMNS: [&str; BEFORE.len() + Context::FACTS.len() + BEHIND.len()] = {
    let mut columns = [""; BEFORE.len() + Context::FACTS.len() + BEHIND.len()];
    let (mut at, mut next) = (0, 0);
    while next < BEFORE.len() {
        columns[at] = BEFORE[next];
        (at, next) = (at + 1, next + 1);
    }
    // Later facts stand behind all others.
    next = 0;
    while next < Context::FACTS.len() && !Context::FACTS[next].is_later {
        columns[at] = Context::FACTS[next].name;
        (at, next) = (at + 1, next + 1);
    }
    let mut behind = 0;
    while behind < BEHIND.len() {
        columns[at] = BEHIND[behind];
        (at, behind) = (at + 1, behind + 1);
    }
    while next < Context::FACTS.len() {
        columns[at] = Context::FACTS[next].name;
        (at, next) = (at + 1, next + 1);
    }
    columns
};

/// What one target of a profile gave.
pub const PROFILES: Kind = Kind {
    schema: "domcaps.export-profile/1",
    columns: &[
        "profile",
        "emulator",
        "arch",
        "virttype",
        "machine",
        "document",
        "error_class",
        "error",
    ],
};

/// A value of a document, or a member of a set or list.
pub const DOCUMENTS: Kind = Kind {
    schema: "domcaps.export-document/1",
    columns: &["document", "path", "kind", "value", "position"],
};

/// The same with the snapshot and the target it stands in.
pub const CAPABILITIES: Kind = Kind {
    schema: "domcaps.export-capability/1",
    columns: &[
        "snapshot", "host", "taken_at", "emulator", "arch", "virttype", "machine", "path", "kind",
        "value", "position",
    ],
};

/// An entry of a profile's machine list.
pub const MACHINES: Kind = Kind {
    schema: "domcaps.export-machine/1",
    columns: &[
        "profile",
        "emulator",
        "arch",
        "virttype",
        "machine",
        "canonical",
        "max_cpus",
        "deprecated",
    ],
};

/// One change between two successive snapshots of a host.
pub const CHANGES: Kind = Kind {
    schema: "domcaps.export-change/1",
    columns: &[
        "host",
        "old_snapshot",
        "new_snapshot",
        "old_taken_at",
        "new_taken_at",
        "kind",
        "path",
        "value",
        "old",
        "new",
        "severity",
        "rule",
        "area",
        "reason",
        "fingerprint",
        "targets",
        "targets_in_short",
        "old_libvirt",
        "new_libvirt",
        "old_hypervisor",
        "new_hypervisor",
    ],
};

/// The cells of [`HOSTS`].
#[must_use]
pub fn host(host: &HostRow) -> Vec<Cell<'_>> {
    let time = |time: Option<crate::model::Time>| match time {
        Some(time) => Cell::owned(time.to_string()),
        None => Cell::Null,
    };
    vec![
        Cell::text(host.name.as_str()),
        Cell::known(host.uri.as_deref()),
        Cell::list(host.groups.iter().map(String::as_str)),
        Cell::Integer(host.snapshots),
        time(host.last_seen),
        time(host.last_changed),
        Cell::known(host.libvirt.as_deref()),
        Cell::known(host.hypervisor.as_deref()),
    ]
}

/// The cells of [`SNAPSHOTS`].
#[must_use]
pub fn snapshot<'c>(told: &'c ToldSnapshot, groups: &'c BTreeSet<String>) -> Vec<Cell<'c>> {
    let ToldSnapshot { row, is_change, profile, context, tags } = told;
    let mut cells = vec![
        Cell::owned(row.id.to_string()),
        Cell::text(row.host.as_str()),
        Cell::owned(row.taken_at.to_string()),
        Cell::text(row.state.name()),
        Cell::Truth(*is_change),
        Cell::owned(profile.to_string()),
    ];
    let facts = |is_later: bool| {
        let facts = Context::FACTS.iter().zip(context.named());
        facts
            .filter(move |(fact, _)| fact.is_later == is_later)
            .map(|(_, (_, value))| Cell::known(value))
    };
    cells.extend(facts(false));
    cells.push(Cell::list(groups.iter().map(String::as_str)));
    cells.push(Cell::list(tags.iter().map(String::as_str)));
    cells.extend(facts(true));
    cells
}

fn target(target: &Target) -> [Cell<'_>; 4] {
    let Target { emulator, arch, virttype, machine } = target;
    [emulator, arch, virttype, machine].map(|part| Cell::known(Some(part)))
}

/// The cells of [`PROFILES`].
#[must_use]
pub fn profile(profile: Hash, told: &ToldOutcome) -> Vec<Cell<'_>> {
    let mut cells = vec![Cell::owned(profile.to_string())];
    cells.extend(target(&told.target));
    cells.push(told.document.map_or(Cell::Null, |(_, hash)| Cell::owned(hash.to_string())));
    let error = told.error.as_ref();
    cells.push(Cell::known(error.map(|(class, _)| class.as_str())));
    cells.push(Cell::known(error.map(|(_, message)| message.as_str())));
    cells
}

fn value(told: &ToldValue) -> [Cell<'_>; 4] {
    [
        Cell::text(&told.path),
        Cell::text(&told.kind),
        told.value.as_deref().map_or(Cell::Null, Cell::text),
        told.position.map_or(Cell::Null, Cell::Integer),
    ]
}

/// The cells of [`DOCUMENTS`].
#[must_use]
pub fn document(document: Hash, told: &ToldValue) -> Vec<Cell<'_>> {
    let mut cells = vec![Cell::owned(document.to_string())];
    cells.extend(value(told));
    cells
}

/// The cells of [`CAPABILITIES`], but for the value's.
#[must_use]
pub fn place<'c>(snapshot: &'c SnapshotRow, at: &'c Target) -> Vec<Cell<'c>> {
    let mut cells = vec![
        Cell::owned(snapshot.id.to_string()),
        Cell::text(snapshot.host.as_str()),
        Cell::owned(snapshot.taken_at.to_string()),
    ];
    cells.extend(target(at));
    cells
}

/// The cells of [`CAPABILITIES`]: a place with a value.
pub fn capability<'c>(place: &mut Vec<Cell<'c>>, told: &'c ToldValue) {
    place.truncate(CAPABILITIES.columns.len() - 4);
    place.extend(value(told));
}

/// The cells of [`MACHINES`].
#[must_use]
pub fn machine(profile: Hash, machine: &Machine) -> Vec<Cell<'_>> {
    vec![
        Cell::owned(profile.to_string()),
        Cell::known(machine.emulator.as_deref()),
        Cell::text(&machine.arch),
        Cell::text(&machine.virttype),
        Cell::known(Some(&machine.name)),
        Cell::known(machine.canonical.as_deref()),
        machine.max_cpus.map_or(Cell::Null, Cell::Integer),
        Cell::Truth(machine.deprecated),
    ]
}

/// The cells of [`CHANGES`] that are the same for every host that went the same way: from `kind` to
/// `targets_in_short`, worst first.
#[must_use]
pub fn changes(report: &Report) -> Vec<Vec<Cell<'static>>> {
    let records = Records::new(report);
    let findings = report.findings.iter();
    let cells = findings.map(|finding| {
        let difference = &finding.difference;
        let count: BTreeSet<_> = finding.targets().collect();
        vec![
            Cell::text(difference.kind.name()),
            Cell::owned(difference.path.clone()),
            difference.value.clone().map_or(Cell::Null, Cell::owned),
            plain(difference.old.as_ref()),
            plain(difference.new.as_ref()),
            Cell::text(finding.severity.name()),
            Cell::text(finding.rule.id),
            Cell::text(finding.area().name()),
            Cell::owned(finding.reason.clone()),
            Cell::owned(finding.fingerprint().to_owned()),
            Cell::Integer(i64::try_from(count.len()).unwrap_or(i64::MAX)),
            Cell::owned(records.targets_in_short(&finding.seen)),
        ]
    });
    cells.collect()
}

/// The cells of [`CHANGES`]: of two snapshots and one change.
#[must_use]
pub fn change<'c>(
    [old, new]: [&'c SnapshotRow; 2],
    contexts: [&'c Context; 2],
    change: &[Cell<'c>],
) -> Vec<Cell<'c>> {
    let mut cells = vec![
        Cell::text(new.host.as_str()),
        Cell::owned(old.id.to_string()),
        Cell::owned(new.id.to_string()),
        Cell::owned(old.taken_at.to_string()),
        Cell::owned(new.taken_at.to_string()),
    ];
    cells.extend(change.iter().cloned());
    cells.extend(contexts.map(|context| Cell::known(context.libvirt.as_deref())));
    cells.extend(contexts.map(|context| Cell::known(context.hypervisor.as_deref())));
    cells
}

/// Numbers and lists as text: a column has one type, and members stand as a JSON array.
fn plain(value: Option<&Plain>) -> Cell<'static> {
    match value {
        None => Cell::Null,
        Some(Plain::Number(number)) => Cell::owned(number.to_string()),
        Some(Plain::Text(text)) => Cell::owned(text.clone()),
        Some(Plain::List(members)) => {
            Cell::owned(serde_json::Value::from_iter(members.iter()).to_string())
        }
    }
}
