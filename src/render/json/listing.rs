//! `domcaps.hosts/1`, `domcaps.snapshots/1`, `domcaps.machines/1`, `domcaps.show/1` and
//! `domcaps.import/1`.

use std::io::Write;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::model::{Capabilities, Machine, MachineList, Target, Time, Value};
use crate::render::hosts::HostOverview;
use crate::side::Origin;
use crate::store::{AttemptOutcome, Run};

/// Writes the hosts.
///
/// # Errors
/// Where the output cannot be written.
pub fn hosts(hosts: &[HostOverview], out: &mut dyn Write) -> std::io::Result<()> {
    /// A fleet has thousands: they are written as they are, and no tree is made of them first.
    #[derive(Serialize)]
    struct Hosts<'h> {
        schema: &'static str,
        hosts: Vec<OverviewWire<'h>>,
    }

    let hosts = hosts.iter().map(OverviewWire::new).collect();
    super::write(&Hosts { schema: "domcaps.hosts/1", hosts }, out)
}

/// A host, and when it last answered.
#[derive(Serialize)]
pub(super) struct OverviewWire<'h> {
    host: &'h str,
    uri: Option<&'h str>,
    groups: &'h [String],
    snapshots: i64,
    last_seen: Option<String>,
    last_changed: Option<String>,
    libvirt: Option<&'h str>,
    hypervisor: Option<&'h str>,
    last_attempt: Option<String>,
    last_success: Option<String>,
    failing_since: Option<String>,
    failures: u64,
    outcome: Option<&'static str>,
    reason: Option<&'h str>,
    stale: bool,
    lists: Vec<&'h str>,
    left_at: Option<String>,
}

impl<'h> OverviewWire<'h> {
    pub(super) fn new(overview: &'h HostOverview) -> Self {
        let HostOverview { row, contact, is_stale } = overview;
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        let naming = contact.lists.iter().filter(|listing| listing.left_at.is_none());
        Self {
            host: row.name.as_str(),
            uri: row.uri.as_deref(),
            groups: &row.groups,
            snapshots: row.snapshots,
            last_seen: time(row.last_seen),
            last_changed: time(row.last_changed),
            libvirt: row.libvirt.as_deref(),
            hypervisor: row.hypervisor.as_deref(),
            last_attempt: time(contact.last_attempt),
            last_success: time(contact.last_success),
            failing_since: time(contact.failing_since),
            failures: contact.failures,
            outcome: contact.outcome.map(AttemptOutcome::name),
            reason: contact.reason.as_deref(),
            stale: *is_stale,
            lists: naming.map(|listing| listing.list.as_str()).collect(),
            left_at: time(contact.left_at()),
        }
    }
}

/// Writes snapshots, identical follow-ups as a count.
///
/// # Errors
/// Where the output cannot be written.
pub fn snapshots(runs: &[Run], out: &mut dyn Write) -> std::io::Result<()> {
    let run = |run: &Run| {
        let context: serde_json::Map<String, Json> =
            run.context.named().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        json!({
            "snapshot": run.first.id.to_string(),
            "host": run.first.host.as_str(),
            "taken_at": run.first.taken_at.to_string(),
            "last_seen": run.last_seen.to_string(),
            "last_changed": run.last_changed.map(|time| time.to_string()),
            "followers": run.followers,
            "state": run.first.state.name(),
            "is_change": run.is_change,
            "documents": run.documents,
            "failures": run.failures,
            "tags": run.tags,
            "context": context,
        })
    };
    let runs: Vec<Json> = runs.iter().map(run).collect();
    super::write(&json!({ "schema": "domcaps.snapshots/1", "snapshots": runs }), out)
}

/// Writes the machine list of one snapshot.
///
/// # Errors
/// Where the output cannot be written.
pub fn machines(origin: &Origin, list: &MachineList, out: &mut dyn Write) -> std::io::Result<()> {
    let machine = |machine: &Machine| {
        json!({
            "emulator": machine.emulator.as_deref().and_then(known),
            "arch": machine.arch,
            "virttype": machine.virttype,
            "machine": known(&machine.name),
            "canonical": machine.canonical,
            "max_cpus": machine.max_cpus,
            "deprecated": machine.deprecated,
        })
    };
    let list: Vec<Json> = list.iter().map(machine).collect();
    let mut document = origin_json("domcaps.machines/1", origin);
    document["machines"] = list.into();
    super::write(&document, out)
}

/// Targets that gave the same capabilities, and these.
pub struct Shown<'s> {
    /// The targets.
    pub targets: Vec<&'s Target>,
    /// What is shown of their capabilities.
    pub capabilities: &'s Capabilities,
}

/// Writes capabilities, equal documents once.
///
/// # Errors
/// Where the output cannot be written.
pub fn show(origin: &Origin, shown: &[Shown<'_>], out: &mut dyn Write) -> std::io::Result<()> {
    let documents = shown.iter().map(|shown| {
        let targets = shown.targets.iter().map(|target| target_json(target));
        let capabilities = shown.capabilities.iter().map(|(path, value)| {
            json!({ "path": path, "kind": value.kind().name(), "value": value_json(value) })
        });
        json!({
            "targets": targets.collect::<Vec<_>>(),
            "capabilities": capabilities.collect::<Vec<_>>(),
        })
    });
    let documents: Vec<Json> = documents.collect();
    let mut document = origin_json("domcaps.show/1", origin);
    document["documents"] = documents.into();
    super::write(&document, out)
}

/// What an import did with one host.
#[derive(Serialize)]
pub struct Imported {
    /// The host.
    pub host: String,
    /// When the documents were taken.
    pub taken_at: String,
    /// The snapshot's id; none in a dry run.
    pub snapshot: Option<String>,
    /// `stored`, or `known` where the same was there before; `dry-run`.
    pub outcome: &'static str,
    /// The content is other than that of the snapshot before; not known in a dry run.
    pub is_change: Option<bool>,
    /// Documents in it.
    pub documents: usize,
}

/// Something that could not be stored.
#[derive(Serialize)]
pub struct Failed {
    /// The file, folder or host.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Writes what an import did.
///
/// # Errors
/// Where the output cannot be written.
pub fn imported(
    snapshots: &[Imported],
    failed: &[Failed],
    unknown: &[String],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let document = json!({
        "schema": "domcaps.import/1",
        "snapshots": snapshots,
        "failed": failed,
        "unknown_elements": unknown,
    });
    super::write(&document, out)
}

fn origin_json(schema: &str, origin: &Origin) -> Json {
    json!({
        "schema": schema,
        "host": origin.host.as_ref().map(crate::model::HostName::as_str),
        "snapshot": origin.snapshot,
        "taken_at": origin.taken_at.map(|time| time.to_string()),
        "source": origin.source,
    })
}

/// What the document says nothing of is empty in the model, and null in JSON.
pub(super) fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn target_json(target: &Target) -> Json {
    json!({
        "emulator": known(&target.emulator),
        "arch": known(&target.arch),
        "virttype": known(&target.virttype),
        "machine": known(&target.machine),
    })
}

fn value_json(value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Support(yes) => if yes { "yes" } else { "no" }.into(),
        Value::Number(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Set(members) | Value::List(members) => Json::from_iter(members.iter()),
    }
}
