//! Looking for damage: SQLite's own checks, and the laws of the schema.

mod rehash;

pub use rehash::{REHASHES, StoredBody};

use std::collections::HashMap;

use rusqlite::{Connection, Row};

use super::error::StoreError;
use super::migrate::{expected_schema, schema};
use super::open::Store;
use crate::model::Hash;

/// Something that is not as it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    "SELECT 'body ' || lower(hex(b.hash)), 'it is packed against a newer body, or through more than three'
     FROM body_content c JOIN body b USING (body_id)
     LEFT JOIN body_content c1 ON c1.body_id = c.base_id
     LEFT JOIN body_content c2 ON c2.body_id = c1.base_id
     LEFT JOIN body_content c3 ON c3.body_id = c2.base_id
     WHERE c.base_id >= c.body_id OR c3.base_id IS NOT NULL",
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
        look(self.sql(definitions));
        look(self.sql(references));
        for law in LAWS {
            look(self.sql(|connection| breaches(connection, law)));
        }
        look(self.sql(derived));
        damage
    }

    /// How much there is to be looked at.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.sql(counted)
    }
}

pub(super) fn counted(connection: &Connection) -> rusqlite::Result<Counts> {
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
    };
    COUNTED.iter().map(|(name, table)| Ok((*name, count(table)?.unsigned_abs()))).collect()
}

fn integrity(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let mut select = connection.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let lines = select.query_map([], |row| row.get::<_, String>(0))?;
    let mut damage = Vec::new();
    for line in lines {
        let line = line?;
        if line != "ok" {
            let text = line.trim_start_matches("*** in database main ***").trim();
            let mut lines = text.lines();
            let first = lines.next().unwrap_or_default();
            let what = match lines.count() {
                0 => first.to_owned(),
                more => format!("{first}, and {more} more"),
            };
            damage.push(Damage::new("the file", what));
        }
    }
    Ok(damage)
}

/// Whether tables, indexes and views are as domcaps makes them: a view that is damaged gives wrong
/// answers. What others added is theirs.
fn definitions(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let found: HashMap<(String, String), String> =
        schema(connection)?.into_iter().map(|(kind, name, sql)| ((kind, name), sql)).collect();
    let words = |sql: &str| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut damage = Vec::new();
    for (kind, name, sql) in expected_schema()? {
        let place = format!("{kind} {name}");
        match found.get(&(kind, name)) {
            Some(found) if words(found) == words(&sql) => {}
            Some(_) => damage.push(Damage::new(place, "its definition is not that of domcaps")),
            None => damage.push(Damage::new(place, "it is not there")),
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

/// Whether each snapshot says rightly that its content is new, and each host which of them is the
/// newest and how many there are. In one walk through the rows as they stand: to sort a history of millions, or to look for
/// each host's newest, would take longer than all else.
fn derived(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let mut select = connection.prepare(
        "SELECT host_id, name, hash, taken_at, profile_id, context_id, state, is_change
         FROM host_snapshot JOIN host USING (host_id) ORDER BY host_id, taken_at",
    )?;
    let mut latest = stored_latest(connection)?;
    let mut rows = select.query([])?;
    let mut walk: Option<Walk> = None;
    let mut damage = Vec::new();
    while let Some(row) = rows.next()?
        && damage.len() < MOST
    {
        let host: i64 = row.get(0)?;
        if walk.as_ref().is_none_or(|walk| walk.host != host) {
            let next = Walk {
                host,
                name: row.get(1)?,
                latest: None,
                before: None,
                newest_at: 0,
                count: 0,
            };
            damage.extend(walk.replace(next).and_then(|done| done.end(&mut latest)));
        }
        if let Some(walk) = &mut walk {
            damage.extend(walk.step(row)?);
        }
    }
    if damage.len() < MOST {
        damage.extend(walk.and_then(|done| done.end(&mut latest)));
        // Of hosts that have no snapshot.
        damage.extend(latest.into_keys().map(|host| wrong_latest(&format!("host number {host}"))));
    }
    Ok(damage)
}

/// A row of `host_latest`, but for the host.
pub(super) type LatestRow = (i64, Hash, i64, i64, String, i64, i64);

pub(super) fn stored_latest(connection: &Connection) -> rusqlite::Result<HashMap<i64, LatestRow>> {
    let mut select = connection.prepare(
        "SELECT host_id, taken_at, hash, profile_id, context_id, state, newest_at, snapshots
         FROM host_latest",
    )?;
    let rows = select.query_map([], |row| {
        let (at, hash, profile, context) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        let latest = (at, hash, profile, context, row.get(5)?, row.get(6)?, row.get(7)?);
        Ok((row.get(0)?, latest))
    })?;
    rows.collect()
}

fn wrong_latest(place: &str) -> Damage {
    Damage {
        place: place.to_owned(),
        what: "host_latest does not say which snapshot is the newest, or how many there are"
            .to_owned(),
        is_derived: true,
    }
}

/// A walk through a host's snapshots, oldest first.
struct Walk {
    host: i64,
    name: String,
    /// What `latest` means so far.
    latest: Option<LatestRow>,
    /// The profile of the complete snapshot before.
    before: Option<i64>,
    newest_at: i64,
    count: i64,
}

impl Walk {
    fn step(&mut self, row: &Row<'_>) -> rusqlite::Result<Option<Damage>> {
        let (id, at, profile): (Hash, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let state: String = row.get(6)?;
        let stored: i64 = row.get(7)?;
        let is_complete = state == "complete";
        let is_change = is_complete && self.before != Some(profile);
        if is_complete || (self.before.is_none() && state != "failed") {
            self.latest = Some((at, id, profile, row.get(5)?, state, 0, 0));
        }
        if is_complete {
            self.before = Some(profile);
        }
        self.newest_at = at;
        self.count += 1;
        Ok((stored != i64::from(is_change)).then(|| Damage {
            place: format!("host {}, snapshot {id}", self.name),
            what: format!("is_change is {stored}, and must be {}", i64::from(is_change)),
            is_derived: true,
        }))
    }

    fn end(self, stored: &mut HashMap<i64, LatestRow>) -> Option<Damage> {
        let mut latest = self.latest;
        if let Some(latest) = &mut latest {
            (latest.5, latest.6) = (self.newest_at, self.count);
        }
        let is_right = stored.remove(&self.host) == latest;
        (!is_right).then(|| wrong_latest(&format!("host {}", self.name)))
    }
}
