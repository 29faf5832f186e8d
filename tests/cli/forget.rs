//! `domcaps forget`

use serde_json::Value;

use crate::support::{Sandbox, document, expect, output, valid};

/// A host with a snapshot a day from 2026-01-01 on: what was stored of it, `a` or `b`.
pub(crate) fn with_days(host: &str, days: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    let start: jiff::civil::Date = "2026-01-01".parse().unwrap();
    for (at, file) in days.chars().enumerate() {
        let day = start.checked_add(jiff::Span::new().days(i64::try_from(at).unwrap())).unwrap();
        let (at, file) = (format!("{day}T02:00:00Z"), format!("{file}.xml"));
        sandbox.run(&["--db", "d.db", "import", "--host", host, "--at", &at, &file]).ok();
    }
    sandbox
}

fn forget(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let all = [&["--db", "d.db", "forget", "--format", "json"], arguments].concat();
    let forgotten = sandbox.run(&all).json();
    valid("forget", &forgotten);
    forgotten
}

/// The days of January that are left of a host.
fn left(sandbox: &Sandbox) -> Vec<u32> {
    let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
    let sql = "SELECT CAST(substr(taken_at, 9, 2) AS INTEGER) FROM snapshot ORDER BY taken_at";
    let mut select = database.prepare(sql).unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn shown(sandbox: &Sandbox, operand: &str) -> String {
    sandbox.run(&["--db", "d.db", "show", operand, "vcpu.max"]).ok()
}

#[test]
fn each_snapshot_with_why_it_is_kept() {
    let sandbox = with_days("hv01", "aaaabbbaaaa");
    sandbox
        .run(&[
            "--db",
            "d.db",
            "import",
            "--host",
            "hv01",
            "--at",
            "2026-01-06T03:00:00Z",
            "--tag",
            "pre-upgrade",
            "b.xml",
        ])
        .ok();
    let command = [
        "--db",
        "d.db",
        "forget",
        "hv01",
        "--keep-last",
        "2",
        "--keep-weekly",
        "2",
        "--keep-within",
        "1d",
        "--list",
    ];
    let dry = sandbox.run(&[&command[..], &["--dry-run"]].concat()).ok();
    expect("forget", &dry);
    assert_eq!(left(&sandbox).len(), 12, "a dry run removes nothing");
    sandbox.run(&command).ok();
    assert_eq!(left(&sandbox), [1, 4, 5, 6, 7, 8, 10, 11]);
}

#[test]
fn what_history_and_prev_say_stays_true() {
    let sandbox = with_days("hv01", "aaabbbbaaa");
    let ask = |sandbox: &Sandbox| {
        let snapshots = sandbox.run(&["--db", "d.db", "hosts", "--format", "json"]).json();
        (
            snapshots["hosts"][0]["last_changed"].clone(),
            snapshots["hosts"][0]["last_seen"].clone(),
            ["hv01", "hv01@prev", "hv01@-2"].map(|operand| shown(sandbox, operand)),
        )
    };
    let before = ask(&sandbox);
    let forgotten = forget(&sandbox, &["--all", "--keep-last", "1"]);
    assert_eq!(forgotten["summary"], serde_json::json!({"hosts": 1, "kept": 6, "removed": 4}));
    assert_eq!(forgotten["hosts"][0]["snapshots"], Value::Null);
    assert_eq!(ask(&sandbox), before);
    assert_eq!(left(&sandbox), [1, 3, 4, 7, 8, 10]);
    // The same again removes nothing.
    assert_eq!(forget(&sandbox, &["--all", "--keep-last", "1"])["summary"]["removed"], 0);
}

#[test]
fn what_is_left_is_a_change_of_what_is_left() {
    let sandbox = with_days("hv01", "aabba");
    forget(&sandbox, &["hv01", "--keep-last", "1", "--drop-changes"]);
    assert_eq!(left(&sandbox), [5]);
    let sandbox = with_days("hv01", "abaab");
    let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
    let changes = || -> Vec<(u32, bool)> {
        let sql =
            "SELECT CAST(substr(taken_at, 9, 2) AS INTEGER), is_change FROM snapshot ORDER BY 1";
        let mut select = database.prepare(sql).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    sandbox.run(&["--db", "d.db", "tag", "hv01@2026-01-01", "first"]).ok();
    forget(&sandbox, &["hv01", "--keep-within", "1d", "--drop-changes"]);
    // The second is gone, so the fourth is as the first was.
    assert_eq!(changes(), [(1, true), (4, false), (5, true)]);
    assert!(shown(&sandbox, "hv01@prev").contains("288"));
}

#[test]
fn tags_protect_unless_they_are_dropped() {
    let sandbox = with_days("hv01", "aaaaa");
    sandbox.run(&["--db", "d.db", "tag", "hv01@2026-01-02", "old"]).ok();
    sandbox.run(&["--db", "d.db", "tag", "hv01@2026-01-03", "golden"]).ok();
    forget(&sandbox, &["hv01", "--keep-last", "1"]);
    assert_eq!(left(&sandbox), [1, 2, 3, 5]);
    forget(&sandbox, &["hv01", "--keep-tag", "golden", "--drop-tags"]);
    assert_eq!(left(&sandbox), [1, 3, 5]);
    shown(&sandbox, "hv01@golden");
    let error = sandbox.run(&["--db", "d.db", "show", "hv01@old"]).fails(1);
    assert!(error.contains("no snapshot tagged old"), "{error}");
}

#[test]
fn what_is_not_complete_is_no_day_of_the_host() {
    let sandbox = with_days("hv01", "aaa");
    sandbox.write("bad.xml", "<domainCapabilities>");
    let partial = [
        "--db",
        "d.db",
        "import",
        "--host",
        "hv01",
        "--at",
        "2026-01-04T02:00:00Z",
        "a.xml",
        "bad.xml",
    ];
    let _partly = sandbox.run(&partial).fails(3);
    let forgotten = forget(&sandbox, &["hv01", "--keep-daily", "1", "--drop-changes", "--list"]);
    assert_eq!(left(&sandbox), [3, 4]);
    let reasons: Vec<&Value> = forgotten["hosts"][0]["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["reasons"])
        .collect();
    let expected = serde_json::json!([[], [], ["daily", "newest"], ["newest"]]);
    assert_eq!(reasons, expected.as_array().unwrap().iter().collect::<Vec<_>>());
}

#[test]
fn a_version_of_libvirt_is_counted_alone() {
    let sandbox = Sandbox::with_snapshots();
    for (day, folder) in [(1, "12"), (2, "12"), (3, "12"), (4, "13"), (5, "13"), (6, "13")] {
        let at = format!("2026-01-0{day}T02:00:00Z");
        let folder = format!("snapshots/debian-{folder}");
        sandbox.run(&["--db", "d.db", "import", "--host", "h", "--at", &at, &folder]).ok();
    }
    let policy = ["h", "--keep-last", "1", "--drop-changes", "--group-by", "host,libvirt"];
    forget(&sandbox, &policy);
    assert_eq!(left(&sandbox), [3, 6]);
}

#[test]
fn of_many_hosts_those_are_listed_that_lose_something() {
    let sandbox = with_days("hv01", "aaaa");
    sandbox.run(&["--db", "d.db", "import", "--host", "hv02", "a.xml"]).ok();
    let said = sandbox.run(&["--db", "d.db", "forget", "--all", "--keep-last", "1"]).ok();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        ["HOST  KEPT  REMOVED", "hv01  2     2", "2 hosts: 3 snapshots kept, 2 removed"]
    );
}

#[test]
fn a_host_that_goes_meanwhile_costs_no_other() {
    // The program must have read which hosts there are when the other one is removed.
    let is_said = [300, 1000, 5000].into_iter().any(|patience| {
        let sandbox = with_days("hv02", "aaaa");
        sandbox.run(&["--db", "d.db", "import", "--host", "hv01", "a.xml"]).ok();
        let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
        database.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE").unwrap();
        let arguments = ["--db", "d.db", "forget", "--all", "--keep-last", "1"];
        let command = sandbox.command(&arguments);
        let running = std::thread::spawn(|| output(command));
        std::thread::sleep(std::time::Duration::from_millis(patience));
        database.execute_batch("DELETE FROM host WHERE name = 'hv01'; COMMIT").unwrap();
        let output = running.join().unwrap();
        assert!(output.stdout.contains("1 host: 2 snapshots kept, 2 removed"), "{output}");
        let is_warned = output.stderr.contains("hv01: another process removed");
        assert_eq!(output.code, Some(if is_warned { 3 } else { 0 }), "{output}");
        is_warned
    });
    assert!(is_said);
}

#[test]
fn wrong_usage() {
    let sandbox = with_days("hv01", "aa");
    let error = sandbox.run(&["--db", "d.db", "forget", "--all"]).fails(2);
    assert!(error.contains("give a --keep option"), "{error}");
    for bad in [
        &["--keep-last", "1"][..],
        &["hv01", "--keep-last", "x"],
        &["hv01", "--keep-within", "soon"],
        &["hv01", "--keep-tag", "a b"],
        &["hv01", "--keep-last", "1", "--group-by", "libvirt"],
        &["hv01", "--keep-last", "0"],
        &["hv01", "--keep-last", "0", "--keep-daily", "0"],
        &["hv01", "--keep-within", "2126-01-01"],
    ] {
        let error = sandbox.run(&[&["--db", "d.db", "forget"], bad].concat()).fails(2);
        assert!(!error.is_empty(), "{bad:?}");
    }
    let error = sandbox.run(&["--db", "d.db", "forget", "hv02", "--keep-last", "1"]).fails(1);
    assert!(error.contains("no host `hv02`: there are hv01"), "{error}");
    assert_eq!(left(&sandbox).len(), 2);
}

#[test]
fn a_tag_that_no_chosen_host_has_is_misspelt() {
    let sandbox = with_days("hv01", "aaaa");
    sandbox.run(&["--db", "d.db", "tag", "hv01@2026-01-02", "gold"]).ok();
    sandbox.run(&["--db", "d.db", "import", "--host", "hv02", "--tag", "other", "a.xml"]).ok();
    for tag in ["glod", "other"] {
        let error = ["--db", "d.db", "forget", "hv01", "--keep-tag", "gold", "--keep-tag", tag];
        let error = sandbox.run(&error).fails(1);
        assert!(error.contains("no snapshot of hv01 has that tag"), "{error}");
        assert!(error.contains(tag) && error.contains("`domcaps snapshots`"), "{error}");
    }
    assert_eq!(left(&sandbox).len(), 5);
    // Not every chosen host must have it; 0 beside another rule is one.
    let policy = ["--all", "--keep-tag", "gold", "--keep-last", "0"];
    assert_eq!(forget(&sandbox, &policy)["summary"]["removed"], 1);
}
