//! `domcaps.cohorts/1`, `domcaps.common/1`, `domcaps.outliers/1` and `domcaps.matrix/1`

use std::io::Write;

use serde_json::{Value as Json, json};

use super::freshness::freshness_wires;
use crate::diff::{Difference, Kind};
use crate::fleet::{
    Apart, Cell, Cohort, Cohorts, Common, Counted, FamilyCommon, HeldBack, Matrix, Outlier, Thing,
};
use crate::model::{HostFreshness, HostName};

/// Writes cohorts; `aparts` of the second and those after it.
///
/// # Errors
/// Where the output cannot be written.
pub fn cohorts(
    fleet: &Cohorts,
    aparts: &[Apart],
    freshness: &[HostFreshness],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let cohorts = fleet.cohorts.iter().enumerate().map(|(number, each)| {
        let apart = number.checked_sub(1).and_then(|at| aparts.get(at));
        cohort(each, apart)
    });
    let passed_over = fleet
        .passed_over
        .iter()
        .map(|(host, newest)| json!({ "host": host.as_str(), "newest_at": newest.to_string() }));
    let left_out = fleet
        .left_out
        .iter()
        .map(|(host, state)| json!({ "host": host.as_str(), "state": state.name() }));
    super::write(
        &json!({
            "schema": "domcaps.cohorts/1",
            "hosts": fleet.hosts(),
            "cohorts": cohorts.collect::<Vec<_>>(),
            "passed_over": passed_over.collect::<Vec<_>>(),
            "left_out": left_out.collect::<Vec<_>>(),
            "freshness": freshness_wires(freshness),
        }),
        out,
    )
}

fn cohort(cohort: &Cohort, apart: Option<&Apart>) -> Json {
    json!({
        "content": cohort.content.to_string(),
        "hosts": names(&cohort.hosts),
        "libvirt": counted(&cohort.libvirt),
        "hypervisor": counted(&cohort.hypervisor),
        "cpu": counted(&cohort.cpu),
        "apart": apart.map(apart_json),
    })
}

fn counted(counts: &Counted) -> Vec<Json> {
    counts.iter().map(|(version, hosts)| json!({ "name": &**version, "hosts": hosts })).collect()
}

fn apart_json(apart: &Apart) -> Json {
    let of_kind = |kind: Kind| -> Vec<Json> {
        let of_kind = apart.changes.iter().filter(|change| change.difference.kind == kind);
        of_kind.map(|change| difference(&change.difference, change.targets)).collect()
    };
    json!({
        "lost": of_kind(Kind::Lost),
        "gained": of_kind(Kind::Gained),
        "changed": of_kind(Kind::Changed),
        "reported": apart.reported,
        "unreported": apart.unreported,
        "targets": apart.targets,
    })
}

fn difference(difference: &Difference, targets: usize) -> Json {
    let Difference { path, value, old, new, .. } = difference;
    json!({ "path": path, "value": value, "old": old, "new": new, "targets": targets })
}

/// Writes what hosts have in common.
///
/// # Errors
/// Where the output cannot be written.
pub fn common(
    common: &Common,
    for_migration: bool,
    freshness: &[HostFreshness],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let families = common.families.iter().map(|it| family_common(it, for_migration));
    let partial = common.partial.iter().map(|(family, hosts)| {
        json!({ "arch": family.arch, "virttype": family.virttype, "missing_on": names(hosts) })
    });
    super::write(
        &json!({
            "schema": "domcaps.common/1",
            "for_migration": for_migration,
            "hosts": common.hosts,
            "cohorts": common.cohorts,
            "cpus": counted(&common.cpus),
            "unknown_cpus": common.unknown_cpus,
            "families": families.collect::<Vec<_>>(),
            "partial": partial.collect::<Vec<_>>(),
            "freshness": freshness_wires(freshness),
        }),
        out,
    )
}

fn names(hosts: &[HostName]) -> Vec<&str> {
    hosts.iter().map(HostName::as_str).collect()
}

fn family_common(common: &FamilyCommon, for_migration: bool) -> Json {
    let aliases = common.aliases.iter().map(|(alias, machines)| {
        let machines: Vec<&str> = machines.iter().map(|it| &**it).collect();
        json!({ "alias": &**alias, "machines": machines })
    });
    let texts =
        |list: &[std::rc::Rc<str>]| list.iter().map(|it| it.to_string()).collect::<Vec<_>>();
    let offered = common.offered.iter();
    let offered =
        offered.map(|(path, members)| json!({ "path": &**path, "members": texts(members) }));
    let limits = common.limits.iter();
    let limits =
        limits.map(|(path, least, most)| json!({ "path": &**path, "least": least, "most": most }));
    let host_models = common.host_models.iter().map(|it| {
        json!({ "model": it.model.as_deref(), "features": it.features, "hosts": names(&it.hosts) })
    });
    let unequal = common.unequal.iter().map(|(path, groups)| {
        let groups = groups.iter();
        let groups =
            groups.map(|(value, hosts)| json!({ "value": &**value, "hosts": names(hosts) }));
        json!({ "path": &**path, "groups": groups.collect::<Vec<_>>() })
    });
    json!({
        "arch": common.family.arch,
        "virttype": common.family.virttype,
        "machines": texts(&common.machines),
        "aliases": aliases.collect::<Vec<_>>(),
        "cpu_models": common.models,
        "firmware_images": texts(&common.images),
        "offered": (!for_migration).then(|| offered.collect::<Vec<_>>()),
        "limits": limits.collect::<Vec<_>>(),
        "host_models": host_models.collect::<Vec<_>>(),
        "unequal": unequal.collect::<Vec<_>>(),
        "held_back": common.held_back.iter().map(held_back).collect::<Vec<_>>(),
    })
}

fn held_back(held: &HeldBack) -> Json {
    json!({
        "things": held.things.iter().map(thing).collect::<Vec<_>>(),
        "not_on": names(&held.no),
        "unreported_on": names(&held.unreported),
        "blockers": held.blockers,
    })
}

fn thing(thing: &Thing) -> Json {
    json!({ "path": &*thing.path, "value": thing.value.as_deref() })
}

/// Writes who stands out.
///
/// # Errors
/// Where the output cannot be written.
pub fn outliers(
    cohorts: &Cohorts,
    found: &[Outlier],
    share: u8,
    freshness: &[HostFreshness],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let family = |family: &crate::fleet::Family| -> Json {
        json!({ "arch": family.arch, "virttype": family.virttype })
    };
    let outlier = |outlier: &Outlier| {
        let things = outlier.things.iter().map(|(thing, families)| {
            json!({
                "path": &*thing.path,
                "value": thing.value.as_deref(),
                "families": families.iter().map(family).collect::<Vec<_>>(),
            })
        });
        json!({
            "hosts": names(&outlier.hosts),
            "kind": if outlier.is_alone { "alone" } else { "lacks" },
            "things": things.collect::<Vec<_>>(),
            "families": outlier.families.iter().map(family).collect::<Vec<_>>(),
        })
    };
    super::write(
        &json!({
            "schema": "domcaps.outliers/1",
            "hosts": cohorts.hosts(),
            "share": share,
            "outliers": found.iter().map(outlier).collect::<Vec<_>>(),
            "freshness": freshness_wires(freshness),
        }),
        out,
    )
}

/// Writes a matrix.
///
/// # Errors
/// Where the output cannot be written.
pub fn matrix(
    matrix: &Matrix,
    by_host: bool,
    freshness: &[HostFreshness],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let columns = matrix.columns.iter();
    let columns = columns.map(|it| json!({ "path": it.path, "value": it.value.as_deref() }));
    let cell = |cell: &Cell| match cell {
        Cell::Yes => json!("yes"),
        Cell::No => json!("no"),
        Cell::Some => json!("some"),
        Cell::Unreported => Json::Null,
        Cell::Values(values) => values.iter().map(|value| json!(&**value)).collect(),
    };
    let rows = matrix.rows.iter().map(|row| {
        json!({ "hosts": names(&row.hosts), "cells": row.cells.iter().map(cell).collect::<Vec<_>>() })
    });
    super::write(
        &json!({
            "schema": "domcaps.matrix/1",
            "by": if by_host { "host" } else { "cohort" },
            "columns": columns.collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
            "freshness": freshness_wires(freshness),
        }),
        out,
    )
}
