//! What all hosts can do, and who holds them back.

mod values;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::facts::{Fact, FactKind};
use super::generations::newest_first;
use super::offer::{Family, Offers};
use super::{Cohorts, Counted};
use crate::model::HostName;

/// What hosts have in common.
#[derive(Debug)]
pub struct Common {
    /// How many hosts.
    pub hosts: usize,
    /// How many different contents they have.
    pub cohorts: usize,
    /// What all of them have, by family; none that some do not have.
    pub families: Vec<FamilyCommon>,
    /// Families that only some hosts have, and the hosts that do not.
    pub partial: Vec<(Family, Vec<HostName>)>,
    /// CPUs of the hosts, and how many have each.
    pub cpus: Counted,
    /// How many hosts' CPUs are not known.
    pub unknown_cpus: usize,
}

/// What all hosts can do in one family.
#[derive(Debug)]
pub struct FamilyCommon {
    /// The family.
    pub family: Family,
    /// Canonical names of machine types.
    pub machines: Vec<Rc<str>>,
    /// Aliases, with all machines that they stand for.
    pub aliases: BTreeMap<Rc<str>, BTreeSet<Rc<str>>>,
    /// CPU models that all can use, newest first.
    pub models: Vec<String>,
    /// What is supported, and members of sets.
    pub offered: BTreeMap<Rc<str>, Vec<Rc<str>>>,
    /// Firmware images.
    pub images: Vec<Rc<str>>,
    /// Numbers, the least and the most of them.
    pub limits: Vec<(Rc<str>, i64, i64)>,
    /// What libvirt calls the host's CPU, with its features: hosts of equal ones together.
    pub host_models: Vec<HostModel>,
    /// Numbers that must be equal for a migration, and are not among the hosts that report them.
    pub unequal: Vec<(Rc<str>, ByValue)>,
    /// What most hosts have and few lack, fewest first.
    pub held_back: Vec<HeldBack>,
}

/// Values with the hosts of each; most hosts first.
pub type ByValue = Vec<(Rc<str>, Vec<HostName>)>;

/// Hosts for which host-model means the same.
#[derive(Debug)]
pub struct HostModel {
    /// The model's name; `None` where none is reported.
    pub model: Option<Rc<str>>,
    /// Features beside it.
    pub features: usize,
    /// The hosts.
    pub hosts: Vec<HostName>,
}

/// Things that the same hosts lack.
#[derive(Debug)]
pub struct HeldBack {
    /// What they lack.
    pub things: Vec<Thing>,
    /// Hosts that say they have it not.
    pub no: Vec<HostName>,
    /// Hosts that say nothing of it.
    pub unreported: Vec<HostName>,
    /// Features that keep CPU models from being used there.
    pub blockers: Vec<String>,
}

/// A fact without its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    /// What kind it is.
    pub kind: FactKind,
    /// The capability's path.
    pub path: Rc<str>,
    /// The member or value.
    pub value: Option<Rc<str>>,
}

impl From<&Fact> for Thing {
    fn from(fact: &Fact) -> Self {
        Self { kind: fact.kind, path: Rc::clone(&fact.path), value: fact.value.clone() }
    }
}

impl Thing {
    /// The CPU model that it is about: that it can be used, or is listed.
    #[must_use]
    pub fn model(&self) -> Option<String> {
        let fact = Fact {
            path: Rc::clone(&self.path),
            value: None,
            kind: self.kind,
            path_number: 0,
            listed: None,
        };
        fact.model()
    }
}

impl Common {
    /// What all cohorts can do; `for_migration` leaves out what guests keep when they move.
    #[must_use]
    pub fn of(cohorts: &Cohorts, offers: &Offers, for_migration: bool) -> Self {
        let mut common = Self {
            hosts: cohorts.hosts(),
            cohorts: cohorts.cohorts.len(),
            families: Vec::new(),
            partial: Vec::new(),
            cpus: cpus(cohorts),
            unknown_cpus: 0,
        };
        common.unknown_cpus =
            common.hosts - common.cpus.iter().map(|(_, hosts)| hosts).sum::<usize>();
        let all = 0..cohorts.cohorts.len();
        // What is listed and was asked on no host says nothing but its machines.
        let is_asked = |family: &&Family| {
            offers.of.iter().any(|of| of.get(*family).is_some_and(|it| it.documents > 0))
        };
        for family in offers.families().into_iter().filter(is_asked) {
            let missing = all.clone().filter(|at| !offers.of[*at].contains_key(family));
            let missing: Vec<usize> = missing.collect();
            if missing.is_empty() {
                let asked = Asked { cohorts, offers, family };
                common.families.push(asked.common(for_migration));
            } else {
                common.partial.push((family.clone(), hosts_of(cohorts, &missing)));
            }
        }
        // What guests mostly run as comes first.
        common.families.sort_by_key(|it| {
            (it.family.virttype != "kvm", Reverse(it.machines.len()), it.family.clone())
        });
        common.partial.sort_by_key(|(family, hosts)| (hosts.len(), family.clone()));
        common
    }
}

/// The hosts of some cohorts, by name.
pub(super) fn hosts_of(cohorts: &Cohorts, numbers: &[usize]) -> Vec<HostName> {
    let mut hosts: Vec<HostName> =
        numbers.iter().flat_map(|at| cohorts.cohorts[*at].hosts.iter().cloned()).collect();
    hosts.sort();
    hosts
}

fn cpus(cohorts: &Cohorts) -> Counted {
    let mut counts: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    for (cpu, hosts) in cohorts.cohorts.iter().flat_map(|cohort| &cohort.cpu) {
        *counts.entry(Rc::clone(cpu)).or_default() += hosts;
    }
    let mut counts: Counted = counts.into_iter().collect();
    counts.sort_by_key(|(_, hosts)| Reverse(*hosts));
    counts
}

/// One family of all cohorts.
struct Asked<'a> {
    cohorts: &'a Cohorts,
    offers: &'a Offers,
    family: &'a Family,
}

impl Asked<'_> {
    fn common(&self, for_migration: bool) -> FamilyCommon {
        let mut common = FamilyCommon {
            family: self.family.clone(),
            machines: Vec::new(),
            aliases: self.aliases(),
            models: Vec::new(),
            offered: BTreeMap::new(),
            images: Vec::new(),
            limits: self.limits(),
            host_models: self.host_models(),
            unequal: self.unequal(),
            held_back: Vec::new(),
        };
        let mut lacking: BTreeMap<[Vec<usize>; 2], Vec<usize>> = BTreeMap::new();
        for (number, fact) in self.offers.facts.iter() {
            let is_moved =
                matches!(fact.kind, FactKind::Machine | FactKind::Usable | FactKind::Image);
            let is_told = matches!(fact.kind, FactKind::Support | FactKind::Member);
            if !is_moved && (for_migration || !is_told) {
                continue;
            }
            let by = self.by_state(number);
            if by[1].is_empty() && by[2].is_empty() {
                common.take(fact);
            } else if self.count(&by[0]) * 2 >= self.cohorts.hosts() && !by[1].is_empty() {
                let [_, no, unreported] = by;
                lacking.entry([no, unreported]).or_default().push(number);
            }
        }
        common.machines.sort();
        common.models.sort_by(|a, b| newest_first(a, b));
        common.offered.values_mut().for_each(|members| members.sort());
        common.images.sort();
        common.held_back =
            lacking.into_iter().map(|(by, facts)| self.held_back(&by, &facts)).collect();
        common.held_back.retain(|held| !held.things.is_empty());
        common.held_back.sort_by(|a, b| a.key().cmp(&b.key()));
        common
    }

    /// Numbers of the cohorts that can, that cannot, and that say nothing.
    fn by_state(&self, fact: usize) -> [Vec<usize>; 3] {
        let mut by: [Vec<usize>; 3] = Default::default();
        for cohort in 0..self.cohorts.cohorts.len() {
            by[self.offers.can(cohort, self.family, fact) as usize].push(cohort);
        }
        by
    }

    fn count(&self, cohorts: &[usize]) -> usize {
        cohorts.iter().map(|at| self.cohorts.cohorts[*at].hosts.len()).sum()
    }

    fn held_back(&self, [no, unreported]: &[Vec<usize>; 2], facts: &[usize]) -> HeldBack {
        let facts = topmost(self.offers, facts);
        let mut blockers = BTreeSet::new();
        for cohort in no {
            let Some(offer) = self.offers.of[*cohort].get(self.family) else { continue };
            for fact in &facts {
                blockers.extend(offer.blockers(*fact).iter().cloned());
            }
        }
        let mut things: Vec<Thing> =
            facts.iter().map(|fact| self.offers.facts.at(*fact).into()).collect();
        things.sort();
        HeldBack {
            things,
            no: hosts_of(self.cohorts, no),
            unreported: hosts_of(self.cohorts, unreported),
            blockers: blockers.into_iter().collect(),
        }
    }
}

impl FamilyCommon {
    /// Takes in what all have.
    fn take(&mut self, fact: &Fact) {
        match (fact.kind, &fact.value) {
            (FactKind::Machine, Some(name)) => self.machines.push(Rc::clone(name)),
            (FactKind::Usable, _) => self.models.extend(fact.model()),
            (FactKind::Image, Some(image)) => self.images.push(Rc::clone(image)),
            (FactKind::Support, None) => {
                self.offered.entry(Rc::clone(&fact.path)).or_default();
            }
            (FactKind::Member, Some(member)) => {
                self.offered.entry(Rc::clone(&fact.path)).or_default().push(Rc::clone(member));
            }
            _ => {}
        }
    }
}

impl HeldBack {
    /// Fewest hosts first; among equals what guests name first.
    fn key(&self) -> (usize, usize, Option<&Thing>) {
        (self.no.len() + self.unreported.len(), self.no.len(), self.things.first())
    }
}

/// Facts without those that follow from others among them: members of what is not supported, and
/// that a model cannot be used which is not listed.
pub(super) fn topmost(offers: &Offers, facts: &[usize]) -> Vec<usize> {
    let there: BTreeSet<usize> = facts.iter().copied().collect();
    let bare: BTreeSet<usize> = facts
        .iter()
        .map(|fact| offers.facts.at(*fact))
        .filter(|fact| fact.kind == FactKind::Support)
        .map(|fact| fact.path_number)
        .collect();
    let is_top = |number: &&usize| {
        let fact = offers.facts.at(**number);
        let skipped = usize::from(fact.kind == FactKind::Support);
        let mut above = offers.facts.upwards(fact.path_number).skip(skipped);
        !above.any(|path| bare.contains(&path))
            && !fact.listed.is_some_and(|listed| there.contains(&listed))
    };
    facts.iter().filter(is_top).copied().collect()
}
