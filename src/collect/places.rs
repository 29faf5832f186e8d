//! How many hosts are asked at once.
//!
//! A host that keeps its answer waiting gives its place to another and goes on without one, so that
//! slow and dead hosts do not use up the places of the others. There is still an end to it: no more
//! than [`CROWD`] times as many processes as places, nor more than there are file descriptors for.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long an answer may take before its host gives its place to another.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How many hosts may be at work, slow ones too, for each place.
const CROWD: usize = 8;

/// File descriptors that a host takes: three pipes, with both ends for a moment, and some to spare.
const EACH: usize = 10;

/// How many of `wanted` files this process may open at once; usually it gets 1,024, and may have
/// more if it asks.
fn descriptors(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let number =
        |limit: Option<u64>| limit.map_or(usize::MAX, |it| it.try_into().unwrap_or(usize::MAX));
    let most = wanted.min(number(maximum));
    if most <= number(current) {
        return most;
    }
    let raised = Rlimit { current: most.try_into().ok(), maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() { most } else { number(current) }
}

/// The places of a collection.
pub(super) struct Places {
    counts: Mutex<Counts>,
    freed: Condvar,
}

struct Counts {
    free: usize,
    /// How many more may be at work, with a place or without.
    room: usize,
}

/// One host's place.
pub(super) struct Place<'p> {
    places: &'p Places,
    is_held: Cell<bool>,
}

impl Places {
    pub(super) fn new(jobs: usize) -> Self {
        let crowd = jobs.saturating_mul(CROWD);
        let room = crowd.min(descriptors(crowd.saturating_mul(EACH)) / EACH).max(1);
        let counts = Counts { free: jobs, room };
        Self { counts: Mutex::new(counts), freed: Condvar::new() }
    }

    /// A place, if one is free within `wait`.
    pub(super) fn take(&self, wait: Duration) -> Option<Place<'_>> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |counts: &mut Counts| counts.free == 0 || counts.room == 0;
        let (mut counts, waited) = self
            .freed
            .wait_timeout_while(counts, wait, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() && is_full(&mut counts) {
            return None;
        }
        counts.free -= 1;
        counts.room -= 1;
        Some(Place { places: self, is_held: Cell::new(true) })
    }

    fn free(&self, places: usize, room: usize) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.free += places;
        counts.room += room;
        self.freed.notify_all();
    }
}

impl Place<'_> {
    /// Lets another host go first.
    pub(super) fn give_up(&self) {
        if self.is_held.replace(false) {
            self.places.free(1, 0);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.places.free(usize::from(self.is_held.get()), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn a_place_is_free_again_when_it_is_left_or_given_up() {
        let places = Places::new(1);
        let first = places.take(NOW).unwrap();
        assert!(places.take(NOW).is_none());
        first.give_up();
        first.give_up();
        let second = places.take(NOW).unwrap();
        assert!(places.take(NOW).is_none());
        drop(first);
        assert!(places.take(NOW).is_none());
        drop(second);
        assert!(places.take(NOW).is_some());
    }

    #[test]
    fn slow_hosts_are_not_without_number() {
        let places = Places::new(1);
        let slow = std::iter::from_fn(|| places.take(NOW).inspect(Place::give_up));
        assert_eq!(slow.collect::<Vec<_>>().len(), CROWD);
    }
}
