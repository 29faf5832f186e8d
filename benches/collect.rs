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
use std::time::{Duration, Instant};

#[path = "../tests/libvirt/daemon.rs"]
mod daemon;

use daemon::Daemon;

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
        daemon.one_host();
        daemon.unchanged();
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

impl Daemon {
    fn collect(&self, database: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domcaps"));
        command.arg("--db").arg(self.folder.path().join(database));
        command
            .args(["--quiet", "collect", "--connect", &self.uri, "--host", "a"])
            .stdout(Stdio::null());
        command
    }

    fn version(&self) -> String {
        let output = self.virsh(&["version", "--daemon"]).stdout(Stdio::piped()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| line.starts_with("Running")).collect::<Vec<_>>().join(", ")
    }

    /// The commands of a whole host, as they would be typed.
    fn commands(&self) -> Vec<String> {
        let output = self.virsh(&["capabilities"]).stdout(Stdio::piped()).output().unwrap();
        let host = domcaps::parse::capabilities(&output.stdout).unwrap();
        let asked = host.machines.iter().map(|machine| {
            let emulator = machine.emulator.as_deref().unwrap();
            let name = machine.canonical.as_deref().unwrap_or(&machine.name);
            let (arch, virttype) = (&machine.arch, &machine.virttype);
            format!("domcapabilities --virttype {virttype} --emulatorbin {emulator} --arch {arch} --machine {name}")
        });
        let mut commands: Vec<String> = asked.collect();
        commands.sort();
        commands.dedup();
        commands.splice(0..0, ["version --daemon".to_owned(), "capabilities".to_owned()]);
        commands
    }

    /// One host: domcaps, one bare virsh fed with the same commands, a shell loop of one virsh each.
    fn one_host(&self) {
        let commands = self.commands();
        println!("{} commands; times in ms", commands.len());
        let typed = self.folder.path().join("typed");
        std::fs::write(&typed, commands.join("\n") + "\n").unwrap();
        let mut looped = String::new();
        for command in &commands {
            writeln!(looped, "virsh --quiet --connect '{}' {command} >/dev/null", self.uri)
                .unwrap();
        }
        time(&mut self.collect("again.db"));
        let (mut first, mut again, mut bare, mut shell) = (vec![], vec![], vec![], vec![]);
        for round in 0..ROUNDS {
            first.push(time(&mut self.collect(&format!("first{round}.db"))));
            again.push(time(&mut self.collect("again.db")));
            bare.push(time(
                self.virsh(&[]).stdin(std::fs::File::open(&typed).unwrap()).stdout(Stdio::null()),
            ));
            // It takes a hundred times as long: a few will do.
            if round < 3 {
                shell.push(time(Command::new("sh").args(["-c", &looped])));
            }
        }
        row("domcaps collect, first time", &first, Some(("bare virsh", &bare)));
        row("domcaps collect, unchanged", &again, Some(("bare virsh", &bare)));
        row("one bare virsh", &bare, None);
        row("shell loop of virsh", &shell, Some(("domcaps, unchanged", &again)));
    }

    /// What 100 further collections add to the database.
    fn unchanged(&self) {
        const RUNS: u64 = 100;
        let size = || std::fs::metadata(self.folder.path().join("again.db")).unwrap().len();
        let before = size();
        for _ in 0..RUNS {
            time(&mut self.collect("again.db"));
        }
        println!("database: {} bytes for each of {RUNS} unchanged runs", (size() - before) / RUNS);
    }
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
    let serial = vec![time(&mut collect("1", "serial.db"))];
    let mut many = Vec::new();
    let mut memory = 0;
    for round in 0..5 {
        let mut child = collect("32", &format!("many{round}.db")).spawn().unwrap();
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            memory = memory.max(peak(child.id()).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(2));
        }
        many.push(started.elapsed());
    }
    row("--jobs 1", &serial, None);
    row("--jobs 32", &many, Some(("--jobs 1", &serial.repeat(5))));
    println!("memory with --jobs 32: {} MB at most", memory / 1024);
}

/// The most memory a process has had, in kB.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn time(command: &mut Command) -> Duration {
    let started = Instant::now();
    assert!(command.status().unwrap().success(), "{command:?}");
    started.elapsed()
}

/// A line of the table: median, least and most, and the ratio to what ran beside it.
fn row(what: &str, times: &[Duration], beside: Option<(&str, &[Duration])>) {
    let milliseconds = |time: f64| format!("{:.0}", time * 1000.0);
    let [least, median, most] = spread(times.iter().map(Duration::as_secs_f64).collect());
    let mut line = format!(
        "{what:28} {:>7} ({} to {})",
        milliseconds(median),
        milliseconds(least),
        milliseconds(most)
    );
    if let Some((other, others)) = beside {
        let ratios = times.iter().zip(others).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64());
        let [least, median, most] = spread(ratios.collect());
        write!(line, "   {median:.2} times {other} ({least:.2} to {most:.2})").unwrap();
    }
    println!("{line}");
}

fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}
