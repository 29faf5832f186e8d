//! Hosts whose capabilities are identical, values unique to one machine aside.

use std::cmp::Reverse;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt as _};

use crate::model::{Hash, HostName, State, Time};
use crate::store::{Latest, ProfileRow, SnapshotRow, Store, StoreError, Versions};

/// Hosts that can do the same.
#[derive(Debug)]
pub struct Cohort {
    /// The content that they share: equal on any two databases.
    pub content: Hash,
    /// Its hosts, by name.
    pub hosts: Vec<HostName>,
    /// The newest snapshot of the first of them, which speaks for all.
    pub member: SnapshotRow,
    /// What else is known of that content.
    pub profile: ProfileRow,
    /// Versions of libvirt.
    pub libvirt: Counted,
    /// Hypervisors and versions.
    pub hypervisor: Counted,
    /// CPUs of the hosts.
    pub cpu: Counted,
}

/// Texts and how many hosts have each, most hosts first; unknown ones are not counted.
pub type Counted = Vec<(Rc<str>, usize)>;

/// A fleet by content.
#[derive(Debug, Default)]
pub struct Cohorts {
    /// Biggest first, then by the name of the first host.
    pub cohorts: Vec<Cohort>,
    /// Hosts with newer snapshots that are not complete and were passed over, and when they were
    /// last asked.
    pub passed_over: Vec<(HostName, Time)>,
    /// Hosts without a complete snapshot, and the state of what they have; these are in no cohort.
    pub left_out: Vec<(HostName, State)>,
}

impl Cohorts {
    /// Puts hosts together by what their newest complete snapshots hold; `hosts` are sorted by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn of(store: &Store, hosts: Vec<Latest>) -> Result<Self, StoreError> {
        let mut fleet = Self::default();
        let mut complete = Vec::with_capacity(hosts.len());
        for Latest { snapshot, newest_at } in hosts {
            if snapshot.state != State::Complete {
                fleet.left_out.push((snapshot.host, snapshot.state));
                continue;
            }
            if newest_at > snapshot.taken_at {
                fleet.passed_over.push((snapshot.host.clone(), newest_at));
            }
            complete.push(snapshot);
        }
        let profiles = store.profile_rows(complete.iter().map(SnapshotRow::content))?;
        let versions = store.versions(complete.iter().map(SnapshotRow::context_id))?;
        let mut at: HashMap<Hash, usize> = HashMap::new();
        let mut counts: Vec<[HashMap<Rc<str>, usize>; 3]> = Vec::new();
        for snapshot in complete {
            let Some(profile) = profiles.get(&snapshot.content()) else { continue };
            let known = versions.get(&snapshot.context_id()).cloned().unwrap_or_default();
            let number = *at.entry(profile.shared).or_insert(fleet.cohorts.len());
            let host = snapshot.host.clone();
            match fleet.cohorts.get_mut(number) {
                Some(cohort) => cohort.hosts.push(host),
                None => {
                    fleet.cohorts.push(Cohort::new(snapshot, profile.clone(), host));
                    counts.push(Default::default());
                }
            }
            count(&mut counts[number], known);
        }
        for (cohort, counts) in fleet.cohorts.iter_mut().zip(counts) {
            [cohort.libvirt, cohort.hypervisor, cohort.cpu] = counts.map(sorted);
        }
        fleet.cohorts.sort_by(|a, b| {
            (Reverse(a.hosts.len()), &a.hosts[0]).cmp(&(Reverse(b.hosts.len()), &b.hosts[0]))
        });
        Ok(fleet)
    }

    /// How many hosts are in cohorts.
    #[must_use]
    pub fn hosts(&self) -> usize {
        self.cohorts.iter().map(|cohort| cohort.hosts.len()).sum()
    }
}

impl Cohort {
    fn new(member: SnapshotRow, profile: ProfileRow, host: HostName) -> Self {
        Self {
            content: profile.shared,
            hosts: vec![host],
            member,
            profile,
            libvirt: Vec::new(),
            hypervisor: Vec::new(),
            cpu: Vec::new(),
        }
    }
}

fn count(counts: &mut [HashMap<Rc<str>, usize>; 3], known: Versions) {
    let Versions { libvirt, hypervisor, cpu } = known;
    for (counts, text) in counts.iter_mut().zip([libvirt, hypervisor, cpu]) {
        if let Some(text) = text {
            *counts.entry(text).or_default() += 1;
        }
    }
}

fn sorted(counts: HashMap<Rc<str>, usize>) -> Counted {
    let mut sorted: Counted = counts.into_iter().collect();
    sorted.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    sorted
}
