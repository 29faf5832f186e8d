//! A document's capabilities cut into the pieces that hosts and machines share.
//!
//! pc and q35 of one QEMU differ in three capabilities, so whole documents share little; their
//! second-level elements (`devices.disk`, `os.loader`) nearly all. `cpu.mode[custom]` is nine
//! tenths of a modern document, so below it each model with its blockers is a piece of its own,
//! and models stand in small groups: one flipped `usable` costs one model, one group and the
//! lists above them, not 1,700 rows.

use super::{
    CUSTOM_MODE, CUSTOM_MODELS, Capabilities, HOST_UNIQUE, Hash, Hasher, ancestors, elements,
};

/// A piece of a document: capabilities of its own, and pieces below it.
///
/// It says where they stand in the [`Capabilities`] that it was cut from, which its methods are to be
/// given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtree {
    key: Key,
    /// Its address: of its own capabilities and of its parts'.
    pub hash: Hash,
    /// Its own capabilities as positions in [`Capabilities`], sorted by path.
    pub own: Vec<usize>,
    /// What stands below it, sorted by key.
    pub parts: Vec<Self>,
}

/// The path all of a piece stands at or below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// The root's, which is empty.
    Root,
    /// That of a group of models.
    Models,
    /// The beginning of its first capability's path.
    Own { length: usize },
}

/// Capabilities with the tree of shared pieces that they were cut into.
#[derive(Debug)]
pub struct Cut {
    capabilities: Capabilities,
    root: Subtree,
    shared_hash: Hash,
}

impl Cut {
    /// Cuts capabilities.
    #[must_use]
    pub fn new(capabilities: Capabilities) -> Self {
        let root = subtrees(&capabilities);
        let shared_hash = shared_hash(&root, &capabilities);
        Self { capabilities, root, shared_hash }
    }

    /// All of them.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> &Subtree {
        &self.root
    }

    /// See [`shared_hash()`].
    #[must_use]
    pub fn shared_hash(&self) -> Hash {
        self.shared_hash
    }
}

/// Cuts capabilities into the tree of shared pieces; the root's key is empty.
///
/// Order in the document means nothing here: equal capabilities give equal hashes.
#[must_use]
pub fn subtrees(capabilities: &Capabilities) -> Subtree {
    let mut cut = Cutter { capabilities, hasher: Hasher::new() };
    let mut top = Vec::new();
    let mut models = Vec::new();
    for piece in pieces(capabilities) {
        if piece.key.starts_with(CUSTOM_MODELS) && piece.key != CUSTOM_MODELS {
            models.push(cut.piece(piece, Vec::new()));
        } else {
            top.push(piece);
        }
    }
    let mut groups = Some(cut.grouped(models));
    let mut parts = Vec::with_capacity(top.len());
    for piece in top {
        let below = if piece.key == CUSTOM_MODE { groups.take() } else { None };
        parts.push(cut.piece(piece, below.unwrap_or_default()));
    }
    // Models without their mode (an invented document) still belong somewhere.
    parts.extend(groups.unwrap_or_default());
    cut.subtree(Key::Root, Vec::new(), parts)
}

/// The hash of all capabilities but those unique to one host: what cohorts compare.
#[must_use]
pub fn shared_hash(root: &Subtree, capabilities: &Capabilities) -> Hash {
    let unique = |index: &usize| HOST_UNIQUE.contains(&capabilities.at(*index).0);
    let holds_unique = |part: &Subtree| part.own.iter().any(unique);
    if !root.parts.iter().any(holds_unique) {
        return root.hash;
    }
    let parts = root.parts.iter().map(|part| {
        let key = part.key(capabilities);
        if !holds_unique(part) {
            return (key, part.hash);
        }
        let own: Vec<usize> = part.own.iter().copied().filter(|index| !unique(index)).collect();
        (key, subtree_hash(capabilities, &own, part.keyed(capabilities)))
    });
    subtree_hash(capabilities, &[], parts)
}

impl Subtree {
    /// The path all of it stands at or below; for the root and for a group of models, of what they hold.
    #[must_use]
    pub fn key<'c>(&self, capabilities: &'c Capabilities) -> &'c str {
        match (self.key, self.own.first()) {
            (Key::Own { length }, Some(first)) => &capabilities.at(*first).0[..length],
            (Key::Models, _) => CUSTOM_MODELS,
            _ => "",
        }
    }

    /// Its parts' keys and addresses.
    fn keyed<'c>(&self, capabilities: &'c Capabilities) -> impl Iterator<Item = (&'c str, Hash)> {
        self.parts.iter().map(|part| (part.key(capabilities), part.hash))
    }
}

/// The capabilities of one key.
struct Piece<'c> {
    key: &'c str,
    /// The key has all the elements that a key of its kind has: what stands below it is of this piece.
    is_deep: bool,
    own: Vec<usize>,
}

/// The pieces of a document, sorted by key, the capabilities of each sorted by path.
fn pieces(capabilities: &Capabilities) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::with_capacity(256);
    for index in 0..capabilities.len() {
        let path = capabilities.at(index).0;
        match pieces.last_mut() {
            Some(last) if last.is_deep && goes_on(last.key, path) => last.own.push(index),
            _ => {
                let key = piece_key(path);
                let is_deep = elements(key).nth(1).is_some();
                pieces.push(Piece { key, is_deep, own: vec![index] });
            }
        }
    }
    // What belongs together mostly stands together, and in order.
    pieces.sort_by_key(|piece| piece.key);
    pieces.dedup_by(|next, kept| {
        let is_same = next.key == kept.key;
        if is_same {
            kept.own.append(&mut next.own);
        }
        is_same
    });
    for piece in &mut pieces {
        if !piece.own.is_sorted_by_key(|index| capabilities.at(*index).0) {
            piece.own.sort_unstable_by_key(|index| capabilities.at(*index).0);
        }
    }
    pieces
}

/// Whether a path is plainly of the piece that has this deep key; where not, it may still be.
fn goes_on(key: &str, path: &str) -> bool {
    let is_below = path.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    is_below && (is_of_model(key) || !is_of_model(path))
}

/// Whether a path is of one CPU model.
fn is_of_model(path: &str) -> bool {
    path.strip_prefix(CUSTOM_MODELS).is_some_and(|rest| rest.starts_with('['))
}

/// Pieces on their way to a tree.
struct Cutter<'c> {
    capabilities: &'c Capabilities,
    hasher: Hasher,
}

impl Cutter<'_> {
    fn piece(&mut self, piece: Piece<'_>, parts: Vec<Subtree>) -> Subtree {
        self.subtree(Key::Own { length: piece.key.len() }, piece.own, parts)
    }

    fn subtree(&mut self, key: Key, own: Vec<usize>, parts: Vec<Subtree>) -> Subtree {
        let keyed = parts.iter().map(|part| (part.key(self.capabilities), part.hash));
        let hash = hash_with(&mut self.hasher, self.capabilities, &own, keyed);
        Subtree { key, hash, own, parts }
    }

    /// Models in groups that end where a name's hash says so: a model that comes or goes changes one
    /// group and leaves the others as they are.
    fn grouped(&mut self, models: Vec<Subtree>) -> Vec<Subtree> {
        let mut groups = Vec::new();
        let mut open = Vec::new();
        for model in models {
            let ends_group = name_hash(model.key(self.capabilities)).is_multiple_of(GROUP_SIZE);
            open.push(model);
            if ends_group {
                groups.push(self.subtree(Key::Models, Vec::new(), std::mem::take(&mut open)));
            }
        }
        if !open.is_empty() {
            groups.push(self.subtree(Key::Models, Vec::new(), open));
        }
        groups
    }
}

/// The address of a subtree: of its own capabilities, given sorted by path, and its parts' keys and
/// addresses in their order.
pub fn subtree_hash<'p>(
    capabilities: &Capabilities,
    own: &[usize],
    parts: impl Iterator<Item = (&'p str, Hash)>,
) -> Hash {
    hash_with(&mut Hasher::new(), capabilities, own, parts)
}

fn hash_with<'p>(
    hasher: &mut Hasher,
    capabilities: &Capabilities,
    own: &[usize],
    parts: impl Iterator<Item = (&'p str, Hash)>,
) -> Hash {
    hasher.clear();
    for index in own {
        let (kind, value) = capabilities.encoded_at(*index);
        let path = capabilities.at(*index).0;
        hasher.part(path.as_bytes()).part(kind.name().as_bytes()).part(value.as_bytes());
    }
    for (key, hash) in parts {
        hasher.part(key.as_bytes()).part(hash.as_bytes());
    }
    hasher.finish()
}

/// The piece a capability belongs to: its first two elements, or its CPU model.
fn piece_key(path: &str) -> &str {
    let depth = if is_of_model(path) { 3 } else { 1 };
    ancestors(path).nth(depth).unwrap_or(path)
}

/// Models in a group, on average: the square root of the 145 that QEMU 10 has.
const GROUP_SIZE: u32 = 12;

/// FNV-1a, written out because group borders are part of the stored format.
fn name_hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn sample(sev_id: &str, usable: &str) -> Capabilities {
        let mut all = Capabilities::new();
        all.push("vcpu.max", Value::Number(255));
        all.push("cpu.mode[custom]", Value::Support(true));
        for name in ["EPYC", "Haswell", "qemu64"] {
            let usable = if name == "EPYC" { usable } else { "yes" };
            all.push(&format!("cpu.mode[custom].model[{name}].usable"), Value::Text(usable));
        }
        all.push("features.sev", Value::Support(true));
        all.push("features.sev.cpu0Id", Value::Text(sev_id));
        all
    }

    fn all_hashes(tree: &Subtree) -> Vec<Hash> {
        let below = tree.parts.iter().flat_map(all_hashes);
        below.chain([tree.hash]).collect()
    }

    #[test]
    fn pieces_are_second_level_elements_and_models() {
        let keys = [
            ("vcpu.max", "vcpu.max"),
            ("os", "os"),
            ("devices.disk.bus", "devices.disk"),
            ("cpu.mode[custom].model", "cpu.mode[custom]"),
            ("cpu.mode[custom].model[z14.2-base].blockers", "cpu.mode[custom].model[z14.2-base]"),
            ("features.hyperv.defaults.spinlocks", "features.hyperv"),
        ];
        for (path, key) in keys {
            assert_eq!(piece_key(path), key);
        }
    }

    #[test]
    fn order_in_the_document_means_nothing() {
        let (forward, mut backward) = (sample("a", "yes"), Capabilities::new());
        for (path, value) in forward.iter().collect::<Vec<_>>().into_iter().rev() {
            backward.push(path, value);
        }
        assert_eq!(subtrees(&forward).hash, subtrees(&backward).hash);
    }

    #[test]
    fn one_flipped_model_changes_only_what_holds_it() {
        let (old, new) = (sample("a", "yes"), sample("a", "no"));
        let (old, new) = (subtrees(&old), subtrees(&new));
        let (old, new) = (all_hashes(&old), all_hashes(&new));
        let changed = new.iter().filter(|hash| !old.contains(hash)).count();
        assert_eq!(changed, 4, "the model, its group, the mode and the root");
    }

    #[test]
    fn a_value_unique_to_the_host_is_left_out_of_the_shared_hash() {
        let (one, other) = (sample("a", "yes"), sample("b", "yes"));
        let (one_root, other_root) = (subtrees(&one), subtrees(&other));
        assert_ne!(one_root.hash, other_root.hash);
        assert_eq!(shared_hash(&one_root, &one), shared_hash(&other_root, &other));
    }
}
