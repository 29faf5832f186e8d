//! Bodies: the bytes of documents, compressed, and back byte for byte.

use std::io::Read as _;

use rusqlite::{OptionalExtension as _, params};

use super::error::StoreError;
use super::ids::{BodyId, TreeId};
use super::open::Store;
use super::writer::Writer;
use crate::model::{Capabilities, Hash, shared_hash, subtrees};

/// zstd level: 1.2 times the size of level 19 at 30 times its speed on these documents.
const LEVEL: i32 = 3;

/// How many bodies stored on their own are looked at for one that is similar to a new body.
const CANDIDATES: i64 = 128;

/// A document without its identity, and what it says.
#[derive(Clone, Debug)]
pub struct NewBody<'a> {
    /// Its address.
    pub hash: Hash,
    /// The bytes before and after the place of the identity.
    pub bytes: &'a [u8],
    /// Where in `bytes` the identity stood.
    pub head_at: usize,
    /// Every capability.
    pub capabilities: &'a Capabilities,
}

/// A body stored on its own, and the subtrees by which a similar one is found.
pub(super) struct Base {
    id: BodyId,
    tree: TreeId,
    /// Sorted.
    parts: Vec<i64>,
    bytes: Option<Vec<u8>>,
}

impl Writer<'_> {
    /// The body of that address, where it is stored.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn body(&mut self, hash: Hash) -> Result<Option<BodyId>, StoreError> {
        if let Some(known) = self.bodies.get(&hash) {
            return Ok(Some(*known));
        }
        let found = self.sql(|connection| {
            let mut select =
                connection.prepare_cached("SELECT body_id FROM body WHERE hash = ?")?;
            select.query_row([hash], |row| row.get(0)).optional()
        })?;
        if let Some(id) = found {
            self.bodies.insert(hash, id);
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
        let root = subtrees(body.capabilities);
        let shared = shared_hash(&root, body.capabilities);
        let tree = self.add_tree(&root, body.capabilities)?;
        self.add_dotted_names(body.capabilities.dotted())?;
        let id = self.sql(|connection| {
            let id = connection
                .prepare_cached(
                    "INSERT INTO body (hash, subtree_id, shared_hash, is_empty_document, head_at)
                     VALUES (?, ?, ?, ?, ?)",
                )?
                .insert(params![
                    body.hash,
                    tree,
                    shared,
                    body.capabilities.is_empty_document(),
                    i64::try_from(body.head_at).unwrap_or(i64::MAX),
                ])?;
            Ok(BodyId(id))
        })?;
        self.add_content(id, tree, body.bytes)?;
        self.bodies.insert(body.hash, id);
        Ok(id)
    }

    /// Stores the bytes against a similar body where that halves them, else on their own.
    fn add_content(&mut self, id: BodyId, tree: TreeId, bytes: &[u8]) -> Result<(), StoreError> {
        let parts = self.part_ids(tree)?;
        let base = self.similar_body(tree, &parts)?;
        let alone = || zstd::bulk::compress(bytes, LEVEL);
        let (base, content) = match base {
            Some((base, prefix)) => (Some(base), compress_against(bytes, &prefix)),
            None => (None, alone()),
        };
        let content = content.map_err(|source| self.io(source))?;
        self.sql(|connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO body_content (body_id, base_id, length, content) VALUES (?, ?, ?, ?)",
            )?;
            let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            insert.execute(params![id, base, length, content]).map(drop)
        })?;
        if base.is_none() {
            let bytes = Some(bytes.to_vec());
            self.bases.insert(0, Base { id, tree, parts, bytes });
            self.bases.truncate(usize::try_from(CANDIDATES).unwrap_or(usize::MAX));
        }
        Ok(())
    }

    /// The body stored on its own that shares the most subtrees, if half are shared, and its bytes.
    fn similar_body(
        &mut self,
        tree: TreeId,
        parts: &[i64],
    ) -> Result<Option<(BodyId, Vec<u8>)>, StoreError> {
        self.load_bases()?;
        let shared = |base: &Base| {
            if base.tree == tree { usize::MAX } else { count_shared(&base.parts, parts) }
        };
        let best = self.bases.iter().enumerate().map(|(at, base)| (shared(base), at));
        let Some((count, at)) = best.max_by_key(|(count, at)| (*count, std::cmp::Reverse(*at)))
        else {
            return Ok(None);
        };
        if count.saturating_mul(2) < parts.len() {
            return Ok(None);
        }
        let id = self.bases[at].id;
        if self.bases[at].bytes.is_none() {
            self.bases[at].bytes = Some(self.store.body_bytes(id)?);
        }
        Ok(self.bases[at].bytes.clone().map(|bytes| (id, bytes)))
    }

    fn load_bases(&mut self) -> Result<(), StoreError> {
        if self.bases_loaded {
            return Ok(());
        }
        self.bases_loaded = true;
        let bodies: Vec<(BodyId, TreeId)> = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT body_id, subtree_id FROM body JOIN body_content USING (body_id)
                 WHERE base_id IS NULL ORDER BY body_id DESC LIMIT ?",
            )?;
            select.query_map([CANDIDATES], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        for (id, tree) in bodies {
            let parts = self.part_ids(tree)?;
            self.bases.push(Base { id, tree, parts, bytes: None });
        }
        Ok(())
    }

    /// The second-level subtrees of a tree, and the parts of these; sorted.
    fn part_ids(&self, tree: TreeId) -> Result<Vec<i64>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT p1.value FROM subtree s, json_each(s.parts) p1 WHERE s.subtree_id = ?1
                 UNION SELECT p2.value FROM subtree s, json_each(s.parts) p1
                 JOIN subtree t ON t.subtree_id = p1.value, json_each(t.parts) p2
                 WHERE s.subtree_id = ?1 ORDER BY 1",
            )?;
            select.query_map([tree], |row| row.get(0))?.collect()
        })
    }
}

fn count_shared(one: &[i64], other: &[i64]) -> usize {
    let (mut count, mut other) = (0, other.iter().peekable());
    for id in one {
        while other.peek().is_some_and(|next| *next < id) {
            other.next();
        }
        count += usize::from(other.peek() == Some(&id));
    }
    count
}

fn compress_against(bytes: &[u8], prefix: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::stream::Encoder::with_ref_prefix(Vec::new(), LEVEL, prefix)?;
    encoder.set_pledged_src_size(Some(bytes.len() as u64))?;
    std::io::Write::write_all(&mut encoder, bytes)?;
    encoder.finish()
}

impl Store {
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
    fn body_bytes(&self, body: BodyId) -> Result<Vec<u8>, StoreError> {
        let (base, length, content) = self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT base_id, length, content FROM body_content WHERE body_id = ?",
                )?
                .query_row([body], |row| {
                    Ok((
                        row.get::<_, Option<BodyId>>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, Vec<u8>>(2)?,
                    ))
                })
        })?;
        let prefix = base.map(|base| self.body_bytes(base)).transpose()?.unwrap_or_default();
        let length = usize::try_from(length).unwrap_or_default();
        let unpacked = decompress(&content, &prefix, length);
        unpacked.map_err(|error| self.damaged(format!("body {}: {error}", body.0)))
    }
}

fn decompress(content: &[u8], prefix: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    let decoder = zstd::stream::Decoder::with_ref_prefix(content, prefix)?;
    // One byte more than was stored, so that a longer content is seen as damage.
    decoder.take(length as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(std::io::Error::other("other length")) }
}
