//! Which x86 CPU model is newer: QEMU orders its models in no way that a program could read.
//!
//! Names and years are those of QEMU's "Recommendations for KVM CPU model configuration on x86
//! hosts" (`docs/system/cpu-models-x86.rst.inc`), which ends at Cascade Lake and the first EPYC; for
//! what came later, `target/i386/cpu.c` has the names, and the year is that of the processor.

use std::cmp::{Ordering, Reverse};

/// Name, vendor and year, oldest first. A model is of the longest name that its own begins with.
const GENERATIONS: [(&str, &str, u16); 32] = [
    ("Opteron_G1", "AMD", 2004),
    ("Opteron_G2", "AMD", 2006),
    ("Conroe", "Intel", 2006),
    ("Penryn", "Intel", 2007),
    ("Nehalem", "Intel", 2008),
    ("Opteron_G3", "AMD", 2009),
    ("Westmere", "Intel", 2010),
    ("Opteron_G4", "AMD", 2011),
    ("SandyBridge", "Intel", 2011),
    ("Opteron_G5", "AMD", 2012),
    ("IvyBridge", "Intel", 2012),
    ("Haswell", "Intel", 2013),
    ("Broadwell", "Intel", 2014),
    ("Skylake-Client", "Intel", 2015),
    ("Skylake-Server", "Intel", 2016),
    ("Denverton", "Intel", 2017),
    ("KnightsMill", "Intel", 2017),
    ("EPYC", "AMD", 2017),
    ("Dhyana", "Hygon", 2018),
    ("Cascadelake-Server", "Intel", 2019),
    ("EPYC-Rome", "AMD", 2019),
    ("Icelake-Client", "Intel", 2019),
    ("Cooperlake", "Intel", 2020),
    ("Snowridge", "Intel", 2020),
    ("EPYC-Milan", "AMD", 2021),
    ("Icelake-Server", "Intel", 2021),
    ("EPYC-Genoa", "AMD", 2022),
    ("SapphireRapids", "Intel", 2023),
    ("SierraForest", "Intel", 2024),
    ("EPYC-Turin", "AMD", 2024),
    ("GraniteRapids", "Intel", 2024),
    ("ClearwaterForest", "Intel", 2025),
];

/// What is known of a CPU model by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The name that all its models begin with.
    pub name: &'static str,
    /// Who makes it.
    pub vendor: &'static str,
    /// When it came out.
    pub year: u16,
    place: usize,
}

/// The generation of a CPU model; `None` where the name tells none (`qemu64`).
#[must_use]
pub fn generation(model: &str) -> Option<Generation> {
    let is_of = |name: &str| {
        model.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let found = GENERATIONS.iter().enumerate().filter(|(_, (name, ..))| is_of(name));
    let (place, (name, vendor, year)) = found.max_by_key(|(_, (name, ..))| name.len())?;
    Some(Generation { name, vendor, year: *year, place })
}

/// Newest first: by generation; the name without a version before those with one, of which the
/// highest is first. Names of no known generation come last.
#[must_use]
pub fn newest_first(one: &str, other: &str) -> Ordering {
    let key = |model: &str| {
        let version = model.rsplit_once("-v").and_then(|(_, version)| version.parse::<u16>().ok());
        let base = version.and_then(|_| model.rsplit_once("-v")).map_or(model, |(base, _)| base);
        let place = generation(model).map(|generation| generation.place);
        (Reverse(place), version.is_some(), base.to_owned(), Reverse(version))
    };
    key(one).cmp(&key(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_tells_the_generation() {
        let name = |model| generation(model).map(|it| (it.name, it.vendor));
        assert_eq!(name("EPYC-IBPB"), Some(("EPYC", "AMD")));
        assert_eq!(name("EPYC-Milan-v2"), Some(("EPYC-Milan", "AMD")));
        assert_eq!(name("Haswell-noTSX-IBRS"), Some(("Haswell", "Intel")));
        assert_eq!(name("EPYCX"), None);
        assert_eq!(name("qemu64"), None);
    }

    #[test]
    fn newer_models_stand_before_older_ones() {
        let mut models = [
            "qemu64",
            "EPYC-v10",
            "Nehalem",
            "EPYC-v2",
            "EPYC-Milan-v1",
            "EPYC",
            "486",
            "EPYC-Milan",
        ];
        models.sort_by(|a, b| newest_first(a, b));
        let expected = [
            "EPYC-Milan",
            "EPYC-Milan-v1",
            "EPYC",
            "EPYC-v10",
            "EPYC-v2",
            "Nehalem",
            "486",
            "qemu64",
        ];
        assert_eq!(models, expected);
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(GENERATIONS.is_sorted_by_key(|(.., year)| *year));
    }
}
