//! A host that is collected, beside a shell loop over virsh; `benches/collect.rs` says more.

use std::path::PathBuf;

use crate::bench::{Bench, repository};
use crate::daemon::Daemon;
use crate::figure::Unit;
use crate::host::Rounds;
use crate::measure::installed;
use crate::row::{Goal, Row};

/// Further collections by which the database grows.
const RUNS: u64 = 100;

pub(crate) fn run(bench: &mut Bench) {
    for (name, release) in [("old", "debian-12"), ("new", "debian-13")] {
        match possible(release) {
            Ok(()) => one(bench, name, release),
            Err(why) => bench.report.left_out(&format!("collect, {release}"), &why),
        }
    }
}

/// Whether that release's daemon can be started here.
fn possible(release: &str) -> Result<(), String> {
    const INSTALL: &str = "tests/libvirt/install --debian-13 installs it, as root on Debian 12";
    installed("virsh")?;
    let is_root = std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|text| text.lines().any(|line| line.starts_with("Uid:\t0\t")));
    if !is_root {
        return Err("the daemons of tests/libvirt need root".to_owned());
    }
    let root = match release {
        "debian-13" => std::env::var_os("DOMCAPS_DEBIAN_13")
            .map_or_else(|| repository("target/debian-13"), PathBuf::from),
        _ => "/".into(),
    };
    let is_there = root.join("usr/sbin/libvirtd").is_file();
    if is_there { Ok(()) } else { Err(format!("no libvirtd of {release}: {INSTALL}")) }
}

fn one(bench: &mut Bench, name: &str, release: &str) {
    let daemon = Daemon::start(name, release);
    let (all, shell) = (bench.arguments.rounds, bench.arguments.heavy_rounds);
    let times = daemon.one_host(&Rounds { all, shell });
    bench.report.note(format!("{release}: {}, {} commands", daemon.version(), times.commands));
    for (what, ours) in [("first time", &times.first), ("unchanged", &times.again)] {
        let row = || Row::seconds(format!("{release}, {what}"), ours);
        bench.report.row(row().beside("shell loop of virsh", &times.shell).goal(Goal::Faster(1.0)));
        bench.report.row(row().beside("one bare virsh", &times.bare));
    }
    let bytes = daemon.unchanged(RUNS) as f64;
    let row = Row::new(format!("{release}, database, each run"), Unit::Bytes, &[bytes]);
    bench.report.row(row.goal(Goal::Under(500.0)));
}
