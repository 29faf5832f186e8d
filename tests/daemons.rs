//! `domcaps collect` against real libvirt daemons: 9.0.0 of Debian 12 and 11.3.0 of Debian 13.
//!
//! `tests/run` installs them and runs this where it can (as root on Debian 12); by hand:
//!
//! ```console
//! tests/libvirt/install --debian-13 && cargo test --test daemons
//! ```

#![expect(clippy::unwrap_used, reason = "a failed test may panic, and says what it read")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde_json::Value as Json;

#[path = "libvirt/daemon.rs"]
mod daemon;
#[path = "daemons/guests.rs"]
mod guests;
#[path = "daemons/table.rs"]
mod table;

use daemon::Daemon;

impl Daemon {
    /// Sends a signal to the daemon itself.
    fn signal(&self, signal: &str) {
        let folder = self.folder.path().display().to_string();
        let found = Command::new("pgrep")
            .args(["-f", &format!("unshare .* inside .* {folder}$")])
            .output()
            .unwrap();
        let first = String::from_utf8(found.stdout).unwrap().lines().next().unwrap().to_owned();
        // unshare, the shell inside, the daemon.
        let child = |id: &str| {
            let found = Command::new("pgrep").args(["-P", id]).output().unwrap();
            String::from_utf8(found.stdout).unwrap().lines().next().unwrap().to_owned()
        };
        let daemon = child(&child(&first));
        assert!(Command::new("kill").args([signal, &daemon]).status().unwrap().success());
    }
}

/// The two daemons that most tests only ask.
static OLD: LazyLock<Daemon> = LazyLock::new(|| Daemon::start("old", "debian-12"));
static NEW: LazyLock<Daemon> = LazyLock::new(|| Daemon::start("new", "debian-13"));
/// Starting takes turns, so that none waits for the other's.
static STARTING: Mutex<()> = Mutex::new(());

fn daemons() -> [(&'static str, &'static Daemon); 2] {
    let _turn = STARTING.lock().unwrap();
    [("old", &*OLD), ("new", &*NEW)]
}

/// A folder with a database.
struct Sandbox(tempfile::TempDir);

#[derive(Debug)]
struct Output {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Sandbox {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domcaps"));
        command.current_dir(self.0.path()).env_remove("TERM").env("HOME", self.0.path());
        command.args(["--db", "d.db"]).args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Output {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    fn collect(&self, host: &str, daemon: &Daemon, arguments: &[&str]) -> Json {
        let at = ["collect", "--connect", &daemon.uri, "--host", host, "--format", "json"];
        self.json(&[&at[..], arguments].concat())
    }

    fn json(&self, arguments: &[&str]) -> Json {
        let output = self.run(arguments);
        serde_json::from_str(&output.stdout)
            .unwrap_or_else(|_| panic!("{arguments:?}: {:?} {}", output.code, output.stderr))
    }
}

/// What virsh itself prints.
fn virsh(daemon: &Daemon, arguments: &[&str]) -> String {
    let output = daemon.virsh(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The machines of x86_64, by canonical name, as virsh lists them.
fn machines(capabilities: &str) -> Vec<String> {
    let arch = capabilities.split("<arch name='x86_64'>").nth(1).unwrap();
    let arch = arch.split("</arch>").next().unwrap();
    let mut names: Vec<String> = arch
        .lines()
        .filter_map(|line| line.trim().strip_prefix("<machine ")?.strip_suffix("</machine>"))
        .map(|machine| {
            let (attributes, name) = machine.split_once('>').unwrap();
            let canonical = attributes.split("canonical='").nth(1);
            canonical.map_or(name, |rest| rest.split('\'').next().unwrap()).to_owned()
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Captures a host by hand, one virsh for each document, as people did before domcaps.
fn capture(daemon: &Daemon, folder: &Path) -> usize {
    std::fs::create_dir_all(folder).unwrap();
    let capabilities = virsh(daemon, &["capabilities"]);
    let machines = machines(&capabilities);
    for machine in &machines {
        let emulator = "/usr/bin/qemu-system-x86_64";
        let text = virsh(
            daemon,
            &[
                "domcapabilities",
                "--virttype",
                "qemu",
                "--emulatorbin",
                emulator,
                "--arch",
                "x86_64",
                "--machine",
                machine,
            ],
        );
        std::fs::write(
            folder.join(format!("x86_64.{machine}.qemu.xml")),
            text.trim_end().to_owned() + "\n",
        )
        .unwrap();
    }
    std::fs::write(folder.join("capabilities.xml"), capabilities).unwrap();
    std::fs::write(folder.join("version.txt"), virsh(daemon, &["version", "--daemon"])).unwrap();
    machines.len()
}

#[test]
fn the_diff_of_two_versions_is_that_of_captures() {
    let sandbox = Sandbox::new();
    for (name, daemon) in daemons() {
        let captured = capture(daemon, &sandbox.0.path().join(name));
        let collected = sandbox.collect(name, daemon, &["--arch", "x86_64"]);
        assert_eq!(collected["hosts"][0]["outcome"], "stored", "{collected}");
        assert_eq!(collected["hosts"][0]["documents"], captured, "{collected}");
        // Byte for byte what virsh prints, and the same machines and versions.
        let same = sandbox.json(&["diff", name, &format!("./{name}"), "--format", "json"]);
        assert_eq!(same["changes"], serde_json::json!([]), "{same}");
        for machine in ["q35", "pc", "microvm"] {
            let shown =
                sandbox.run(&["show", &format!("{name}:x86_64/qemu/{machine}"), "--format", "xml"]);
            let file = shown.stdout.split("<machine>").nth(1).unwrap().split('<').next().unwrap();
            let path = sandbox.0.path().join(name).join(format!("x86_64.{file}.qemu.xml"));
            assert_eq!(shown.stdout, std::fs::read_to_string(path).unwrap());
        }
    }
    let collected = sandbox.json(&["diff", "old", "new", "--format", "json"]);
    let captured = sandbox.json(&["diff", "./old", "./new", "--format", "json"]);
    assert_eq!(collected["changes"], captured["changes"]);
    assert_eq!(collected["summary"], captured["summary"]);
    assert!(collected["summary"]["lost"].as_u64().unwrap() > 0, "{}", collected["summary"]);
    let context: Vec<&Json> = collected["context"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|each| each["name"] == "libvirt")
        .collect();
    assert_eq!((&context[0]["old"], &context[0]["new"]), (&"9.0.0".into(), &"11.3.0".into()));
}

#[test]
fn all_targets_of_a_host_and_the_same_again() {
    let sandbox = Sandbox::new();
    for (name, daemon) in daemons() {
        let first = sandbox.collect(name, daemon, &[]);
        let host = &first["hosts"][0];
        assert_eq!(host["outcome"], "stored", "{first}");
        assert_eq!(
            host["errors"],
            serde_json::json!({ "unsupported": 0, "transient": 0, "refused": 0 })
        );
        let listed = sandbox.json(&["machines", name, "--format", "json"]);
        let mut targets: Vec<String> = listed["machines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| {
                let machine =
                    if each["canonical"].is_null() { &each["machine"] } else { &each["canonical"] };
                format!("{} {} {} {machine}", each["emulator"], each["arch"], each["virttype"])
            })
            .collect();
        targets.sort();
        targets.dedup();
        assert_eq!(host["documents"], targets.len(), "{name}");
        let size = || std::fs::metadata(sandbox.0.path().join("d.db")).unwrap().len();
        let before = size();
        const RUNS: u64 = 20;
        for _ in 0..RUNS {
            let again = sandbox.collect(name, daemon, &[]);
            assert_eq!(again["hosts"][0]["outcome"], "unchanged", "{again}");
        }
        assert!((size() - before) / RUNS < 500, "{} bytes for {RUNS} runs", size() - before);
    }
}

#[test]
fn a_machine_that_is_gone_has_libvirt_s_own_words() {
    let sandbox = Sandbox::new();
    let [(_, old), (_, new)] = daemons();
    let asked = ["--machine", "pc-i440fx-2.1", "--machine", "q35", "--arch", "x86_64"];
    assert_eq!(sandbox.collect("a", old, &asked)["hosts"][0]["errors"]["unsupported"], 0);
    assert_eq!(sandbox.collect("a", new, &asked)["hosts"][0]["errors"]["unsupported"], 1);
    let diff = sandbox.json(&["diff", "a@run-1", "a", "--format", "json"]);
    let lost = diff["changes"].as_array().unwrap().iter().any(|change| {
        change["kind"] == "lost"
            && change["path"] == "machine"
            && change["value"] == "pc-i440fx-2.1"
    });
    assert!(lost, "{diff}");
    let database = rusqlite::Connection::open(sandbox.0.path().join("d.db")).unwrap();
    let words: String =
        database.query_row("SELECT message FROM failure", [], |row| row.get(0)).unwrap();
    assert!(words.contains("the machine 'pc-i440fx-2.1' is not supported by emulator"), "{words}");
}

#[test]
fn a_daemon_that_stops_leaves_a_partial_snapshot() {
    meet("-STOP", "no answer within 2 s");
}

#[test]
fn a_daemon_that_dies_leaves_a_partial_snapshot() {
    meet("-KILL", "Disconnected from");
}

/// Collects, and sends the daemon a signal meanwhile, until that meets it in the middle.
fn meet(signal: &str, reason: &str) {
    let name = format!("frail{signal}");
    for wait in (20..200).step_by(10) {
        let daemon = {
            let _turn = STARTING.lock().unwrap();
            Daemon::start(&name, "debian-12")
        };
        let sandbox = Sandbox::new();
        let whole = sandbox.collect("a", &daemon, &[]);
        assert_eq!(whole["hosts"][0]["outcome"], "stored", "{whole}");
        let host = meanwhile(&sandbox, &daemon, signal, Duration::from_millis(wait));
        let why = host["reason"].as_str().unwrap_or_default();
        if host["outcome"] == "partial" {
            let reasons = [reason, "Cannot recv data", "virsh ended (signal"];
            assert!(reasons.iter().any(|reason| why.contains(reason)), "{signal}: {host}");
            let diff = sandbox.json(&["diff", "a@run-1", "a@run-0", "--format", "json"]);
            assert_eq!(diff["changes"], serde_json::json!([]));
            return;
        }
        assert!(["unchanged", "failed"].contains(&host["outcome"].as_str().unwrap()), "{host}");
    }
    panic!("no collection was met");
}

/// What becomes of a host whose daemon gets a signal a while after it is first asked.
fn meanwhile(sandbox: &Sandbox, daemon: &Daemon, signal: &str, wait: Duration) -> Json {
    let asked = ["collect", "--connect", &daemon.uri, "--host", "a", "--format", "json"];
    let limits = ["--call-timeout", "2s", "--retries", "0"];
    let mut command = sandbox.command(&[&asked[..], &limits].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(wait);
    daemon.signal(signal);
    let output = child.wait_with_output().unwrap();
    let collected: Json = serde_json::from_slice(&output.stdout).unwrap();
    collected["hosts"][0].clone()
}

#[test]
fn two_collectors_at_once_share_a_database() {
    let sandbox = Sandbox::new();
    let [(_, old), (_, new)] = daemons();
    std::thread::scope(|scope| {
        for (name, daemon) in [("a", old), ("b", new), ("c", old), ("d", new)] {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for _ in 0..3 {
                    let collected = sandbox.collect(name, daemon, &["--arch", "x86_64"]);
                    assert_ne!(collected["hosts"][0]["outcome"], "failed", "{collected}");
                }
            });
        }
    });
    let listed = sandbox.json(&["snapshots", "--format", "json"]);
    let runs = listed["snapshots"].as_array().unwrap().iter();
    assert_eq!(runs.map(|run| 1 + run["followers"].as_u64().unwrap()).sum::<u64>(), 12);
}

/// `tests/daemons/guests.txt`: guests of all kinds, each started on each daemon. Shows its table with
/// `-- --nocapture`.
#[test]
fn guests_start_where_preflight_says_so() {
    let sandbox = Sandbox::new();
    let guests = table::table();
    let tried: Vec<(&str, Vec<guests::Trial>)> = std::thread::scope(|scope| {
        let tried = daemons().map(|(name, daemon)| {
            let (sandbox, guests) = (&sandbox, &guests);
            (name, scope.spawn(move || guests::try_all(sandbox, name, daemon, guests)))
        });
        tried.into_iter().map(|(name, trials)| (name, trials.join().unwrap())).collect()
    });
    let mut wrong = Vec::new();
    for (name, trials) in &tried {
        wrong.extend(trials.iter().filter(|trial| trial.is_wrong()).map(|trial| (name, trial)));
        let count = |test: fn(&&guests::Trial) -> bool| trials.iter().filter(test).count();
        let started = count(|trial| trial.outcome.is_ok());
        let refused = trials.len() - started;
        let unknown = count(|trial| trial.answer == "unknown");
        println!("{name}: {started} started, {refused} refused, {unknown} unknown");
        println!("{}", guests::listed(trials));
        // A daemon that starts all guests or none would prove nothing.
        assert!(started >= 60 && refused >= 60, "{name}: {started} started, {refused} refused");
        // The table is made of edges. About a quarter of it depends on what no document lists: QEMU's
        // modules, firmware descriptors, libvirt's own CPU map.
        assert!(unknown * 10 <= trials.len() * 3, "{name}: {unknown} of {} unknown", trials.len());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A plan is made of a Debian 12 host with the bundled data of Debian 13; then the guests are started on Debian 13.
#[test]
fn guests_start_after_an_upgrade_as_the_plan_said_before() {
    let sandbox = Sandbox::new();
    let [(_, old), (_, new)] = daemons();
    sandbox.collect("hv", old, &[]);
    let (guests, folder) = (table::table(), tempfile::tempdir().unwrap());
    guests::write_all(&guests, folder.path());
    let path = folder.path().to_str().unwrap();
    let asked = ["plan", "--to", "release:debian-13", "--guests", path, "hv", "--format", "json"];
    let plan = sandbox.json(&asked);
    let mut said = std::collections::BTreeMap::new();
    for guest in plan["guests"].as_array().unwrap() {
        let reasons = guest["results"][0]["reasons"].as_array().unwrap();
        let reasons = reasons.iter().map(|it| format!("{}: {}", it["element"], it["text"]));
        let answer = guest["answer"].as_str().unwrap().to_owned();
        let notes = guest["results"][0]["notes"].as_array().unwrap().len();
        said.insert(guest["name"].as_str().unwrap().to_owned(), (answer, reasons.collect(), notes));
    }
    let trials = guests::start_all(new, &guests, folder.path(), &said);
    let count = |test: fn(&&guests::Trial) -> bool| trials.iter().filter(test).count();
    let (yes, no) = (count(|it| it.answer == "yes"), count(|it| it.answer == "no"));
    println!("{yes} yes, {no} no, {} unknown", trials.len() - yes - no);
    println!("{}", guests::listed(&trials));
    assert!(yes >= 40 && no >= 40, "{yes} yes, {no} no");
    let wrong: Vec<&guests::Trial> = trials.iter().filter(|trial| trial.is_wrong()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
