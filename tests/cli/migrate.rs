//! A database of version 1 is brought up to date.

use rusqlite::Connection;

use crate::support::{Sandbox, project_file};

/// The demo's database as domcaps 0.1 before `0002_fleet.sql` would have made it, with hosts in every
/// state. Rows are copied; what version 1 did not have is left behind.
fn version_1(sandbox: &Sandbox) {
    sandbox.run(&["--db", "new.db", "demo"]).ok();
    let database = Connection::open(sandbox.path("old.db")).unwrap();
    database.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    database.execute_batch(&project_file("migrations/0001_initial.sql")).unwrap();
    let new = sandbox.path("new.db").display().to_string();
    database.execute("ATTACH ? AS new", [new]).unwrap();
    let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table'";
    let tables: Vec<String> = {
        let mut select = database.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for table in tables {
        let columns: Vec<String> = {
            let sql = format!("SELECT * FROM main.{table} LIMIT 0");
            let select = database.prepare(&sql).unwrap();
            select.column_names().map(str::to_owned).collect()
        };
        let columns = columns.join(", ");
        let copy =
            format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        database.execute(&copy, []).unwrap();
    }
    database
        .execute_batch(
            "INSERT INTO host (host_id, name) VALUES (11, 'partly'), (12, 'never'), (13, 'nothing');
             -- Complete, then twice not: the complete one is the newest, and it was asked later.
             INSERT INTO host_snapshot VALUES
               (1, 1793577600000, x'01020304050607080910111213141516', 1, 1, 'partial', 0),
               (1, 1793664000000, x'02020304050607080910111213141516', 1, 1, 'failed', 0),
               -- Never complete: the newest with any answer.
               (11, 1793577600000, x'03020304050607080910111213141516', 1, 1, 'partial', 0),
               (11, 1793664000000, x'04020304050607080910111213141516', 1, 1, 'suspect', 0),
               (11, 1793750400000, x'05020304050607080910111213141516', 1, 1, 'failed', 0),
               (12, 1793577600000, x'06020304050607080910111213141516', 1, 1, 'failed', 0);
             PRAGMA application_id = 0x646f6d63;
             PRAGMA user_version = 1;",
        )
        .unwrap();
    database.execute("DETACH new", []).unwrap();
}

#[test]
fn version_1_becomes_the_newest_with_each_host_s_newest_snapshot() {
    let sandbox = Sandbox::with_snapshots();
    version_1(&sandbox);
    let hosts = sandbox.run(&["--db", "old.db", "hosts", "--format", "json"]).json();
    let counted: Vec<(&str, i64)> = hosts["hosts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|host| (host["host"].as_str().unwrap(), host["snapshots"].as_i64().unwrap()))
        .collect();
    let expected =
        [("debian-12", 3), ("debian-13", 1), ("never", 1), ("nothing", 0), ("partly", 3)];
    assert_eq!(counted, expected);
    let database = Connection::open(sandbox.path("old.db")).unwrap();
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let migrations = std::fs::read_dir(crate::support::root().join("migrations")).unwrap();
    let files =
        migrations.filter(|it| it.as_ref().unwrap().path().extension() == Some("sql".as_ref()));
    assert_eq!(version, i64::try_from(files.count()).unwrap());
    let mut select = database
        .prepare("SELECT name, state, taken_at, newest_at, snapshots FROM host_latest JOIN host USING (host_id) ORDER BY name")
        .unwrap();
    let rows = select.query_map([], |row| {
        let (name, state) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok((name, state, row.get(2)?, row.get(3)?, row.get(4)?))
    });
    let rows: Vec<(String, String, i64, i64, i64)> = rows.unwrap().map(Result::unwrap).collect();
    let row = |name: &str, state: &str, at, newest, snapshots| {
        (name.to_owned(), state.to_owned(), at, newest, snapshots)
    };
    assert_eq!(
        rows,
        [
            row("debian-12", "complete", 1_793_498_400_000, 1_793_664_000_000, 3),
            row("debian-13", "complete", 1_793_584_800_000, 1_793_584_800_000, 1),
            row("partly", "suspect", 1_793_664_000_000, 1_793_750_400_000, 3),
        ]
    );
    let same = |command: &[&str]| {
        let of = |db: &str| sandbox.run(&[&["--db", db], command].concat()).ok();
        assert_eq!(of("old.db"), of("new.db"), "{command:?}");
    };
    same(&["show", "debian-12", "disk.bus"]);
    // Not xml, which verifies the snapshot's id: this one was stored with a fact (maxphysaddr) that version
    // 1 has no column for. tests/older has databases that older builds really made.
    same(&["show", "debian-13:q35", "disk.bus"]);
    same(&["diff", "debian-12", "debian-13"]);
    let error = sandbox.run(&["--db", "old.db", "show", "never"]).fails(1);
    assert!(error.contains("host never has no snapshot that is complete"), "{error}");
    let said = sandbox.run(&["--db", "old.db", "show", "debian-12", "vcpu"]);
    assert!(said.stderr.contains("2026-11-03"), "what was passed over is told: {said}");
    // Goes on from there, and gives space back.
    sandbox
        .run(&["--db", "old.db", "host", "forget", "partly", "never", "nothing", "debian-13"])
        .ok();
    sandbox.run(&["--db", "old.db", "prune"]).ok();
    let damage = sandbox.run(&["--db", "old.db", "check"]);
    damage.ok();
}
