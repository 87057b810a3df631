//! Which workers sleep, and whether one should be woken.
//!
//! One word counts the workers that are awake and those among them that search for work. A thread
//! that has pushed work reads it: if no worker searches, it wakes one, otherwise it relies on the
//! searchers and sets a mark in the word. The last searcher that stops, because it goes to sleep or
//! because it has found something, clears the mark, and if it was set, checks every queue and wakes
//! another worker if there is more. All of this is sequentially consistent, so the searcher sees
//! the mark or the pushing thread sees that no worker searches.
//!
//! The sleepers are one bit each, under a lock. A thread that wakes a worker clears its bit, and
//! the worker counts as awake and searching from then on. Nothing here iterates over all workers.
#![forbid(unsafe_code)]

use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::{AtomicUsize, Ordering, fence};

const SEARCHING: usize = 1;
const AWAKE_SHIFT: u32 = usize::BITS / 2;
const AWAKE: usize = 1 << AWAKE_SHIFT;
/// Set while a thread that has pushed work relies on the searching workers.
const RELIED_ON: usize = AWAKE >> 1;
const SEARCHING_MASK: usize = RELIED_ON - 1;

/// Which workers sleep.
#[derive(Debug)]
pub(crate) struct Idle {
    /// `awake << 32 | relied on << 31 | searching`. Workers and the threads that wake them write
    /// it; the count of awake workers changes only with the lock held.
    state: AtomicUsize,
    pub(super) sleepers: Mutex<Bitmap>,
    workers: usize,
}

impl Idle {
    /// Creates the state in which all workers are awake and none searches.
    pub(crate) fn new(workers: usize) -> Idle {
        Idle {
            state: AtomicUsize::new(workers << AWAKE_SHIFT),
            sleepers: Mutex::new(Bitmap::new(workers)),
            workers,
        }
    }

    /// Removes a worker from the sleepers, and returns it, if one should be woken for work that was
    /// just pushed.
    ///
    /// The worker for which `waits_for_driver` returns true, one at most, is taken only if it is
    /// the only sleeper: waking it costs one more system call, and another worker has to take its
    /// place.
    pub(crate) fn to_wake(&self, waits_for_driver: impl Fn(usize) -> bool) -> Option<usize> {
        // Orders the caller's push before the load.
        fence(Ordering::SeqCst);
        if !self.has_to_wake() {
            return None;
        }
        let mut sleepers = self.sleepers.lock();
        if !self.has_to_wake() {
            return None;
        }
        let mut worker = sleepers.first_from(0)?;
        if let Some(other) = sleepers.first_from(worker + 1) {
            if waits_for_driver(worker) {
                worker = other;
            }
        }
        self.wake(&mut sleepers, worker);
        Some(worker)
    }

    /// Removes `worker` from the sleepers. It counts as searching from now on.
    pub(super) fn wake(&self, sleepers: &mut Bitmap, worker: usize) {
        sleepers.remove(worker);
        self.state.fetch_add(AWAKE | SEARCHING, Ordering::SeqCst);
    }

    /// Returns whether a worker sleeps and none searches. If some search, sets the mark.
    fn has_to_wake(&self) -> bool {
        let mut state = self.state.load(Ordering::SeqCst);
        while state & SEARCHING_MASK > 0 {
            if state & RELIED_ON != 0 {
                return false;
            }
            let marked = self.state.compare_exchange(
                state,
                state | RELIED_ON,
                Ordering::SeqCst,
                Ordering::SeqCst,
            );
            match marked {
                Ok(_) => return false,
                Err(now) => state = now,
            }
        }
        state >> AWAKE_SHIFT < self.workers
    }

    /// Adds `worker` to the sleepers. Returns `true` if it was the last searcher and was relied on:
    /// then it must check every queue once more.
    pub(crate) fn sleep(&self, worker: usize, searching: bool) -> bool {
        let mut sleepers = self.sleepers.lock();
        let (relied_on, _) = self.subtract(AWAKE + if searching { SEARCHING } else { 0 });
        sleepers.insert(worker);
        drop(sleepers);
        // Orders the change before the caller's last check of the queues.
        fence(Ordering::SeqCst);
        relied_on
    }

    /// Subtracts from the counts, and clears the mark if no worker searches any more. Returns
    /// whether the mark was cleared, and the new state.
    fn subtract(&self, by: usize) -> (bool, usize) {
        let mut state = self.state.load(Ordering::SeqCst);
        loop {
            let mut next = state - by;
            let was_last = next & SEARCHING_MASK == 0;
            if was_last {
                next &= !RELIED_ON;
            }
            match self
                .state
                .compare_exchange_weak(state, next, Ordering::SeqCst, Ordering::SeqCst)
            {
                Ok(_) => return (was_last && state & RELIED_ON != 0, next),
                Err(now) => state = now,
            }
        }
    }

    /// Removes `worker` from the sleepers because it found work by itself. Returns `false` if
    /// another thread has done so, in which case it counts as searching.
    pub(crate) fn stop_sleeping(&self, worker: usize) -> bool {
        let mut sleepers = self.sleepers.lock();
        if !sleepers.remove(worker) {
            return false;
        }
        self.state.fetch_add(AWAKE, Ordering::SeqCst);
        true
    }

    /// Returns whether `worker` is among the sleepers.
    pub(crate) fn sleeps(&self, worker: usize) -> bool {
        self.sleepers.lock().contains(worker)
    }

    /// Returns a worker that sleeps, if one does. It stays among the sleepers.
    pub(crate) fn a_sleeper(&self) -> Option<usize> {
        self.sleepers.lock().first_from(0)
    }

    /// Counts an awake worker as searching, unless half of all workers search already.
    pub(crate) fn try_search(&self) -> bool {
        let state = self.state.load(Ordering::SeqCst);
        if 2 * (state & SEARCHING_MASK) >= self.workers {
            return false;
        }
        // Slightly too many searchers do no harm, so this need not be atomic with the load.
        self.state.fetch_add(SEARCHING, Ordering::SeqCst);
        // Orders the change before the caller's check of the queues: a thread that has pushed and
        // then read the count before this change relies on no searcher.
        fence(Ordering::SeqCst);
        true
    }

    /// Counts a searcher as not searching, since it has found work. Returns `true` if it was the
    /// last searcher and was relied on, and another worker sleeps: then it must check whether there
    /// is more work.
    pub(crate) fn stop_search(&self) -> bool {
        let (relied_on, state) = self.subtract(SEARCHING);
        // Orders the change before the caller's check of the queues.
        fence(Ordering::SeqCst);
        relied_on && state >> AWAKE_SHIFT < self.workers
    }

    /// Returns the number of workers that are awake.
    pub(crate) fn awake(&self) -> usize {
        self.state.load(Ordering::SeqCst) >> AWAKE_SHIFT
    }
}

/// A set of workers, one bit each.
#[derive(Debug)]
pub(super) struct Bitmap {
    words: Vec<u64>,
}

impl Bitmap {
    fn new(workers: usize) -> Bitmap {
        let words = workers.div_ceil(u64::BITS as usize);
        Bitmap {
            words: vec![0; words],
        }
    }

    /// Returns the index of the word and the bit of `worker`.
    fn place(worker: usize) -> (usize, u64) {
        let bits = u64::BITS as usize;
        (worker / bits, 1 << (worker % bits))
    }

    fn contains(&self, worker: usize) -> bool {
        let (word, bit) = Self::place(worker);
        self.words[word] & bit != 0
    }

    fn insert(&mut self, worker: usize) {
        let (word, bit) = Self::place(worker);
        self.words[word] |= bit;
    }

    /// Returns whether `worker` was in the set.
    fn remove(&mut self, worker: usize) -> bool {
        let (word, bit) = Self::place(worker);
        let former = self.words[word];
        self.words[word] = former & !bit;
        former & bit != 0
    }

    /// Returns the first worker in the set whose index is `start` or more.
    pub(super) fn first_from(&self, start: usize) -> Option<usize> {
        let (first, bit) = Self::place(start);
        // The bits below that of `start` are masked out.
        let mut mask = !(bit - 1);
        for (index, word) in self.words.iter().enumerate().skip(first) {
            let found = word & mask;
            if found != 0 {
                return Some(index * u64::BITS as usize + found.trailing_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Bitmap, Idle};
    use std::collections::BTreeSet;

    #[test]
    fn wakes_one_searcher_at_a_time() {
        let idle = Idle::new(3);
        assert_eq!(idle.to_wake(|_| false), None, "none sleeps");
        assert!(idle.try_search());
        assert!(!idle.sleep(0, true), "none relied on it");
        assert!(!idle.sleep(1, false));
        assert_eq!(idle.awake(), 1);
        let woken = idle.to_wake(|worker| worker == 0).unwrap();
        assert_eq!(woken, 1, "worker 0 waits for the driver");
        assert_eq!(idle.to_wake(|_| false), None, "worker 1 searches");
        assert!(idle.stop_search(), "it was relied on");
        assert_eq!(idle.a_sleeper(), Some(0));
        assert_eq!(idle.to_wake(|_| true), Some(0), "there is no other");
        assert!(!idle.stop_sleeping(0), "it was woken");
        assert!(!idle.sleeps(0));
        assert_eq!(idle.a_sleeper(), None);
        assert!(!idle.stop_search(), "none has relied on it");
        assert!(idle.try_search() && idle.try_search());
        assert_eq!(idle.to_wake(|_| false), None, "two search");
        assert!(!idle.sleep(0, true), "another one searches");
        assert!(idle.sleep(1, true), "it was the last");
        assert_eq!(idle.awake(), 1);
    }

    /// Compares with a set of the standard library, at sizes on both sides of word boundaries.
    #[test]
    fn a_bitmap_is_a_set() {
        for workers in [1, 2, 63, 64, 65, 128, 200] {
            let mut bitmap = Bitmap::new(workers);
            let mut set = BTreeSet::new();
            // 7919 is a prime, so that the steps reach all workers, most of them twice.
            for step in 0..3 * workers {
                let worker = step * 7919 % workers;
                if step % 3 == 0 {
                    assert_eq!(bitmap.remove(worker), set.remove(&worker));
                } else {
                    bitmap.insert(worker);
                    set.insert(worker);
                }
                assert_eq!(bitmap.contains(worker), set.contains(&worker));
                let from = |start| set.range(start..).next().copied();
                assert_eq!(bitmap.first_from(0), from(0));
                assert_eq!(bitmap.first_from(worker), from(worker));
                assert_eq!(bitmap.first_from(worker + 1), from(worker + 1));
            }
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Idle;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// A pusher, and a searcher that finds another task: the searcher sees the new task in its
    /// first check, or when it stops because it was relied on, or the pusher wakes the other
    /// worker.
    #[test]
    fn loom_no_task_is_left_by_a_searcher_that_found_another() {
        loom::model(|| {
            let idle = Arc::new(Idle::new(2));
            let queue = Arc::new(AtomicUsize::new(0));
            assert!(!idle.sleep(1, false));
            assert!(idle.try_search());
            let (i, q) = (idle.clone(), queue.clone());
            let pusher = loom::thread::spawn(move || {
                q.fetch_add(1, Ordering::Relaxed);
                i.to_wake(|_| false).is_some()
            });
            let mut seen = queue.load(Ordering::Relaxed) > 0;
            if idle.stop_search() {
                seen = queue.load(Ordering::Relaxed) > 0;
            }
            let woken = pusher.join().unwrap();
            assert!(seen || woken, "a task was left behind");
        });
    }

    /// A pusher and a worker that goes to sleep: the task is found or the worker is woken.
    #[test]
    fn loom_no_task_is_left_behind() {
        loom::model(|| {
            let idle = Arc::new(Idle::new(2));
            let queue = Arc::new(AtomicUsize::new(0));
            let woken = Arc::new(AtomicBool::new(false));
            let (i, q, w) = (idle.clone(), queue.clone(), woken.clone());
            let pusher = loom::thread::spawn(move || {
                q.fetch_add(1, Ordering::Relaxed);
                if let Some(worker) = i.to_wake(|_| false) {
                    assert_eq!(worker, 0);
                    w.store(true, Ordering::SeqCst);
                }
            });
            // The worker searched in vain before the push, and goes to sleep.
            assert!(idle.try_search());
            let mut found = queue.load(Ordering::Relaxed) > 0;
            if !found && idle.sleep(0, true) {
                found = queue.load(Ordering::SeqCst) > 0;
            }
            pusher.join().unwrap();
            assert!(
                found || woken.load(Ordering::SeqCst),
                "a task was left behind"
            );
        });
    }
}
