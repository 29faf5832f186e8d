//! Names in short: machines by family and in runs of versions, CPU models without their versions.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::version_order;

/// How many machines in a row stand as a range.
const RUN: usize = 3;

/// A machine type as its family and what follows: `pc-q35-7.2` is `pc-q35` and `7.2`, `pc-q35-rhel9.2.0`
/// is `pc-q35-rhel` and `9.2.0`, `pc-i440fx-jammy-hpb` is `pc-i440fx` and `jammy-hpb`. What follows is
/// empty for a machine type without a version.
pub(super) fn family(machine: &str) -> (&str, &str) {
    // A release of a distribution: by its number (RHEL, Proxmox's `+pve1` stays with the version) or
    // by its name, behind one of QEMU's families.
    let mut rhel = machine.match_indices("rhel").map(|(at, _)| at);
    if let Some(at) = rhel.find(|at| machine[..*at].is_empty() || machine[..*at].ends_with('-')) {
        // RHEL 6 had them without a family: `rhel6.5.0`.
        let version = at + "rhel".len();
        if machine[version..].starts_with(|first: char| first.is_ascii_digit()) {
            return (&machine[..version], &machine[version..]);
        }
    }
    let named = VERSIONED.iter().find_map(|family| {
        let rest = machine.strip_prefix(family)?.strip_prefix('-')?;
        (!rest.is_empty()).then_some((*family, rest))
    });
    if let Some(named) = named {
        return named;
    }
    let dash = machine
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| machine[at + 1..].starts_with(|first: char| first.is_ascii_digit()));
    dash.map_or((machine, ""), |at| (&machine[..at], &machine[at + 1..]))
}

/// QEMU's families of versioned machine types, to which distributions add their own
/// (`pc-q35-noble-v2`, `s390-ccw-virtio-jammy`, `pseries-focal-sxxm`).
const VERSIONED: [&str; 4] = ["pc-i440fx", "pc-q35", "pseries", "s390-ccw-virtio"];

/// The machine types that a list holds, by family: what a range of versions leaves out.
#[derive(Debug, Default)]
pub(in crate::render) struct MachineFamilies<'n>(BTreeMap<&'n str, Vec<&'n str>>);

impl<'n> MachineFamilies<'n> {
    /// All there are on either side.
    pub(in crate::render) fn new(all: impl IntoIterator<Item = &'n str>) -> Self {
        let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in all.into_iter().collect::<BTreeSet<_>>() {
            let (family, version) = family(name);
            families.entry(family).or_default().push(version);
        }
        families.values_mut().for_each(|versions| versions.sort_by(|a, b| version_order(a, b)));
        Self(families)
    }

    /// Machine names, each family's once, runs of versions as ranges: `pc-i440fx-{1.4, 1.5}`,
    /// `pc-q35-2.4 to 7.0, 23 types`.
    pub(in crate::render) fn in_short(&self, names: &[&str]) -> String {
        let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in names {
            let (family, version) = family(name);
            wanted.entry(family).or_default().insert(version);
        }
        let parts: Vec<String> = wanted
            .into_iter()
            .map(|(family, versions)| self.of_family(family, &versions))
            .collect();
        let has_comma = parts.iter().any(|part| part.contains(" types"));
        parts.join(if has_comma { "; " } else { ", " })
    }

    fn of_family(&self, family: &str, versions: &BTreeSet<&str>) -> String {
        let known: &[&str] = self.0.get(family).map_or(&[], Vec::as_slice);
        let mut wanted: Vec<&str> =
            versions.iter().copied().filter(|version| !version.is_empty()).collect();
        wanted.sort_by(|a, b| version_order(a, b));
        // How many known ones stand before a version, and up to it: with as many between them two
        // stand in a row. The whole list is not gone through, since it may be asked for each of it.
        let before = |it: &str| known.partition_point(|other| version_order(other, it).is_lt());
        let up_to = |it: &str| known.partition_point(|other| version_order(other, it).is_le());
        let mut shown: Vec<String> = Vec::new();
        let mut has_range = false;
        // A number and a name of a release are no row.
        let is_number = |it: &str| it.starts_with(|first: char| first.is_ascii_digit());
        let is_one_run = |a: &&str, b: &&str| up_to(a) == before(b) && is_number(a) == is_number(b);
        for run in wanted.chunk_by(is_one_run) {
            match run {
                [first, .., last] if run.len() >= RUN && self.0.contains_key(family) => {
                    has_range = true;
                    shown.push(format!("{first} to {last}"));
                }
                _ => shown.extend(run.iter().map(|version| (*version).to_owned())),
            }
        }
        let count = versions.iter().filter(|version| !version.is_empty()).count();
        let joined = match &shown[..] {
            [] => String::new(),
            [one] => format!("{}{one}", dashed(family)),
            _ => format!("{}{{{}}}", dashed(family), shown.join(", ")),
        };
        let joined = if has_range { format!("{joined}, {count} types") } else { joined };
        let is_bare = versions.contains("");
        match (is_bare, joined.is_empty()) {
            (true, true) => family.to_owned(),
            (true, false) => format!("{family}, {joined}"),
            _ => joined,
        }
    }
}

/// A family before a version: `pc-q35-` and `pc-q35-rhel`.
fn dashed(family: &str) -> String {
    if family.ends_with("-rhel") || family == "rhel" {
        family.to_owned()
    } else {
        format!("{family}-")
    }
}

/// Machine names in short where the list that they come from is not known, so that nothing is a range.
pub(in crate::render) fn machines(names: &[&str]) -> String {
    MachineFamilies::default().in_short(names)
}

/// CPU models, those that are versions of one that is listed (`EPYC-v4`) summed up when there are many.
pub(in crate::render) fn models(names: &[(&str, bool)]) -> String {
    const FEW: usize = 3;
    let versions = names.iter().filter(|(_, is_version)| *is_version).count();
    let is_shown = |is_version: bool| !is_version || versions <= FEW;
    let shown = names.iter().filter(|(_, is_version)| is_shown(*is_version));
    let mut shown: Vec<String> = shown.map(|(name, _)| (*name).to_owned()).collect();
    if versions > FEW {
        shown.push(format!("{versions} versioned names (-vN)"));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_stand_by_family_and_version() {
        let names =
            ["pc-q35-2.10", "isapc", "pc-q35-2.9", "microvm", "pc-i440fx-7.2", "virt-rhel9.2.0"];
        let expected = "isapc, microvm, pc-i440fx-7.2, pc-q35-{2.9, 2.10}, virt-rhel9.2.0";
        assert_eq!(machines(&names), expected);
    }

    #[test]
    fn distributions_have_families_too() {
        let names = [
            "pc-i440fx-jammy",
            "pc-i440fx-jammy-hpb",
            "pc-q35-noble-v2",
            "pc-q35-rhel9.2.0",
            "pc-q35-rhel9.10.0",
            "pc-q35-rhel9.0.0",
            "rhel6.5.0",
            "rhel6.0.0",
            "rhel6.4.0",
            "s390-ccw-virtio-jammy",
            "virt-9.2",
            "virt",
        ];
        let expected = "pc-i440fx-{jammy, jammy-hpb}; pc-q35-noble-v2; \
            pc-q35-rhel9.0.0 to 9.10.0, 3 types; rhel6.0.0 to 6.5.0, 3 types; \
            s390-ccw-virtio-jammy; virt, virt-9.2";
        assert_eq!(MachineFamilies::new(names).in_short(&names), expected);
        let unknown = "pc-i440fx-{jammy, jammy-hpb}, pc-q35-noble-v2, \
            pc-q35-rhel{9.0.0, 9.2.0, 9.10.0}, rhel{6.0.0, 6.4.0, 6.5.0}, s390-ccw-virtio-jammy, virt, \
            virt-9.2";
        assert_eq!(machines(&names), unknown);
    }

    #[test]
    fn a_range_holds_what_stands_in_a_row_in_its_list() {
        let all =
            ["pc-q35-2.4", "pc-q35-2.5", "pc-q35-2.6", "pc-q35-2.10", "pc-q35-3.0", "microvm"];
        let families = MachineFamilies::new(all);
        assert_eq!(families.in_short(&all[..5]), "pc-q35-2.4 to 3.0, 5 types");
        assert_eq!(families.in_short(&["pc-q35-2.4", "pc-q35-2.5"]), "pc-q35-{2.4, 2.5}");
        let gap = ["pc-q35-2.4", "pc-q35-2.5", "pc-q35-2.10", "pc-q35-3.0"];
        assert_eq!(families.in_short(&gap), "pc-q35-{2.4, 2.5, 2.10, 3.0}", "2.6 is none of them");
        let more = ["pc-q35-2.6", "pc-q35-2.10", "pc-q35-3.0", "microvm"];
        assert_eq!(families.in_short(&more), "microvm; pc-q35-2.6 to 3.0, 3 types");
        assert_eq!(families.in_short(&[]), "");
    }

    #[test]
    fn versions_of_listed_models_are_summed_up_when_there_are_many() {
        let names = |versions: usize| -> String {
            let all = ["486-v1", "EPYC-v1", "EPYC-v2", "EPYC-v3"];
            let mut names = vec![("neoverse-v1", false)];
            names.extend(all[..versions].iter().map(|name| (*name, true)));
            models(&names)
        };
        assert_eq!(names(2), "neoverse-v1, 486-v1, EPYC-v1");
        assert_eq!(names(4), "neoverse-v1, 4 versioned names (-vN)");
    }
}
