//! A worker's place for one job of the driver's that it will perform itself.
//!
//! Operations that change names or sizes usually end in microseconds, which is less than it takes to
//! wake another thread for them. So a task's operation of that kind is *kept*: the worker that polls
//! the task performs it when the poll has ended. While it does, it *lends* its core: if the operation
//! takes long, another thread picks the core up, as after `block_in_place`, and this one is left
//! with the operation only. Usually none does, and the worker takes its core back, completes the
//! operation, and runs the task that this wakes, which is in its LIFO slot.
//!
//! ```text
//!             keep                  begin                end
//!   empty ------------> waiting ------------> lent ------------> empty
//!                          |                   |
//!                          | take              | the monitor passes the core on
//!                          v                   v
//!                        empty: the job      empty, by the thread that
//!                        goes to a thread    picks the core up
//!                        of the driver's
//! ```
//!
//! The worker makes all transitions but one, and only while it has its core; so the thread that has
//! the core owns the place. It begins before it puts the core down: a thread that was asked to pick
//! the core up earlier, or that comes back from `block_in_place`, may come at any time, and finds no
//! job. *Take* is also the monitor's: on each tick it takes what waits, and has a thread perform it.
//! So an operation begins when its poll ends, or after one tick of 10 ms (I9): it is kept only in a
//! runtime whose monitor ticks. A worker that puts its core down within a poll (`block_in_place`)
//! takes the job, too.
//!
//! A worker whose core is lent and that has made no progress between two ticks is held by its
//! operation, and the monitor has a thread of the pool pick the core up. Until then its tasks wait
//! no longer than behind a poll that takes as long: they can be stolen, and before the worker begins
//! it wakes another one if there are any. An operation that took long makes the worker pass the next
//! ones to threads ([`Patience`]). As long as an operation holds a worker up, no worker keeps
//! another. So they hold up one thread for each worker at most, and none keeps any in a runtime whose
//! pool might lack these threads (I11). The thread that picks the core up counts the operation before
//! it releases the core's lock, so that the one which performs it finds the core gone only after that,
//! and subtracts what was added.
//!
//! When the runtime ends, the thread that closes it passes on the cores that are lent, before the
//! pool takes no more jobs. It first sets the flag and then looks at the places; a worker first lends
//! its core and then reads the flag. So no worker is left waiting for an operation that may never
//! end.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::loom::sync::Mutex;

/// An operation that has taken longer was not worth the wait.
const LONG: Duration = Duration::from_millis(1);

/// How many operations go to threads after one that has taken long, and at most.
const FEWEST: u32 = 16;
const MOST: u32 = 4096;

/// The place of one worker. `J` is the job, and `W` what a thread needs to pick the core up.
#[derive(Debug)]
pub(super) struct Kept<J, W> {
    state: Mutex<KeptState<J, W>>,
}

#[derive(Debug)]
enum KeptState<J, W> {
    Empty,
    Waiting(J),
    Lent(W),
}

impl<J, W: Clone> Kept<J, W> {
    pub(super) fn new() -> Kept<J, W> {
        Kept {
            state: Mutex::new(KeptState::Empty),
        }
    }

    /// Keeps `job` for the end of this poll; returns it as an error if there is one already.
    pub(super) fn keep(&self, job: J) -> Result<(), J> {
        let mut state = self.state.lock();
        match *state {
            KeptState::Empty => {
                *state = KeptState::Waiting(job);
                Ok(())
            }
            KeptState::Waiting(_) | KeptState::Lent(_) => Err(job),
        }
    }

    /// Takes the job to perform it now, with the core lent to `worker`. Returns `None` if the monitor
    /// has taken it.
    pub(super) fn begin(&self, worker: W) -> Option<J> {
        self.replace_waiting(KeptState::Lent(worker))
    }

    /// Takes the job to have a thread perform it.
    pub(super) fn take(&self) -> Option<J> {
        self.replace_waiting(KeptState::Empty)
    }

    fn replace_waiting(&self, next: KeptState<J, W>) -> Option<J> {
        let mut state = self.state.lock();
        if !matches!(*state, KeptState::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut *state, next) {
            KeptState::Waiting(job) => Some(job),
            KeptState::Empty | KeptState::Lent(_) => None,
        }
    }

    /// Called by the thread that has the core again, or has picked it up: it is not lent any more.
    /// Returns whether it was.
    pub(super) fn end(&self) -> bool {
        let mut state = self.state.lock();
        debug_assert!(!matches!(*state, KeptState::Waiting(_)));
        matches!(
            std::mem::replace(&mut *state, KeptState::Empty),
            KeptState::Lent(_)
        )
    }

    /// Returns the worker whose core is lent.
    pub(super) fn lent(&self) -> Option<W> {
        match &*self.state.lock() {
            KeptState::Lent(worker) => Some(worker.clone()),
            KeptState::Empty | KeptState::Waiting(_) => None,
        }
    }
}

/// Whether a worker keeps the next operation. One that has waited for long keeps the following ones
/// away, and twice as many each time that it happens again.
///
/// A thread that loses its processor to another one takes long, too. So after an operation that took
/// long, the next ones are watched: whether they have waited, the kernel tells (`ru_nvcsw` in
/// getrusage(2)).
#[derive(Debug)]
pub(super) struct Patience {
    /// How many operations are not kept from now on.
    away: u32,
    /// How many the next one that waits for long keeps away.
    next: u32,
    /// How many operations are watched from now on.
    watched: u32,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience {
            away: 0,
            next: FEWEST,
            watched: 0,
        }
    }

    /// Returns whether to keep an operation, which counts.
    pub(super) fn keeps(&mut self) -> bool {
        self.away == 0 || {
            self.away -= 1;
            false
        }
    }

    /// Returns whether to find out whether the next operation waits.
    pub(super) fn watches(&self) -> bool {
        self.watched > 0
    }

    /// Records how long a kept operation has taken, and whether it has waited, if that is known.
    pub(super) fn took(&mut self, time: Duration, waited: Option<bool>) {
        self.watched = self.watched.saturating_sub(1);
        match waited {
            _ if time <= LONG => self.next = (self.next - 1).max(FEWEST),
            Some(true) => self.lost(),
            Some(false) => {}
            None => self.watched = FEWEST,
        }
    }

    /// Records that a kept operation had to be taken away, or has waited for long.
    pub(super) fn lost(&mut self) {
        self.away = self.next;
        self.next = (self.next * 2).min(MOST);
        self.watched = FEWEST;
    }
}

#[cfg(test)]
mod tests {
    use super::{FEWEST, LONG, Patience};

    #[test]
    fn what_waits_for_long_keeps_twice_as_many_away_each_time() {
        let mut patience = Patience::new();
        patience.took(LONG * 2, None);
        assert!(patience.keeps());
        for times in 0..3 {
            assert!(patience.watches());
            patience.took(LONG * 2, Some(true));
            for _ in 0..FEWEST << times {
                assert!(!patience.keeps());
            }
            assert!(patience.keeps());
        }
    }

    #[test]
    fn what_has_lost_its_processor_keeps_none_away() {
        let mut patience = Patience::new();
        patience.took(LONG * 2, None);
        for _ in 0..FEWEST {
            assert!(patience.watches() && patience.keeps());
            patience.took(LONG * 2, Some(false));
        }
        assert!(!patience.watches());
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Kept;
    use crate::loom::sync::atomic::{AtomicUsize, Ordering};
    use crate::loom::sync::{Arc, Mutex};
    use crate::loom::thread;

    /// A worker: its place, and its core while it is put down.
    struct Rig {
        kept: Kept<usize, ()>,
        core: Mutex<Option<()>>,
        performed: AtomicUsize,
        closed: AtomicUsize,
        held_up: AtomicUsize,
    }

    fn rig() -> Arc<Rig> {
        Arc::new(Rig {
            kept: Kept::new(),
            core: Mutex::new(None),
            performed: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
            held_up: AtomicUsize::new(0),
        })
    }

    impl Rig {
        fn perform(&self, job: usize) {
            self.performed.fetch_add(job, Ordering::SeqCst);
        }

        /// What the worker does after a poll; returns whether it still has its core.
        fn after_poll(&self) -> bool {
            let Some(job) = self.kept.begin(()) else {
                return true;
            };
            *self.core.lock() = Some(());
            self.perform(job);
            let has_core = self.core.lock().take().is_some();
            if has_core {
                self.kept.end();
            } else {
                let held_up = self.held_up.fetch_sub(1, Ordering::SeqCst);
                assert_ne!(held_up, 0, "counted before the core is gone");
            }
            has_core
        }

        /// What a thread does that is to pick the core up; returns whether it has.
        fn pick_up(&self) -> bool {
            let mut core = self.core.lock();
            let has_core = core.take().is_some();
            if has_core && self.kept.end() {
                self.held_up.fetch_add(1, Ordering::SeqCst);
            }
            has_core
        }
    }

    /// The worker, and a monitor that takes the job or passes the core on: the job is performed once,
    /// one of the two has the core, and the place is free for the next job.
    #[test]
    fn loom_a_job_is_performed_once_and_one_thread_has_the_core() {
        loom::model(|| {
            let rig = rig();
            rig.kept.keep(1).unwrap();
            let monitor = {
                let rig = rig.clone();
                thread::spawn(move || {
                    if let Some(job) = rig.kept.take() {
                        rig.perform(job);
                    }
                    rig.kept.lent().is_some() && rig.pick_up()
                })
            };
            let mine = rig.after_poll();
            let other = monitor.join().unwrap();
            assert!(mine != other);
            assert_eq!(rig.performed.load(Ordering::SeqCst), 1);
            assert!(rig.core.lock().is_none());
            rig.kept.keep(1).unwrap();
        });
    }

    /// A worker, and a thread that was asked to pick the core up some time ago: the job is performed,
    /// one of the two has the core, and the place is free for the next job.
    #[test]
    fn loom_a_thread_that_comes_late_finds_no_job() {
        loom::model(|| {
            let rig = rig();
            rig.kept.keep(1).unwrap();
            let late = {
                let rig = rig.clone();
                thread::spawn(move || rig.pick_up())
            };
            let mine = rig.after_poll();
            let other = late.join().unwrap();
            assert!(mine != other);
            assert_eq!(rig.performed.load(Ordering::SeqCst), 1);
            rig.kept.keep(1).unwrap();
        });
    }

    /// A worker that keeps a job, and a thread that closes the runtime, after which nothing takes
    /// jobs: the job does not stay with a poll that may not end.
    #[test]
    fn loom_no_job_is_left_in_a_poll_at_the_end() {
        loom::model(|| {
            let rig = rig();
            let closer = {
                let rig = rig.clone();
                thread::spawn(move || {
                    rig.closed.store(1, Ordering::SeqCst);
                    if let Some(job) = rig.kept.take() {
                        rig.perform(job);
                    }
                })
            };
            rig.kept.keep(1).unwrap();
            if rig.closed.load(Ordering::SeqCst) == 1 {
                if let Some(job) = rig.kept.take() {
                    rig.perform(job);
                }
            }
            closer.join().unwrap();
            assert_eq!(rig.performed.load(Ordering::SeqCst), 1);
        });
    }

    /// A worker that lends its core, and a thread that closes the runtime: the worker does not begin,
    /// or the other passes its core on.
    #[test]
    fn loom_no_core_is_left_with_an_operation_at_the_end() {
        loom::model(|| {
            let rig = rig();
            rig.kept.keep(1).unwrap();
            let closer = {
                let rig = rig.clone();
                thread::spawn(move || {
                    rig.closed.store(1, Ordering::SeqCst);
                    rig.kept.take().is_some() || rig.kept.lent().is_some()
                })
            };
            let job = rig.kept.begin(());
            *rig.core.lock() = Some(());
            let begins = job.is_some() && rig.closed.load(Ordering::SeqCst) == 0;
            let seen = closer.join().unwrap();
            assert!(seen || !begins);
        });
    }
}
