//! The state of the monitor's thread: not needed yet, absent, parked, ticking, or ended.
//!
//! All changes are made under the lock; a worker that wakes reads the state without it.
//!
//! # No worker is awake while the monitor stays parked
//!
//! A worker is first counted as awake and then reads the state. The monitor first writes that it is
//! parked and then reads how many workers are awake. Both sides have a sequentially consistent
//! fence between the two steps, so at least one of them sees the other: the worker wakes the
//! monitor, or the monitor does not park.
//!
//! The same holds between a worker that wakes and the one that ends the first tick
//! ([`Ticking::end_first_tick`]), which acts for a monitor that does not exist yet.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::loom::sync::atomic::{AtomicU8, Ordering, fence};
use crate::loom::sync::{Condvar, Mutex};

/// There is no thread, and none starts before the first tick is over.
const FIRST_TICK: u8 = 0;
/// There is no thread; the next worker that wakes has to start it.
const ABSENT: u8 = 1;
/// The thread sleeps without limit.
const PARKED: u8 = 2;
/// The thread ticks, or is being started.
const TICKING: u8 = 3;
/// The thread ends, or never starts.
const ENDED: u8 = 4;

/// The state of the monitor's thread.
#[derive(Debug)]
pub(super) struct Ticking {
    /// Written with `lock` held, by workers and by the monitor; read by workers.
    state: AtomicU8,
    lock: Mutex<()>,
    /// The monitor waits here, parked or for its next tick.
    changed: Condvar,
}

impl Ticking {
    /// Creates the state without a thread; if it is not `needed`, none is ever started.
    pub(super) fn new(needed: bool) -> Ticking {
        Ticking {
            state: AtomicU8::new(if needed { FIRST_TICK } else { ENDED }),
            lock: Mutex::new(()),
            changed: Condvar::new(),
        }
    }

    /// Makes the monitor tick. Returns `true` if there is no thread and the caller has to start it.
    ///
    /// Called by a worker that counts as awake. In the common case this is a fence and a load.
    #[inline]
    pub(super) fn resume(&self) -> bool {
        fence(Ordering::SeqCst);
        let state = self.state.load(Ordering::Relaxed);
        (state == ABSENT || state == PARKED) && self.start_ticking()
    }

    /// Returns whether the first tick has not ended yet.
    #[inline]
    pub(super) fn is_first_tick(&self) -> bool {
        self.state.load(Ordering::Relaxed) == FIRST_TICK
    }

    /// Returns whether the thread ticks, or is being started.
    #[inline]
    pub(super) fn is_ticking(&self) -> bool {
        self.state.load(Ordering::Relaxed) == TICKING
    }

    /// Ends the first tick. Returns `true` if the caller has to start the thread: if
    /// `a_worker_is_awake` returns `true` after the state has changed so that waking workers start
    /// it.
    pub(super) fn end_first_tick(&self, a_worker_is_awake: impl FnOnce() -> bool) -> bool {
        let _guard = self.lock.lock();
        if self.state.load(Ordering::Relaxed) != FIRST_TICK {
            return false;
        }
        self.state.store(ABSENT, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let start = a_worker_is_awake();
        if start {
            self.state.store(TICKING, Ordering::Relaxed);
        }
        start
    }

    #[cold]
    fn start_ticking(&self) -> bool {
        let _guard = self.lock.lock();
        match self.state.load(Ordering::Relaxed) {
            ABSENT => {
                self.state.store(TICKING, Ordering::Relaxed);
                true
            }
            PARKED => {
                self.state.store(TICKING, Ordering::Relaxed);
                self.changed.notify_one();
                false
            }
            _ => false,
        }
    }

    /// Records that the thread could not be started, so that the next [`resume`](Ticking::resume)
    /// asks for it again.
    pub(super) fn start_failed(&self) {
        let _guard = self.lock.lock();
        if self.state.load(Ordering::Relaxed) == TICKING {
            self.state.store(ABSENT, Ordering::Relaxed);
        }
    }

    /// Makes the thread end.
    pub(super) fn end(&self) {
        let _guard = self.lock.lock();
        let former = self.state.load(Ordering::Relaxed);
        self.state.store(ENDED, Ordering::Relaxed);
        if former == PARKED || former == TICKING {
            self.changed.notify_one();
        }
    }

    /// Waits for the next tick. Returns `false` if the thread has to end. Called by the monitor.
    pub(super) fn wait(&self, tick: Duration) -> bool {
        let guard = self.lock.lock();
        let ended = || self.state.load(Ordering::Relaxed) == ENDED;
        if ended() {
            return false;
        }
        // A spurious wake-up only makes this tick come early.
        let (_guard, _) = self.changed.wait_timeout(guard, tick);
        !ended()
    }

    /// Parks until a worker is awake or the thread has to end; returns at once if
    /// `a_worker_is_awake` returns `true` after the state has changed so that waking workers wake
    /// this thread. Called by the monitor.
    pub(super) fn park(&self, a_worker_is_awake: impl FnOnce() -> bool) {
        let mut guard = self.lock.lock();
        if self.state.load(Ordering::Relaxed) != TICKING {
            return;
        }
        self.state.store(PARKED, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if a_worker_is_awake() {
            self.state.store(TICKING, Ordering::Relaxed);
            return;
        }
        while self.state.load(Ordering::Relaxed) == PARKED {
            guard = self.changed.wait(guard);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ticking;
    use std::time::Duration;

    #[test]
    fn asks_for_no_thread_within_the_first_tick() {
        let ticking = Ticking::new(true);
        assert!(ticking.is_first_tick() && !ticking.resume());
        assert!(!ticking.end_first_tick(|| false), "all sleep");
        assert!(!ticking.is_first_tick() && ticking.resume());
        assert!(!ticking.end_first_tick(|| true), "it is over");
    }

    #[test]
    fn asks_for_one_thread_and_again_if_it_could_not_be_started() {
        let ticking = Ticking::new(true);
        assert!(ticking.end_first_tick(|| true));
        assert!(!ticking.resume(), "the first caller starts it");
        ticking.start_failed();
        assert!(ticking.resume());
        assert!(ticking.wait(Duration::ZERO));
        ticking.end();
        assert!(!ticking.wait(Duration::MAX));
        assert!(!ticking.resume());
    }

    #[test]
    fn asks_for_no_thread_where_none_is_needed() {
        let ticking = Ticking::new(false);
        assert!(!ticking.is_first_tick() && !ticking.resume());
        assert!(!ticking.end_first_tick(|| true));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Ticking;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::{AtomicBool, Ordering};
    use crate::scheduler::multi_thread::idle::Idle;

    /// Creates a state in which the workers sleep and the monitor ticks.
    fn all_asleep(workers: usize) -> Arc<(Ticking, Idle)> {
        let both = Arc::new((Ticking::new(true), Idle::new(workers)));
        for worker in 0..workers {
            both.1.sleep(worker, false);
        }
        assert!(both.0.end_first_tick(|| true));
        both
    }

    /// A worker wakes by itself while the monitor parks: the monitor continues to tick. If the
    /// wake-up were lost, it would wait forever, which loom reports.
    #[test]
    fn loom_a_worker_that_gets_up_makes_the_monitor_tick() {
        loom::model(|| {
            let both = all_asleep(1);
            let monitor = {
                let both = both.clone();
                loom::thread::spawn(move || both.0.park(|| both.1.awake() > 0))
            };
            assert!(both.1.stop_sleeping(0));
            assert!(!both.0.resume(), "there is a thread");
            monitor.join().unwrap();
        });
    }

    /// The same for a worker that a third thread wakes, which counts it as awake.
    #[test]
    fn loom_a_worker_that_is_woken_makes_the_monitor_tick() {
        loom::model(|| {
            let both = all_asleep(1);
            let woken = Arc::new(AtomicBool::new(false));
            let monitor = {
                let both = both.clone();
                loom::thread::spawn(move || both.0.park(|| both.1.awake() > 0))
            };
            let worker = {
                let (both, woken) = (both.clone(), woken.clone());
                loom::thread::spawn(move || {
                    while !woken.load(Ordering::Acquire) {
                        loom::thread::yield_now();
                    }
                    both.0.resume();
                })
            };
            assert_eq!(both.1.to_wake(|_| false), Some(0));
            woken.store(true, Ordering::Release);
            worker.join().unwrap();
            monitor.join().unwrap();
        });
    }

    /// Two workers wake: one of them wakes the monitor. A third thread ends it.
    #[test]
    fn loom_the_monitor_ends_whatever_the_workers_do() {
        loom::model(|| {
            let both = all_asleep(2);
            let monitor = {
                let both = both.clone();
                loom::thread::spawn(move || both.0.park(|| both.1.awake() > 0))
            };
            let worker = {
                let both = both.clone();
                loom::thread::spawn(move || {
                    assert!(both.1.stop_sleeping(0));
                    both.0.resume();
                })
            };
            both.0.end();
            worker.join().unwrap();
            monitor.join().unwrap();
            assert!(!both.0.resume());
        });
    }

    /// One worker wakes while another ends the first tick: exactly one of them starts the monitor.
    #[test]
    fn loom_the_end_of_the_first_tick_leaves_no_worker_without_a_monitor() {
        loom::model(|| {
            let both = Arc::new((Ticking::new(true), Idle::new(2)));
            both.1.sleep(0, false);
            both.1.sleep(1, false);
            let other = {
                let both = both.clone();
                loom::thread::spawn(move || both.0.end_first_tick(|| both.1.awake() > 0))
            };
            assert!(both.1.stop_sleeping(0));
            let one = both.0.resume();
            assert_eq!(u8::from(one) + u8::from(other.join().unwrap()), 1);
        });
    }
}
