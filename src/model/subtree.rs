//! A document's capabilities cut into the pieces that hosts and machines share.
//!
//! pc and q35 of one QEMU differ in three capabilities, so whole documents share little; their
//! second-level elements (`devices.disk`, `os.loader`) nearly all. `cpu.mode[custom]` is nine
//! tenths of a modern document, so below it each model with its blockers is a piece of its own,
//! and models stand in small groups: one flipped `usable` costs one model, one group and the
//! lists above them, not 1,700 rows.

use std::collections::BTreeMap;

use super::{CUSTOM_MODE, CUSTOM_MODELS, Capabilities, HOST_UNIQUE, Hash, Hasher, ancestors};

/// A piece of a document: capabilities of its own, and pieces below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtree<'a> {
    /// The path all of it stands at or below; for the root and for a group of models, of what
    /// they hold.
    pub key: &'a str,
    /// Its address: of its own capabilities and of its parts'.
    pub hash: Hash,
    /// Its own capabilities as positions in [`Capabilities`], sorted by path.
    pub own: Vec<usize>,
    /// What stands below it, sorted by key.
    pub parts: Vec<Self>,
}

/// Cuts capabilities into the tree of shared pieces; the root's key is empty.
///
/// Order in the document means nothing here: equal capabilities give equal hashes.
#[must_use]
pub fn subtrees(capabilities: &Capabilities) -> Subtree<'_> {
    let mut pieces: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for index in 0..capabilities.len() {
        let path = capabilities.at(index).0;
        pieces.entry(piece_key(path)).or_default().push(index);
    }
    let mut top = Vec::new();
    let mut models = Vec::new();
    for (key, own) in pieces {
        if key.starts_with(CUSTOM_MODELS) && key != CUSTOM_MODELS {
            models.push(Subtree::new(capabilities, key, own, Vec::new()));
        } else {
            top.push((key, own));
        }
    }
    let mut groups = Some(grouped(capabilities, models));
    let parts = top
        .into_iter()
        .map(|(key, own)| {
            let below = if key == CUSTOM_MODE { groups.take() } else { None };
            Subtree::new(capabilities, key, own, below.unwrap_or_default())
        })
        .collect::<Vec<_>>();
    // Models without their mode (an invented document) still belong somewhere.
    let parts = parts.into_iter().chain(groups.unwrap_or_default()).collect();
    Subtree::new(capabilities, "", Vec::new(), parts)
}

/// The hash of all capabilities but those unique to one host: what cohorts compare.
#[must_use]
pub fn shared_hash(root: &Subtree<'_>, capabilities: &Capabilities) -> Hash {
    let unique = |index: &usize| HOST_UNIQUE.contains(&capabilities.at(*index).0);
    let holds_unique = |part: &Subtree<'_>| part.own.iter().any(unique);
    if !root.parts.iter().any(holds_unique) {
        return root.hash;
    }
    let parts = root.parts.iter().map(|part| {
        if !holds_unique(part) {
            return part.clone();
        }
        let own = part.own.iter().copied().filter(|index| !unique(index)).collect();
        Subtree::new(capabilities, part.key, own, part.parts.clone())
    });
    Subtree::new(capabilities, "", Vec::new(), parts.collect()).hash
}

impl<'a> Subtree<'a> {
    fn new(
        capabilities: &Capabilities,
        key: &'a str,
        mut own: Vec<usize>,
        parts: Vec<Self>,
    ) -> Self {
        own.sort_unstable_by_key(|index| capabilities.at(*index).0);
        let hashes = parts.iter().map(|part| (part.key, part.hash));
        Self { key, hash: subtree_hash(capabilities, &own, hashes), own, parts }
    }
}

/// The address of a subtree: of its own capabilities, given sorted by path, and its parts' keys and
/// addresses in their order.
pub fn subtree_hash<'p>(
    capabilities: &Capabilities,
    own: &[usize],
    parts: impl Iterator<Item = (&'p str, Hash)>,
) -> Hash {
    let mut hasher = Hasher::new();
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
    let depth = match path.strip_prefix(CUSTOM_MODELS) {
        Some(rest) if rest.starts_with('[') => 3,
        _ => 1,
    };
    ancestors(path).nth(depth).unwrap_or(path)
}

/// Models in groups that end where a name's hash says so: a model that comes or goes changes one
/// group and leaves the others as they are.
fn grouped<'a>(capabilities: &Capabilities, models: Vec<Subtree<'a>>) -> Vec<Subtree<'a>> {
    let mut groups = Vec::new();
    let mut open = Vec::new();
    for model in models {
        let ends_group = name_hash(model.key).is_multiple_of(GROUP_SIZE);
        open.push(model);
        if ends_group {
            groups.push(Subtree::new(
                capabilities,
                CUSTOM_MODELS,
                Vec::new(),
                std::mem::take(&mut open),
            ));
        }
    }
    if !open.is_empty() {
        groups.push(Subtree::new(capabilities, CUSTOM_MODELS, Vec::new(), open));
    }
    groups
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

    fn all_hashes(tree: &Subtree<'_>) -> Vec<Hash> {
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
