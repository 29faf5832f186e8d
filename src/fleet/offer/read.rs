//! Reading what cohorts offer: which targets, which parts, and what a part says.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt as _};

use super::{Family, Offer};
use crate::fleet::Cohort;
use crate::fleet::facts::{FactKind, Facts, MACHINE};
use crate::model::{
    CUSTOM_MODELS, FailureClass, HOST_MODEL, HOST_UNIQUE, MachineList, Target, TargetPattern,
    Value, escape_key,
};
use crate::store::{Answered, MachineListId, Store, StoreError, TreeId};

/// One part of documents, read once.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) yes: Vec<usize>,
    pub(super) said: Vec<usize>,
    pub(super) no: Vec<usize>,
    pub(super) blockers: Vec<(usize, Rc<[String]>)>,
}

/// Reads parts and machine lists, each once.
pub(super) struct Reader<'r> {
    store: &'r Store,
    patterns: &'r [TargetPattern],
    pub(super) facts: Facts,
    parts: HashMap<TreeId, Rc<Part>>,
    lists: HashMap<MachineListId, Rc<MachineList>>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(store: &'r Store, patterns: &'r [TargetPattern]) -> Self {
        Self {
            store,
            patterns,
            facts: Facts::default(),
            parts: HashMap::new(),
            lists: HashMap::new(),
        }
    }

    /// What a cohort offers.
    pub(super) fn cohort(
        &mut self,
        cohort: &Cohort,
        answers: &[Answered],
    ) -> Result<BTreeMap<Family, Offer>, StoreError> {
        let list = self.list(cohort)?;
        let mut offers: BTreeMap<Family, Offer> = BTreeMap::new();
        let mut parts: BTreeMap<Family, BTreeSet<TreeId>> = BTreeMap::new();
        let mut unsupported = Vec::new();
        for Answered { target, answer, .. } in answers {
            if !self.is_meant(target, list.as_deref()) {
                continue;
            }
            match answer {
                Ok(body) => {
                    let family = family(target);
                    let fact = self.machine(&target.machine);
                    let offer = offers.entry(family.clone()).or_default();
                    offer.yes.insert(fact);
                    offer.documents += 1;
                    let known = parts.entry(family).or_default();
                    known.extend(self.store.parts(body.tree)?.iter());
                }
                Err(FailureClass::Unsupported) => {
                    unsupported.push(target);
                }
                Err(_) => {}
            }
        }
        for (family, parts) in parts {
            let offer = offers.entry(family).or_default();
            for part in parts {
                offer.take(&*self.part(part)?);
            }
        }
        if let Some(list) = list {
            self.listed(&list, &unsupported, &mut offers);
        }
        for target in unsupported {
            if let Some(offer) = offers.get_mut(&family(target)) {
                offer.not.insert(self.machine(&target.machine));
            }
        }
        Ok(offers)
    }

    fn machine(&mut self, name: &str) -> usize {
        self.facts.fact(MACHINE, Some(name), FactKind::Machine)
    }

    fn list(&mut self, cohort: &Cohort) -> Result<Option<Rc<MachineList>>, StoreError> {
        let Some(id) = cohort.profile.machines else { return Ok(None) };
        if let Some(known) = self.lists.get(&id) {
            return Ok(Some(Rc::clone(known)));
        }
        let list = Rc::new(self.store.machine_list(id)?);
        self.lists.insert(id, Rc::clone(&list));
        Ok(Some(list))
    }

    fn is_meant(&self, target: &Target, list: Option<&MachineList>) -> bool {
        let canonical =
            |arch: &str, virttype: &str, name: &str| list?.canonical_of(arch, virttype, name);
        self.patterns.is_empty()
            || self.patterns.iter().any(|pattern| pattern.matches(target, canonical))
    }

    /// Machines, aliases and deprecation. A machine that libvirt calls unsupported cannot be had,
    /// though it is listed.
    fn listed(
        &mut self,
        list: &MachineList,
        unsupported: &[&Rc<Target>],
        offers: &mut BTreeMap<Family, Offer>,
    ) {
        for machine in list.iter() {
            let target = Target::of(machine);
            if !self.is_meant(&target, Some(list)) {
                continue;
            }
            let offer = offers.entry(family(&target)).or_default();
            offer.said.insert(self.facts.path(MACHINE));
            let key = escape_key(&machine.name);
            match &machine.canonical {
                Some(canonical) => {
                    let path = format!("alias[{key}]");
                    offer.said.insert(self.facts.path(&path));
                    let fact = self.facts.fact(&path, Some(canonical), FactKind::Text);
                    offer.yes.insert(fact);
                }
                None => {
                    let path = format!("machine[{key}].deprecated");
                    let fact = self.facts.fact(&path, None, FactKind::Detail);
                    match machine.deprecated {
                        true => offer.yes.insert(fact),
                        false => offer.not.insert(fact),
                    }
                    if !unsupported.iter().any(|it| it.is_same(&target)) {
                        offer.yes.insert(self.machine(&target.machine));
                    }
                }
            }
        }
    }

    fn part(&mut self, tree: TreeId) -> Result<Rc<Part>, StoreError> {
        if let Some(known) = self.parts.get(&tree) {
            return Ok(Rc::clone(known));
        }
        let mut part = Part::default();
        for (path, value) in self.store.capabilities(tree)?.iter() {
            if !HOST_UNIQUE.contains(&path) {
                part.take(&mut self.facts, path, value);
            }
        }
        let part = Rc::new(part);
        self.parts.insert(tree, Rc::clone(&part));
        Ok(part)
    }
}

impl Part {
    fn take(&mut self, facts: &mut Facts, path: &str, value: Value<'_>) {
        if path.len() > CUSTOM_MODELS.len() && path.starts_with(CUSTOM_MODELS) {
            return self.take_model(facts, path, value);
        }
        match value {
            Value::Support(is_supported) => {
                let fact = facts.fact(path, None, FactKind::Support);
                match is_supported {
                    true => self.yes.push(fact),
                    false => self.no.push(facts.path(path)),
                }
            }
            Value::Null => self.yes.push(facts.fact(path, None, FactKind::Support)),
            Value::Set(members) => {
                self.said.push(facts.path(path));
                let member = |member| facts.fact(path, Some(member), FactKind::Member);
                self.yes.extend(members.iter().map(member));
            }
            Value::List(members) => {
                self.said.push(facts.path(path));
                let member = |member| facts.fact(path, Some(member), FactKind::Image);
                self.yes.extend(members.iter().map(member));
            }
            Value::Number(number) => {
                self.value(facts, path, &number.to_string(), FactKind::Number);
            }
            Value::Text(text) => {
                let is_feature = path.starts_with(HOST_MODEL) && path.contains(".feature[");
                let kind = if is_feature { FactKind::Detail } else { FactKind::Text };
                self.value(facts, path, text, kind);
            }
        }
    }

    fn value(&mut self, facts: &mut Facts, path: &str, value: &str, kind: FactKind) {
        self.said.push(facts.path(path));
        self.yes.push(facts.fact(path, Some(value), kind));
    }

    /// What stands below a CPU model.
    fn take_model(&mut self, facts: &mut Facts, path: &str, value: Value<'_>) {
        match value {
            Value::Text(text) if path.ends_with("].usable") => {
                let fact = facts.fact(path, None, FactKind::Usable);
                match text {
                    "yes" => self.yes.push(fact),
                    "no" => self.no.push(facts.path(path)),
                    _ => {}
                }
            }
            Value::Set(blockers) if path.ends_with("].blockers") => {
                let model = path.strip_suffix(".blockers").unwrap_or(path);
                let fact = facts.fact(&format!("{model}.usable"), None, FactKind::Usable);
                let blockers: Vec<String> = blockers.iter().map(str::to_owned).collect();
                self.blockers.push((fact, blockers.into()));
            }
            Value::Text(text) => self.value(facts, path, text, FactKind::Detail),
            Value::Number(number) => {
                self.value(facts, path, &number.to_string(), FactKind::Detail);
            }
            _ => {}
        }
    }
}

fn family(target: &Target) -> Family {
    Family { arch: target.arch.clone(), virttype: target.virttype.clone() }
}
