//! What is in a database, and how large it is.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Map, Value, json};

const COUNTED: [&str; 9] = [
    "host_snapshot",
    "profile",
    "profile_target",
    "body",
    "subtree",
    "subtree_capability",
    "value",
    "context",
    "host_latest",
];

/// Bytes of the file and of each table with its indexes, and how many rows there are.
pub(crate) fn weight(file: &Path) -> Value {
    let connection = Connection::open(file).unwrap();
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let mut rows = Map::new();
    for table in COUNTED {
        rows.insert(table.to_owned(), one(&format!("SELECT count(*) FROM {table}")).into());
    }
    for (name, sql) in [
        ("contents", "SELECT count(DISTINCT shared_hash) FROM profile"),
        (
            "latest contents",
            "SELECT count(DISTINCT shared_hash) FROM host_latest JOIN profile USING (profile_id)",
        ),
        (
            "changes in 30 days",
            "SELECT count(*) FROM host_snapshot WHERE is_change = 1
             AND taken_at > (SELECT max(newest_at) FROM host_latest) - 30 * 86400000",
        ),
    ] {
        rows.insert(name.to_owned(), one(sql).into());
    }
    let mut select = connection
        .prepare(
            "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name)
             GROUP BY tbl_name ORDER BY 2 DESC",
        )
        .unwrap();
    let tables = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.into())));
    let tables: Map<String, Value> = tables.unwrap().collect::<Result<_, _>>().unwrap();
    let bytes = std::fs::metadata(file).unwrap().len();
    println!("database {:.1} MB; bytes by table with its indexes:", bytes as f64 / 1e6);
    for (table, bytes) in tables.iter().take(8) {
        println!("  {table:20} {:>10.1} MB", bytes.as_f64().unwrap_or_default() / 1e6);
    }
    for (what, count) in &rows {
        println!("  {what:20} {count:>10}");
    }
    json!({ "bytes": bytes, "tables": tables, "rows": rows })
}
