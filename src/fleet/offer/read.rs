//! Reading what cohorts offer: which targets, which parts, and what a part says.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt as _};

use super::{Family, Offer};
use crate::fleet::Cohort;
use crate::fleet::facts::{FactKind, Facts, MACHINE};
use crate::model::{
    CUSTOM_MODELS, FailureClass, HOST_MODEL, HOST_UNIQUE, Machine, MachineList, Target,
    TargetPattern, Value, escape_key,
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

/// The documents of a family.
#[derive(Default)]
struct Documents {
    /// The facts that tell their machines.
    machines: Vec<usize>,
    trees: BTreeSet<TreeId>,
    parts: BTreeSet<TreeId>,
}

/// A machine list, read once.
struct Listed {
    machines: MachineList,
    /// Those that are meant.
    entries: Vec<Entry>,
}

/// What an entry of a machine list says.
struct Entry {
    /// Of an alias, the one that it points to.
    target: Target,
    family: Family,
    said: Vec<usize>,
    yes: Option<usize>,
    not: Option<usize>,
    /// It is no alias.
    is_machine: bool,
}

/// Reads parts and machine lists, each once.
pub(super) struct Reader<'r> {
    store: &'r Store,
    patterns: &'r [TargetPattern],
    pub(super) facts: Facts,
    parts: HashMap<TreeId, Rc<Part>>,
    lists: HashMap<MachineListId, Rc<Listed>>,
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
        let mut documents: BTreeMap<(&str, &str), Documents> = BTreeMap::new();
        let mut unsupported = Vec::new();
        for Answered { target, answer, .. } in answers {
            if !self.is_meant(target, list.as_ref().map(|list| &list.machines)) {
                continue;
            }
            match answer {
                Ok(body) => {
                    let fact = self.machine(&target.machine);
                    let known = documents.entry((&target.arch, &target.virttype)).or_default();
                    known.machines.push(fact);
                    if known.trees.insert(body.tree) {
                        known.parts.extend(self.store.parts(body.tree)?.iter());
                    }
                }
                Err(FailureClass::Unsupported) => {
                    unsupported.push(target);
                }
                Err(_) => {}
            }
        }
        for ((arch, virttype), found) in documents {
            let family = Family { arch: arch.to_owned(), virttype: virttype.to_owned() };
            let offer = offers.entry(family).or_default();
            offer.documents = found.machines.len();
            found.machines.into_iter().for_each(|fact| offer.yes.insert(fact));
            for part in found.parts {
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

    fn list(&mut self, cohort: &Cohort) -> Result<Option<Rc<Listed>>, StoreError> {
        let Some(id) = cohort.profile.machines else { return Ok(None) };
        if let Some(known) = self.lists.get(&id) {
            return Ok(Some(Rc::clone(known)));
        }
        let machines = self.store.machine_list(id)?;
        let meant = machines.iter().filter(|it| self.is_meant(&Target::of(it), Some(&machines)));
        let meant: Vec<&Machine> = meant.collect();
        let entries = meant.into_iter().map(|machine| self.entry(machine)).collect();
        let list = Rc::new(Listed { machines, entries });
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
        list: &Listed,
        unsupported: &[&Rc<Target>],
        offers: &mut BTreeMap<Family, Offer>,
    ) {
        for Entry { target, family, said, yes, not, is_machine } in &list.entries {
            let offer = match offers.get_mut(family) {
                Some(known) => known,
                None => offers.entry(family.clone()).or_default(),
            };
            said.iter().for_each(|path| offer.said.insert(*path));
            yes.iter().for_each(|fact| offer.yes.insert(*fact));
            not.iter().for_each(|fact| offer.not.insert(*fact));
            if *is_machine && !unsupported.iter().any(|it| it.is_same(target)) {
                offer.yes.insert(self.machine(&target.machine));
            }
        }
    }

    /// What an entry of a machine list says, but for whether its machine can be had.
    fn entry(&mut self, machine: &Machine) -> Entry {
        let target = Target::of(machine);
        let family = family(&target);
        let key = escape_key(&machine.name);
        let mut said = vec![self.facts.path(MACHINE)];
        let (mut yes, mut not) = (None, None);
        match &machine.canonical {
            Some(canonical) => {
                let path = format!("alias[{key}]");
                said.push(self.facts.path(&path));
                yes = Some(self.facts.fact(&path, Some(canonical), FactKind::Text));
            }
            None => {
                let path = format!("machine[{key}].deprecated");
                let fact = self.facts.fact(&path, None, FactKind::Detail);
                match machine.deprecated {
                    true => yes = Some(fact),
                    false => not = Some(fact),
                }
            }
        }
        Entry { target, family, said, yes, not, is_machine: machine.canonical.is_none() }
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
