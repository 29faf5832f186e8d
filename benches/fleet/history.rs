//! The history of a fleet: made, and one night longer.

use std::path::Path;
use std::time::Instant;

use domcaps::store::Store;

use super::simulator::{Plan, Simulation};

/// The plan of so many hosts and nights.
fn plan((hosts, nights): (usize, usize)) -> Plan {
    Plan { hosts, nights, ..Plan::default() }
}

/// Makes a fleet of so many hosts and nights where it is not there, and says how many seconds that took and how many
/// contents it has.
pub(crate) fn make(file: &Path, size: (usize, usize)) -> Option<(f64, usize)> {
    if file.exists() {
        return None;
    }
    // A run that is broken off leaves nothing that looks whole.
    let unfinished = file.with_extension("unfinished");
    for suffix in ["", "-wal", "-shm"] {
        let mut name = unfinished.clone().into_os_string();
        name.push(suffix);
        let _not_there = std::fs::remove_file(name);
    }
    let started = Instant::now();
    let mut simulation = Simulation::new(plan(size)).unwrap();
    let mut store = Store::create_or_open(&unfinished).unwrap();
    simulation.store(&mut store, |_, _| Ok(())).unwrap();
    drop(store);
    std::fs::rename(&unfinished, file).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    Some((seconds, simulation.contents()))
}

/// One more night for all hosts.
pub(crate) struct Night {
    pub(crate) hosts: usize,
    /// Seconds to the commit, and until the log is written back.
    pub(crate) committed: f64,
    pub(crate) closed: f64,
    /// Bytes of the log at the commit, and by how much the file has grown.
    pub(crate) log: u64,
    pub(crate) grown: u64,
}

/// One more night for all hosts, in a copy: with the commit, and with the log written back.
pub(crate) fn unchanged_night(
    file: &Path,
    size: (usize, usize),
    scratch: &Path,
) -> Result<Night, String> {
    let copy = scratch.join("copy.db");
    std::fs::copy(file, &copy).unwrap();
    let mut store = Store::open(&copy).unwrap();
    let mut simulation = Simulation::new(plan(size)).unwrap();
    let hosts = simulation.resume(&mut store).map_err(|error| error.to_string())?;
    let before = std::fs::metadata(&copy).unwrap().len();
    let started = Instant::now();
    let mut writer = store.writer().unwrap();
    simulation.unchanged_night(&mut writer).unwrap();
    writer.commit().unwrap();
    let committed = started.elapsed().as_secs_f64();
    let log = std::fs::metadata(scratch.join("copy.db-wal")).map_or(0, |log| log.len());
    drop(store);
    let closed = started.elapsed().as_secs_f64();
    let grown = std::fs::metadata(&copy).unwrap().len() - before;
    std::fs::remove_file(&copy).unwrap();
    Ok(Night { hosts, committed, closed, log, grown })
}
