//! What both sides of a comparison say beside their changes, as far as it tells whom one hits.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::diff::Outcome;
use crate::model::{CUSTOM_MODELS, FailureClass, Guest, Value, Wanted, escape_key};
use crate::side::{Contents, Side, SideError};

/// Arch and virttype.
type Type = (String, String);

/// Facts that a change alone does not carry; without any (the default), a change hits rather one
/// guest too many.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Where a side has several emulators, so that their names tell them apart.
    several_emulators: HashSet<Type>,
    /// The versions that a CPU model stands for, both names as keys of paths.
    canonical: HashMap<String, BTreeSet<String>>,
}

impl Known {
    /// What two sides say; documents are looked into only for guests that name a CPU model.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn of<'g>(
        contents: &Contents,
        sides: [&Side; 2],
        guests: impl IntoIterator<Item = &'g Guest>,
    ) -> Result<Self, SideError> {
        let mut known = Self::default();
        for side in sides {
            known.several_emulators.extend(several_emulators(side));
        }
        let names_model = |guest: &Guest| {
            guest.needs.iter().any(|need| matches!(need.wanted, Wanted::Model { .. }))
        };
        if !guests.into_iter().any(names_model) {
            return Ok(known);
        }
        let documents = sides.into_iter().flat_map(Side::documents);
        let documents: HashSet<_> = documents.map(|(_, content)| content).collect();
        for content in documents {
            contents.with(content, |all| {
                for (path, value) in all.iter() {
                    if let (Some(model), Value::Text(canonical)) = (aliased(path), value) {
                        let versions = known.canonical.entry(model.to_owned()).or_default();
                        versions.insert(escape_key(canonical).into_owned());
                    }
                }
            })?;
        }
        Ok(known)
    }

    /// Whether the emulator's name tells anything for this arch and virttype.
    pub(super) fn has_several_emulators(&self, arch: &str, virttype: &str) -> bool {
        self.several_emulators.iter().any(|known| known.0 == arch && known.1 == virttype)
    }

    /// The keys of the versions that a CPU model stands for.
    pub(super) fn versions(&self, model: &str) -> impl Iterator<Item = &str> {
        self.canonical.get(escape_key(model).as_ref()).into_iter().flatten().map(String::as_str)
    }
}

/// The key in `cpu.mode[custom].model[KEY].canonical`.
fn aliased(path: &str) -> Option<&str> {
    path.strip_prefix(CUSTOM_MODELS)?.strip_prefix('[')?.strip_suffix("].canonical")
}

/// The arches and virttypes for which a side has more than one emulator.
fn several_emulators(side: &Side) -> Vec<Type> {
    let mut by_type: BTreeMap<Type, BTreeSet<&str>> = BTreeMap::new();
    for (target, outcome) in &side.observed.outcomes {
        if !matches!(outcome, Outcome::Failed { class: FailureClass::Unsupported, .. }) {
            let of_type = (target.arch.clone(), target.virttype.clone());
            by_type.entry(of_type).or_default().insert(&target.emulator);
        }
    }
    // The list may call an emulator otherwise than it was asked for.
    let asked: BTreeSet<Type> = by_type.keys().cloned().collect();
    for machine in side.observed.machines.iter().flat_map(|list| list.iter()) {
        let of_type = (machine.arch.clone(), machine.virttype.clone());
        if let (false, Some(emulator)) = (asked.contains(&of_type), &machine.emulator) {
            by_type.entry(of_type).or_default().insert(emulator);
        }
    }
    by_type.into_iter().filter(|(_, names)| names.len() > 1).map(|(of_type, _)| of_type).collect()
}
