//! `domcaps.status/1`

use std::io::Write;

use serde::Serialize;

use super::listing::OverviewWire;
use crate::render::hosts::HostOverview;
use crate::render::status::FleetStatus;

#[derive(Serialize)]
struct StatusWire<'h> {
    schema: &'static str,
    ok: bool,
    stale_before: String,
    last_attempt: Option<String>,
    counts: StatusCounts,
    failing: Vec<OverviewWire<'h>>,
    never: Vec<OverviewWire<'h>>,
    stale: Vec<OverviewWire<'h>>,
    left: Vec<OverviewWire<'h>>,
}

#[derive(Serialize)]
struct StatusCounts {
    hosts: usize,
    current: usize,
    failing: usize,
    never: usize,
    stale: usize,
    left: usize,
}

/// Writes whether every host is collected.
///
/// # Errors
/// Where the output cannot be written.
pub fn status(status: &FleetStatus<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    fn part<'h>(hosts: &[&'h HostOverview]) -> Vec<OverviewWire<'h>> {
        hosts.iter().map(|host| OverviewWire::new(host)).collect()
    }
    let wire = StatusWire {
        schema: "domcaps.status/1",
        ok: status.is_well(),
        stale_before: status.cutoff.to_string(),
        last_attempt: status.last_attempt.map(|at| at.to_string()),
        counts: StatusCounts {
            hosts: status.hosts,
            current: status.current(),
            failing: status.failing.len(),
            never: status.never.len(),
            stale: status.stale.len(),
            left: status.left.len(),
        },
        failing: part(&status.failing),
        never: part(&status.never),
        stale: part(&status.stale),
        left: part(&status.left),
    };
    super::write(&wire, out)
}
