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

    /// Its first 64 bits: enough to tell the parts of a few documents apart, where a mistake costs
    /// nothing but room.
    #[must_use]
    pub fn beginning(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(bytes)
    }

    /// A hash that the store kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |digit: u8| DIGITS[usize::from(digit)];
        let mut digits = [0; 2 * Self::LENGTH];
        for (two, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *two = [digit(byte >> 4), digit(byte & 15)];
        }
        f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Hashes content made of several parts, each with its length, so that no two lists of parts
/// hash alike by running together.
///
/// Small parts are put together first: BLAKE3 is fast at long pieces of bytes, and a profile has a
/// thousand parts of a few bytes each.
#[derive(Default)]
pub struct Hasher {
    state: blake3::Hasher,
    small: Vec<u8>,
}

/// How many bytes of small parts are put together.
const ROOM: usize = 64 * 1024;

impl Hasher {
    /// A hasher that saw nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all it saw.
    pub fn clear(&mut self) {
        self.small.clear();
        if self.state.count() > 0 {
            self.state.reset();
        }
    }

    /// Adds one part.
    pub fn part(&mut self, bytes: &[u8]) -> &mut Self {
        let length = (bytes.len() as u64).to_le_bytes();
        self.small.extend_from_slice(&length);
        if self.small.len() + bytes.len() > ROOM {
            self.state.update(&self.small).update(bytes);
            self.small.clear();
        } else {
            self.small.extend_from_slice(bytes);
        }
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
        match self.state.count() {
            0 => Hash::of(&self.small),
            _ => Hash::from_blake3(self.state.clone().update(&self.small).finalize()),
        }
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

    #[test]
    fn parts_hash_like_what_they_are_put_together_to() {
        let sizes = [0, 1, 100, ROOM - 8, ROOM, 3, 3 * ROOM, 0, 7];
        let (mut hasher, mut whole) = (Hasher::new(), Vec::new());
        for size in sizes {
            let part = vec![0x5a; size];
            hasher.part(&part);
            whole.extend((size as u64).to_le_bytes());
            whole.extend(part);
        }
        assert_eq!(hasher.finish(), Hash::of(&whole));
        hasher.clear();
        assert_eq!(hasher.finish(), Hasher::new().finish());
    }
}
