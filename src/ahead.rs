//! Work that threads do ahead of the one that needs it: reading and parsing the next hosts' documents
//! while those before are written.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How much each thread may be ahead: a weight that its results together must not exceed, though one
/// alone may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// How many threads work.
    pub(crate) threads: usize,
    /// What the finished results of all of them may weigh.
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
    let threads = room.threads.clamp(1, items.len().max(1));
    let lanes: Vec<Lane<O>> = (0..threads).map(|_| Lane::new(room.weight / threads)).collect();
    std::thread::scope(|scope| {
        for (first, lane) in lanes.iter().enumerate() {
            let worker = &worker;
            scope.spawn(move || {
                let _end = Closing(lane);
                let mut work = worker();
                for item in items.iter().skip(first).step_by(threads) {
                    let (result, weight) = work(item);
                    if !lane.push(result, weight) {
                        break;
                    }
                }
            });
        }
        // However it ends: threads that wait for room must not wait for ever.
        let _end: Vec<Closing<'_, O>> = lanes.iter().map(Closing).collect();
        let mut next = lanes.iter().cycle();
        take(&mut std::iter::from_fn(|| next.next()?.pop()))
    })
}

/// So many results wake the one that waits for them: to wake it costs as much as a small result does.
const WORTH_WAKING: usize = 16;

/// One thread's results, in order.
struct Lane<O> {
    state: Mutex<State<O>>,
    changed: Condvar,
    room: usize,
}

struct State<O> {
    results: VecDeque<(O, usize)>,
    weight: usize,
    /// The thread waits for room.
    is_full: bool,
    is_closed: bool,
}

impl<O> Lane<O> {
    fn new(room: usize) -> Self {
        let state = State { results: VecDeque::new(), weight: 0, is_full: false, is_closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), room }
    }

    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'l>(&self, state: MutexGuard<'l, State<O>>) -> MutexGuard<'l, State<O>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room; false where nobody wants more.
    fn push(&self, result: O, weight: usize) -> bool {
        let mut state = self.lock();
        while !state.is_closed && !state.results.is_empty() && state.weight + weight > self.room {
            state.is_full = true;
            self.changed.notify_one();
            state = self.wait(state);
        }
        if state.is_closed {
            return false;
        }
        state.is_full = false;
        state.weight += weight;
        state.results.push_back((result, weight));
        if state.results.len() >= WORTH_WAKING {
            self.changed.notify_one();
        }
        true
    }

    /// Waits for a result; none where there are no more.
    fn pop(&self) -> Option<O> {
        let mut state = self.lock();
        loop {
            if let Some((result, weight)) = state.results.pop_front() {
                state.weight -= weight;
                if state.is_full && (state.results.is_empty() || state.weight <= self.room / 2) {
                    self.changed.notify_one();
                }
                return Some(result);
            }
            if state.is_closed {
                return None;
            }
            state = self.wait(state);
        }
    }
}

/// Closes a lane when its one end goes, even by a panic.
struct Closing<'l, O>(&'l Lane<O>);

impl<O> Drop for Closing<'_, O> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_one();
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
        for (threads, weight) in [(1, 0), (2, 10), (3, 5000), (7, usize::MAX), (2000, 100)] {
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
                // What was taken, three that fit, one that waits for room.
                assert!(*begun.lock().unwrap() <= taken + 4);
            }
        });
    }
}
