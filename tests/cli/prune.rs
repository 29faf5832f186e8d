//! `domcaps prune`

use rusqlite::Connection;

use crate::support::{Sandbox, document, valid};

const TABLES: [&str; 15] = [
    "profile",
    "profile_target",
    "context",
    "machine_list",
    "listed_machine",
    "head",
    "target",
    "failure",
    "body",
    "body_content",
    "subtree",
    "subtree_capability",
    "value",
    "path",
    "dotted_name",
];

fn rows(sandbox: &Sandbox) -> Vec<(&'static str, i64)> {
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    let count = |table: &&'static str| {
        let sql = format!("SELECT count(*) FROM {table}");
        (*table, database.query_row(&sql, [], |row| row.get(0)).unwrap())
    };
    TABLES.iter().map(count).collect()
}

fn import(sandbox: &Sandbox, host: &str, path: &str) {
    sandbox.run(&["--db", "d.db", "import", "--host", host, "--at", "2026-01-01", path]).ok();
}

fn size(sandbox: &Sandbox) -> u64 {
    std::fs::metadata(sandbox.path("d.db")).unwrap().len()
}

#[test]
fn after_a_host_is_gone_the_database_is_as_if_it_had_never_been() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.write("dotted.xml", document().replace("<vcpu max", "<a.b c='1'/><vcpu max"));
    import(&sandbox, "stays", "snapshots/debian-12");
    let (before, small) = (rows(&sandbox), size(&sandbox));
    import(&sandbox, "goes", "snapshots/debian-13");
    import(&sandbox, "goes-too", "dotted.xml");
    assert!(rows(&sandbox).iter().all(|(_, count)| *count > 0) || size(&sandbox) > small);
    sandbox.run(&["--db", "d.db", "host", "forget", "goes", "goes-too"]).ok();
    let dry = sandbox.run(&["--db", "d.db", "prune", "--dry-run", "--format", "json"]).json();
    valid("prune", &dry);
    let full = size(&sandbox);
    let pruned = sandbox.run(&["--db", "d.db", "prune", "--format", "json"]).json();
    valid("prune", &pruned);
    assert_eq!((&dry["dry_run"], &pruned["dry_run"]), (&true.into(), &false.into()));
    assert_eq!(dry["freed"], pruned["freed"], "a dry run tells what is freed");
    assert_eq!(dry["bytes_freed"], pruned["bytes_freed"]);
    assert!(pruned["freed"]["bodies"].as_i64().unwrap() > 5, "{pruned}");
    assert_eq!(pruned["freed"]["dotted_names"], 1);
    assert_eq!(rows(&sandbox), before);
    assert_eq!(pruned["bytes"], size(&sandbox));
    assert_eq!(full - size(&sandbox), pruned["bytes_freed"].as_u64().unwrap());
    assert!(size(&sandbox) <= small + small / 10, "{} {small}", size(&sandbox));
    let document = ["--db", "d.db", "show", "stays:x86_64/qemu/pc-q35-7.2", "--format", "xml"];
    assert_eq!(sandbox.run(&document).ok(), self::document());
    let again = sandbox.run(&["--db", "d.db", "prune"]).ok();
    assert!(again.starts_with("0 bytes freed, "), "{again}");
    sandbox.run(&["--db", "d.db", "check", "--read-data"]).ok();
}

#[test]
fn a_body_that_others_are_packed_against_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("base.xml", document());
    sandbox.write("packed.xml", document().replace("max='288'", "max='1'"));
    import(&sandbox, "base", "base.xml");
    import(&sandbox, "packed", "packed.xml");
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    let packed = "SELECT count(*) FROM body_content WHERE base_id IS NOT NULL";
    let count = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count(packed), 1);
    sandbox.run(&["--db", "d.db", "host", "forget", "base"]).ok();
    sandbox.run(&["--db", "d.db", "prune"]).ok();
    assert_eq!(count("SELECT count(*) FROM body"), 2);
    let document = ["--db", "d.db", "show", "packed:pc-q35-7.2", "--format", "xml"];
    assert_eq!(
        sandbox.run(&document).ok(),
        String::from_utf8(sandbox.read("packed.xml").unwrap()).unwrap()
    );
    sandbox.run(&["--db", "d.db", "check", "--read-data"]).ok();
    // With the last that needs it, it goes.
    sandbox.run(&["--db", "d.db", "host", "forget", "packed"]).ok();
    sandbox.run(&["--db", "d.db", "prune"]).ok();
    assert!(rows(&sandbox).iter().all(|(_, count)| *count == 0), "{:?}", rows(&sandbox));
}

#[test]
fn an_older_database_learns_to_give_space_back() {
    let sandbox = Sandbox::with_snapshots();
    import(&sandbox, "a", "snapshots/debian-12");
    import(&sandbox, "b", "snapshots/debian-13");
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    database.execute_batch("PRAGMA auto_vacuum = NONE; VACUUM").unwrap();
    let mode =
        || -> i64 { database.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap() };
    assert_eq!(mode(), 0);
    sandbox.run(&["--db", "d.db", "host", "forget", "b"]).ok();
    let full = size(&sandbox);
    sandbox.run(&["--db", "d.db", "prune"]).ok();
    assert!(size(&sandbox) < full * 2 / 3);
    drop(database);
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    let mode: i64 = database.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap();
    assert_eq!(mode, 2);
}

#[test]
fn what_cannot_be_written_is_not_pruned() {
    let sandbox = Sandbox::new();
    let error = sandbox.run(&["--db", "d.db", "prune"]).fails(1);
    assert!(error.contains("no database there"), "{error}");
}
