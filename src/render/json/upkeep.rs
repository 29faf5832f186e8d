//! `domcaps.forget/1`, `domcaps.prune/1`, `domcaps.check/1`, `domcaps.backup/1`, `domcaps.tag/1`,
//! `domcaps.rename/1`, `domcaps.gone/1` and `domcaps.removed/1`.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Value as Json, json};

use crate::check::Checked;
use crate::model::{HostName, Time};
use crate::store::{Counts, HistoryRow, Pruned, RemovedSnapshot, SnapshotRow};

/// What `forget` did, or would do.
#[derive(Debug)]
pub struct Forgotten {
    /// Nothing was done.
    pub dry_run: bool,
    /// Each host that was looked at.
    pub hosts: Vec<ForgottenHost>,
}

/// What `forget` did with one host.
#[derive(Debug)]
pub struct ForgottenHost {
    /// The host.
    pub host: HostName,
    /// How many snapshots are kept.
    pub kept: usize,
    /// How many go.
    pub removed: usize,
    /// Each of them, where that was asked for.
    pub snapshots: Option<Vec<Judged>>,
}

/// One snapshot, and why it is kept.
#[derive(Debug)]
pub struct Judged {
    /// The snapshot.
    pub row: HistoryRow,
    /// Why it is kept; without any it goes.
    pub reasons: Vec<String>,
}

impl Judged {
    /// `keep` or `remove`.
    #[must_use]
    pub fn action(&self) -> &'static str {
        if self.reasons.is_empty() { "remove" } else { "keep" }
    }
}

impl Forgotten {
    /// How many snapshots are kept and how many go.
    #[must_use]
    pub fn sums(&self) -> (usize, usize) {
        let add = |sums: (usize, usize), host: &ForgottenHost| {
            (sums.0 + host.kept, sums.1 + host.removed)
        };
        self.hosts.iter().fold((0, 0), add)
    }
}

/// Writes what `forget` did.
///
/// # Errors
/// Where the output cannot be written.
pub fn forgotten(forgotten: &Forgotten, out: &mut dyn Write) -> std::io::Result<()> {
    let snapshot = |judged: &Judged| {
        let HistoryRow { id, taken_at, state, tags, libvirt, .. } = &judged.row;
        json!({
            "snapshot": id.to_string(),
            "taken_at": taken_at.to_string(),
            "state": state.name(),
            "libvirt": libvirt,
            "tags": tags,
            "action": judged.action(),
            "reasons": judged.reasons,
        })
    };
    let host = |host: &ForgottenHost| {
        let all = host.snapshots.as_ref();
        json!({
            "host": host.host.as_str(),
            "kept": host.kept,
            "removed": host.removed,
            "snapshots": all.map(|all| all.iter().map(snapshot).collect::<Vec<_>>()),
        })
    };
    let hosts: Vec<Json> = forgotten.hosts.iter().map(host).collect();
    let (kept, removed) = forgotten.sums();
    let value = json!({
        "schema": "domcaps.forget/1",
        "dry_run": forgotten.dry_run,
        "hosts": hosts,
        "summary": { "hosts": hosts.len(), "kept": kept, "removed": removed },
    });
    super::write(&value, out)
}

/// Writes what `prune` freed.
///
/// # Errors
/// Where the output cannot be written.
pub fn pruned(pruned: &Pruned, dry_run: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let freed: serde_json::Map<String, Json> =
        pruned.freed.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count))).collect();
    let value = json!({
        "schema": "domcaps.prune/1",
        "dry_run": dry_run,
        "freed": freed,
        "bytes_freed": pruned.bytes,
        "bytes": pruned.size,
        "is_given_back": pruned.kept_back.is_none(),
    });
    super::write(&value, out)
}

/// Writes what `check` found.
///
/// # Errors
/// Where the output cannot be written.
pub fn checked(
    checked: &Checked,
    repaired: Option<usize>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let counts: serde_json::Map<String, Json> =
        checked.counts.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count))).collect();
    let damage = checked
        .damage
        .iter()
        .map(|each| json!({ "where": each.place, "what": each.what, "remedy": each.remedy() }));
    let value = json!({
        "schema": "domcaps.check/1",
        "is_clean": checked.damage.is_empty(),
        "has_read_data": checked.has_read_data,
        "repaired": repaired,
        "checked": if counts.is_empty() { Json::Null } else { counts.into() },
        "damage": damage.collect::<Vec<_>>(),
    });
    super::write(&value, out)
}

/// Writes what was copied.
///
/// # Errors
/// Where the output cannot be written.
pub fn backed_up(
    file: &str,
    bytes: u64,
    counts: &Counts,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let count = |kind: &str| counts.iter().find(|(name, _)| *name == kind).map(|(_, count)| count);
    let value = json!({
        "schema": "domcaps.backup/1",
        "file": file,
        "bytes": bytes,
        "hosts": count("hosts"),
        "snapshots": count("snapshots"),
    });
    super::write(&value, out)
}

/// Writes the tags that a snapshot has now.
///
/// # Errors
/// Where the output cannot be written.
pub fn tagged(row: &SnapshotRow, tags: &[String], out: &mut dyn Write) -> std::io::Result<()> {
    let value = json!({
        "schema": "domcaps.tag/1",
        "host": row.host.as_str(),
        "snapshot": row.id.to_string(),
        "taken_at": row.taken_at.to_string(),
        "tags": tags,
    });
    super::write(&value, out)
}

/// Writes that a host has another name.
///
/// # Errors
/// Where the output cannot be written.
pub fn renamed(
    old: &HostName,
    new: &HostName,
    snapshots: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let value = json!({
        "schema": "domcaps.rename/1",
        "old": old.as_str(),
        "new": new.as_str(),
        "snapshots": snapshots,
    });
    super::write(&value, out)
}

/// A host that is removed, and what goes with it.
#[derive(Debug)]
pub struct GoneHost {
    /// The host.
    pub host: HostName,
    /// How many snapshots.
    pub snapshots: usize,
    /// How many of them are changes of content.
    pub changes: usize,
    /// When the first was taken.
    pub first: Option<Time>,
    /// When the last was taken.
    pub last: Option<Time>,
    /// Their tags.
    pub tags: BTreeSet<String>,
}

/// Writes which hosts are removed.
///
/// # Errors
/// Where the output cannot be written.
pub fn gone(hosts: &[GoneHost], dry_run: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let host = |host: &GoneHost| {
        json!({
            "host": host.host.as_str(),
            "snapshots": host.snapshots,
            "changes": host.changes,
            "first": host.first.map(|time| time.to_string()),
            "last": host.last.map(|time| time.to_string()),
            "tags": host.tags,
        })
    };
    let hosts: Vec<Json> = hosts.iter().map(host).collect();
    let value = json!({ "schema": "domcaps.gone/1", "dry_run": dry_run, "hosts": hosts });
    super::write(&value, out)
}

/// Writes which snapshots were removed one by one, or would be.
///
/// # Errors
/// Where the output cannot be written.
pub fn removed(
    snapshots: &[RemovedSnapshot],
    dry_run: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let snapshot = |it: &RemovedSnapshot| {
        json!({
            "host": it.host.as_str(),
            "snapshot": it.id.to_string(),
            "taken_at": it.taken_at.to_string(),
            "removed_at": it.removed_at.to_string(),
            "reason": it.reason,
        })
    };
    let snapshots: Vec<Json> = snapshots.iter().map(snapshot).collect();
    let value =
        json!({ "schema": "domcaps.removed/1", "dry_run": dry_run, "snapshots": snapshots });
    super::write(&value, out)
}
