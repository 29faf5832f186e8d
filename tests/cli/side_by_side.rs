//! Several processes at once, and processes that are killed.

use std::process::{Child, Stdio};

use crate::support::{Sandbox, document};

fn spawn(sandbox: &Sandbox, host: &str, file: &str) -> Child {
    let mut command = sandbox.command(&["--db", "d.db", "-q", "import", "--host", host, file]);
    command.stderr(Stdio::null()).spawn().unwrap()
}

fn stored(sandbox: &Sandbox) -> Vec<String> {
    let hosts = sandbox.run(&["--db", "d.db", "hosts", "--format", "json"]).json();
    let hosts = hosts["hosts"].as_array().unwrap().iter();
    hosts.map(|host| host["host"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn first_runs_at_once_all_store_and_a_failing_one_takes_nothing_away() {
    for _ in 0..4 {
        let sandbox = Sandbox::new();
        sandbox.write("good.xml", document());
        sandbox.write("bad.xml", "<domainCapabilities>");
        let mut good: Vec<(String, Child)> = Vec::new();
        let mut bad = Vec::new();
        for at in 0..6 {
            good.push((format!("h{at}"), spawn(&sandbox, &format!("h{at}"), "good.xml")));
            bad.push(spawn(&sandbox, "x", "bad.xml"));
        }
        for (host, child) in &mut good {
            assert!(child.wait().unwrap().success(), "{host}");
        }
        for child in &mut bad {
            assert_eq!(child.wait().unwrap().code(), Some(1));
        }
        assert_eq!(stored(&sandbox), ["h0", "h1", "h2", "h3", "h4", "h5"]);
        let left: Vec<_> = std::fs::read_dir(sandbox.path("."))
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".d.db")), "{left:?}");
    }
}

#[test]
fn killed_at_any_moment_a_snapshot_is_whole_or_not_there() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.write("first.xml", document());
    sandbox.run(&["--db", "d.db", "import", "--host", "first", "first.xml"]).ok();
    for delay in [1, 5, 10, 20, 40, 80] {
        let host = format!("h{delay}");
        let mut child = spawn(&sandbox, &host, "snapshots/debian-12");
        std::thread::sleep(std::time::Duration::from_millis(delay));
        // It may have ended already.
        let _done_already = child.kill();
        child.wait().unwrap();
    }
    let listed = sandbox.run(&["--db", "d.db", "snapshots", "--format", "json"]).json();
    for run in listed["snapshots"].as_array().unwrap() {
        let expected = if run["host"] == "first" { 1 } else { 58 };
        assert_eq!(run["documents"], expected);
    }
    let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}
