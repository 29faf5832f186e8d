//! `domcaps.cohorts/1`

use std::io::Write;

use serde_json::{Value as Json, json};

use crate::diff::{Difference, Kind};
use crate::fleet::{Apart, Cohort, Cohorts, Counted};
use crate::model::HostName;

/// Writes cohorts; `aparts` of the second and those after it.
///
/// # Errors
/// Where the output cannot be written.
pub fn cohorts(fleet: &Cohorts, aparts: &[Apart], out: &mut dyn Write) -> std::io::Result<()> {
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
        }),
        out,
    )
}

fn cohort(cohort: &Cohort, apart: Option<&Apart>) -> Json {
    json!({
        "content": cohort.content.to_string(),
        "hosts": cohort.hosts.iter().map(HostName::as_str).collect::<Vec<_>>(),
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
