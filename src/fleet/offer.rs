//! What a cohort offers: the union over its targets of one architecture and domain type.
//!
//! Documents share nearly all their parts, so each part is read once for the whole fleet and becomes
//! a few numbers; an offer is the union of the numbers of its parts.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use foldhash::HashMap;

use super::Cohorts;
use super::facts::{Bits, Facts};
use crate::model::TargetPattern;
use crate::store::{Store, StoreError};
use read::{Part, Reader};

/// Targets that are alike enough to be put together: a guest names both when it is defined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family {
    /// Guest architecture.
    pub arch: String,
    /// Domain type.
    pub virttype: String,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.arch, self.virttype)
    }
}

/// Whether a cohort can do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Can {
    /// On some target at least.
    Yes,
    /// What could say so is reported, and does not; or something above it is not supported.
    No,
    /// Nothing says anything of it: absent is not no.
    Unreported,
}

/// What a cohort offers in one family.
#[derive(Debug, Default)]
pub struct Offer {
    yes: Bits,
    /// Facts of which it is said that they are not so.
    not: Bits,
    /// Paths whose members, or value, are reported.
    said: Bits,
    /// Paths that are not supported.
    no: Bits,
    /// What keeps CPU models from being used, by the number of the fact.
    blockers: HashMap<usize, Rc<[String]>>,
    /// Targets that gave a document.
    pub documents: usize,
}

impl Offer {
    /// Numbers of all facts that are so.
    pub fn facts(&self) -> impl Iterator<Item = usize> {
        self.yes.iter()
    }

    /// What keeps a CPU model from being used, where the document says it.
    #[must_use]
    pub fn blockers(&self, fact: usize) -> &[String] {
        self.blockers.get(&fact).map(|it| &**it).unwrap_or_default()
    }
}

/// What each cohort offers.
#[derive(Debug, Default)]
pub struct Offers {
    /// Everything that any of them says.
    pub facts: Facts,
    /// In the order of the cohorts.
    pub of: Vec<BTreeMap<Family, Offer>>,
    /// Whether the machine list of a cohort was collected: then a family that it lacks is not there.
    pub is_listed: Vec<bool>,
}

impl Offers {
    /// Reads what cohorts offer, on the targets that one of `patterns` means, or on all.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn read(
        store: &Store,
        cohorts: &Cohorts,
        patterns: &[TargetPattern],
    ) -> Result<Self, StoreError> {
        let mut reader = Reader::new(store, patterns);
        let answers = store.profile_answers();
        let mut of = Vec::with_capacity(cohorts.cohorts.len());
        for cohort in &cohorts.cohorts {
            let answers = answers.of(cohort.member.content())?;
            of.push(reader.cohort(cohort, &answers)?);
        }
        let is_listed = cohorts.cohorts.iter().map(|it| it.profile.machines.is_some());
        Ok(Self { facts: reader.facts, of, is_listed: is_listed.collect() })
    }

    /// Whether a cohort can do something in a family.
    #[must_use]
    pub fn can(&self, cohort: usize, family: &Family, fact: usize) -> Can {
        match self.of[cohort].get(family) {
            Some(offer) => self.facts.can(offer, fact),
            None => self.has_family(cohort, family),
        }
    }

    /// Whether a cohort has a family at all.
    #[must_use]
    pub fn has_family(&self, cohort: usize, family: &Family) -> Can {
        match (self.of[cohort].contains_key(family), self.is_listed[cohort]) {
            (true, _) => Can::Yes,
            (false, true) => Can::No,
            (false, false) => Can::Unreported,
        }
    }

    /// Every family that some cohort has.
    #[must_use]
    pub fn families(&self) -> BTreeSet<&Family> {
        self.of.iter().flat_map(BTreeMap::keys).collect()
    }
}

impl Facts {
    /// Whether an offer has a fact.
    #[must_use]
    pub fn can(&self, offer: &Offer, number: usize) -> Can {
        if offer.yes.contains(number) {
            return Can::Yes;
        }
        let fact = self.at(number);
        let is_no = offer.not.contains(number)
            || offer.said.contains(fact.path_number)
            || self.upwards(fact.path_number).any(|path| offer.no.contains(path))
            || fact.listed.is_some_and(|listed| self.can(offer, listed) == Can::No);
        if is_no { Can::No } else { Can::Unreported }
    }
}

impl Offer {
    fn take(&mut self, part: &Part) {
        part.yes.iter().for_each(|fact| self.yes.insert(*fact));
        part.said.iter().for_each(|path| self.said.insert(*path));
        part.no.iter().for_each(|path| self.no.insert(*path));
        for (fact, blockers) in &part.blockers {
            let known = self.blockers.entry(*fact).or_insert_with(|| Rc::clone(blockers));
            if blockers.iter().any(|it| !known.contains(it)) {
                let more = blockers.iter().filter(|it| !known.contains(it));
                *known = known.iter().chain(more).cloned().collect();
            }
        }
    }
}
