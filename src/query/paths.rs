//! Which paths a fleet's newest snapshots have, with their values: what can be asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::capability::Values;
use crate::model::{Kind, elements, glob};
use crate::store::{PathId, ProfileId, Store, StoreError, StoredTree, TreeId, ValueId};

/// A path, or several that differ in keys only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRow {
    /// The path; `[*]` where the keys of several stand together.
    pub path: String,
    /// What its values are.
    pub kinds: BTreeSet<Kind>,
    /// How many paths it stands for.
    pub paths: usize,
    /// On how many hosts a target has it.
    pub hosts: usize,
    /// Its values, those of most hosts first.
    pub values: Vec<PathValue>,
}

/// A value of a path, or a member of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathValue {
    /// The value.
    pub value: String,
    /// On how many hosts a target has it.
    pub hosts: usize,
}

/// A set of hosts by the numbers of their groups of equal ones.
#[derive(Default)]
struct Row {
    kinds: BTreeSet<Kind>,
    paths: BTreeSet<PathId>,
    hosts: BTreeSet<usize>,
    values: BTreeMap<String, BTreeSet<usize>>,
}

/// The paths that fit a pattern, whole or with leading elements left out; without one, all, those
/// that differ in keys only in one row.
///
/// # Errors
/// Where the database cannot be read.
pub fn known(store: &Store, pattern: Option<&str>) -> Result<Vec<PathRow>, StoreError> {
    let classes = classes(store)?;
    let wanted: HashMap<PathId, String> = store
        .known_paths()?
        .into_iter()
        .filter(|(path, _)| pattern.is_none_or(|pattern| is_meant(path, pattern)))
        .map(|(path, id)| (id, if pattern.is_some() { path } else { folded(&path) }))
        .collect();
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let (mut trees, mut values) = (HashMap::new(), Values::default());
    for (nth, (profile, _)) in classes.iter().enumerate() {
        for (path, value) in capabilities(store, *profile, &mut trees)? {
            let Some(text) = wanted.get(&path) else { continue };
            let row = rows.entry(text).or_default();
            let value = values.get(store, value)?;
            row.kinds.insert(value.kind);
            row.paths.insert(path);
            row.hosts.insert(nth);
            for member in value.members.iter().filter(|_| value.kind != Kind::Null) {
                row.values.entry(member.clone()).or_default().insert(nth);
            }
        }
    }
    let count = |of: &BTreeSet<usize>| of.iter().map(|nth| classes[*nth].1).sum();
    Ok(rows.into_iter().map(|(path, row)| finished(path, row, count)).collect())
}

fn finished(path: &str, row: Row, count: impl Fn(&BTreeSet<usize>) -> usize) -> PathRow {
    let value =
        |(value, hosts): (String, BTreeSet<usize>)| PathValue { value, hosts: count(&hosts) };
    let mut values: Vec<PathValue> = row.values.into_iter().map(value).collect();
    values.sort_by(|a, b| b.hosts.cmp(&a.hosts).then_with(|| a.value.cmp(&b.value)));
    PathRow {
        path: path.to_owned(),
        kinds: row.kinds,
        paths: row.paths.len(),
        hosts: count(&row.hosts),
        values,
    }
}

/// One profile for all hosts whose newest snapshots are equal, and how many these are.
fn classes(store: &Store) -> Result<Vec<(ProfileId, usize)>, StoreError> {
    let latest = store.latest_of_all(None)?;
    let profiles: Vec<ProfileId> = latest.iter().map(|it| it.snapshot.content()).collect();
    let rows = store.profile_rows(profiles.iter().copied())?;
    let mut classes: BTreeMap<_, (ProfileId, usize)> = BTreeMap::new();
    for profile in profiles {
        if let Some(row) = rows.get(&profile) {
            classes.entry(row.shared).or_insert((profile, 0)).1 += 1;
        }
    }
    Ok(classes.into_values().collect())
}

/// Every capability of any target of a profile, each once.
fn capabilities(
    store: &Store,
    profile: ProfileId,
    trees: &mut HashMap<TreeId, StoredTree>,
) -> Result<BTreeSet<(PathId, ValueId)>, StoreError> {
    let mut found = BTreeSet::new();
    let answers = store.profile_answers();
    let bodies = answers.of(profile)?;
    let roots = bodies.iter().filter_map(|each| Some(each.answer.as_ref().ok()?.tree));
    let mut seen: BTreeSet<TreeId> = roots.collect();
    let mut open: Vec<TreeId> = seen.iter().copied().collect();
    while let Some(tree) = open.pop() {
        let node = match trees.entry(tree) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => new.insert(store.tree(tree)?),
        };
        found.extend(node.own.iter().copied());
        open.extend(node.parts.iter().filter(|part| seen.insert(**part)));
    }
    Ok(found)
}

/// Whether a pattern means a path: it fits the whole, or what is left when leading elements are left
/// out, or is the beginning of either.
fn is_meant(path: &str, pattern: &str) -> bool {
    let mut rest = path;
    loop {
        if glob(pattern, rest) || super::resolve::rest_of(rest, pattern).is_some() {
            return true;
        }
        match elements(rest).next().and_then(|first| rest.get(first.len() + 1..)) {
            Some(below) => rest = below,
            None => return false,
        }
    }
}

/// A path whose keys stand for all of their kind; the modes of the CPU stay.
fn folded(path: &str) -> String {
    let elements = elements(path).map(|element| match element.split_once('[') {
        Some((name, _)) if name != "mode" => format!("{name}[*]"),
        _ => element.to_owned(),
    });
    elements.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_full_and_short_paths() {
        let path = "cpu.mode[custom].model[EPYC-v1].usable";
        for pattern in ["*", "model[EPYC*].usable", "model[EPYC*]", "*EPYC*", "cpu", "usable", path]
        {
            assert!(is_meant(path, pattern), "{pattern}");
        }
        for pattern in ["model", "EPYC-v1", "cpu.mode", "able"] {
            assert!(!is_meant(path, pattern), "{pattern}");
        }
    }

    #[test]
    fn keys_fold_but_for_those_of_modes() {
        assert_eq!(
            folded("cpu.mode[custom].model[a.b].usable"),
            "cpu.mode[custom].model[*].usable"
        );
        assert_eq!(folded("devices.disk.bus"), "devices.disk.bus");
    }
}
