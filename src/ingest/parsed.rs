//! A body that was read, with all that is stored of it.

use crate::model::{Capabilities, Hash, Subtree, shared_hash, subtrees};
use crate::parse;
use crate::store::{NewBody, Store, StoreError};

/// What a body says, cut into the pieces that are stored.
pub(super) struct Parsed {
    capabilities: Capabilities,
    root: Subtree,
    shared_hash: Hash,
}

impl Parsed {
    pub(super) fn new(capabilities: Capabilities) -> Self {
        let root = subtrees(&capabilities);
        let shared_hash = shared_hash(&root, &capabilities);
        Self { capabilities, root, shared_hash }
    }

    /// Reads a body that was well-formed when it was stored.
    pub(super) fn again(store: &Store, bytes: &[u8]) -> Result<Self, StoreError> {
        let document = parse::document(bytes);
        let document = document.map_err(|error| StoreError::Damaged {
            path: store.path().to_owned(),
            what: format!("it held a document that is bad: {error}"),
        })?;
        Ok(Self::new(document.capabilities))
    }

    /// How many capabilities there are.
    pub(super) fn len(&self) -> usize {
        self.capabilities.len()
    }

    /// The elements that no libvirt up to 11.3.0 prints.
    pub(super) fn unknown_elements(&self) -> impl Iterator<Item = String> {
        self.capabilities.iter().map(|(path, _)| path).filter_map(parse::unknown_element)
    }

    /// What is to be stored.
    pub(super) fn body<'b>(&'b self, hash: Hash, bytes: &'b [u8], head_at: usize) -> NewBody<'b> {
        NewBody {
            hash,
            bytes,
            head_at,
            capabilities: &self.capabilities,
            root: &self.root,
            shared_hash: self.shared_hash,
        }
    }
}
