//! What the calling thread records for: a worker, and the task that it polls.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::sync::Arc;
use std::task::Poll;

use super::event::Event;
use super::journal::{Journal, WorkerJournal};
use super::noted::Noted;
use super::polled;
use super::slot::{Doing, WorkerState};
use super::system;
use super::wait::Wait;
use crate::util::cache_padded::CachePadded;
use crate::util::scoped::{Scoped, with_local};

thread_local! {
    static HERE: Scoped<Here> = const { Scoped::new() };
}

/// A thread that runs, or ran, a worker of a recorder.
#[derive(Debug)]
pub(crate) struct Here {
    journal: Arc<Journal>,
    worker: Arc<CachePadded<WorkerJournal>>,
    /// Whether this thread has the worker, and so is the one that writes for it.
    writes: Cell<bool>,
}

impl Here {
    /// Creates that of a thread that begins to run a worker.
    pub(super) fn new(journal: Arc<Journal>, index: usize) -> Here {
        Here {
            worker: journal.workers[index].clone(),
            journal,
            writes: Cell::new(false),
        }
    }

    #[cold]
    fn leave(&self) {
        if self.writes.replace(false) {
            self.set_state(WorkerState::Parked);
            *self.worker().thread.lock() = None;
        }
    }

    #[inline]
    fn worker(&self) -> &WorkerJournal {
        &self.worker
    }

    /// Returns whether this thread has the worker, and that is one of `journal`.
    #[inline]
    pub(super) fn writes_to(&self, journal: &Journal) -> bool {
        self.writes.get() && std::ptr::eq(&*self.journal, journal)
    }

    /// Returns the last reading of the clock, or reads it if that is too old.
    #[inline]
    fn now(&self) -> u64 {
        // No tick is zero.
        self.now_since(1)
    }

    /// Returns the last reading of the clock, or reads it if that is too old, or from before `moment`.
    #[inline]
    fn now_since(&self, moment: u64) -> u64 {
        let worker = self.worker();
        match worker.now() {
            now if now < moment => worker.set_now(self.journal.clock.ticks()),
            now => now,
        }
    }

    /// Makes the next event read the clock: time passes.
    #[cold]
    #[inline(never)]
    pub(crate) fn time_passes(&self) {
        if self.writes.get() {
            self.worker().set_now(0);
        }
    }

    #[inline(always)]
    fn write(&self, event: Event) -> u64 {
        let now = self.now();
        self.worker().ring.push(now, event);
        now
    }

    fn set_state(&self, state: WorkerState) {
        let slot = &self.worker().slot;
        let former = slot.doing();
        slot.set(&Doing {
            state,
            task: 0,
            place: None,
            since: self.now(),
            polls: former.polls,
        });
    }

    /// Records that the worker sleeps.
    #[cold]
    #[inline(never)]
    pub(crate) fn park(&self) {
        self.time_passes();
        self.write(Event::Park);
        self.set_state(WorkerState::Parked);
        self.time_passes();
    }

    /// Records that the worker is awake.
    #[cold]
    #[inline(never)]
    pub(crate) fn unpark(&self) {
        self.write(Event::Unpark);
        self.set_state(WorkerState::Running);
    }

    /// Records that the worker looks for tasks.
    #[cold]
    #[inline(never)]
    pub(crate) fn search(&self) {
        self.time_passes();
        self.set_state(WorkerState::Searching);
        self.time_passes();
    }

    /// Records that the worker has taken tasks of another one.
    #[cold]
    #[inline(never)]
    pub(crate) fn steal(&self, count: usize) {
        self.write(Event::Steal(count as u64));
    }

    /// Records that the task which is polled is about to block the thread, which puts the worker down
    /// for another thread.
    #[cold]
    #[inline(never)]
    pub(crate) fn block_in_place(&self) {
        self.put_down();
        polled::waits(Wait::BlockInPlace, || 0);
    }

    /// Stops writing for the worker, which this thread is about to lend.
    #[cold]
    #[inline(never)]
    pub(crate) fn lend(&self) {
        self.writes.set(false);
    }

    /// Writes again for the worker, which no other thread has taken.
    #[cold]
    #[inline(never)]
    pub(crate) fn take_back(&self) {
        self.writes.set(true);
        self.time_passes();
    }

    fn put_down(&self) {
        if !self.writes.get() {
            return;
        }
        self.time_passes();
        self.write(Event::HandOver);
        let slot = &self.worker().slot;
        slot.set(&Doing {
            state: WorkerState::BlockInPlace,
            since: self.now(),
            ..slot.doing()
        });
        self.writes.set(false);
    }

    /// Records that this thread has the worker, at first or again.
    #[cold]
    #[inline(never)]
    pub(crate) fn pick_up(&self) {
        self.writes.set(true);
        self.time_passes();
        let worker = self.worker();
        *worker.thread.lock() = Some(system::this_thread());
        let former = worker.slot.doing();
        let (task, place) = polled::with(|task| {
            let task = task.filter(|_| self.is_polling());
            task.map_or((0, None), |task| (task.id(), task.place()))
        });
        worker.slot.set(&Doing {
            state: WorkerState::Running,
            task,
            place,
            since: self.now(),
            polls: former.polls,
        });
    }

    /// Returns whether the thread is further down than [`enter`] of this.
    fn is_polling(&self) -> bool {
        with_local(&HERE, |here| {
            here.is_some_and(|here| std::ptr::eq(here, self))
        })
    }
}

/// Calls `f`, in which this thread runs the worker of `here`, or one that is not observed.
#[inline]
pub(crate) fn enter<R>(here: Option<&Here>, f: impl FnOnce() -> R) -> R {
    struct Leave<'a>(Option<&'a Here>);
    impl Drop for Leave<'_> {
        fn drop(&mut self) {
            if let Some(here) = self.0 {
                here.leave();
            }
        }
    }
    if let Some(here) = here {
        here.pick_up();
    }
    let _leave = Leave(here);
    HERE.with(|slot| slot.set_some(here, f))
}

/// Writes an event for the worker that this thread has, if it is one of `journal`; returns when it
/// happened.
#[inline(always)]
pub(super) fn write(journal: &Journal, event: Event) -> Option<u64> {
    with_local(&HERE, |here| {
        let here = here.filter(|here| here.writes_to(journal))?;
        Some(here.write(event))
    })
}

/// Polls a task by `poll`.
pub(super) fn poll<T>(journal: &Journal, noted: &Noted, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
    with_local(&HERE, |here| {
        let here = here.filter(|here| here.writes_to(journal));
        let mut polling = Polling::begin(journal, noted, here);
        let polled = polled::enter(noted, poll);
        polling.is_ready = polled.is_ready();
        polled
    })
}

/// A poll, which ends when this is dropped.
struct Polling<'a> {
    journal: &'a Journal,
    noted: &'a Noted,
    here: Option<&'a Here>,
    begun: u64,
    /// The poll that this one is nested in, if there is one.
    interrupted: Option<Doing>,
    is_ready: bool,
}

impl<'a> Polling<'a> {
    #[inline]
    fn begin(journal: &'a Journal, noted: &'a Noted, here: Option<&'a Here>) -> Self {
        let id = noted.id();
        let (begun, interrupted) = match here {
            Some(here) => {
                // Another thread may have queued the task after the last poll of this one ended.
                let begun = here.now_since(noted.since());
                here.worker().ring.push(begun, Event::Poll(id));
                let slot = &here.worker().slot;
                (begun, slot.begin(id, noted.place(), begun))
            }
            None => (journal.write_outside(Event::Poll(id)), None),
        };
        noted.begin(begun);
        Polling {
            journal,
            noted,
            here,
            begun,
            interrupted,
            is_ready: false,
        }
    }
}

impl Drop for Polling<'_> {
    #[inline]
    fn drop(&mut self) {
        let event = match self.is_ready {
            true => Event::Ready(self.noted.id()),
            false => Event::End(self.noted.id()),
        };
        // The thread may have put the worker down in the poll.
        let ended = match self.here.filter(|here| here.writes_to(self.journal)) {
            Some(here) => {
                let worker = here.worker();
                let ended = worker.set_now(self.journal.clock.ticks());
                worker.ring.push(ended, event);
                worker.slot.end(self.interrupted.as_ref(), ended);
                ended
            }
            None => self.journal.write_outside(event),
        };
        match self.is_ready {
            true => self.noted.leave(),
            false => self.noted.end(self.begun, ended),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Event, Here, Journal, Noted};
    use crate::record::SeenKind;
    use std::panic::Location;
    use std::sync::Arc;
    use std::task::Poll;

    #[test]
    fn a_poll_comes_after_what_queued_the_task_on_another_thread() {
        let journal = Arc::new(Journal::new(1));
        let here = Here::new(journal.clone(), 0);
        super::enter(Some(&here), || {
            let last = here.write(Event::Unpark);
            let spawned = std::thread::scope(|scope| {
                let spawn = || journal.write(Event::Spawn(7));
                scope.spawn(spawn).join().unwrap()
            });
            assert!(last < spawned);
            let noted = Noted::new();
            noted.enter(7, SeenKind::Task, Location::caller(), false, spawned);
            let polled = super::poll(&journal, &noted, || Poll::Ready(noted.since()));
            let Poll::Ready(begun) = polled else {
                unreachable!("it is ready");
            };
            assert!(spawned <= begun, "{spawned} {begun}");
        });
        let events = journal.workers[0].ring.copy().events.into_iter();
        let times: Vec<_> = events.map(|(ticks, _)| ticks).collect();
        assert!(times.is_sorted() && times.len() == 3, "{times:?}");
    }
}
