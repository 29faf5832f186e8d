//! How long a collection takes, beside what people do without domcaps. As root on Debian 12:
//!
//! ```console
//! tests/libvirt/install --debian-13 && cargo bench --bench collect
//! ```
//!
//! Everything that is compared runs in turn, A B C A B C, in one run: single figures mean little on a
//! machine that does other things too, ratios of neighbours do. Printed are medians, least and most.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark may panic, and prints what it measured"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

mod common;
#[path = "../tests/libvirt/daemon.rs"]
mod daemon;
#[path = "collect/host.rs"]
mod host;

use common::{memory, spread, time};
use daemon::Daemon;
use host::Rounds;

const ROUNDS: usize = 15;

fn main() {
    println!(
        "{} CPUs, {}, {}",
        std::thread::available_parallelism().unwrap(),
        kernel(),
        version("virsh")
    );
    for (name, release) in [("old", "debian-12"), ("new", "debian-13")] {
        let daemon = Daemon::start(name, release);
        println!("\n{release}: {}", daemon.version());
        one_host(&daemon);
        unchanged(&daemon);
    }
    println!("\n200 hosts that take 50 ms for each of 4 answers (a fake virsh)");
    fleet();
}

fn kernel() -> String {
    format!("Linux {}", std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim())
}

fn version(program: &str) -> String {
    let output = Command::new(program).arg("--version").output().unwrap();
    format!("{program} {}", String::from_utf8(output.stdout).unwrap().trim())
}

/// One host: domcaps, one bare virsh fed with the same commands, a shell loop of one virsh each.
fn one_host(daemon: &Daemon) {
    let times = daemon.one_host(&Rounds { all: ROUNDS, shell: 3 });
    println!("{} commands; times in ms", times.commands);
    row("domcaps collect, first time", &times.first, Some(("bare virsh", &times.bare)));
    row("domcaps collect, unchanged", &times.again, Some(("bare virsh", &times.bare)));
    row("one bare virsh", &times.bare, None);
    row("shell loop of virsh", &times.shell, Some(("domcaps, unchanged", &times.again)));
}

/// What 100 further collections add to the database.
fn unchanged(daemon: &Daemon) {
    const RUNS: u64 = 100;
    let bytes = daemon.unchanged(RUNS);
    println!("database: {bytes} bytes for each of {RUNS} unchanged runs");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Many hosts, many at once and one at a time.
fn fleet() {
    let cargo = std::env::var("CARGO").unwrap();
    let build = ["build", "--quiet", "--release", "--example", "fake-virsh"];
    assert!(Command::new(cargo).args(build).current_dir(root()).status().unwrap().success());
    let virsh =
        Path::new(env!("CARGO_BIN_EXE_domcaps")).with_file_name("examples").join("fake-virsh");
    let folder = tempfile::tempdir().unwrap();
    let mut list = format!("uri = 'fake://{}/snapshots/debian-12?delay=50'\n", root().display());
    (0..200).for_each(|at| writeln!(list, "[[host]]\nname = 'hv{at}'").unwrap());
    std::fs::write(folder.path().join("hosts.toml"), list).unwrap();
    let collect = |jobs: &str, database: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domcaps"));
        command.current_dir(folder.path()).arg("--quiet").arg("--db").arg(database);
        command.args([
            "collect",
            "--hosts",
            "hosts.toml",
            "--all",
            "--aliases-only",
            "--jobs",
            jobs,
        ]);
        command.arg("--virsh").arg(&virsh).stdout(Stdio::null());
        command
    };
    let serial = vec![time(&mut collect("1", "serial.db"), &[0])];
    let many: Vec<f64> =
        (0..5).map(|round| time(&mut collect("32", &format!("many{round}.db")), &[0])).collect();
    let memory = memory(&mut collect("32", "memory.db"));
    row("--jobs 1", &serial, None);
    row("--jobs 32", &many, Some(("--jobs 1", &serial.repeat(5))));
    println!("memory with --jobs 32: {:.0} MB at most", memory / 1e6);
}

/// A line of the table: median, least and most, and the ratio to what ran beside it.
fn row(what: &str, times: &[f64], beside: Option<(&str, &[f64])>) {
    let milliseconds = |time: f64| format!("{:.0}", time * 1000.0);
    let [least, median, most] = spread(times.to_vec());
    let mut line = format!(
        "{what:28} {:>7} ({} to {})",
        milliseconds(median),
        milliseconds(least),
        milliseconds(most)
    );
    if let Some((other, others)) = beside {
        let ratios = times.iter().zip(others).map(|(a, b)| a / b);
        let [least, median, most] = spread(ratios.collect());
        write!(line, "   {median:.2} times {other} ({least:.2} to {most:.2})").unwrap();
    }
    println!("{line}");
}
