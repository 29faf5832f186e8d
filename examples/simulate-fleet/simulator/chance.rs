//! Chance that depends on nothing but what is asked: the order of the questions does not matter.

/// What is drawn for; no two kinds of question share their luck.
#[derive(Clone, Copy)]
pub(crate) enum Draw {
    Kind = 1,
    Role,
    Late,
    Minute,
    Join,
    Retire,
    Straggler,
    Rollback,
    Kernel,
    Module,
    Upgraded,
    Night,
    Second,
    Cpu0Id,
    Outage,
}

/// A fleet's luck.
#[derive(Clone, Copy)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `sides`.
    pub(crate) fn roll(self, draw: Draw, a: usize, b: usize, sides: usize) -> usize {
        let mut hash = self.0;
        for part in [draw as u64, a as u64, b as u64] {
            // The finalizer of SplitMix64.
            hash = (hash ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
            hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            hash ^= hash >> 31;
        }
        usize::try_from(hash % sides as u64).unwrap_or_default()
    }

    /// Whether it happens, once in `of` times.
    pub(crate) fn once_in(self, of: usize, draw: Draw, a: usize, b: usize) -> bool {
        self.roll(draw, a, b, of) == 0
    }
}
