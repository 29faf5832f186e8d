//! Databases that older builds wrote.

use rusqlite::Connection;

use crate::support::{Output, Sandbox, root};

/// A folder with the database of version 0.1.0 as `d.db`, and the files it came from.
fn older() -> Sandbox {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink(root().join("tests/older/files"), sandbox.path("files")).unwrap();
    let sql = std::fs::read_to_string(root().join("tests/older/schema-3.sql")).unwrap();
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    database.execute_batch(&sql).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    sandbox
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.run(&[&["--db", "d.db"], arguments].concat())
}

/// The columns that the older build had, of every snapshot.
fn exported(sandbox: &Sandbox) -> Vec<String> {
    let csv =
        run(sandbox, &["export", "snapshots", "--since", "2020-01-01", "--format", "csv"]).ok();
    let columns = |line: &str| line.split(',').take(16).collect::<Vec<_>>().join(",");
    csv.lines().map(columns).collect()
}

#[test]
fn it_is_whole_and_says_what_it_said() {
    let sandbox = older();
    run(&sandbox, &["check", "--read-data"]).ok();
    let then = std::fs::read_to_string(root().join("tests/older/snapshots.csv")).unwrap();
    assert_eq!(exported(&sandbox), then.lines().collect::<Vec<_>>());
    for (target, file) in [
        ("hv01@pre-upgrade:pc-q35-8.2", "full/x86_64.pc-q35-8.2.kvm.xml"),
        ("hv01:pc-i440fx-8.2", "full/x86_64.pc-i440fx-8.2.kvm.xml"),
        ("hv02@golden", "bare/doc.xml"),
    ] {
        let shown = run(&sandbox, &["show", target, "--format", "xml"]).ok();
        assert_eq!(shown.as_bytes(), sandbox.read(&format!("files/{file}")).unwrap(), "{target}");
    }
}

#[test]
fn the_same_files_are_known_though_more_of_them_is_read_today() {
    let sandbox = older();
    let before = exported(&sandbox);
    let again = |arguments: &[&str], code: i32| {
        let said = run(&sandbox, &[&["import", "--format", "json"], arguments].concat());
        assert_eq!(said.code, Some(code), "{said}");
        let imported: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(imported["snapshots"][0]["outcome"], "known", "{imported}");
    };
    let flags = ["--api-flags", "expand-cpu-features", "files/full"];
    for time in ["2026-11-01T02:00:00Z", "2026-11-02T02:00:00Z"] {
        again(&[&["--host", "hv01", "--at", time], &flags[..]].concat(), 0);
    }
    again(&["--host", "hv02", "--at", "2026-11-01T02:00:00Z", "files/bare"], 0);
    again(&["--host", "hv03", "--at", "2026-11-01T02:00:00Z", "files/partial"], 3);
    assert_eq!(exported(&sandbox), before);
    // At another time the fact is known, and counts.
    let at = ["import", "--host", "hv01", "--at", "2026-11-03T02:00:00Z"];
    run(&sandbox, &[&at[..], &flags[..]].concat()).ok();
    let listed = run(&sandbox, &["snapshots", "hv01", "--format", "json"]).json();
    let known: Vec<&serde_json::Value> = listed["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["context"]["maxphysaddr"])
        .collect();
    assert_eq!(known, [&serde_json::Value::Null, &"48".into()]);
    run(&sandbox, &["check", "--read-data"]).ok();
}

#[test]
fn other_content_of_a_time_is_still_refused() {
    let sandbox = older();
    let at = ["import", "--host", "hv01", "--at", "2026-11-01T02:00:00Z", "files/full"];
    let error = run(&sandbox, &at).fails(1);
    assert!(error.contains("already has a snapshot"), "without the flags it is another: {error}");
}

#[test]
fn its_bodies_are_judged_when_it_is_first_opened() {
    let sandbox = older();
    run(&sandbox, &["import", "--host", "new", "files/bare"]).ok();
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    let judged: Vec<(String, i64)> = database
        .prepare("SELECT suspicion, count(*) FROM body GROUP BY suspicion ORDER BY suspicion")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(judged, [("least-model-unusable".to_owned(), 1), ("none".to_owned(), 2)]);
    let listed = run(&sandbox, &["snapshots", "new", "--format", "json"]).json();
    assert_eq!(listed["snapshots"][0]["state"], "suspect", "its body was known, and judged");
    // The older snapshot says that it is complete; what it holds is judged all the same.
    let sound = "files/full/x86_64.pc-q35-8.2.kvm.xml";
    let diff = run(&sandbox, &["diff", sound, "hv02@golden", "--fail-on", "breaking"]);
    assert!(diff.stdout.contains("suspect") || diff.stdout.contains("cannot be true"), "{diff}");
    assert_eq!(diff.code, Some(0), "{diff}");
}
