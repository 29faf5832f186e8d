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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guests::testing::{cpu_document, document, guest, host};
    use crate::guests::{UsedBy, uses};

    #[test]
    fn a_model_is_hit_under_the_version_its_name_stands_for() {
        let model = "<mode name='custom' supported='yes'>\
            <model usable='yes' canonical='M-v3'>M</model><model usable='yes'>M-v3</model></mode>";
        let lost = model.replace("<model usable='yes'>M-v3", "<model usable='no'>M-v3");
        let mut contents = Contents::default();
        let old = host(&mut contents, &[cpu_document(model)]);
        let new = host(&mut contents, &[cpu_document(&lost)]);
        let guest = guest("<cpu><model>M</model></cpu>");
        let compare = |old: &_, new: &_| contents.compare(old, new, crate::diff::Scope::default());
        let compared = crate::diff::snapshots(&old.observed, &new.observed, compare).unwrap();
        let [change] = &compared.changes[..] else { panic!("{:?}", compared.changes) };
        assert!(uses(&guest, change, &Known::default()).is_none());
        let known = Known::of(&contents, [&old, &new], [&guest]).unwrap();
        assert_eq!(uses(&guest, change, &known).as_deref(), Some("cpu/model M"));
        assert_eq!(UsedBy::new([&guest], &known, &[]).of(change).len(), 1);
    }

    #[test]
    fn an_emulators_name_tells_something_where_there_are_several() {
        let mut contents = Contents::default();
        let one = host(&mut contents, &[document("<vcpu max='1'/>")]);
        let other = document("<vcpu max='1'/>").replace("/usr/bin/qemu-system-x86_64", "/opt/q");
        let two = host(&mut contents, &[document("<vcpu max='1'/>"), other]);
        let has = |sides| {
            let known = Known::of(&contents, sides, []).unwrap();
            known.has_several_emulators("x86_64", "kvm")
        };
        assert!(!has([&one, &one]) && has([&one, &two]) && has([&two, &one]));
    }
}
