//! Collectors, importers, queries, upkeep and backups at once on one database, and first runs of new
//! ones, killed at random moments; and a disk that fills up. Nothing that a command acknowledged is lost.
//!
//! `tests/storm` runs it for as long as it takes to kill 2,000 processes.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Fakes, Sandbox, document, output};

const SEED: u64 = 20_261_123;
const STORM: Duration = Duration::from_secs(6);

/// A number from the environment: how long a storm is, where it is not the short one of every day.
#[expect(clippy::disallowed_methods, reason = "a test is told how long to go on")]
pub(crate) fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// How long a command that is not killed may take: a waiting writer gets its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the workers saw.
#[derive(Default)]
struct Seen {
    /// Host and time of each snapshot that a command acknowledged.
    stored: Vec<(String, String)>,
    wrong: Vec<String>,
    killed: usize,
    slowest: Duration,
    runs: BTreeMap<&'static str, usize>,
}

struct Storm {
    fakes: Fakes,
    seen: Mutex<Seen>,
    end: Instant,
    /// Goes on until so many were killed.
    kills: Option<usize>,
}

/// What became of a run.
enum Ended {
    Well(String),
    Killed,
    Wrong,
}

impl Storm {
    /// Runs a command; of some, `kill -9` after up to 80 ms. It ends well, or with one of `codes`.
    fn run(
        &self,
        random: &mut fastrand::Rng,
        name: &'static str,
        kills: bool,
        codes: &[i32],
        mut command: Command,
    ) -> Ended {
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let is_killed = kills && random.u8(..4) == 0;
        if is_killed {
            std::thread::sleep(Duration::from_millis(random.u64(..80)));
            // It may have ended already.
            let _done_already = child.kill();
        }
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let error = String::from_utf8_lossy(&ended.stderr).into_owned();
        let mut seen = self.seen.lock().unwrap();
        *seen.runs.entry(name).or_default() += 1;
        let is_fine = ended.status.code().is_some_and(|code| code == 0 || codes.contains(&code));
        let is_locked = error.contains("locked");
        if is_locked || (!is_fine && !is_killed) {
            seen.wrong.push(format!("{name}: {:?}: {error}", ended.status));
        }
        if !is_killed {
            seen.slowest = seen.slowest.max(begun.elapsed());
        }
        seen.killed += usize::from(ended.status.code().is_none());
        match ended.status.code() {
            Some(0) => Ended::Well(said),
            None => Ended::Killed,
            Some(_) => Ended::Wrong,
        }
    }

    fn domcaps(&self, arguments: &[&str]) -> Command {
        self.fakes.sandbox.command(&[&["--db", "d.db"], arguments].concat())
    }

    fn is_on(&self) -> bool {
        match self.kills {
            Some(kills) => self.seen.lock().unwrap().killed < kills,
            None => Instant::now() < self.end,
        }
    }

    fn wrong(&self, what: String) {
        self.seen.lock().unwrap().wrong.push(what);
    }

    /// A tree of two hosts at a time.
    fn import_tree(&self) {
        let mut random = fastrand::Rng::with_seed(SEED + 400);
        for (name, folder) in [("tree-1", "debian-12"), ("tree-2", "debian-13")] {
            self.fakes.copy(&format!("snapshots/{folder}"), &format!("tree/{name}"));
        }
        for run in 0_u64.. {
            if !self.is_on() {
                break;
            }
            let at = time(run);
            let import = ["import", "--tree", "tree", "--at", &at];
            let ended = self.run(&mut random, "tree", true, &[], self.domcaps(&import));
            if let Ended::Well(_) = ended {
                let stored = ["tree-1", "tree-2"].map(|host| (host.to_owned(), at.clone()));
                self.seen.lock().unwrap().stored.extend(stored);
            }
        }
    }

    /// First runs, two at once on a database that is not there yet.
    fn first_runs(&self) {
        for run in 0_u64.. {
            if !self.is_on() {
                break;
            }
            let db = format!("first-{run}.db");
            let command = |arguments: &[&str]| {
                self.fakes.sandbox.command(&[&["--db", &db], arguments].concat())
            };
            let stored = std::thread::scope(|scope| {
                let first = |host: &'static str| {
                    let command = command(&["import", "--host", host, "snapshots/debian-12"]);
                    scope.spawn(move || {
                        let seed = SEED + 500 + 2 * run + u64::from(host == "a");
                        let mut random = fastrand::Rng::with_seed(seed);
                        let ended = self.run(&mut random, "first run", true, &[], command);
                        matches!(ended, Ended::Well(_)).then_some(host)
                    })
                };
                let both = ["a", "b"].map(first);
                both.map(|run| run.join().unwrap())
            });
            let mut random = fastrand::Rng::with_seed(SEED);
            // Whatever the killed ones left, the next one works.
            let third = command(&["import", "--host", "c", "snapshots/debian-12"]);
            self.run(&mut random, "first run", false, &[], third);
            self.run(&mut random, "check", false, &[], command(&["check", "--read-data"]));
            let hosts = command(&["hosts", "--format", "json"]);
            if let Ended::Well(said) = self.run(&mut random, "read", false, &[], hosts) {
                for host in stored.into_iter().flatten().chain(["c"]) {
                    if !said.contains(&format!("\"host\": \"{host}\"")) {
                        self.wrong(format!("{db}: {host} was acknowledged: {said}"));
                    }
                }
            }
            for suffix in ["", "-wal", "-shm"] {
                let _not_there =
                    std::fs::remove_file(self.fakes.sandbox.path(&format!("{db}{suffix}")));
            }
        }
    }

    /// Imports: `kept-…` are never forgotten, `group-…` are thinned, `gone-…` are removed whole.
    fn import(&self, worker: usize) {
        let mut random = fastrand::Rng::with_seed(SEED + worker as u64);
        for run in 0_u64.. {
            if !self.is_on() {
                break;
            }
            let kind = ["kept", "group", "gone"][random.usize(..3)];
            let folder = ["debian-12", "debian-13"][random.usize(..2)];
            let host = format!("{kind}-{worker}");
            let at = time(run);
            let path = format!("snapshots/{folder}");
            let import = ["import", "--host", &host, "--at", &at, "--group", kind, &path];
            let ended = self.run(&mut random, "import", true, &[], self.domcaps(&import));
            if let Ended::Well(_) = ended {
                self.seen.lock().unwrap().stored.push((host, at));
            }
        }
    }

    fn collect(&self) {
        let mut random = fastrand::Rng::with_seed(SEED + 100);
        let uri = self.fakes.uri("snapshots/debian-12?");
        while self.is_on() {
            let collect =
                ["--connect", &uri, "--host", "collected", "--arch", "x86_64", "--format", "json"];
            let command = self.fakes.command_listed(&collect);
            if let Ended::Well(said) = self.run(&mut random, "collect", true, &[], command) {
                let said: Value = serde_json::from_str(&said).unwrap();
                let at = said["hosts"][0]["taken_at"].as_str().unwrap().to_owned();
                self.seen.lock().unwrap().stored.push(("collected".to_owned(), at));
            }
        }
    }

    fn read(&self) {
        let mut random = fastrand::Rng::with_seed(SEED + 200);
        while self.is_on() {
            let ask: &[&str] = match random.u8(..4) {
                0 => &["hosts", "--format", "json"],
                1 => &["diff", "debian-12", "debian-13", "--format", "json"],
                2 => &["show", "debian-13:q35", "--format", "xml"],
                _ => &["snapshots", "--format", "json"],
            };
            let ended = self.run(&mut random, "read", false, &[], self.domcaps(ask));
            let Ended::Well(said) = ended else { continue };
            if ask[0] == "snapshots" {
                self.seen.lock().unwrap().wrong.extend(halves(&said));
            }
        }
    }

    fn upkeep(&self) {
        let mut random = fastrand::Rng::with_seed(SEED + 300);
        let at = time(0);
        let import = ["import", "--host", "moving-1", "--at", &at, "snapshots/debian-12"];
        self.run(&mut random, "import", false, &[], self.domcaps(&import));
        for run in 0_u64.. {
            if !self.is_on() {
                break;
            }
            let (old, new) = match run % 2 {
                0 => ("moving-1", "moving-2"),
                _ => ("moving-2", "moving-1"),
            };
            let forget = ["forget", "--group", "group", "--keep-last", "1", "--drop-changes"];
            let gone = format!("gone-{}", random.usize(..2));
            for (name, codes, kills, arguments) in [
                // Nobody may be in the group yet, and the host not there.
                ("forget", &[1][..], true, &forget[..]),
                ("host forget", &[1], true, &["host", "forget", &gone]),
                // The run before may have been killed.
                ("host rename", &[1], true, &["host", "rename", old, new]),
                ("tag", &[], true, &["tag", "debian-13", "storm"]),
                ("prune", &[], true, &["prune"]),
                ("backup", &[], true, &["backup", "--force", "backup.db"]),
                ("check", &[], false, &["check", "--read-data"]),
            ] {
                self.run(&mut random, name, kills, codes, self.domcaps(arguments));
            }
        }
    }
}

/// The time of a run: each a second after the one before.
fn time(run: u64) -> String {
    format!("2026-01-01T{:02}:{:02}:{:02}Z", run / 3600, run / 60 % 60, run % 60)
}

/// Snapshots that do not have all documents of the folder that they are of.
fn halves(listed: &str) -> Vec<String> {
    let listed: Value = serde_json::from_str(listed).unwrap();
    let runs = listed["snapshots"].as_array().unwrap().iter();
    let half = runs.filter(|run| {
        let is_whole = matches!(run["documents"].as_u64(), Some(58 | 178));
        !is_whole || run["state"] != "complete"
    });
    half.map(|run| format!("half a snapshot: {run}")).collect()
}

/// The times of all snapshots of each host.
fn stored(sandbox: &Sandbox) -> BTreeMap<String, Vec<String>> {
    let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
    let mut select = database.prepare("SELECT host, taken_at FROM snapshot ORDER BY 2").unwrap();
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    for (host, at) in rows.map(Result::unwrap) {
        stored.entry(host).or_default().push(at);
    }
    stored
}

#[test]
fn many_at_once_and_killed_lose_nothing() {
    let fakes = Fakes::new();
    fakes.run(&["demo"]).ok();
    let kills = number("DOMCAPS_STORM_KILLS");
    let storm = Storm { fakes, seen: Mutex::default(), end: Instant::now() + STORM, kills };
    std::thread::scope(|scope| {
        let storm = &storm;
        for worker in 0..2 {
            scope.spawn(move || storm.import(worker));
        }
        scope.spawn(|| storm.import_tree());
        scope.spawn(|| storm.first_runs());
        scope.spawn(|| storm.collect());
        scope.spawn(|| storm.read());
        scope.spawn(|| storm.upkeep());
    });
    let seen = storm.seen.into_inner().unwrap();
    println!(
        "seed {SEED}: {:?}, {} killed, {} acknowledged, slowest {:?}",
        seen.runs,
        seen.killed,
        seen.stored.len(),
        seen.slowest
    );
    assert!(seen.wrong.is_empty(), "seed {SEED}: {:#?}", seen.wrong);
    assert!(seen.slowest < PATIENCE, "{:?}", seen.slowest);
    assert!(seen.killed > 0 && seen.stored.len() > 10, "the storm was none");
    storm.fakes.run(&["check", "--read-data"]).ok();
    let said = storm.fakes.run(&["snapshots", "--format", "json"]).ok();
    assert!(halves(&said).is_empty(), "{:?}", halves(&said));
    let there = stored(&storm.fakes.sandbox);
    for (host, at) in &seen.stored {
        let times = there.get(host).map(Vec::as_slice).unwrap_or_default();
        let is_there = match host.split('-').next() {
            Some("gone") => true,
            // The newest of each is kept.
            Some("group") => times.last().is_some_and(|newest| newest >= at),
            _ => times.contains(at),
        };
        assert!(is_there, "seed {SEED}: {host} of {at} was acknowledged; there is {times:?}");
    }
    // What the killed ones left is swept by whoever writes next.
    storm.fakes.run(&["import", "--host", "last", "snapshots/debian-12"]).ok();
    let left = std::fs::read_dir(storm.fakes.sandbox.path("")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let drafts: Vec<String> = left.filter(|name| name.starts_with(".domcaps")).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
    let moving = ["moving-1", "moving-2"].into_iter().filter(|host| there.contains_key(*host));
    assert_eq!(moving.count(), 1, "a host has one name");
    if storm.fakes.sandbox.path("backup.db").exists() {
        storm.fakes.sandbox.run(&["--db", "backup.db", "check", "--read-data"]).ok();
    }
}

/// Fills a small disk with imports, then tries upkeep on it; each line is a command with its exit code.
const FULL: &str = r#"
mount -t tmpfs -o size=2m none full || exit 77
at=0
while :; do
    "$DOMCAPS" --db full/d.db -q import --host "h$at" "doc$at.xml" 2> import.err
    code=$?
    echo "import $code"
    [ $code = 0 ] || break
    at=$((at + 1))
done
try() {
    "$DOMCAPS" --db full/d.db "$@" > "$1.out" 2> "$1.err"
    echo "$1 $?"
}
try check --read-data
try forget --all --keep-last 1
try backup full/b.db
try prune
try check --read-data
ls -A full > left
mount -o remount,size=20m full
try check --read-data
try host forget h0
try prune
try check --read-data
"$DOMCAPS" --db full/d.db hosts --format json > hosts.json
"#;

#[test]
fn a_full_disk_costs_what_is_not_acknowledged_only() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("full")).unwrap();
    let mut random = fastrand::Rng::with_seed(SEED);
    for at in 0..60 {
        // Nothing that could be shared or packed.
        let noise: String = (0..300)
            .map(|at| {
                let letters: String = (0..60).map(|_| random.alphanumeric()).collect();
                format!("<n{at}>{letters}</n{at}>")
            })
            .collect();
        let text = document().replace("<vcpu max", &format!("<noise>{noise}</noise><vcpu max"));
        sandbox.write(&format!("doc{at}.xml"), text);
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", FULL]).current_dir(sandbox.path(""));
    command.env("DOMCAPS", env!("CARGO_BIN_EXE_domcaps")).stdin(Stdio::null());
    let said = match command.output() {
        Ok(said) if said.status.success() => String::from_utf8(said.stdout).unwrap(),
        other => {
            println!("skipped: no disk of its own can be mounted here: {other:?}");
            return;
        }
    };
    let text = |name: &str| String::from_utf8(sandbox.read(name).unwrap()).unwrap();
    let stored = said.lines().filter(|line| *line == "import 0").count();
    assert!((3..60).contains(&stored), "{said}");
    let rest: Vec<&str> = said.lines().skip(stored).collect();
    let ["import 1", "check 0", forget, "backup 1", prune, "check 0", after @ ..] = &rest[..]
    else {
        panic!("{rest:?}");
    };
    // They may find room, or say that there is none.
    assert!(["forget 0", "forget 1"].contains(forget), "{rest:?}");
    assert!(["prune 0", "prune 1", "prune 3"].contains(prune), "{rest:?}");
    assert_eq!(*after, ["check 0", "host 0", "prune 0", "check 0"]);
    let error = text("import.err");
    assert!(error.starts_with("error: full/d.db: the disk is full or fails"), "{error}");
    assert_eq!(error.lines().filter(|line| line.starts_with("error:")).count(), 1, "{error}");
    assert!(text("backup.err").contains("full/b.db: the disk is full"), "{}", text("backup.err"));
    let left = text("left");
    assert!(left.lines().all(|name| name.starts_with("d.db")), "{left}");
    let hosts: Value = serde_json::from_str(&text("hosts.json")).unwrap();
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), stored - 1, "all but the forgotten");
}

#[test]
fn of_greedy_importers_none_waits_long() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.run(&["--db", "d.db", "demo"]).ok();
    let end = Instant::now() + Duration::from_secs(2);
    let slowest = std::thread::scope(|scope| {
        let importer = |worker: usize| {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let mut slowest = Duration::ZERO;
                for run in 0.. {
                    let begun = Instant::now();
                    if begun > end {
                        break;
                    }
                    let (host, at) = (
                        format!("h{worker}"),
                        format!("2026-01-01T00:{:02}:{:02}Z", run / 60, run % 60),
                    );
                    let import = [
                        "--db",
                        "d.db",
                        "import",
                        "--host",
                        &host,
                        "--at",
                        &at,
                        "snapshots/debian-12",
                    ];
                    output(sandbox.command(&import)).ok();
                    slowest = slowest.max(begun.elapsed());
                }
                slowest
            })
        };
        let importers: Vec<_> = (0..4).map(importer).collect();
        importers.into_iter().map(|it| it.join().unwrap()).max().unwrap()
    });
    println!("slowest {slowest:?}");
    // Generous: this machine may be busy with other tests. Measured: 0.3 s; 2 s with SQLite's waiting.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
