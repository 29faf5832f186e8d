//! Hosts that lack what nearly all have, or that alone have something.

use std::collections::{BTreeMap, BTreeSet};

use super::Cohorts;
use super::common::{Thing, hosts_of, topmost};
use super::facts::FactKind;
use super::offer::{Can, Family, Offers};
use crate::model::HostName;

/// Things in which the same few hosts differ from nearly all others in the same way.
#[derive(Debug)]
pub struct Outlier {
    /// The hosts, by name.
    pub hosts: Vec<HostName>,
    /// They have it and nearly nobody else does; otherwise they lack what nearly all have.
    pub is_alone: bool,
    /// What it is, and in which families it is so.
    pub things: Vec<(Thing, BTreeSet<Family>)>,
    /// Families that they lack, or have alone.
    pub families: BTreeSet<Family>,
}

/// Which hosts, and whether they have or lack it.
type Key = (Vec<usize>, bool);

/// Who stands out: at least `share` percent of the hosts that report a thing have it, or lack it.
/// Rarest first.
#[must_use]
pub fn outliers(cohorts: &Cohorts, offers: &Offers, share: u8) -> Vec<Outlier> {
    let mut found: BTreeMap<Key, Outlier> = BTreeMap::new();
    let all: Vec<usize> = (0..cohorts.cohorts.len()).collect();
    for family in offers.families() {
        let (mut has, mut no) = (Vec::new(), Vec::new());
        for cohort in &all {
            match offers.has_family(*cohort, family) {
                Can::Yes => has.push(*cohort),
                Can::No => no.push(*cohort),
                Can::Unreported => {}
            }
        }
        let asked = Asked { cohorts, share };
        if let Some(key) = asked.stands_out(&has, &no) {
            entry(&mut found, cohorts, key).families.insert(family.clone());
        }
        // What all of a family's hosts lack is said by the family.
        let mut by: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (number, fact) in offers.facts.iter() {
            if fact.kind == FactKind::Detail {
                continue;
            }
            let (mut yes, mut no) = (Vec::new(), Vec::new());
            for cohort in &has {
                match offers.can(*cohort, family, number) {
                    Can::Yes => yes.push(*cohort),
                    Can::No => no.push(*cohort),
                    Can::Unreported => {}
                }
            }
            // Who has another value than most is told once, by that value.
            let is_value = matches!(fact.kind, FactKind::Number | FactKind::Text);
            if let Some(key) = asked.stands_out(&yes, &no).filter(|key| key.1 || !is_value) {
                by.entry(key).or_default().push(number);
            }
        }
        for (key, facts) in by {
            let outlier = entry(&mut found, cohorts, key);
            for fact in topmost(offers, &facts) {
                let thing = Thing::from(offers.facts.at(fact));
                match outlier.things.iter_mut().find(|(known, _)| *known == thing) {
                    Some((_, families)) => {
                        families.insert(family.clone());
                    }
                    None => outlier.things.push((thing, BTreeSet::from([family.clone()]))),
                }
            }
        }
    }
    let mut found: Vec<Outlier> = found.into_values().collect();
    found.iter_mut().for_each(|outlier| outlier.things.sort());
    found.retain(|outlier| !outlier.things.is_empty() || !outlier.families.is_empty());
    found.sort_by(|a, b| {
        (a.hosts.len(), &a.hosts, a.is_alone).cmp(&(b.hosts.len(), &b.hosts, b.is_alone))
    });
    found
}

fn entry<'f>(
    found: &'f mut BTreeMap<Key, Outlier>,
    cohorts: &Cohorts,
    key: Key,
) -> &'f mut Outlier {
    let (numbers, is_alone) = key;
    let hosts = hosts_of(cohorts, &numbers);
    found.entry((numbers, is_alone)).or_insert_with(|| Outlier {
        hosts,
        is_alone,
        things: Vec::new(),
        families: BTreeSet::new(),
    })
}

struct Asked<'a> {
    cohorts: &'a Cohorts,
    share: u8,
}

impl Asked<'_> {
    /// The few that stand apart from the many, where they do.
    fn stands_out(&self, yes: &[usize], no: &[usize]) -> Option<Key> {
        let count = |of: &[usize]| -> usize {
            of.iter().map(|at| self.cohorts.cohorts[*at].hosts.len()).sum()
        };
        let (have, lack) = (count(yes), count(no));
        let is_nearly_all = |many: usize, few: usize| {
            few > 0 && many * 100 >= usize::from(self.share) * (many + few)
        };
        if is_nearly_all(have, lack) {
            Some((no.to_vec(), false))
        } else if is_nearly_all(lack, have) {
            Some((yes.to_vec(), true))
        } else {
            None
        }
    }
}
