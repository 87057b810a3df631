//! Which workers sleep, and whether one should be woken.
//!
//! One word counts the workers that are awake and those among them that search for work. A
//! pusher reads it after it has pushed; a worker changes it before it looks at the queues for
//! the last time. Both are sequentially consistent, so either the pusher sees that nobody
//! searches and wakes somebody, or the worker sees the task. The last searcher that has found
//! something looks at the queues, too, and wakes another worker only if there is more.
//!
//! Who sleeps is a list under a lock. A worker is taken off the list by whoever wakes it, and
//! counts as awake and searching from then on.
#![cfg_attr(not(loom), forbid(unsafe_code))]

use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::{AtomicUsize, Ordering, fence};

const SEARCHING: usize = 1;
const AWAKE_SHIFT: u32 = usize::BITS / 2;
const AWAKE: usize = 1 << AWAKE_SHIFT;
const SEARCHING_MASK: usize = AWAKE - 1;

/// Who sleeps.
#[derive(Debug)]
pub(crate) struct Idle {
    /// `awake << 32 | searching`.
    state: AtomicUsize,
    sleepers: Mutex<Vec<usize>>,
    workers: usize,
}

impl Idle {
    /// All workers are awake, none searches.
    pub(crate) fn new(workers: usize) -> Idle {
        Idle {
            state: AtomicUsize::new(workers << AWAKE_SHIFT),
            sleepers: Mutex::new(Vec::with_capacity(workers)),
            workers,
        }
    }

    /// Takes a sleeper off the list if one should be woken for work that was just pushed.
    ///
    /// `last_choice` says which sleepers to wake only when there is no other.
    pub(crate) fn to_wake(&self, last_choice: impl Fn(usize) -> u8) -> Option<usize> {
        // Orders the caller's push before the load.
        fence(Ordering::SeqCst);
        if !self.should_wake() {
            return None;
        }
        let mut sleepers = self.sleepers.lock();
        if !self.should_wake() {
            return None;
        }
        let position = (0..sleepers.len())
            .rev()
            .min_by_key(|&position| last_choice(sleepers[position]))?;
        let worker = sleepers.swap_remove(position);
        self.state.fetch_add(AWAKE | SEARCHING, Ordering::SeqCst);
        Some(worker)
    }

    fn should_wake(&self) -> bool {
        let state = self.state.load(Ordering::SeqCst);
        state & SEARCHING_MASK == 0 && state >> AWAKE_SHIFT < self.workers
    }

    /// Puts `worker` on the list; true when it was the last that searched, and must then look at
    /// every queue once more.
    pub(crate) fn sleep(&self, worker: usize, searching: bool) -> bool {
        let mut sleepers = self.sleepers.lock();
        let by = AWAKE + if searching { SEARCHING } else { 0 };
        let former = self.state.fetch_sub(by, Ordering::SeqCst);
        sleepers.push(worker);
        drop(sleepers);
        // Orders the change before the caller's last look at the queues.
        fence(Ordering::SeqCst);
        searching && former & SEARCHING_MASK == SEARCHING
    }

    /// Takes `worker` off the list because it found work by itself; false when somebody else has
    /// done so, and it then counts as searching.
    pub(crate) fn get_up(&self, worker: usize) -> bool {
        let mut sleepers = self.sleepers.lock();
        let Some(position) = sleepers.iter().position(|&sleeper| sleeper == worker) else {
            return false;
        };
        sleepers.swap_remove(position);
        self.state.fetch_add(AWAKE, Ordering::SeqCst);
        true
    }

    /// Whether `worker` is on the list.
    pub(crate) fn sleeps(&self, worker: usize) -> bool {
        self.sleepers.lock().contains(&worker)
    }

    /// Counts an awake worker as searching, unless half of the awake ones search already.
    pub(crate) fn try_search(&self) -> bool {
        let state = self.state.load(Ordering::SeqCst);
        if 2 * (state & SEARCHING_MASK) >= self.workers {
            return false;
        }
        // A little too many searchers do no harm, so this need not be one step with the load.
        self.state.fetch_add(SEARCHING, Ordering::SeqCst);
        true
    }

    /// A searcher has found work; true when it was the last that searched, and must then look
    /// whether there is more.
    pub(crate) fn stop_search(&self) -> bool {
        let former = self.state.fetch_sub(SEARCHING, Ordering::SeqCst);
        // Orders the change before the caller's look at the queues.
        fence(Ordering::SeqCst);
        former & SEARCHING_MASK == SEARCHING
    }

    /// How many workers are awake.
    pub(crate) fn awake(&self) -> usize {
        self.state.load(Ordering::SeqCst) >> AWAKE_SHIFT
    }

    /// How many workers sleep.
    pub(crate) fn sleeping(&self) -> usize {
        self.workers - self.awake()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Idle;

    #[test]
    fn wakes_one_searcher_at_a_time() {
        let idle = Idle::new(3);
        assert_eq!(idle.to_wake(|_| 0), None, "nobody sleeps");
        assert!(idle.try_search());
        assert!(idle.sleep(0, true), "the only searcher went to sleep");
        assert!(!idle.sleep(1, false));
        assert_eq!(idle.awake(), 1);
        let woken = idle.to_wake(|worker| u8::from(worker == 1)).unwrap();
        assert_eq!(woken, 0, "worker 1 was the last choice");
        assert_eq!(idle.to_wake(|_| 0), None, "worker 0 searches");
        assert!(idle.stop_search());
        assert_eq!(idle.to_wake(|_| 0), Some(1));
        assert!(!idle.get_up(1), "somebody else took it off the list");
        assert!(!idle.sleeps(1));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Idle;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// A pusher and a searcher that has just found something else: it sees the new task, or the
    /// pusher wakes the other worker for it.
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
                i.to_wake(|_| 0).is_some()
            });
            assert!(idle.stop_search());
            let seen = queue.load(Ordering::Relaxed) > 0;
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
            let bell = Arc::new(AtomicBool::new(false));
            let (i, q, b) = (idle.clone(), queue.clone(), bell.clone());
            let pusher = loom::thread::spawn(move || {
                q.fetch_add(1, Ordering::Relaxed);
                if let Some(worker) = i.to_wake(|_| 0) {
                    assert_eq!(worker, 0);
                    b.store(true, Ordering::SeqCst);
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
                found || bell.load(Ordering::SeqCst),
                "a task was left behind"
            );
        });
    }
}
