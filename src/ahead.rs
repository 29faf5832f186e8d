//! Work that threads do ahead of the one that needs it: reading and parsing the next hosts' documents
//! while those before are written.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How much the threads may be ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// How many threads work.
    pub(crate) threads: usize,
    /// None begins with a further item while the finished results weigh as much as this.
    pub(crate) weight: usize,
}

/// Works on `items` in threads, and hands the results to `take` in the order of the items. `worker`
/// makes what one thread works with: it gives a result and its weight. What `take` leaves is dropped.
pub(crate) fn in_order<I, O, W, T>(
    items: &[I],
    room: Room,
    worker: impl Fn() -> W + Sync,
    take: impl FnOnce(&mut dyn Iterator<Item = O>) -> T,
) -> T
where
    I: Sync,
    O: Send,
    W: FnMut(&I) -> (O, usize),
{
    let shared = Shared::new(items.len(), room.weight);
    std::thread::scope(|scope| {
        let mut threads = 0;
        for _ in 0..room.threads.clamp(1, items.len().max(1)) {
            let spawned = std::thread::Builder::new().spawn_scoped(scope, || {
                let _end = Closing { shared: &shared, only_in_panic: true };
                let mut work = worker();
                while let Some(at) = shared.begin() {
                    let (result, weight) = work(&items[at]);
                    shared.finish(at, result, weight);
                }
            });
            // A system that gives no more threads: those that are there do it.
            if spawned.is_err() {
                break;
            }
            threads += 1;
        }
        if threads == 0 {
            let mut work = worker();
            return take(&mut items.iter().map(|item| work(item).0));
        }
        let _end = Closing { shared: &shared, only_in_panic: false };
        take(&mut std::iter::from_fn(|| shared.next()))
    })
}

/// So many results wake the one that waits for them: to wake it costs as much as a small result does.
const WORTH_WAKING: usize = 16;

/// What the threads share.
struct Shared<O> {
    state: Mutex<State<O>>,
    /// There may be a result to take.
    ready: Condvar,
    /// There may be room, or it is at an end.
    roomy: Condvar,
    items: usize,
    room: usize,
}

struct State<O> {
    /// The item that a thread begins with next.
    begun: usize,
    /// The item whose result is taken next.
    taken: usize,
    /// Finished and not taken.
    results: BTreeMap<usize, (O, usize)>,
    weight: usize,
    /// How many threads wait for room.
    waiting: usize,
    is_closed: bool,
}

impl<O> Shared<O> {
    fn new(items: usize, room: usize) -> Self {
        let state = State {
            begun: 0,
            taken: 0,
            results: BTreeMap::new(),
            weight: 0,
            waiting: 0,
            is_closed: false,
        };
        let state = Mutex::new(state);
        Self { state, ready: Condvar::new(), roomy: Condvar::new(), items, room }
    }

    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next item to work on, once there is room. Who has the item that is taken next never waits.
    fn begin(&self) -> Option<usize> {
        let mut state = self.lock();
        let at = state.begun;
        if at == self.items || state.is_closed {
            return None;
        }
        state.begun += 1;
        while !state.is_closed && state.weight >= self.room && at > state.taken {
            state.waiting += 1;
            self.ready.notify_one();
            state = self.roomy.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        (!state.is_closed).then_some(at)
    }

    fn finish(&self, at: usize, result: O, weight: usize) {
        let mut state = self.lock();
        state.weight += weight;
        state.results.insert(at, (result, weight));
        let is_end = state.begun == self.items;
        if state.results.len() >= WORTH_WAKING || state.waiting > 0 || is_end {
            self.ready.notify_one();
        }
    }

    /// Waits for the next result; none where there are no more.
    fn next(&self) -> Option<O> {
        let mut state = self.lock();
        loop {
            let at = state.taken;
            if let Some((result, weight)) = state.results.remove(&at) {
                state.taken += 1;
                state.weight -= weight;
                // One who waits may have the item that is next now.
                let is_wanted = !state.results.contains_key(&state.taken);
                if state.waiting > 0 && (is_wanted || state.weight < self.room / 2) {
                    self.roomy.notify_all();
                }
                return Some(result);
            }
            if at == self.items || state.is_closed {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends it when one side is gone: nobody must wait for what will never come, or work for nobody.
struct Closing<'s, O> {
    shared: &'s Shared<O>,
    only_in_panic: bool,
}

impl<O> Drop for Closing<'_, O> {
    fn drop(&mut self) {
        if self.only_in_panic && !std::thread::panicking() {
            return;
        }
        self.shared.lock().is_closed = true;
        self.shared.ready.notify_all();
        self.shared.roomy.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled(items: &[usize], room: Room) -> Vec<usize> {
        let worker = || |item: &usize| (item * 2, *item);
        in_order(items, room, worker, |results| results.collect())
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
        for (threads, weight) in [(1, 0), (2, 10), (3, 5000), (7, usize::MAX), (60, 100)] {
            assert_eq!(doubled(&items, Room { threads, weight }), expected);
        }
        assert!(doubled(&[], Room { threads: 2, weight: 1 }).is_empty());
    }

    #[test]
    fn threads_end_where_nobody_takes_the_rest() {
        let items: Vec<usize> = (0..1000).collect();
        let worker = || |item: &usize| (*item, 1);
        let room = Room { threads: 2, weight: 4 };
        let first = in_order(&items, room, worker, |results| results.next());
        assert_eq!(first, Some(0));
    }

    #[test]
    fn a_thread_is_no_further_ahead_than_there_is_room() {
        let items: Vec<usize> = (0..100).collect();
        let begun = Mutex::new(0);
        let worker = || {
            |item: &usize| {
                *begun.lock().unwrap() += 1;
                (*item, 10)
            }
        };
        in_order(&items, Room { threads: 1, weight: 30 }, worker, |results| {
            for taken in 1..=items.len() {
                results.next();
                // What was taken, three that fit, and one that was begun before there was no room.
                assert!(*begun.lock().unwrap() <= taken + 4);
            }
        });
    }

    #[test]
    fn slow_items_keep_their_place() {
        let items: Vec<u64> = (0..200).collect();
        let worker = || {
            |item: &u64| {
                if item.is_multiple_of(7) {
                    std::thread::sleep(std::time::Duration::from_micros(300));
                }
                (*item, usize::try_from(item % 5).unwrap())
            }
        };
        for weight in [0, 1, 8, 1000] {
            let room = Room { threads: 5, weight };
            let all: Vec<u64> = in_order(&items, room, worker, |results| results.collect());
            assert_eq!(all, items);
        }
    }
}
