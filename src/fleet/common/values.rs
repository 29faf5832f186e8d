//! What hosts say in numbers and names: limits, aliases, host-model.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Asked, ByValue, HostModel, hosts_of};
use crate::fleet::facts::{Fact, FactKind};
use crate::fleet::offer::Can;
use crate::model::HOST_MODEL;

/// Numbers of which every host can do as much as the least says.
const LIMITS: [&str; 4] = [
    "vcpu.max",
    "features.sev.maxGuests",
    "features.sev.maxESGuests",
    "cpu.mode[host-model].maxphysaddr.limit",
];

/// Numbers that must be equal where a guest moves between hosts: an encrypted guest knows which bit
/// of an address says so.
const MUST_BE_EQUAL: [&str; 2] = ["features.sev.cbitpos", "features.sev.reducedPhysBits"];

impl Asked<'_> {
    /// Aliases that all have.
    pub(super) fn aliases(&self) -> BTreeMap<Rc<str>, BTreeSet<Rc<str>>> {
        let mut aliases: BTreeMap<Rc<str>, (usize, BTreeSet<Rc<str>>)> = BTreeMap::new();
        for offers in &self.offers.of {
            let Some(offer) = offers.get(self.family) else { continue };
            for fact in offer.facts().map(|fact| self.offers.facts.at(fact)) {
                let name = fact.path.strip_prefix("alias[").and_then(|it| it.strip_suffix(']'));
                if let (Some(name), Some(canonical)) = (name, &fact.value) {
                    let known = aliases.entry(name.into()).or_default();
                    known.0 += 1;
                    known.1.insert(Rc::clone(canonical));
                }
            }
        }
        let all = self.cohorts.cohorts.len();
        aliases.into_iter().filter(|(_, it)| it.0 >= all).map(|(name, it)| (name, it.1)).collect()
    }

    /// What each cohort says at a path: the values, in no particular order.
    fn values(&self, path: &str) -> Vec<BTreeSet<Rc<str>>> {
        let facts = self.offers.facts.iter().filter(|(_, fact)| &*fact.path == path);
        let facts: Vec<(usize, &Fact)> = facts.collect();
        let of = |cohort: usize| {
            let so = facts.iter().filter(move |(number, _)| {
                self.offers.can(cohort, self.family, *number) == Can::Yes
            });
            so.filter_map(|(_, fact)| fact.value.clone()).collect()
        };
        (0..self.cohorts.cohorts.len()).map(of).collect()
    }

    /// Numbers that each has: on the machine that has the most of it.
    pub(super) fn limits(&self) -> Vec<(Rc<str>, i64, i64)> {
        let limit = |path: &&str| {
            let most = self
                .values(path)
                .into_iter()
                .map(|values| values.iter().filter_map(|value| value.parse::<i64>().ok()).max());
            let most: Vec<i64> = most.collect::<Option<_>>()?;
            Some(((*path).into(), *most.iter().min()?, *most.iter().max()?))
        };
        LIMITS.iter().filter_map(limit).collect()
    }

    pub(super) fn unequal(&self) -> Vec<(Rc<str>, ByValue)> {
        let mut found = Vec::new();
        for path in MUST_BE_EQUAL {
            let mut groups: BTreeMap<Rc<str>, Vec<usize>> = BTreeMap::new();
            for (cohort, values) in self.values(path).into_iter().enumerate() {
                if let Some(value) = values.into_iter().next() {
                    groups.entry(value).or_default().push(cohort);
                }
            }
            if groups.len() > 1 {
                let hosts = |(value, at): (_, Vec<usize>)| (value, hosts_of(self.cohorts, &at));
                let mut groups: ByValue = groups.into_iter().map(hosts).collect();
                groups.sort_by_key(|(_, hosts)| Reverse(hosts.len()));
                found.push((path.into(), groups));
            }
        }
        found
    }

    /// Hosts by what libvirt calls their CPU, with the features that it adds: the biggest group first.
    pub(super) fn host_models(&self) -> Vec<HostModel> {
        let model_path = format!("{HOST_MODEL}.model");
        let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (cohort, offers) in self.offers.of.iter().enumerate() {
            let Some(offer) = offers.get(self.family) else { continue };
            let is_of_it = |fact: &usize| self.offers.facts.at(*fact).path.starts_with(HOST_MODEL);
            let facts: Vec<usize> = offer.facts().filter(is_of_it).collect();
            groups.entry(facts).or_default().push(cohort);
        }
        let group = |(facts, cohorts): (Vec<usize>, Vec<usize>)| {
            let facts = facts.iter().map(|fact| self.offers.facts.at(*fact));
            let model = facts.clone().find(|fact| *fact.path == *model_path);
            HostModel {
                model: model.and_then(|fact| fact.value.clone()),
                features: facts.filter(|fact| fact.kind == FactKind::Detail).count(),
                hosts: hosts_of(self.cohorts, &cohorts),
            }
        };
        let mut groups: Vec<HostModel> = groups.into_iter().map(group).collect();
        groups.sort_by(|a, b| {
            (Reverse(a.hosts.len()), &a.hosts).cmp(&(Reverse(b.hosts.len()), &b.hosts))
        });
        groups
    }
}
