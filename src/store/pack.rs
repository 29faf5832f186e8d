//! Bodies packed, each against a similar one, and unpacked again.
//!
//! A body may be packed against one that is packed itself, up to [`MAX_DEPTH`]: 84 kinds of host in
//! 10,000 variants each cost what is special about the variant, though most of the 84 are stored as
//! what is special about another of them. A base is always older than what is packed against it.

use std::io::Read as _;

use rusqlite::{Row, params};
use zstd::zstd_safe::{CCtx, CDict, compress_bound, get_error_name};

use super::error::StoreError;
use super::ids::BodyId;
use super::open::Store;
use super::writer::Writer;
use crate::model::{Hash, Subtree};

/// zstd level: 1.2 times the size of level 19 at 30 times its speed on these documents.
const LEVEL: i32 = 3;

/// How many stored bodies are looked at for one that is similar to a new body.
const CANDIDATES: usize = 128;

/// How many of the newest bodies are looked through for these.
const RECENT: i64 = 4096;

/// A body that takes fewer bytes beside its base brings nothing that the base does not have.
const WORTH_COMPARING: usize = 256;

/// How many bodies stand between one and the bytes of its last base.
pub(super) const MAX_DEPTH: i64 = 3;

/// Nothing is packed against a larger body: zstd looks back no further than twice this.
const LARGEST_BASE: usize = 1 << 20;

/// No body is longer: twice what a document may have. What a database says of a length is a claim, and
/// damage must not be taken for a wish for memory.
const LARGEST: usize = 16 << 20;

/// What the bases that are kept ready may take together, in bytes.
const READY: usize = 48 << 20;

/// What a base takes beside its bytes, for the tables of its parts.
const TABLES: usize = 400 << 10;

/// A stored body to pack others against.
struct Base {
    id: BodyId,
    depth: i64,
    print: Print,
    length: usize,
    ready: Option<CDict<'static>>,
}

/// What similar bodies share.
struct Print {
    root: Hash,
    /// The second-level subtrees and the parts of these, by the beginning of their hash; sorted.
    parts: Vec<u64>,
}

/// What was packed.
pub(super) struct Packed {
    pub(super) base: Option<BodyId>,
    pub(super) content: Vec<u8>,
    depth: i64,
    print: Print,
    length: usize,
}

/// Packs bodies, and remembers those that others may be like.
pub(super) struct Packer {
    /// What was last of use stands first.
    bases: Vec<Base>,
    is_loaded: bool,
    zstd: CCtx<'static>,
}

impl Default for Packer {
    fn default() -> Self {
        Self { bases: Vec::new(), is_loaded: false, zstd: CCtx::create() }
    }
}

impl Writer<'_> {
    /// Packs a body against a similar one, where half of its subtrees stand in one and that halves it,
    /// else alone.
    pub(super) fn pack(&mut self, root: &Subtree, bytes: &[u8]) -> Result<Packed, StoreError> {
        if !self.known.packer.is_loaded {
            self.known.packer.bases = self.store.bases()?;
            self.known.packer.is_loaded = true;
        }
        let (print, length) = (Print::of(root), bytes.len());
        let Some(at) = self.known.packer.most_similar(&print) else {
            let content = self.known.packer.alone(bytes).map_err(|error| self.io(error))?;
            return Ok(Packed { base: None, content, depth: 0, print, length });
        };
        let base = self.known.packer.bases[at].id;
        let ready = match self.known.packer.bases[at].ready.take() {
            Some(ready) => ready,
            None => CDict::create(&self.store.body_bytes(base)?, LEVEL),
        };
        let content = self.known.packer.against(&ready, bytes).map_err(|error| self.io(error))?;
        self.known.packer.bases[at].ready = Some(ready);
        if content.len() >= WORTH_COMPARING {
            let alone = self.known.packer.alone(bytes).map_err(|error| self.io(error))?;
            if content.len() * 2 > alone.len() {
                return Ok(Packed { base: None, content: alone, depth: 0, print, length });
            }
        }
        let depth = self.known.packer.bases[at].depth + 1;
        self.known.packer.note_use(at);
        Ok(Packed { base: Some(base), content, depth, print, length })
    }
}

impl Packer {
    /// Remembers a body that was stored, where others may be like it.
    pub(super) fn note(&mut self, id: BodyId, packed: Packed) {
        let Packed { depth, print, content, length, .. } = packed;
        let is_base = depth < MAX_DEPTH && length <= LARGEST_BASE;
        if is_base && content.len() >= WORTH_COMPARING {
            self.bases.insert(0, Base { id, depth, print, length, ready: None });
            self.bases.truncate(CANDIDATES);
        }
    }

    /// The body that shares the most subtrees, if half are shared.
    fn most_similar(&self, print: &Print) -> Option<usize> {
        if let Some(same) = self.bases.iter().position(|base| base.print.root == print.root) {
            return Some(same);
        }
        let shared = |base: &Base| count_shared(&base.print.parts, &print.parts);
        let counted = self.bases.iter().enumerate().map(|(at, base)| (shared(base), at));
        let (count, at) = counted.max_by_key(|(count, at)| (*count, std::cmp::Reverse(*at)))?;
        (count * 2 >= print.parts.len()).then_some(at)
    }

    /// Moves a base to the front, and lets go of one that was not of use for long.
    fn note_use(&mut self, at: usize) {
        self.bases[..=at].rotate_right(1);
        let mut taken = 0;
        for base in self.bases.iter_mut().filter(|base| base.ready.is_some()) {
            taken += base.length + TABLES;
            if taken > READY {
                base.ready = None;
            }
        }
    }

    fn alone(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut content = Vec::with_capacity(compress_bound(bytes.len()));
        zstd_result(self.zstd.compress(&mut content, bytes, LEVEL))?;
        Ok(content)
    }

    fn against(&mut self, base: &CDict<'_>, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut content = Vec::with_capacity(compress_bound(bytes.len()));
        zstd_result(self.zstd.compress_using_cdict(&mut content, bytes, base))?;
        Ok(content)
    }
}

fn zstd_result(result: Result<usize, usize>) -> std::io::Result<()> {
    result.map(drop).map_err(|code| std::io::Error::other(get_error_name(code)))
}

impl Print {
    fn of(root: &Subtree) -> Self {
        let below = root.parts.iter().flat_map(|part| part.parts.iter());
        let hashes = root.parts.iter().chain(below).map(|part| part.hash);
        Self::new(root.hash, hashes)
    }

    fn new(root: Hash, parts: impl Iterator<Item = Hash>) -> Self {
        let mut parts: Vec<u64> = parts.map(|hash| hash.beginning()).collect();
        parts.sort_unstable();
        Self { root, parts }
    }
}

/// How many members two sorted lists share.
fn count_shared(one: &[u64], other: &[u64]) -> usize {
    let (mut count, mut at) = (0, 0);
    for each in one {
        while other.get(at).is_some_and(|next| next < each) {
            at += 1;
        }
        count += usize::from(other.get(at) == Some(each));
    }
    count
}

impl Store {
    /// The newest bodies that others may be packed against, and those that the newest are.
    fn bases(&self) -> Result<Vec<Base>, StoreError> {
        let found: Vec<(BodyId, i64, Hash, i64)> = self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "WITH recent AS (SELECT body_id, base_id, length(content) AS size FROM body_content
                                 ORDER BY body_id DESC LIMIT ?1),
                 useful (id, used) AS (
                   SELECT body_id, body_id FROM recent WHERE size >= ?2
                   UNION ALL SELECT base_id, body_id FROM recent WHERE base_id IS NOT NULL)
                 SELECT id, (c0.base_id IS NOT NULL) + (c1.base_id IS NOT NULL)
                              + (c2.base_id IS NOT NULL) AS depth, s.hash, c0.length
                 FROM useful
                 JOIN body b ON b.body_id = id
                 JOIN subtree s USING (subtree_id)
                 JOIN body_content c0 ON c0.body_id = id
                 LEFT JOIN body_content c1 ON c1.body_id = c0.base_id
                 LEFT JOIN body_content c2 ON c2.body_id = c1.base_id
                 WHERE depth < ?3 AND c0.length <= ?5
                 GROUP BY id ORDER BY max(used) DESC LIMIT ?4",
            )?;
            let limits = params![
                RECENT,
                WORTH_COMPARING as i64,
                MAX_DEPTH,
                CANDIDATES as i64,
                LARGEST_BASE as i64
            ];
            let base = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            select.query_map(limits, base)?.collect()
        })?;
        let mut bases = Vec::with_capacity(found.len());
        for (id, depth, root, length) in found {
            let length = usize::try_from(length).unwrap_or_default();
            let print = Print::new(root, self.part_hashes(id)?.into_iter());
            bases.push(Base { id, depth, print, length, ready: None });
        }
        Ok(bases)
    }

    /// The second-level subtrees of a body, and the parts of these.
    fn part_hashes(&self, body: BodyId) -> Result<Vec<Hash>, StoreError> {
        self.sql(|connection| {
            let mut select = connection.prepare_cached(
                "WITH part (subtree_id) AS (
                   SELECT p.value FROM body JOIN subtree s USING (subtree_id), json_each(s.parts) p
                   WHERE body_id = ?1)
                 SELECT hash FROM part JOIN subtree USING (subtree_id)
                 UNION ALL SELECT t.hash FROM part JOIN subtree s USING (subtree_id),
                   json_each(s.parts) p JOIN subtree t ON t.subtree_id = p.value",
            )?;
            select.query_map([body], |row| row.get(0))?.collect()
        })
    }
}

/// Bytes of `length` that were packed against `prefix`, or against nothing where that is empty.
pub(super) fn unpack(content: &[u8], prefix: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    if length > LARGEST {
        return Err(std::io::Error::other(format!("a length of {length} bytes")));
    }
    let mut bytes = Vec::with_capacity(length);
    let mut decoder = zstd::stream::Decoder::with_ref_prefix(content, prefix)?;
    decoder.window_log_max(LARGEST.ilog2())?;
    // One byte more than was stored, so that a longer content is seen as damage.
    decoder.take(length as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(std::io::Error::other("other length")) }
}
