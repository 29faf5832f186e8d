//! How long questions about a fleet take, and how that grows with its hosts and nights.
//!
//! ```console
//! cargo bench --bench fleet
//! cargo bench --bench fleet -- --hosts 10000 --nights 365 --db fleet.db --json fleet.json
//! ```
//!
//! The fleets are those of `examples/simulate-fleet`: 100, 1,000 and 10,000 hosts, 30 and 365 nights, unless
//! `--hosts` and `--nights` (lists with commas) say otherwise. They are made in `--folder` (else one that is removed
//! afterwards), and one that is there already is used as it is; `--db` names the file of a single one. The questions
//! run in turn, each as a process of its own, `--rounds` times (11). What this domcaps cannot be asked yet is
//! said to be so.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints what it measured"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

mod common;
#[path = "../examples/simulate-fleet/simulator/mod.rs"]
mod simulator;

#[path = "fleet/database.rs"]
mod database;
#[path = "fleet/history.rs"]
mod history;
#[path = "fleet/questions.rs"]
mod questions;

use history::Night;
use questions::Answer;

/// What is to be measured.
struct Arguments {
    hosts: Vec<usize>,
    nights: Vec<usize>,
    rounds: usize,
    database: Option<PathBuf>,
    folder: Option<PathBuf>,
    json: Option<PathBuf>,
}

fn main() {
    let arguments = arguments();
    let temporary = tempfile::tempdir().unwrap();
    let folder = arguments.folder.as_deref().unwrap_or(temporary.path());
    let machine = machine();
    println!("{machine}");
    let mut all = Vec::new();
    for hosts in &arguments.hosts {
        for nights in &arguments.nights {
            let default = folder.join(format!("fleet-{hosts}-{nights}.db"));
            let file = arguments.database.as_deref().unwrap_or(&default);
            println!("\n{hosts} hosts, {nights} nights");
            all.push(fleet(file, (*hosts, *nights), arguments.rounds, temporary.path()));
        }
    }
    if let Some(file) = &arguments.json {
        let report = json!({ "machine": machine, "fleets": all });
        std::fs::write(file, serde_json::to_string_pretty(&report).unwrap() + "\n").unwrap();
    }
}

fn arguments() -> Arguments {
    let mut arguments = Arguments {
        hosts: vec![100, 1_000, 10_000],
        nights: vec![30, 365],
        rounds: 11,
        database: None,
        folder: None,
        json: None,
    };
    let numbers = |text: &str| text.split(',').map(|number| number.parse().unwrap()).collect();
    // cargo says `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--hosts" => arguments.hosts = numbers(&value),
            "--nights" => arguments.nights = numbers(&value),
            "--rounds" => arguments.rounds = value.parse().unwrap(),
            "--db" => arguments.database = Some(value.into()),
            "--folder" => arguments.folder = Some(value.into()),
            "--json" => arguments.json = Some(value.into()),
            _ => panic!("{word}: not known"),
        }
    }
    let fleets = arguments.hosts.len() * arguments.nights.len();
    assert!(
        arguments.database.is_none() || fleets == 1,
        "--db is of one fleet: say --hosts, --nights"
    );
    arguments
}

fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("a CPU");
    let version = std::process::Command::new(questions::DOMCAPS).arg("--version").output().unwrap();
    format!(
        "{} × {}, Linux {}, {}, SQLite {}",
        std::thread::available_parallelism().unwrap(),
        cpu.trim_start_matches(['\t', ' ', ':']),
        read("/proc/sys/kernel/osrelease").trim(),
        String::from_utf8_lossy(&version.stdout).trim(),
        rusqlite::version(),
    )
}

/// One fleet of so many hosts and nights: made where it is not there, weighed, asked, and one night added to a
/// copy of it.
fn fleet(file: &Path, size: (usize, usize), rounds: usize, scratch: &Path) -> Value {
    let made = history::make(file, size).map(|(seconds, contents)| {
        println!("made in {seconds:.1} s: {contents} contents");
        seconds
    });
    let weight = database::weight(file);
    let answers = answers(file, rounds);
    let night = match history::unchanged_night(file, size, scratch) {
        Ok(night) => told(&night),
        Err(why) => {
            println!("one more night: not possible: {why}");
            Value::Null
        }
    };
    json!({ "hosts": size.0, "nights": size.1, "made_s": made, "database": weight,
        "commands": answers, "unchanged_night": night })
}

/// Asks everything, and prints and gives what came of it.
fn answers(file: &Path, rounds: usize) -> Vec<Value> {
    println!("milliseconds: median (least to most); memory");
    let tell = |Answer { line, figures }| match figures {
        Err(why) => {
            println!("  {line:75} {why}");
            json!({ "command": line, "refused": why })
        }
        Ok((times, memory)) => {
            let [least, median, most] = common::spread(times).map(|seconds| seconds * 1000.0);
            let megabytes = memory / 1e6;
            println!("  {line:75} {median:>7.1} ({least:.1} to {most:.1})  {megabytes:>5.1} MB");
            json!({ "command": line, "median_ms": median, "least_ms": least, "most_ms": most,
                "peak_bytes": memory })
        }
    };
    questions::ask(&[file], rounds).into_iter().flatten().map(tell).collect()
}

/// Prints a night, and gives it as JSON.
fn told(night: &Night) -> Value {
    let Night { hosts, committed, closed, log, grown } = *night;
    let hosts_per_s = hosts as f64 / closed;
    println!(
        "one more night of {hosts} hosts: {closed:.2} s ({committed:.2} s to the commit, log of {:.1} MB), {hosts_per_s:.0} hosts/s, {:.0} bytes a host",
        log as f64 / 1e6,
        grown as f64 / hosts as f64
    );
    json!({ "hosts": hosts, "committed_s": committed, "closed_s": closed, "log_bytes": log,
        "hosts_per_s": hosts_per_s, "grown_bytes": grown })
}
