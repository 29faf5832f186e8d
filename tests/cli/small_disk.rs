//! Every writing command on disks of many sizes, and single bits of a database that flip: whatever
//! fails, nothing malformed stays and nothing wrong is told. `tests/storm` tries more of both.

use std::process::{Command, Stdio};

use crate::storm::number;
use crate::support::{Sandbox, output};

/// Two commands that make a database, then those that change one.
const COMMANDS: [&[&str]; 13] = [
    &["import", "--host", "new", "--at", "2026-02-01", "snapshots/debian-12"],
    &["demo"],
    &["import", "--host", "new", "--at", "2026-02-01", "snapshots/debian-13"],
    &["import", "--tree", "snapshots", "--at", "2026-02-01"],
    &["tag", "debian-12", "golden"],
    &["host", "set", "debian-12", "--group", "prod", "--uri", "qemu:///system"],
    &["host", "rename", "debian-12", "other"],
    &["host", "forget", "debian-12"],
    &["forget", "--all", "--keep-last", "1"],
    &["prune"],
    &["backup", "small/copy.db"],
    &["snapshot", "rm", "debian-12@golden", "--reason", "a test"],
    &["check", "--repair"],
];

/// How many of these make the database.
const MAKING: usize = 2;

/// `sh -c TRY SIZE DB COMMAND…`: on a disk of so many KiB, with a copy of DB where it is one. Then there
/// is room, and all must be sound; what made the database must work.
const TRY: &str = r#"
size=$1 db=$2; shift 2
mount -t tmpfs -o size=${size}k none small || exit 77
if [ -n "$db" ]; then cp "$db" small/d.db || exit 78; fi
"$DOMCAPS" --db small/d.db "$@" > said 2>&1
echo "first $?: $(tail -n 1 said)"
ls -A small
mount -o remount,size=40m small || exit 77
if [ -z "$db" ]; then "$DOMCAPS" --db small/d.db "$@" || exit 1; fi
"$DOMCAPS" --db small/d.db check --read-data || exit 1
if [ -e small/copy.db ]; then "$DOMCAPS" --db small/copy.db check --read-data || exit 1; fi
"$DOMCAPS" --db small/d.db demo || exit 1
if ls -A small | grep -q '^[.]domcaps-draft'; then ls -A small; exit 1; fi
"#;

#[test]
fn on_no_size_of_disk_a_malformed_database_stays() {
    let sandbox = Sandbox::with_demo();
    std::fs::create_dir(sandbox.path("small")).unwrap();
    sandbox.run(&["--db", "demo.db", "tag", "debian-12", "golden"]).ok();
    let length = std::fs::metadata(sandbox.path("demo.db")).unwrap().len() / 1024 + 4;
    let sizes = number("DOMCAPS_STORM_SIZES").unwrap_or(3) as u64;
    let mut tried = 0;
    for (nth, command) in COMMANDS.into_iter().enumerate() {
        for step in 0..sizes {
            // A new database takes some 250 KiB before it is moved into place, and its first host 700.
            let (from, to) = if nth < MAKING { (64, 1200) } else { (length, length + 1200) };
            let size = from + (to - from) * step / sizes;
            let db = if nth < MAKING { "" } else { "demo.db" };
            let mut shell = Command::new("unshare");
            shell.args(["--mount", "sh", "-c", TRY, "sh", &size.to_string(), db]).args(command);
            shell.current_dir(sandbox.path("")).stdin(Stdio::null());
            shell.env("DOMCAPS", env!("CARGO_BIN_EXE_domcaps"));
            let said = output(shell);
            if said.code == Some(77) || said.stderr.contains("unshare") {
                return println!("skipped: no disk of its own can be mounted here: {said}");
            }
            assert_eq!(said.code, Some(0), "{command:?}, {size} KiB: {said}");
            assert!(!said.stdout.contains("malformed"), "{command:?}, {size} KiB: {said}");
            tried += 1;
        }
    }
    println!("{tried} disks");
}

#[test]
fn what_check_does_not_see_changes_no_answer() {
    let sandbox = Sandbox::with_demo();
    sandbox.run(&["--db", "demo.db", "tag", "debian-12", "golden"]).ok();
    sandbox.run(&["--db", "demo.db", "host", "set", "debian-12", "--group", "prod"]).ok();
    let questions: [&[&str]; 9] = [
        &["hosts", "--format", "json"],
        &["snapshots", "--format", "json"],
        &["show", "debian-12:q35", "--format", "xml"],
        &["show", "debian-13:q35", "--format", "xml"],
        &["diff", "debian-12", "debian-13", "--format", "json"],
        &["query", "disk.bus = virtio", "--format", "json"],
        &["fleet", "common", "--format", "json"],
        &["machines", "debian-13", "--format", "json"],
        &["sql", "SELECT host, path, count(*) FROM latest_capability GROUP BY 1, 2"],
    ];
    let ask = |question: &[&str]| {
        std::fs::remove_file(sandbox.path("demo.db-wal")).ok();
        std::fs::remove_file(sandbox.path("demo.db-shm")).ok();
        sandbox.run(&[&["--db", "demo.db"], question].concat())
    };
    let right: Vec<String> = questions.into_iter().map(|question| ask(question).ok()).collect();
    let whole = sandbox.read("demo.db").unwrap();
    let mut random = fastrand::Rng::with_seed(20_261_128);
    let (mut seen, mut harmless, mut refused) = (0, 0, 0);
    for _ in 0..number("DOMCAPS_STORM_FLIPS").unwrap_or(8) {
        let (at, bit) = (random.usize(..whole.len()), random.u8(..8));
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << bit;
        sandbox.write("demo.db", &flipped);
        let checked = ask(&["check", "--read-data"]);
        let is_seen = checked.code != Some(0);
        seen += usize::from(is_seen);
        for (question, right) in questions.into_iter().zip(&right) {
            sandbox.write("demo.db", &flipped);
            let answer = ask(question);
            let what = format!("byte {at}, bit {bit}: {question:?}");
            assert!(answer.code.is_some_and(|code| code < 100), "{what}: {answer}");
            assert!(!answer.stderr.contains("panicked"), "{what}: {answer}");
            match answer.code {
                Some(0) if answer.stdout == *right => harmless += 1,
                Some(0) => assert!(is_seen, "{what}: check is silent, and the answer is wrong"),
                _ => refused += 1,
            }
        }
    }
    println!("{seen} seen by check; {harmless} right answers, {refused} refused");
}
