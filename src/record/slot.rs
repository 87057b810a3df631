//! [`Slot`]: what a worker does at this moment, written by the worker and read by any thread.
//!
//! The fields belong together, so they have a version, which is odd while they are written: a reader
//! that sees the same even version before and after has read fields of one moment. The fences are
//! those of [`Ring`](super::ring).
#![forbid(unsafe_code)]

use std::panic::Location;

use super::place::AtomicPlace;
use crate::loom::hint::spin_loop;
use crate::loom::sync::atomic::{AtomicU8, AtomicU64, Ordering, fence};

/// How often a reader tries again while the fields are written: a few microseconds.
const ATTEMPTS: usize = 1000;

/// What a worker does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WorkerState {
    /// It sleeps, or no thread runs it.
    #[default]
    Parked = 0,
    /// It polls a task, or is between two polls.
    Running = 1,
    /// It looks for tasks of other workers.
    Searching = 2,
    /// Its thread has begun to block, and no other thread has taken the worker yet.
    BlockInPlace = 3,
}

/// Each field is stored by the thread that has the worker, and loaded by all.
#[derive(Debug)]
pub(super) struct Slot {
    version: AtomicU64,
    /// A [`WorkerState`].
    state: AtomicU8,
    /// The id of the task that is polled, or zero.
    task: AtomicU64,
    /// Where that was spawned, or the last one.
    place: AtomicPlace,
    /// When the poll began; without a task, when the state changed.
    since: AtomicU64,
    /// How many polls there have been.
    polls: AtomicU64,
}

/// The fields at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Doing {
    pub(super) state: WorkerState,
    pub(super) task: u64,
    pub(super) place: Option<&'static Location<'static>>,
    pub(super) since: u64,
    pub(super) polls: u64,
}

impl Slot {
    pub(super) fn new() -> Slot {
        Slot {
            version: AtomicU64::new(0),
            state: AtomicU8::new(WorkerState::Parked as u8),
            task: AtomicU64::new(0),
            place: AtomicPlace::new(),
            since: AtomicU64::new(0),
            polls: AtomicU64::new(0),
        }
    }

    /// Stores what the worker does from now on. Only the worker's thread calls this.
    pub(super) fn set(&self, doing: &Doing) {
        self.change(|| {
            self.state.store(doing.state as u8, Ordering::Relaxed);
            self.task.store(doing.task, Ordering::Relaxed);
            self.place.store(doing.place);
            self.since.store(doing.since, Ordering::Relaxed);
            self.polls.store(doing.polls, Ordering::Relaxed);
        });
    }

    /// Stores that a poll begins, and returns what the worker did before if that was a poll, which is
    /// interrupted then. Only the worker's thread calls this.
    #[inline]
    pub(super) fn begin(
        &self,
        task: u64,
        place: Option<&'static Location<'static>>,
        since: u64,
    ) -> Option<Doing> {
        let interrupted = match self.task.load(Ordering::Relaxed) {
            0 => None,
            _ => Some(self.doing()),
        };
        self.change(|| {
            let polls = self.polls.load(Ordering::Relaxed);
            self.state
                .store(WorkerState::Running as u8, Ordering::Relaxed);
            self.task.store(task, Ordering::Relaxed);
            self.place.store(place);
            self.since.store(since, Ordering::Relaxed);
            self.polls.store(polls + 1, Ordering::Relaxed);
        });
        interrupted
    }

    /// Stores that a poll has ended, and that the one which it has interrupted continues. Only the
    /// worker's thread calls this.
    #[inline]
    pub(super) fn end(&self, interrupted: Option<&Doing>, since: u64) {
        match interrupted {
            None => self.change(|| {
                self.task.store(0, Ordering::Relaxed);
                self.since.store(since, Ordering::Relaxed);
            }),
            Some(outer) => {
                let polls = self.polls.load(Ordering::Relaxed);
                self.set(&Doing { polls, ..*outer });
            }
        }
    }

    /// Calls `store` while the version is odd.
    #[inline(always)]
    fn change(&self, store: impl FnOnce()) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        store();
        self.version.store(version + 2, Ordering::Release);
    }

    /// Returns what was stored last. For the worker's thread.
    #[inline]
    pub(super) fn doing(&self) -> Doing {
        let task = self.task.load(Ordering::Relaxed);
        Doing {
            state: match self.state.load(Ordering::Relaxed) {
                0 => WorkerState::Parked,
                1 => WorkerState::Running,
                2 => WorkerState::Searching,
                _ => WorkerState::BlockInPlace,
            },
            task,
            // Without a task, that of the last one.
            place: self.place.load().filter(|_| task != 0),
            since: self.since.load(Ordering::Relaxed),
            polls: self.polls.load(Ordering::Relaxed),
        }
    }

    /// Returns the fields of one moment. For any thread. If the worker's thread has been stopped between
    /// two stores, they are of two moments.
    pub(super) fn read(&self) -> Doing {
        for _ in 0..ATTEMPTS {
            if let Some(doing) = self.try_read() {
                return doing;
            }
            spin_loop();
        }
        self.doing()
    }

    /// Returns the fields of one moment, unless they are being written.
    fn try_read(&self) -> Option<Doing> {
        let before = self.version.load(Ordering::Acquire);
        let doing = self.doing();
        fence(Ordering::Acquire);
        (before % 2 == 0 && self.version.load(Ordering::Relaxed) == before).then_some(doing)
    }
}

#[cfg(test)]
mod tests {
    use super::{Doing, Slot, WorkerState};
    use std::panic::Location;

    #[test]
    fn holds_what_was_set_last() {
        let slot = Slot::new();
        assert_eq!(slot.read(), Doing::default());
        for (number, state) in [
            WorkerState::Running,
            WorkerState::Searching,
            WorkerState::BlockInPlace,
            WorkerState::Parked,
        ]
        .into_iter()
        .enumerate()
        {
            let number = number as u64;
            let doing = Doing {
                state,
                task: number + 1,
                place: Some(Location::caller()),
                since: 10 * number,
                polls: 100 * number,
            };
            slot.set(&doing);
            assert_eq!(slot.read(), doing);
        }
    }

    #[test]
    fn a_poll_that_is_interrupted_continues() {
        let slot = Slot::new();
        let place = Some(Location::caller());
        assert_eq!(slot.begin(1, place, 10), None);
        let interrupted = slot.begin(2, None, 20).unwrap();
        let inner = slot.read();
        assert_eq!((inner.task, inner.since, inner.polls), (2, 20, 2));
        slot.end(Some(&interrupted), 30);
        let outer = slot.read();
        assert_eq!((outer.task, outer.since, outer.place), (1, 10, place));
        slot.end(None, 40);
        let expected = Doing {
            state: WorkerState::Running,
            since: 40,
            polls: 2,
            ..Doing::default()
        };
        assert_eq!(slot.read(), expected);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{Slot, WorkerState};
    use crate::loom::sync::Arc;
    use crate::loom::thread;

    #[test]
    fn loom_a_reader_sees_one_moment() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            let writer = slot.clone();
            let writer = thread::spawn(move || {
                for number in 1..=2 {
                    writer.begin(number, None, 10 * number);
                }
            });
            if let Some(doing) = slot.try_read() {
                assert_eq!((doing.since, doing.polls), (10 * doing.task, doing.task));
                assert_eq!(doing.state == WorkerState::Parked, doing.task == 0);
            }
            writer.join().unwrap();
            assert_eq!(slot.read().task, 2);
        });
    }
}
