//! `domcaps check`, on databases that are really damaged.

use rusqlite::Connection;

use crate::support::{Output, Sandbox, valid};

/// Damages a copy of the demo's database with SQL.
fn damaged(sql: &str) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    let database = Connection::open(sandbox.path("demo.db")).unwrap();
    database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let before = database.total_changes();
    database.execute_batch(sql).unwrap();
    assert!(database.total_changes() > before, "{sql} changes nothing");
    sandbox
}

fn check(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.run(&[&["--db", "demo.db", "check"], arguments].concat())
}

/// Damage that the rows tell without reading a document, and with it too.
#[track_caller]
fn found(sql: &str, line: &str) {
    for arguments in [&[][..], &["--read-data"]] {
        named(&check(&damaged(sql), arguments), line);
    }
}

/// Damage that only `--read-data` tells.
#[track_caller]
fn found_in_data(sql: &str, line: &str) {
    let sandbox = damaged(sql);
    assert_eq!(check(&sandbox, &[]).code, Some(0), "{sql}");
    named(&check(&sandbox, &["--read-data"]), line);
}

#[track_caller]
fn named(output: &Output, line: &str) {
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stdout.contains(line), "{output}");
    assert!(output.stderr.contains("demo.db: damaged in "), "{output}");
}

#[test]
fn a_whole_database_is_clean() {
    let sandbox = Sandbox::with_demo();
    let said = check(&sandbox, &[]).ok();
    assert_eq!(said, "clean: 2 hosts, 2 snapshots, 2 profiles, 21 bodies, 348 subtrees\n");
    let said = check(&sandbox, &["--read-data"]);
    assert!(said.stderr.is_empty(), "{said}");
    assert!(said.ok().ends_with("348 subtrees, every document read\n"));
    let json = check(&sandbox, &["--read-data", "--format", "json"]).json();
    valid("check", &json);
    assert_eq!(json["is_clean"], true);
    assert_eq!(json["checked"]["bodies"], 21);
}

#[test]
fn partial_failed_and_collected_hosts_are_clean_too() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.write("bad.xml", "<domainCapabilities><arch>x</arch>");
    for (at, file) in [("2026-01-01", "bad.xml"), ("2026-01-02", "snapshots/debian-12")] {
        let import =
            ["--db", "demo.db", "import", "--host", "h", "--at", at, "snapshots/debian-13"];
        let _partly = sandbox.run(&[&import[..], &[file]].concat());
    }
    check(&sandbox, &["--read-data"]).ok();
}

#[test]
fn bytes_of_a_document() {
    // One bit in the middle of the bytes that others are packed against.
    let flip = "UPDATE body_content SET content = CAST(substr(content, 1, 400)
           || char(CASE WHEN substr(content, 401, 1) = x'41' THEN 66 ELSE 65 END)
           || substr(content, 402) AS BLOB)
         WHERE body_id = (SELECT min(body_id) FROM body_content WHERE base_id IS NULL)";
    let sandbox = damaged(flip);
    let database = Connection::open(sandbox.path("demo.db")).unwrap();
    let hash: String = database
        .query_row("SELECT lower(hex(hash)) FROM body ORDER BY body_id LIMIT 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(check(&sandbox, &[]).code, Some(0));
    named(&check(&sandbox, &["--read-data"]), &format!("body {hash}: "));
    let json = check(&sandbox, &["--read-data", "--format", "json"]);
    assert_eq!(json.code, Some(1));
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    valid("check", &json);
    assert_eq!(json["is_clean"], false);
    found("DELETE FROM body_content WHERE base_id IS NOT NULL", "its bytes are not there");
    found_in_data(
        "UPDATE body SET head_at = head_at + 1 WHERE body_id = 2",
        "other bytes than were stored",
    );
}

#[test]
fn what_the_documents_say() {
    found_in_data(
        "UPDATE value SET value = '77' WHERE kind = 'number' AND value = '255'",
        "its rows are not those that were stored",
    );
    found_in_data(
        "DELETE FROM subtree_capability WHERE (subtree_id, path_id) =
           (SELECT subtree_id, path_id FROM subtree_capability LIMIT 1)",
        "its rows are not those that were stored",
    );
    found(
        "DELETE FROM subtree WHERE subtree_id = (SELECT min(subtree_id) FROM subtree WHERE parts IS NULL)",
        "its part 1 is not there",
    );
    found("UPDATE subtree SET parts = '[1,' WHERE subtree_id = 9", "its list of parts is no JSON");
    found(
        "UPDATE value SET value = 'ide' WHERE kind = 'set' AND value_id IN (SELECT min(value_id) FROM value WHERE kind = 'set')",
        "its members are no JSON array",
    );
    found_in_data(
        "UPDATE body SET is_empty_document = 1 WHERE body_id = 1",
        "is_empty_document is wrong",
    );
    found_in_data(
        "UPDATE body SET shared_hash = zeroblob(16) WHERE body_id = 1",
        "its shared_hash is not",
    );
    found_in_data(
        "UPDATE body SET suspicion = 'features-disabled' WHERE body_id = 1",
        "its suspicion is not what it says",
    );
    // Two documents that say another's.
    found_in_data(
        "UPDATE body SET subtree_id = (SELECT subtree_id FROM body WHERE body_id = 3) WHERE body_id = 2",
        "its capabilities are not those that are stored",
    );
}

#[test]
fn what_snapshots_hold() {
    found_in_data("UPDATE context SET kernel = 'x' WHERE context_id = 1", "context ");
    found_in_data("UPDATE listed_machine SET deprecated = 1 WHERE position = 3", "machine list ");
    found_in_data("DELETE FROM profile_target WHERE profile_id = 1 AND head_id = 3", "profile ");
    found_in_data(
        "UPDATE profile SET shared_hash = zeroblob(16) WHERE profile_id = 1",
        "its shared_hash is not",
    );
    found_in_data(
        "UPDATE target SET emulator = 'x' WHERE target_id = 1",
        "its identity is not the target",
    );
    found_in_data("UPDATE host SET name = 'x' WHERE host_id = 1", "host x, snapshot ");
    found("DELETE FROM profile WHERE profile_id = 1", "the profile that it names is not there");
    found("DELETE FROM head WHERE head_id = 4", "the head that it names is not there");
}

#[test]
fn what_is_derived_can_be_set_right() {
    for (sql, line) in [
        (
            "UPDATE host_snapshot SET is_change = 0 WHERE host_id = 1",
            "is_change is 0, and must be 1",
        ),
        (
            "UPDATE host_latest SET taken_at = taken_at + 1 WHERE host_id = 2",
            "host debian-13: host_latest",
        ),
        ("DELETE FROM host_latest WHERE host_id = 1", "host debian-12: host_latest"),
        ("UPDATE host_latest SET newest_at = 7 WHERE host_id = 1", "host debian-12: host_latest"),
        ("UPDATE host_latest SET snapshots = 7 WHERE host_id = 1", "host debian-12: host_latest"),
    ] {
        found(sql, line);
        let sandbox = damaged(sql);
        let output = check(&sandbox, &[]);
        assert!(output.stderr.contains("check --repair"), "{output}");
        let said = check(&sandbox, &["--repair"]).ok();
        assert!(said.starts_with("repaired: 1 row set right\nclean: "), "{said}");
        check(&sandbox, &["--read-data"]).ok();
        let json = check(&sandbox, &["--repair", "--format", "json"]).json();
        valid("check", &json);
        assert_eq!(json["repaired"], 0);
    }
}

#[test]
fn a_file_that_is_cut_or_overwritten() {
    let sandbox = Sandbox::with_demo();
    let whole = sandbox.read("demo.db").unwrap();
    for length in [50, 4096, 100_000, whole.len() - 4096] {
        sandbox.write("demo.db", &whole[..length]);
        let error = check(&sandbox, &["--read-data"]).fails(1);
        assert!(error.contains("demo.db: "), "{length}: {error}");
        assert!(error.contains("damaged") || error.contains("not a domcaps database"), "{error}");
    }
    // A page in the middle.
    let mut broken = whole.clone();
    broken[60 * 4096..61 * 4096].fill(0xa5);
    sandbox.write("demo.db", &broken);
    let output = check(&sandbox, &[]);
    named(&output, "the file: ");
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines.iter().all(|line| line.len() < 300), "{output}");
    let different: std::collections::BTreeSet<&str> = lines.iter().copied().collect();
    assert_eq!(different.len(), lines.len(), "{output}");
}
