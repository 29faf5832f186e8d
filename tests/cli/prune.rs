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
fn what_a_base_is_packed_against_stays_too() {
    let sandbox = Sandbox::new();
    // Much that no other document says: worth packing others against it.
    let words: String =
        (0..200_u32).map(|at| format!("{:08x}", at.wrapping_mul(0x9e37_79b9))).collect();
    let own = document().replace("</devices>", &format!("<own>{words}</own></devices>"));
    for (host, text) in
        [("a", document()), ("b", own.clone()), ("c", own.replace("max='288'", "max='1'"))]
    {
        sandbox.write(&format!("{host}.xml"), text);
        import(&sandbox, host, &format!("{host}.xml"));
    }
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    let depth = "WITH RECURSIVE under (body_id, depth) AS (
                   SELECT max(body_id), 0 FROM body_content
                   UNION SELECT base_id, depth + 1 FROM under JOIN body_content USING (body_id)
                         WHERE base_id IS NOT NULL)
                 SELECT max(depth) FROM under";
    let count = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count(depth), 2);
    for host in ["a", "b"] {
        sandbox.run(&["--db", "d.db", "host", "forget", host]).ok();
    }
    sandbox.run(&["--db", "d.db", "prune"]).ok();
    assert_eq!(count("SELECT count(*) FROM body"), 3);
    let shown = sandbox.run(&["--db", "d.db", "show", "c:pc-q35-7.2", "--format", "xml"]).ok();
    assert_eq!(shown.into_bytes(), sandbox.read("c.xml").unwrap());
    sandbox.run(&["--db", "d.db", "check", "--read-data"]).ok();
    // A ring, or a longer chain, would never be read to its end.
    let sql =
        "UPDATE body_content SET base_id = body_id WHERE body_id = (SELECT max(body_id) FROM body)";
    database.execute(sql, []).unwrap();
    let check = sandbox.run(&["--db", "d.db", "check"]);
    assert!(check.stdout.contains("packed against a newer body"), "{}", check.stdout);
    let shown = sandbox.run(&["--db", "d.db", "show", "c:pc-q35-7.2", "--format", "xml"]);
    assert_eq!(shown.code, Some(1));
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
