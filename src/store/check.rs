//! Looking for damage: SQLite's own checks, and the laws of the schema.

mod rehash;

pub use rehash::{REHASHES, StoredBody};

use rusqlite::Connection;

use super::error::StoreError;
use super::latest::LATEST;
use super::open::Store;
use crate::model::Hash;

/// Something that is not as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where: `host hv01`, `body 3f2a…`, `the file`.
    pub place: String,
    /// What does not fit.
    pub what: String,
    /// It follows from other rows, which are not concerned.
    pub is_derived: bool,
}

impl Damage {
    /// Damage that only a backup mends.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), is_derived: false }
    }
}

impl Damage {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.is_derived {
            true => "check --repair sets it right",
            false => "restore a backup",
        }
    }
}

/// How many rows of each kind were looked at.
pub type Counts = Vec<(&'static str, u64)>;

/// Laws that name what breaks them: where, and what.
const LAWS: [&str; 6] = [
    "SELECT 'subtree ' || lower(hex(hash)), 'its list of parts is no JSON' FROM subtree
     WHERE parts IS NOT NULL AND NOT json_valid(parts)",
    "SELECT 'subtree ' || lower(hex(s.hash)), 'its part ' || p.value || ' is not there'
     FROM subtree s, json_each(CASE WHEN json_valid(s.parts) THEN s.parts ELSE '[]' END) p
     WHERE NOT EXISTS (SELECT 1 FROM subtree t WHERE t.subtree_id = p.value)",
    "SELECT 'body ' || lower(hex(hash)), 'its bytes are not there' FROM body b
     WHERE NOT EXISTS (SELECT 1 FROM body_content c WHERE c.body_id = b.body_id)",
    "SELECT 'body ' || lower(hex(b.hash)), 'it is packed against a body that is packed itself'
     FROM body_content c JOIN body_content base ON base.body_id = c.base_id
     JOIN body b ON b.body_id = c.body_id WHERE base.base_id IS NOT NULL",
    "SELECT 'value ' || value_id, 'its members are no JSON array' FROM value
     WHERE kind IN ('set', 'list')
       AND CASE WHEN json_valid(value) THEN json_type(value) <> 'array' ELSE 1 END",
    "SELECT 'host ' || name, 'its snapshot of ' || taken_at || ' ms has no id of 16 bytes'
     FROM host_snapshot JOIN host USING (host_id) WHERE length(hash) <> 16",
];

/// What is counted.
const COUNTED: [(&str, &str); 5] = [
    ("hosts", "host"),
    ("snapshots", "host_snapshot"),
    ("profiles", "profile"),
    ("bodies", "body"),
    ("subtrees", "subtree"),
];

/// So many breaches of one law are named; a file that is damaged widely has thousands.
const MOST: usize = 100;

impl Store {
    /// Looks for what SQLite can tell, and for rows that do not fit together. What cannot even be
    /// read is damage too.
    #[must_use]
    pub fn check_structure(&self) -> Vec<Damage> {
        let mut damage = Vec::new();
        let mut look = |found: Result<Vec<Damage>, StoreError>| match found {
            Ok(found) => damage.extend(found),
            Err(error) => damage.push(Damage::new("the file", format!("cannot be read: {error}"))),
        };
        look(self.sql(integrity));
        look(self.sql(references));
        for law in LAWS {
            look(self.sql(|connection| breaches(connection, law)));
        }
        look(self.sql(changes));
        look(self.sql(latest));
        damage
    }

    /// How much there is to be looked at.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let count = |table: &str| {
            self.sql(|connection| {
                let sql = format!("SELECT count(*) FROM {table}");
                connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
            })
        };
        COUNTED.iter().map(|(name, table)| Ok((*name, count(table)?.unsigned_abs()))).collect()
    }
}

fn integrity(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let mut select = connection.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let lines = select.query_map([], |row| row.get::<_, String>(0))?;
    let mut damage = Vec::new();
    for line in lines {
        let line = line?;
        if line != "ok" {
            let line = line.trim_start_matches("*** in database main ***").trim();
            damage.push(Damage::new("the file", line));
        }
    }
    Ok(damage)
}

fn references(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let mut select = connection.prepare(&format!(
        "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT {MOST}"
    ))?;
    let rows = select.query_map([], |row| {
        let (table, id, parent): (String, Option<i64>, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let id = id.map(|id| format!(" {id}")).unwrap_or_default();
        Ok(Damage::new(format!("{table}{id}"), format!("the {parent} that it names is not there")))
    })?;
    rows.collect()
}

fn breaches(connection: &Connection, law: &str) -> rusqlite::Result<Vec<Damage>> {
    let mut select = connection.prepare(&format!("{law} LIMIT {MOST}"))?;
    let rows = select
        .query_map([], |row| Ok(Damage::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    rows.collect()
}

/// Whether each snapshot says rightly that its content is new. In the order of the rows: to sort a
/// history of millions would take longer than all else.
fn changes(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let mut select = connection.prepare(
        "SELECT host_id, name, hash, profile_id, state, is_change
         FROM host_snapshot JOIN host USING (host_id) ORDER BY host_id, taken_at",
    )?;
    let mut rows = select.query([])?;
    let (mut host, mut before) = (None, None);
    let mut damage = Vec::new();
    while let Some(row) = rows.next()?
        && damage.len() < MOST
    {
        let this: i64 = row.get(0)?;
        if host.replace(this) != Some(this) {
            before = None;
        }
        let is_complete = row.get_ref(4)?.as_str()? == "complete";
        let profile: i64 = row.get(3)?;
        let derived = is_complete && before != Some(profile);
        if is_complete {
            before = Some(profile);
        }
        let stored: i64 = row.get(5)?;
        if stored != i64::from(derived) {
            let (name, id): (String, Hash) = (row.get(1)?, row.get(2)?);
            damage.push(Damage {
                place: format!("host {name}, snapshot {id}"),
                what: format!("is_change is {stored}, and must be {}", i64::from(derived)),
                is_derived: true,
            });
        }
    }
    Ok(damage)
}

fn latest(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let sql = format!(
        "SELECT name FROM host WHERE host_id IN (
           SELECT host_id FROM (SELECT * FROM host_latest EXCEPT {LATEST})
           UNION SELECT host_id FROM ({LATEST} EXCEPT SELECT * FROM host_latest))
         ORDER BY name LIMIT {MOST}"
    );
    let mut select = connection.prepare(&sql)?;
    let rows = select.query_map([], |row| {
        Ok(Damage {
            place: format!("host {}", row.get::<_, String>(0)?),
            what: "host_latest does not say which snapshot is the newest".to_owned(),
            is_derived: true,
        })
    })?;
    rows.collect()
}
