//! [`Noted`]: what is noted of one task, in a cache line.
//!
//! # Protocol
//!
//! At each moment one thread writes: the one that has the notification of the task, or that polls
//! or ends it. What orders these threads (the state word, the queues) orders their stores.
//!
//! There is an exception: at the end of a runtime a task may be ended by one thread while another
//! wakes it. So an end stores nothing but the id, which a wake does not store.
//!
//! Any thread reads, without a lock. A line is used for one task after another; `id` tells for which,
//! and is zero in between. It is stored first when a task ends, and last when one comes: a reader
//! that finds the same id before and after has read one task's fields. They may be of different
//! moments of that task, a few stores apart: such a reader sees a task that is about to change.
//!
//! # What a task waits for
//!
//! A leaf that returns `Pending` is noted for the rest of the poll ([`leaves`](super::leaves)), in
//! memory of the thread that polls. What is shown is one of these leaves, and is stored here each
//! time that it becomes another one. It is to be what the task still waits for, so leaves are
//! forgotten in the same poll:
//!
//! - A future of which this crate knows that it is over takes with it all that was noted in this poll
//!   of it ([`poll_part`](super::poll_part)): a `select!`, a timeout, each future of a `join!`, a
//!   `try_join!`. That is how the branches that lose are forgotten, whatever their leaves are, and
//!   those that are polled by reference, too.
//! - A leaf that leaves a queue or the wheel when it is dropped takes itself with it
//!   ([`waits_no_more`](super::waits_no_more)): an acquire of a lock or semaphore, a timer, a
//!   `Notified`. A timer that is reset is noted with its new deadline when it is polled next.
//!
//! Combinators of other crates drop other leaves silently. But what a task awaits then is polled
//! later. So of those that are left, the last one is shown, with two exceptions, both of leaves that
//! are never forgotten too late: a lock counts most, since others may hold it forever, and the timer
//! of a timeout counts least, since what the timeout is around tells more.
//!
//! Four leaves are kept. One more takes the place of the one before it, so that the leaf which was
//! noted first is still there when a later `select!` of many branches is over. What is shown can be
//! wrong if all of this comes together: a combinator of another crate has dropped a leaf that says
//! nothing when it is dropped (a receiver, a socket), this was the last leaf of the poll, and what the
//! task waits for by now was noted before it or is a leaf of another crate.
#![forbid(unsafe_code)]

use std::panic::Location;

use super::leaves::Shown;
use super::place::AtomicPlace;
use super::wait::Wait;
use crate::loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Whether a task can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    Idle = 1,
    Queued = 2,
    Running = 3,
}

/// What kind of a task it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeenKind {
    Task = 0,
    Local = 1,
    Blocking = 2,
    BlockOn = 3,
}

/// Of `what`: the state is in the lowest byte, the wait in the next.
const STATE: u64 = 0xff;
const WAIT_SHIFT: u32 = 8;
const WAIT: u64 = 0xff << WAIT_SHIFT;
/// It is not the only one.
const SEVERAL: u64 = 1 << 16;
/// There is a name.
const NAMED: u64 = 1 << 17;
const KIND_SHIFT: u32 = 18;

/// See the module's documentation.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Noted {
    id: AtomicU64,
    /// Where the task was spawned.
    place: AtomicPlace,
    /// When the state changed, in ticks.
    since: AtomicU64,
    polls: AtomicU64,
    /// How many ticks the polls have taken.
    busy: AtomicU64,
    /// The state, the wait and the kind.
    what: AtomicU64,
    /// What the wait is for.
    object: AtomicU64,
    wakes: AtomicU32,
    /// How many of the wakes came while the task was polled.
    self_wakes: AtomicU32,
}

/// The fields, as a reader finds them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) id: u64,
    pub(super) place: Option<&'static Location<'static>>,
    pub(super) since: u64,
    pub(super) polls: u64,
    pub(super) busy: u64,
    pub(super) object: u64,
    pub(super) wakes: u32,
    pub(super) self_wakes: u32,
    what: u64,
}

impl Noted {
    pub(super) fn new() -> Noted {
        Noted {
            id: AtomicU64::new(0),
            place: AtomicPlace::new(),
            since: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            what: AtomicU64::new(0),
            object: AtomicU64::new(0),
            wakes: AtomicU32::new(0),
            self_wakes: AtomicU32::new(0),
        }
    }

    /// Begins to note a task, which is queued, or in the case of `BlockOn` idle.
    pub(super) fn enter(
        &self,
        id: u64,
        kind: SeenKind,
        place: &'static Location<'static>,
        named: bool,
        since: u64,
    ) {
        // The task before has left; the fence keeps that before the fields of this one.
        fence(Ordering::Release);
        let state = match kind {
            SeenKind::BlockOn => TaskState::Idle,
            _ => TaskState::Queued,
        };
        let named = if named { NAMED } else { 0 };
        let what = (kind as u64) << KIND_SHIFT | named | state as u64;
        self.place.store(Some(place));
        self.since.store(since, Ordering::Relaxed);
        self.polls.store(0, Ordering::Relaxed);
        self.busy.store(0, Ordering::Relaxed);
        self.what.store(what, Ordering::Relaxed);
        self.object.store(0, Ordering::Relaxed);
        self.wakes.store(0, Ordering::Relaxed);
        self.self_wakes.store(0, Ordering::Relaxed);
        self.id.store(id, Ordering::Release);
    }

    /// Ends to note a task: it has ended.
    #[inline]
    pub(super) fn leave(&self) {
        self.id.store(0, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn id(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn place(&self) -> Option<&'static Location<'static>> {
        self.place.load()
    }

    pub(super) fn is_named(&self) -> bool {
        self.what.load(Ordering::Relaxed) & NAMED != 0
    }

    /// Returns when the state changed, in ticks.
    #[inline]
    pub(super) fn since(&self) -> u64 {
        self.since.load(Ordering::Relaxed)
    }

    /// Begins a poll.
    #[inline]
    pub(super) fn begin(&self, now: u64) {
        let what = self.what.load(Ordering::Relaxed) & !(STATE | WAIT | SEVERAL);
        self.what
            .store(what | TaskState::Running as u64, Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        add(&self.polls, 1);
    }

    /// Ends a poll that began at `begun`, and after which the task waits.
    #[inline]
    pub(super) fn end(&self, begun: u64, now: u64) {
        let what = self.what.load(Ordering::Relaxed) & !STATE;
        self.what
            .store(what | TaskState::Idle as u64, Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        add(&self.busy, now.saturating_sub(begun));
    }

    /// Notes that the task is queued; `by_itself` if it was woken while it was polled.
    #[inline]
    pub(super) fn queued(&self, now: u64, by_itself: bool) {
        let what = self.what.load(Ordering::Relaxed) & !(STATE | WAIT | SEVERAL);
        self.what
            .store(what | TaskState::Queued as u64, Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        add_one(&self.wakes);
        if by_itself {
            add_one(&self.self_wakes);
        }
    }

    /// Stores what is shown of the leaves that have returned `Pending` in this poll.
    pub(super) fn shows(&self, shown: Option<Shown>) {
        let what = self.what.load(Ordering::Relaxed) & !(WAIT | SEVERAL);
        let Some(shown) = shown else {
            self.what.store(what, Ordering::Relaxed);
            return;
        };
        self.object.store(shown.object, Ordering::Relaxed);
        let wait = u64::from(shown.wait as u8) << WAIT_SHIFT;
        let several = if shown.several { SEVERAL } else { 0 };
        self.what.store(what | wait | several, Ordering::Relaxed);
    }

    /// Returns the fields of the task that is noted here.
    pub(super) fn read(&self) -> Option<Read> {
        let id = self.id.load(Ordering::Acquire);
        let read = Read {
            id,
            place: self.place.load(),
            since: self.since.load(Ordering::Relaxed),
            polls: self.polls.load(Ordering::Relaxed),
            busy: self.busy.load(Ordering::Relaxed),
            object: self.object.load(Ordering::Relaxed),
            wakes: self.wakes.load(Ordering::Relaxed),
            self_wakes: self.self_wakes.load(Ordering::Relaxed),
            what: self.what.load(Ordering::Relaxed),
        };
        fence(Ordering::Acquire);
        let is_whole = id != 0 && self.id.load(Ordering::Relaxed) == id;
        is_whole.then_some(read)
    }
}

#[inline]
fn add(to: &AtomicU64, more: u64) {
    let former = to.load(Ordering::Relaxed);
    to.store(former.wrapping_add(more), Ordering::Relaxed);
}

#[inline]
fn add_one(to: &AtomicU32) {
    let former = to.load(Ordering::Relaxed);
    to.store(former.wrapping_add(1), Ordering::Relaxed);
}

impl Read {
    pub(super) fn state(&self) -> TaskState {
        match self.what & STATE {
            1 => TaskState::Idle,
            2 => TaskState::Queued,
            _ => TaskState::Running,
        }
    }

    pub(super) fn kind(&self) -> SeenKind {
        match self.what >> KIND_SHIFT {
            0 => SeenKind::Task,
            1 => SeenKind::Local,
            2 => SeenKind::Blocking,
            _ => SeenKind::BlockOn,
        }
    }

    pub(super) fn is_named(&self) -> bool {
        self.what & NAMED != 0
    }

    /// What the task waits for, and whether for more than that.
    pub(super) fn wait(&self) -> Option<(Wait, bool)> {
        let wait = Wait::from_number((self.what >> WAIT_SHIFT) as u8)?;
        Some((wait, self.what & SEVERAL != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Noted, SeenKind, Shown, TaskState, Wait};
    use std::panic::Location;

    #[test]
    fn the_wait_of_a_poll_counts_until_the_next_wake() {
        let noted = Noted::new();
        assert!(noted.read().is_none());
        let place = Location::caller();
        noted.enter(7, SeenKind::Local, place, true, 100);
        let read = noted.read().unwrap();
        assert_eq!((read.id, read.since, read.polls), (7, 100, 0));
        assert_eq!(
            (read.state(), read.kind()),
            (TaskState::Queued, SeenKind::Local)
        );
        assert!(read.is_named() && read.wait().is_none());
        assert_eq!(read.place, Some(place));

        noted.begin(110);
        let shown = |wait, object, several| Shown {
            wait,
            object,
            several,
        };
        noted.shows(Some(shown(Wait::Timer, 80, false)));
        noted.shows(None);
        assert_eq!(noted.read().unwrap().wait(), None);
        noted.shows(Some(shown(Wait::MpscRecv, 70, true)));
        noted.end(110, 125);
        let read = noted.read().unwrap();
        assert_eq!(read.state(), TaskState::Idle);
        assert_eq!(
            (read.wait(), read.object),
            (Some((Wait::MpscRecv, true)), 70)
        );
        assert_eq!((read.since, read.polls, read.busy), (125, 1, 15));

        noted.queued(130, false);
        let read = noted.read().unwrap();
        assert_eq!((read.wakes, read.self_wakes, read.wait()), (1, 0, None));
        noted.begin(131);
        noted.leave();
        assert!(noted.read().is_none());
        noted.enter(8, SeenKind::Task, place, false, 200);
        let read = noted.read().unwrap();
        assert_eq!((read.id, read.polls, read.busy, read.wakes), (8, 0, 0, 0));
    }

    #[test]
    fn it_fits_into_a_cache_line() {
        assert!(size_of::<Noted>() == 64 || cfg!(loom));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{Noted, SeenKind};
    use crate::loom::sync::Arc;
    use crate::loom::thread;
    use std::panic::Location;

    #[test]
    fn loom_a_reader_sees_the_fields_of_one_task() {
        loom::model(|| {
            let noted = Arc::new(Noted::new());
            noted.enter(1, SeenKind::Task, Location::caller(), false, 10);
            let writer = noted.clone();
            let writer = thread::spawn(move || {
                writer.leave();
                writer.enter(2, SeenKind::Local, Location::caller(), false, 20);
            });
            if let Some(read) = noted.read() {
                assert_eq!(read.since, read.id * 10);
                assert_eq!(read.kind() == SeenKind::Local, read.id == 2);
            }
            writer.join().unwrap();
        });
    }
}
