//! The public views: what any SQLite tool may rely on (`migrations/README.md`).

use crate::support::Sandbox;

fn columns(database: &rusqlite::Connection, view: &str) -> Vec<String> {
    let statement = database.prepare(&format!("SELECT * FROM {view} LIMIT 0")).unwrap();
    statement.column_names().map(str::to_owned).collect()
}

fn one<T: rusqlite::types::FromSql>(database: &rusqlite::Connection, sql: &str) -> T {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn their_columns_stay() {
    let sandbox = Sandbox::with_demo();
    let database = rusqlite::Connection::open(sandbox.path("demo.db")).unwrap();
    let capability = [
        "snapshot", "host", "taken_at", "emulator", "arch", "virttype", "machine", "path", "kind",
        "value", "position",
    ];
    assert_eq!(columns(&database, "capability"), capability);
    assert_eq!(columns(&database, "latest_capability"), capability);
    let snapshot = [
        "snapshot",
        "host",
        "taken_at",
        "state",
        "is_change",
        "profile",
        "libvirt",
        "hypervisor",
        "kernel",
        "cpu",
        "microcode",
        "firmware",
        "api_flags",
        "uri",
        "maxphysaddr",
    ];
    assert_eq!(columns(&database, "snapshot"), snapshot);
    let machine = [
        "snapshot",
        "host",
        "emulator",
        "arch",
        "virttype",
        "machine",
        "canonical",
        "max_cpus",
        "deprecated",
    ];
    assert_eq!(columns(&database, "machine"), machine);
}

#[test]
fn they_say_what_show_says() {
    let sandbox = Sandbox::with_demo();
    let database = rusqlite::Connection::open(sandbox.path("demo.db")).unwrap();
    let shown =
        ["--db", "demo.db", "show", "debian-13:x86_64/qemu/pc-q35-10.0", "--format", "json"];
    let shown = sandbox.run(&shown).json();
    let mut expected = Vec::new();
    for capability in shown["documents"][0]["capabilities"].as_array().unwrap() {
        let path = capability["path"].as_str().unwrap();
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match capability["value"].as_array() {
            Some(members) if members.is_empty() => expected.push(format!("{path} ")),
            Some(members) => {
                expected.extend(members.iter().map(|member| format!("{path} {}", text(member))));
            }
            None => expected.push(format!("{path} {}", text(&capability["value"]))),
        }
    }
    expected.sort();
    let sql = "SELECT path || ' ' || ifnull(value, '') FROM latest_capability
               WHERE host = 'debian-13' AND machine = 'pc-q35-10.0' ORDER BY 1";
    let mut statement = database.prepare(sql).unwrap();
    let rows: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows, expected);
}

#[test]
fn questions_that_users_ask() {
    let sandbox = Sandbox::with_demo();
    let database = rusqlite::Connection::open(sandbox.path("demo.db")).unwrap();
    let hosts: i64 = one(
        &database,
        "SELECT count(DISTINCT host) FROM latest_capability
         WHERE path = 'devices.graphics.type' AND value = 'spice'",
    );
    assert_eq!(hosts, 1);
    let deprecated: i64 = one(
        &database,
        "SELECT count(*) FROM machine WHERE host = 'debian-12' AND arch = 'x86_64' AND deprecated",
    );
    assert_eq!(deprecated, 4);
    let taken: String = one(&database, "SELECT taken_at FROM snapshot WHERE libvirt = '11.3.0'");
    assert_eq!(taken, "2026-11-02T02:00:00Z");
    let first: String = one(
        &database,
        "SELECT value FROM capability WHERE host = 'debian-12' AND machine = 'isapc'
         AND path = 'os.loader.value' AND position = 0",
    );
    assert_eq!(first, "/usr/share/OVMF/OVMF_CODE.fd");
}
