//! `domcaps sql`

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Sandbox, valid};

fn sql(sandbox: &Sandbox, arguments: &[&str]) -> crate::support::Output {
    sandbox.run(&[&["--db", "demo.db", "sql"], arguments].concat())
}

/// No row ever ends this.
const ENDLESS: &str =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";

#[test]
fn rows_in_each_format() {
    let sandbox = Sandbox::with_demo();
    let question = "SELECT host, libvirt, uri, 1.5 AS r, x'ff00' AS b, '=1' AS t, host
                    FROM snapshot ORDER BY host";
    let table = sql(&sandbox, &[question]).ok();
    let expected = "\
host       libvirt  uri  r    b     t   host
---------  -------  ---  ---  ----  --  ---------
debian-12  9.0.0    -    1.5  ff00  =1  debian-12
debian-13  11.3.0   -    1.5  ff00  =1  debian-13
";
    assert_eq!(table, expected);
    let csv = sql(&sandbox, &[question, "--format", "csv"]).ok();
    assert_eq!(csv.lines().nth(1), Some("debian-12,9.0.0,,1.5,ff00,'=1,debian-12"));
    let lines = sql(&sandbox, &[question, "--format", "ndjson"]).ok();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let expected = json!({ "host": "debian-12", "libvirt": "9.0.0", "uri": null, "r": 1.5,
                           "b": "ff00", "t": "=1", "host_2": "debian-12" });
    assert_eq!(first, expected);
    let whole = sql(&sandbox, &[question, "--format", "json"]).json();
    valid("sql", &whole);
    assert_eq!(whole["rows"][1][0], "debian-13");
    let none = sql(&sandbox, &["SELECT 1 WHERE 0", "--format", "json"]).json();
    valid("sql", &none);
    assert_eq!(none["rows"], json!([]));
}

#[test]
fn statements_from_elsewhere_and_rows_into_a_file() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("q.sql", "-- how many\nSELECT count(*) AS n FROM snapshot;\n");
    assert_eq!(sql(&sandbox, &["--file", "q.sql", "--format", "csv"]).ok(), "n\n2\n");
    let command = ["--db", "demo.db", "sql", "-", "--format", "csv"];
    assert_eq!(sandbox.run_with(&command, b"SELECT 7 AS n").ok(), "n\n7\n");
    sql(&sandbox, &["SELECT 1 AS n", "--output", "n.txt"]).ok();
    assert_eq!(sandbox.read("n.txt").unwrap(), b"n\n-\n1\n");
    // Half an answer does not take the place of a whole one.
    let late = "SELECT abs(x) FROM (SELECT 1 AS x UNION ALL SELECT -9223372036854775807 - 1)";
    sql(&sandbox, &[late, "--output", "n.txt"]).fails(2);
    assert_eq!(sandbox.read("n.txt").unwrap(), b"n\n-\n1\n");
}

#[test]
fn the_documented_views_are_listed() {
    let sandbox = Sandbox::with_demo();
    let views = sql(&sandbox, &["--views", "--format", "json"]).json();
    valid("views", &views);
    let names: Vec<&str> = views["views"]
        .as_array()
        .unwrap()
        .iter()
        .map(|view| view["view"].as_str().unwrap())
        .collect();
    for name in ["capability", "latest_capability", "machine", "snapshot"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let page = crate::support::project_file("migrations/README.md");
    for name in names {
        assert!(page.contains(&format!("### {name}\n")), "{name} is listed and not documented");
    }
    assert!(sql(&sandbox, &["--views"]).ok().contains("snapshot           libvirt\n"));
}

#[test]
fn nothing_but_reading_is_done() {
    let sandbox = Sandbox::with_demo();
    let before = sandbox.read("demo.db").unwrap();
    for (statement, what) in [
        ("DELETE FROM host", "DELETE FROM host is refused"),
        ("UPDATE host SET name = 'x'", "UPDATE host is refused"),
        ("INSERT INTO host (name) VALUES ('x')", "INSERT INTO host is refused"),
        ("WITH x AS (SELECT 1) DELETE FROM host", "DELETE FROM host is refused"),
        ("CREATE TABLE x (a)", "a statement that changes the database is refused"),
        ("CREATE TEMP TABLE x (a)", "a statement that changes the database is refused"),
        ("DROP VIEW snapshot", "a statement that changes the database is refused"),
        ("ATTACH 'other.db' AS other", "ATTACH is refused"),
        ("VACUUM INTO 'copy.db'", "a statement that writes is refused"),
        ("PRAGMA query_only = off", "PRAGMA query_only is refused"),
        ("PRAGMA journal_mode = delete", "PRAGMA journal_mode is refused"),
        ("BEGIN IMMEDIATE", "a transaction of its own is refused"),
        ("SELECT load_extension('x')", "load_extension() is refused"),
        ("SELECT writefile('x', 'y')", "no such function: writefile"),
        ("SELECT readfile('/etc/passwd')", "no such function: readfile"),
        ("SELECT 1; DELETE FROM host", "DELETE FROM host is refused"),
        ("SELECT 1; SELECT 2", "several statements are refused"),
        ("SELECT ?1", "a parameter (?, :name) is refused"),
        ("", "there is no statement"),
        ("/* nothing */", "there is no statement"),
    ] {
        let error = sql(&sandbox, &[statement]).fails(2);
        assert!(error.starts_with("error: sql: ") && error.contains(what), "{statement}: {error}");
        assert_eq!(error.lines().count(), 2, "{error}");
    }
    assert_eq!(sandbox.read("demo.db").unwrap(), before);
    assert!(sandbox.read("other.db").is_none() && sandbox.read("copy.db").is_none());
    assert!(sql(&sandbox, &["PRAGMA table_info(snapshot)"]).ok().contains("taken_at"));
}

#[test]
fn errors_say_where_and_what_is_near() {
    let sandbox = Sandbox::with_demo();
    let error = sql(&sandbox, &["SELECT host,\n  libvrt FROM snapshot"]).fails(2);
    assert!(error.contains("sql: line 2, column 3: no such column: libvrt"), "{error}");
    assert!(error.contains("nearest is `libvirt` of snapshot"), "{error}");
    let error = sql(&sandbox, &["SELECT * FROM capabilities"]).fails(2);
    assert!(error.contains("nearest is the view `capability`"), "{error}");
    let error = sql(&sandbox, &["SELEKT 1"]).fails(2);
    assert!(error.contains("line 1, column 1: near \"SELEKT\": syntax error"), "{error}");
    let error = sandbox.run(&["--db", "none.db", "sql", "SELECT 1"]).fails(1);
    assert!(error.contains("none.db: no database there"), "{error}");
    assert!(sandbox.read("none.db").is_none());
    sql(&sandbox, &[]).fails(2);
    sql(&sandbox, &["--file", "none.sql"]).fails(1);
}

#[test]
fn text_does_not_reach_the_terminal_as_a_command() {
    let sandbox = Sandbox::with_demo();
    let table = sql(&sandbox, &["SELECT 'a' || char(27, 10) || 'b' AS \"n\u{1b}\""]).ok();
    assert_eq!(table, "n\\u{1b}\n-------------\na\\u{1b}\\u{a}b\n");
}

#[test]
fn a_wide_cell_behind_the_first_rows_is_not_cut() {
    let sandbox = Sandbox::with_demo();
    let rows = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1200)
                SELECT CASE x WHEN 1100 THEN 'a wide cell' ELSE x END AS x, 'y' AS y FROM c";
    let table = sql(&sandbox, &[rows]).ok();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 1202);
    assert_eq!((lines[2], lines[1001]), ("1     y", "1000  y"));
    assert_eq!((lines[1101], lines[1102]), ("a wide cell  y", "1101  y"));
}

#[test]
fn rows_come_at_once_and_a_closed_pipe_ends_quietly() {
    let sandbox = Sandbox::with_demo();
    for format in ["table", "csv", "ndjson", "json"] {
        let mut command = sandbox.command(&["--db", "demo.db", "sql", ENDLESS, "--format", format]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = [0; 64];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{format}");
    }
}

#[test]
fn a_runaway_statement_ends_when_it_is_interrupted() {
    let sandbox = Sandbox::with_demo();
    let endless = ENDLESS.replace("SELECT x FROM c", "SELECT count(*) FROM c");
    let mut command = sandbox.command(&["--db", "demo.db", "sql", &endless]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let asked = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(10));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), said.as_str()),
        (Some(1), "error: interrupted: these are not all rows\n")
    );
}

#[test]
fn datasette_is_told_to_hide_every_table() {
    let sandbox = Sandbox::with_demo();
    let tables = "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' AND type = 'table'";
    let metadata = crate::support::project_file("contrib/datasette/metadata.yaml");
    for table in sql(&sandbox, &[tables, "--format", "csv"]).ok().lines().skip(1) {
        assert!(
            metadata.contains(&format!("      {table}: {{hidden: true}}\n")),
            "{table} is shown"
        );
    }
}
