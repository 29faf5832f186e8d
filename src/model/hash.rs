//! Content addresses: equal hash means equal content.

use std::fmt;

/// The first 128 bits of a BLAKE3 hash.
///
/// 128 bits keep chance collisions out of reach (2⁶⁴ different contents) at half the storage; a
/// host that forges a collision could hide only its own change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash([u8; Self::LENGTH]);

impl Hash {
    /// Bytes of a hash.
    pub const LENGTH: usize = 16;

    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_blake3(blake3::hash(bytes))
    }

    fn from_blake3(hash: blake3::Hash) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(&hash.as_bytes()[..Self::LENGTH]);
        Self(bytes)
    }

    /// The bytes, as the store keeps them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// A hash that the store kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Hashes content made of several parts, each with its length, so that no two lists of parts
/// hash alike by running together.
#[derive(Default)]
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// A hasher that saw nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one part.
    pub fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds a part that may be missing; missing and empty differ.
    pub fn optional(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.part(b"+").part(bytes),
            None => self.part(b"-"),
        }
    }

    /// The hash of all parts.
    #[must_use]
    pub fn finish(&self) -> Hash {
        Hash::from_blake3(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let joined = Hasher::new().part(b"ab").part(b"c").finish();
        assert_ne!(joined, Hasher::new().part(b"a").part(b"bc").finish());
        assert_ne!(
            Hasher::new().optional(None).finish(),
            Hasher::new().optional(Some(b"")).finish()
        );
    }
}
