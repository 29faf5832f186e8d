//! `domcaps backup`, `host rename`, `host forget` and `tag`

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::support::{Sandbox, document, valid};

fn run(sandbox: &Sandbox, arguments: &[&str]) -> crate::support::Output {
    sandbox.run(&[&["--db", "demo.db"], arguments].concat())
}

#[test]
fn a_backup_is_a_database_like_any_other() {
    let sandbox = Sandbox::with_demo();
    let copied = run(&sandbox, &["backup", "b.db", "--format", "json"]).json();
    valid("backup", &copied);
    let file = std::fs::metadata(sandbox.path("b.db")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert_eq!(
        copied,
        json!({"schema": "domcaps.backup/1", "file": "b.db", "bytes": file.len(),
        "hosts": 2, "snapshots": 2})
    );
    let diff = ["diff", "debian-12", "debian-13"];
    let of = |db: &str| sandbox.run(&[&["--db", db], &diff[..]].concat()).ok();
    assert_eq!(of("b.db"), of("demo.db"));
    sandbox.run(&["--db", "b.db", "check", "--read-data"]).ok();
    // It goes on as a database: with a write-ahead log, and with space that can be given back.
    sandbox.write("a.xml", document());
    sandbox.run(&["--db", "b.db", "import", "--host", "new", "a.xml"]).ok();
    let database = rusqlite::Connection::open(sandbox.path("b.db")).unwrap();
    let pragma = |name: &str| {
        let value: rusqlite::types::Value =
            database.pragma_query_value(None, name, |row| row.get(0)).unwrap();
        value
    };
    assert_eq!(pragma("journal_mode"), "wal".to_owned().into());
    assert_eq!(pragma("auto_vacuum"), 2_i64.into());
}

#[test]
fn a_backup_replaces_only_what_it_is_told_to() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("b.db", "mine");
    let error = run(&sandbox, &["backup", "b.db"]).fails(1);
    assert!(
        error.contains("b.db: there is a file of that name") && error.contains("--force"),
        "{error}"
    );
    assert_eq!(sandbox.read("b.db").unwrap(), b"mine");
    let said = run(&sandbox, &["backup", "b.db", "--force"]).ok();
    assert!(
        said.starts_with("b.db: ") && said.ends_with(" bytes, 2 hosts, 2 snapshots\n"),
        "{said}"
    );
    // Never itself, and no database that someone works with.
    std::fs::hard_link(sandbox.path("demo.db"), sandbox.path("same.db")).unwrap();
    std::os::unix::fs::symlink("demo.db", sandbox.path("link.db")).unwrap();
    sandbox.write("busy.db", "");
    sandbox.write("busy.db-wal", "pages");
    for file in ["demo.db", "./demo.db", "link.db", "busy.db", "same.db"] {
        let error = run(&sandbox, &["backup", "--force", file]).fails(1);
        assert!(error.contains("in use"), "{file}: {error}");
    }
    let error = run(&sandbox, &["backup", "no/folder/b.db"]).fails(1);
    assert!(error.contains("no/folder/b.db: "), "{error}");
    let left = std::fs::read_dir(sandbox.path(".")).unwrap();
    let names: Vec<String> =
        left.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
}

#[test]
fn a_renamed_host_keeps_its_history() {
    let sandbox = Sandbox::with_demo();
    run(&sandbox, &["host", "set", "debian-12", "--group", "old", "--uri", "qemu:///system"]).ok();
    run(&sandbox, &["tag", "debian-12", "golden"]).ok();
    let ask = || {
        let hosts = run(&sandbox, &["hosts", "--format", "json"]).json();
        let snapshots = run(&sandbox, &["snapshots", "--format", "json"]).json();
        (hosts["hosts"][0].clone(), snapshots["snapshots"][0].clone())
    };
    let (host, snapshot) = ask();
    let renamed =
        run(&sandbox, &["host", "rename", "debian-12", "a.example.org", "--format", "json"]).json();
    valid("rename", &renamed);
    assert_eq!(renamed["snapshots"], 1);
    let (new_host, new_snapshot) = ask();
    for (old, new) in [(&host, &new_host), (&snapshot, &new_snapshot)] {
        let (old, new) = (old.as_object().unwrap(), new.as_object().unwrap());
        let other: Vec<&String> = old.keys().filter(|key| old[*key] != new[*key]).collect();
        assert!(other.iter().all(|key| ["host", "snapshot"].contains(&key.as_str())), "{other:?}");
    }
    assert_ne!(snapshot["snapshot"], new_snapshot["snapshot"], "an id says the name, too");
    run(&sandbox, &["show", "a.example.org@golden", "vcpu"]).ok();
    run(&sandbox, &["diff", "a.example.org", "debian-13"]).ok();
    run(&sandbox, &["check", "--read-data"]).ok();
    // As if it had always had that name.
    let import = [
        "import",
        "--host",
        "a.example.org",
        "--at",
        "2026-11-01T02:00:00Z",
        "snapshots/debian-12",
        "--format",
        "json",
    ];
    let imported = run(&sandbox, &import).json();
    assert_eq!(imported["snapshots"][0]["outcome"], "known");
    assert_eq!(imported["snapshots"][0]["snapshot"], new_snapshot["snapshot"]);
}

#[test]
fn hosts_are_not_made_one() {
    let sandbox = Sandbox::with_demo();
    let error = run(&sandbox, &["host", "rename", "debian-12", "debian-13"]).fails(1);
    assert!(error.contains("host debian-13 is there already"), "{error}");
    let error = run(&sandbox, &["host", "rename", "debian-14", "x"]).fails(1);
    assert!(error.contains("no host `debian-14`"), "{error}");
    let _usage = run(&sandbox, &["host", "rename", "debian-12", "a b"]).fails(2);
    run(&sandbox, &["show", "debian-12", "vcpu"]).ok();
}

#[test]
fn a_forgotten_host_is_gone() {
    let sandbox = Sandbox::with_demo();
    run(&sandbox, &["tag", "debian-12", "golden"]).ok();
    let dry = run(
        &sandbox,
        &["host", "forget", "debian-12", "debian-12", "--dry-run", "--format", "json"],
    )
    .json();
    valid("gone", &dry);
    assert_eq!(
        dry["hosts"],
        json!([{"host": "debian-12", "snapshots": 1, "changes": 1,
        "first": "2026-11-01T02:00:00Z", "last": "2026-11-01T02:00:00Z", "tags": ["golden"]}])
    );
    run(&sandbox, &["show", "debian-12", "vcpu"]).ok();
    // A name that is wrong removes nothing of the others.
    let error = run(&sandbox, &["host", "forget", "debian-12", "debian-14"]).fails(1);
    assert!(error.contains("no host `debian-14`"), "{error}");
    let said = run(&sandbox, &["host", "forget", "debian-12"]);
    assert!(said.stderr.contains("domcaps prune"), "{said}");
    let said = said.ok();
    let last = said.lines().last().unwrap();
    assert_eq!(last, "1 host removed");
    let error = run(&sandbox, &["show", "debian-12"]).fails(1);
    assert!(error.contains("no host `debian-12`: there are debian-13"), "{error}");
    run(&sandbox, &["show", "debian-13", "vcpu"]).ok();
    run(&sandbox, &["check", "--read-data"]).ok();
}

#[test]
fn a_tag_says_what_it_passed_over() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("a.xml", document());
    sandbox.write("bad.xml", "<domainCapabilities>");
    let partial = ["import", "--host", "debian-12", "--at", "2026-11-20", "a.xml", "bad.xml"];
    let _partly = run(&sandbox, &partial).fails(3);
    let tagged = run(&sandbox, &["tag", "debian-12", "golden"]);
    let warning = "debian-12: passed over the partial snapshot of 2026-11-20T00:00:00Z";
    assert!(tagged.stderr.contains(warning), "{tagged}");
    assert!(tagged.ok().starts_with("debian-12 2026-11-01T02:00:00Z "));
    assert!(run(&sandbox, &["tag", "debian-12@2026-11-20", "x"]).stderr.is_empty());
}

#[test]
fn tags_come_and_go() {
    let sandbox = Sandbox::with_demo();
    let tagged =
        run(&sandbox, &["tag", "debian-12@2026-11-01", "golden", "old", "--format", "json"]).json();
    valid("tag", &tagged);
    assert_eq!(tagged["tags"], json!(["golden", "old"]));
    let said = run(&sandbox, &["tag", "debian-12", "old", "--remove"]).ok();
    assert!(
        said.starts_with("debian-12 2026-11-01T02:00:00Z ") && said.ends_with(": golden\n"),
        "{said}"
    );
    run(&sandbox, &["show", "debian-12@golden", "vcpu"]).ok();
    // All or nothing.
    let error = run(&sandbox, &["tag", "debian-12", "golden", "old", "--remove"]).fails(1);
    assert!(error.contains("is not tagged old"), "{error}");
    run(&sandbox, &["show", "debian-12@golden", "vcpu"]).ok();
    let said = run(&sandbox, &["tag", "debian-12@golden", "golden", "--remove"]).ok();
    assert!(said.ends_with(": no tag\n"), "{said}");
    for (arguments, code) in [
        (&["tag", "debian-12"][..], 2),
        (&["tag", "debian-12", "latest"], 2),
        (&["tag", "debian-12:q35", "x"], 2),
        (&["tag", "./debian-12", "x"], 2),
        (&["tag", "debian-14", "x"], 1),
        (&["tag", "debian-12@nothing", "x"], 1),
    ] {
        let error = run(&sandbox, arguments).fails(code);
        assert!(!error.is_empty(), "{arguments:?}");
    }
}
