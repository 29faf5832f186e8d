//! Bodies: documents without their identity, and back byte for byte.

use rusqlite::{OptionalExtension as _, params};

use super::error::StoreError;
use super::ids::BodyId;
use super::open::Store;
use super::pack::{MAX_DEPTH, unpack};
use super::writer::Writer;
use crate::model::{Cut, Hash, Suspicion};

/// A document without its identity, and what it says.
#[derive(Clone, Debug)]
pub struct NewBody<'a> {
    /// Its address.
    pub hash: Hash,
    /// The bytes before and after the place of the identity.
    pub bytes: &'a [u8],
    /// Where in `bytes` the identity stood.
    pub head_at: usize,
    /// Every capability, and the pieces that are shared.
    pub cut: &'a Cut,
}

impl Writer<'_> {
    /// The body of that address, where it is stored.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn body(&mut self, hash: Hash) -> Result<Option<BodyId>, StoreError> {
        Ok(self.judged_body(hash)?.map(|(id, _)| id))
    }

    /// The body of that address, where it is stored, and what speaks against it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn judged_body(&mut self, hash: Hash) -> Result<Option<(BodyId, Suspicion)>, StoreError> {
        if let Some(known) = self.known.bodies.get(&hash) {
            return Ok(Some(*known));
        }
        let found = self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT body_id, suspicion FROM body WHERE hash = ?")?;
            select
                .query_row([hash], |row| Ok((row.get("body_id")?, row.get("suspicion")?)))
                .optional()
        })?;
        if let Some(body) = found {
            self.known.bodies.insert(hash, body);
        }
        Ok(found)
    }

    /// Stores a body, or finds it stored.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn add_body(&mut self, body: &NewBody<'_>) -> Result<BodyId, StoreError> {
        if let Some(known) = self.body(body.hash)? {
            return Ok(known);
        }
        let tree = self.add_tree(body.cut.root(), body.cut.capabilities())?;
        self.add_dotted_names(body.cut.capabilities().dotted())?;
        let suspicion = Suspicion::of(body.cut.capabilities());
        let id = self.sql(|connection| {
            let id = connection
                .prepare_cached(
                    "INSERT INTO body
                     (hash, subtree_id, shared_hash, is_empty_document, head_at, suspicion)
                     VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .insert(params![
                    body.hash,
                    tree,
                    body.cut.shared_hash(),
                    body.cut.capabilities().is_empty_document(),
                    i64::try_from(body.head_at).unwrap_or(i64::MAX),
                    suspicion,
                ])?;
            Ok(BodyId(id))
        })?;
        self.add_content(id, body)?;
        self.known.bodies.insert(body.hash, (id, suspicion));
        Ok(id)
    }

    fn add_content(&mut self, id: BodyId, body: &NewBody<'_>) -> Result<(), StoreError> {
        let packed = self.pack(body.cut.root(), body.bytes)?;
        self.sql(|connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO body_content (body_id, base_id, length, content) VALUES (?, ?, ?, ?)",
            )?;
            let length = i64::try_from(body.bytes.len()).unwrap_or(i64::MAX);
            insert.execute(params![id, packed.base, length, packed.content]).map(drop)
        })?;
        self.known.packer.note(id, packed);
        Ok(())
    }
}

impl Store {
    /// What speaks against a body, where it is stored.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn suspicion(&self, hash: Hash) -> Result<Option<Suspicion>, StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached("SELECT suspicion FROM body WHERE hash = ?")?
                .query_row([hash], |row| row.get("suspicion"))
                .optional()
        })
    }

    /// A document byte for byte: its body with its identity back in its place.
    ///
    /// # Errors
    /// Where the database cannot be read, or the bytes are not those that were stored.
    pub fn document(&self, body: BodyId, head: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (hash, at) = self.sql(|connection| {
            connection
                .prepare_cached("SELECT hash, head_at FROM body WHERE body_id = ?")?
                .query_row([body], |row| Ok((row.get::<_, Hash>(0)?, row.get::<_, i64>(1)?)))
        })?;
        let bytes = self.body_bytes(body)?;
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if at > bytes.len() {
            return Err(self.damaged(format!("body {hash} is shorter than it was")));
        }
        let (before, after) = bytes.split_at(at);
        if crate::model::Hasher::new().part(before).part(after).finish() != hash {
            return Err(self.damaged(format!("body {hash} has other bytes than were stored")));
        }
        Ok([before, head, after].concat())
    }

    /// The bytes of a body, without the identity.
    pub(super) fn body_bytes(&self, body: BodyId) -> Result<Vec<u8>, StoreError> {
        // The body, what it is packed against, what that is packed against, ….
        let mut packed = Vec::new();
        let mut next = Some(body);
        while let Some(body) = next {
            if packed.len() > usize::try_from(MAX_DEPTH).unwrap_or_default() {
                return Err(self.damaged(format!("body {} is packed too deeply", body.0)));
            }
            let (base, length, content) = self.packed(body)?;
            packed.push((body, length, content));
            next = base;
        }
        let mut bytes = Vec::new();
        for (body, length, content) in packed.into_iter().rev() {
            let unpacked = unpack(&content, &bytes, length);
            bytes = unpacked.map_err(|error| self.damaged(format!("body {}: {error}", body.0)))?;
        }
        Ok(bytes)
    }

    /// What a body is packed against, its length, and what is stored.
    fn packed(&self, body: BodyId) -> Result<(Option<BodyId>, usize, Vec<u8>), StoreError> {
        self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT base_id, length, content FROM body_content WHERE body_id = ?",
                )?
                .query_row([body], |row| {
                    let length = usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
                    Ok((row.get(0)?, length, row.get(2)?))
                })
        })
    }
}
