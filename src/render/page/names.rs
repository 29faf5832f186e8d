//! Names in short: machines by family, CPU models without their versions.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::model::is_model_version;

/// `pc-q35-7.2` as its family `pc-q35` and version `7.2`; the version is empty where there is none.
pub(super) fn family(machine: &str) -> (&str, &str) {
    let dash = machine
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| machine[at + 1..].starts_with(|first: char| first.is_ascii_digit()));
    dash.map_or((machine, ""), |at| (&machine[..at], &machine[at + 1..]))
}

/// Machine names with each family's name once: `pc-i440fx-{1.4, 1.5, 2.0}`.
pub(in crate::render) fn machines(names: &[&str]) -> String {
    let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let (family, version) = family(name);
        families.entry(family).or_default().push(version);
    }
    let families = families.into_iter().map(|(family, mut versions)| {
        versions.sort_by(|a, b| by_number(a, b));
        match versions[..] {
            [""] => family.to_owned(),
            [version] => format!("{family}-{version}"),
            _ => format!("{family}-{{{}}}", versions.join(", ")),
        }
    });
    families.collect::<Vec<_>>().join(", ")
}

/// `2.9` before `2.10`.
fn by_number(a: &str, b: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|each: char| !each.is_ascii_digit())
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    numbers(a).cmp(&numbers(b)).then_with(|| a.cmp(b))
}

/// CPU models, the versioned ones (`EPYC-v4`) summed up when there are many of them.
pub(in crate::render) fn models(names: &[&str]) -> String {
    const FEW: usize = 3;
    let (versions, others): (Vec<&&str>, Vec<&&str>) =
        names.iter().partition(|name| is_model_version(name));
    if versions.len() <= FEW {
        return names.join(", ");
    }
    let mut shown: Vec<String> = others.into_iter().map(|name| (*name).to_owned()).collect();
    shown.push(format!("{} versioned names (-vN)", versions.len()));
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_stand_by_family_and_version() {
        let names =
            ["pc-q35-2.10", "isapc", "pc-q35-2.9", "microvm", "pc-i440fx-7.2", "virt-rhel9.2"];
        let expected = "isapc, microvm, pc-i440fx-7.2, pc-q35-{2.9, 2.10}, virt-rhel9.2";
        assert_eq!(machines(&names), expected);
    }

    #[test]
    fn versioned_models_are_summed_up_when_there_are_many() {
        assert_eq!(models(&["EPYC", "EPYC-v1"]), "EPYC, EPYC-v1");
        let many = ["486-v1", "EPYC-Genoa", "EPYC-v1", "EPYC-v2", "EPYC-v3"];
        assert_eq!(models(&many), "EPYC-Genoa, 4 versioned names (-vN)");
    }
}
