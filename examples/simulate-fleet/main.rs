//! Makes the database of a fleet that never was, to measure and try domcaps on.
//!
//! ```console
//! cargo run --release --example simulate-fleet -- --db fleet.db [--hosts 10000] [--targets 120] \
//!     [--nights 365] [--seed 1] [--from 2025-11-23]
//! ```
//!
//! With `--one-more` and a database that the same arguments made, every host is asked for one more night
//! in which nothing has changed, and the time of that is told.
//!
//! The same arguments give the same fleet and the same history, whatever machine it runs on.
//!
//! # What the hosts say
//!
//! Every document is one of `tests/one-qemu` (QEMU 7.2, 10.0 and 11.1 under libvirt 9.0 to 12.8), edited
//! as libvirt would have printed it elsewhere: the most CPUs of each machine from that capture's
//! `capabilities.xml`; the captures are of virttype `qemu`, and what virttype `kvm` says beside that
//! (host-passthrough, host-model, which CPU models are usable and what blocks them, hyperv, vfio,
//! SEV) follows from the CPU, of which there are eight kinds.
//!
//! Hosts stand in racks of one CPU kind and role, racks in three sites; each is a group.
//!
//! # What happens to them
//!
//! | event | how often |
//! | --- | --- |
//! | upgrade: libvirt alone, QEMU and libvirt, or Debian 12 to 13 | each site every 73 nights, a wave every 25: one rack as canary, the others six nights later over 14 nights; a host in 50 a few nights later; a rack in ten always one campaign late, one in 33 stays on Debian 12 |
//! | upgrade rolled back | one in 250 upgrades, after one to three nights; done again one to two weeks later |
//! | kernel | every 30 nights, rack by rack over 12; context alone |
//! | microcode | every 90 nights with the kernel; context alone |
//! | microcode that takes a CPU feature away | four in a year, each of one CPU kind, over 14 nights |
//! | firmware package that moves its images | once a year and site, over 10 nights |
//! | package of QEMU's modules missing | a host in 20,000 a night, and one in 100 upgrades of QEMU; repaired after one to nine nights |
//! | host out of reach: nothing stored, as by `collect` | three of 10,000 hosts a night; a whole rack every 90 nights |
//! | night `partial`, `failed`, `suspect` | two of 10,000, one of 20,000, one of 33,000 hosts |
//! | rack comes later | one in 25 |
//! | hosts that go for good | one for 50 that stay, beyond `--hosts` |
//! | a value of its own (`features.sev.cpu0Id`) | the AMD EPYC Genoa hosts, a tenth of the fleet, all the time |
//!
//! # How it is stored
//!
//! As by `domcaps collect`: what was never seen goes through `ingest::visit`, as bytes. Ten thousand
//! hosts of 120 documents in 365 nights are 13 TB of XML, though; so documents that are stored already
//! are not made and hashed again. The first snapshot that holds such documents in this
//! combination tells the store which bodies they are (`Writer::add_snapshot`), as `ingest::visit`
//! does once it has hashed them; each further one only that it holds the same (`Writer::add_known`).
//! The rows are those that `collect` would have made, in its order. `--one-more` leaves out the
//! hashing of documents and nothing else. `collect` commits after each host; this commits after
//! some 50,000 snapshots.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use domcaps::model::Time;
use domcaps::store::Store;

mod simulator;

use simulator::{Plan, Simulation};

const USAGE: &str = "usage: simulate-fleet --db FILE [--hosts 10000] [--targets 120] [--nights 365] \
                     [--seed 1] [--from 2025-11-23] [--one-more]";

fn main() -> Result<(), Box<dyn Error>> {
    let (database, plan, is_one_more) = arguments(std::env::args().skip(1))?;
    if is_one_more {
        return one_more(&database, plan);
    }
    if database.exists() {
        return Err(format!("{}: is there already", database.display()).into());
    }
    let started = Instant::now();
    let nights = plan.nights;
    let mut simulation = Simulation::new(plan)?;
    let mut store = Store::create_or_open(&database)?;
    let mut err = std::io::stderr();
    simulation.store(&mut store, |night, stored| {
        let seconds = started.elapsed().as_secs_f64();
        write!(err, "\rnight {night} of {nights}: {stored} snapshots, {seconds:.0} s ")
    })?;
    writeln!(err, "\n{}: {} contents", database.display(), simulation.contents())?;
    Ok(())
}

fn one_more(database: &Path, plan: Plan) -> Result<(), Box<dyn Error>> {
    let mut store = Store::open(database)?;
    let mut simulation = Simulation::new(plan)?;
    let hosts = simulation.resume(&mut store)?;
    let started = Instant::now();
    let mut writer = store.writer()?;
    simulation.unchanged_night(&mut writer)?;
    writer.commit()?;
    // The last to close it writes the log back.
    drop(store);
    let seconds = started.elapsed().as_secs_f64();
    writeln!(std::io::stderr(), "{hosts} hosts in {seconds:.2} s")?;
    Ok(())
}

fn arguments(
    mut words: impl Iterator<Item = String>,
) -> Result<(PathBuf, Plan, bool), Box<dyn Error>> {
    let (mut database, mut is_one_more) = (None, false);
    let mut plan = Plan::default();
    while let Some(word) = words.next() {
        if word == "--one-more" {
            is_one_more = true;
            continue;
        }
        let value = words.next().ok_or(USAGE)?;
        match word.as_str() {
            "--db" => database = Some(PathBuf::from(value)),
            "--hosts" => plan.hosts = value.parse()?,
            "--targets" => plan.targets = value.parse()?,
            "--nights" => plan.nights = value.parse()?,
            "--seed" => plan.seed = value.parse()?,
            "--from" => plan.from = Time::parse_taken(&value)?,
            _ => return Err(USAGE.into()),
        }
    }
    Ok((database.ok_or(USAGE)?, plan, is_one_more))
}
