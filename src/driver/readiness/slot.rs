//! One registered file descriptor: its [`Word`] and its waiters.
//!
//! A slot has one entry for the waker of the task that polls for reading and one for writing (the
//! last poller of each direction is woken, which is the contract of the `poll_*` functions), and a
//! list for futures, all of which are woken.
//!
//! # Why no wake-up is lost
//!
//! A waiter looks at the word, takes the lock, looks again, and only then leaves its waker behind.
//! An event writes the word first and takes the lock afterwards. If the waiter has the lock first,
//! the event finds its waker; if the event has it first, the waiter's second look finds the event.
//!
//! Wakers are woken and dropped outside the lock, because both may run any code: waking may drop a
//! task, the task its socket, and the socket this slot's registration.

use std::future::Future;
use std::ops::Deref;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use super::waiters::{Renewed, Waiter, WaiterList};
use super::word::{Snapshot, Word};
use crate::loom::sync::{Mutex, MutexGuard};
use crate::record;
use crate::stream::Ready;
use crate::util::trace_mode;
use crate::util::wake;
use crate::util::wake_list::{WakeList, wake_in_batches};

/// The direction that a single waker waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// See the module.
///
/// A cache line of its own: adjacent slots may belong to tasks on other workers.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot {
    word: Word,
    waiters: Mutex<Waiters>,
}

#[derive(Debug)]
struct Waiters {
    reader: Option<Waker>,
    writer: Option<Waker>,
    list: WaiterList,
}

impl Waiters {
    fn place(&mut self, direction: Direction) -> &mut Option<Waker> {
        match direction {
            Direction::Read => &mut self.reader,
            Direction::Write => &mut self.writer,
        }
    }
}

impl Slot {
    pub(super) fn new() -> Slot {
        Slot {
            word: Word::new(),
            waiters: Mutex::new(Waiters {
                reader: None,
                writer: None,
                list: WaiterList::new(),
            }),
        }
    }

    #[inline]
    pub(super) fn word(&self) -> &Word {
        &self.word
    }

    /// Polls for one of the flags in `mask`, or for the shutdown.
    ///
    /// The waker replaces the former one of the same direction. A wait is recorded as one for `fd`.
    #[inline]
    pub(super) fn poll(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mask: u8,
        fd: RawFd,
    ) -> Poll<Snapshot> {
        match satisfied(self.word.load(), mask) {
            Some(snapshot) => Poll::Ready(snapshot),
            None => self.poll_slow(cx, direction, mask, fd),
        }
    }

    fn poll_slow(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mask: u8,
        fd: RawFd,
    ) -> Poll<Snapshot> {
        let mut waiters = self.waiters.lock();
        if let Some(snapshot) = satisfied(self.word.load(), mask) {
            return Poll::Ready(snapshot);
        }
        let place = waiters.place(direction);
        let former = match place {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => place.replace(cx.waker().clone()),
        };
        drop(waiters);
        wake::drop_waker(former);
        waits(mask, fd);
        Poll::Pending
    }

    /// Returns a future that waits for one of the flags in `mask`, or for the shutdown.
    ///
    /// Once woken it does not wait again, so its snapshot may show none of the flags.
    pub(super) fn wait(&self, mask: u8, fd: RawFd) -> Wait<&Slot> {
        Wait::new(self, mask, fd)
    }

    /// Records an event of the registration `generation` and wakes the tasks that wait for it.
    ///
    /// `read` and `write` select the single wakers that the flags satisfy.
    pub(super) fn record(&self, generation: u32, ready: u8, read: bool, write: bool) {
        if self.word.record(generation, ready) {
            self.wake(ready, read, write);
        }
    }

    /// Wakes all waiters; every later wait ends at once.
    pub(super) fn shut_down(&self) {
        self.word.shut_down();
        self.wake(u8::MAX, true, true);
    }

    /// Ends the registration, and drops its waiters.
    pub(super) fn retire(&self) {
        self.word.retire();
        let mut waiters = self.waiters.lock();
        let single = [waiters.reader.take(), waiters.writer.take()];
        // Futures borrow the registration, so only leaked ones can still be in the list.
        loop {
            let mut forgotten = WakeList::new();
            let more = waiters.list.collect(u8::MAX, &mut forgotten);
            drop(waiters);
            drop(forgotten);
            if !more {
                break;
            }
            waiters = self.waiters.lock();
        }
        single.into_iter().for_each(wake::drop_waker);
    }

    fn wake(&self, ready: u8, read: bool, write: bool) {
        let mut waiters = self.waiters.lock();
        let reader = if read { waiters.reader.take() } else { None };
        let writer = if write { waiters.writer.take() } else { None };
        if waiters.list.is_empty() {
            drop(waiters);
        } else {
            self.wake_list(waiters, ready);
        }
        wake::wake_some(reader);
        wake::wake_some(writer);
    }

    #[cold]
    fn wake_list<'a>(&'a self, waiters: MutexGuard<'a, Waiters>, ready: u8) {
        let mut locked = Some(waiters);
        wake_in_batches(|wakers| {
            let mut waiters = locked.take().unwrap_or_else(|| self.waiters.lock());
            waiters.list.collect(ready, wakers)
        });
    }
}

/// A slot, with a reference to its owner, which keeps the slot alive and in its place. So the slot
/// need not be looked up for each use.
#[derive(Debug)]
pub(super) struct HeldSlot<T> {
    slot: NonNull<Slot>,
    owner: Arc<T>,
}

impl<T> HeldSlot<T> {
    /// Holds the slot of `owner` that `find` returns.
    pub(super) fn new(
        owner: Arc<T>,
        find: impl FnOnce(&T) -> Option<&Slot>,
    ) -> Option<HeldSlot<T>> {
        let slot = NonNull::from(find(&owner)?);
        Some(HeldSlot { slot, owner })
    }

    pub(super) fn owner(&self) -> &Arc<T> {
        &self.owner
    }
}

impl<T> Deref for HeldSlot<T> {
    type Target = Slot;

    #[inline]
    fn deref(&self) -> &Slot {
        // SAFETY: `find` returned a reference to the slot for whatever time its owner may be
        // borrowed. That is at least as long as `self` lives, because `self` owns a count of the
        // `Arc`, so that the owner is neither moved, nor borrowed uniquely, nor dropped.
        unsafe { self.slot.as_ref() }
    }
}

// SAFETY: it stands for a `&Slot` and an `Arc<T>`. Both may go to another thread: a slot is `Sync`,
// and `T` is `Send` and `Sync`.
unsafe impl<T: Send + Sync> Send for HeldSlot<T> {}

// SAFETY: as above: what it stands for is then `Sync`, too.
unsafe impl<T: Send + Sync> Sync for HeldSlot<T> {}

// What the two impls rest on.
const _: fn() = || {
    fn is_sync<T: Sync>() {}
    is_sync::<Slot>();
};

/// Returns the snapshot, if it shows one of the flags in `mask` or the shutdown.
#[inline]
fn satisfied(snapshot: Snapshot, mask: u8) -> Option<Snapshot> {
    (snapshot.ready() & mask != 0 || snapshot.is_shutdown()).then_some(snapshot)
}

/// Records that the task which is polled waits for the descriptor.
#[inline]
fn waits(mask: u8, fd: RawFd) {
    let wait = match mask & Ready::READABLE.bits() {
        0 => record::Wait::Writable,
        _ => record::Wait::Readable,
    };
    record::waits(wait, || fd as u64);
}

/// What leads to a slot.
///
/// # Safety
///
/// It is the same slot at each call, also after the value was moved. The slot stays in its place as
/// long as the value lives.
pub(super) unsafe trait LeadsToSlot {
    fn slot(&self) -> &Slot;
}

// SAFETY: what is borrowed stays in its place.
unsafe impl LeadsToSlot for &Slot {
    #[inline]
    fn slot(&self) -> &Slot {
        self
    }
}

/// The future of [`Slot::wait`]. Once it is ready, it can be polled again, for the next time.
#[derive(Debug)]
pub(super) struct Wait<L: LeadsToSlot> {
    to_slot: L,
    mask: u8,
    /// What is recorded as waited for.
    fd: RawFd,
    /// Whether the waiter was ever linked; whether it still is can only be seen under the lock.
    linked: bool,
    waiter: Waiter,
}

impl<L: LeadsToSlot> Wait<L> {
    pub(super) fn new(to_slot: L, mask: u8, fd: RawFd) -> Wait<L> {
        Wait {
            to_slot,
            mask,
            fd,
            linked: false,
            waiter: Waiter::new(),
        }
    }

    pub(super) fn get_ref(&self) -> &L {
        &self.to_slot
    }
}

impl<L: LeadsToSlot> Future for Wait<L> {
    type Output = Snapshot;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Snapshot> {
        ready!(trace_mode::poll_leaf(cx));
        // SAFETY: nothing is moved out: only the flag is written, and `waiter` stays in place.
        let this = unsafe { self.get_unchecked_mut() };
        let slot = this.to_slot.slot();
        if this.linked {
            let mut waiters = slot.waiters.lock();
            // SAFETY: W1: the waiter was linked into this slot's list and nowhere else.
            let renewed = unsafe { waiters.list.renew(&this.waiter, cx.waker()) };
            drop(waiters);
            return match renewed {
                Renewed::Woken => {
                    this.linked = false;
                    Poll::Ready(slot.word.load())
                }
                Renewed::Waiting(former) => {
                    wake::drop_waker(former);
                    waits(this.mask, this.fd);
                    Poll::Pending
                }
            };
        }
        if let Some(snapshot) = satisfied(slot.word.load(), this.mask) {
            return Poll::Ready(snapshot);
        }
        let waker = cx.waker().clone();
        let mut waiters = slot.waiters.lock();
        if let Some(snapshot) = satisfied(slot.word.load(), this.mask) {
            return Poll::Ready(snapshot);
        }
        // SAFETY: W2: `self` is pinned, and its destructor removes the waiter. It is not linked:
        // the flag shows that it never was, or that an event unlinked it. W1: from here on it is
        // only used with this slot's list under this slot's lock.
        unsafe { waiters.list.push(&this.waiter, this.mask, waker) };
        this.linked = true;
        drop(waiters);
        waits(this.mask, this.fd);
        Poll::Pending
    }
}

impl<L: LeadsToSlot> Drop for Wait<L> {
    fn drop(&mut self) {
        if self.linked {
            let mut waiters = self.to_slot.slot().waiters.lock();
            // SAFETY: W1: the waiter was linked into this slot's list and nowhere else.
            let waker = unsafe { waiters.list.remove(&self.waiter) };
            drop(waiters);
            wake::drop_waker(waker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};

    use super::{Direction, Slot};

    const READ: u8 = 0b01;
    const WRITE: u8 = 0b10;
    /// More than one batch of each kind.
    const FUTURES: usize = 100;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn an_event_wakes_those_whom_it_concerns_and_a_retired_slot_forgets_the_rest() {
        let slot = Slot::new();
        let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
        let woken = || {
            counts
                .each_ref()
                .map(|count| count.0.load(Ordering::Relaxed))
        };
        let wakers = counts.each_ref().map(|count| Waker::from(count.clone()));
        let mut futures: Vec<_> = (0..FUTURES)
            .flat_map(|_| [(READ, &wakers[0]), (WRITE, &wakers[1])])
            .map(|(mask, waker)| (Box::pin(slot.wait(mask, 0)), waker))
            .collect();
        for (future, waker) in &mut futures {
            let polled = future.as_mut().poll(&mut Context::from_waker(waker));
            assert!(polled.is_pending());
        }
        let mut cx = Context::from_waker(&wakers[1]);
        assert!(slot.poll(&mut cx, Direction::Write, WRITE, 0).is_pending());
        slot.record(0, READ, true, false);
        assert_eq!(woken(), [FUTURES, 0]);
        slot.record(0, READ, true, false);
        assert_eq!(woken(), [FUTURES, 0]);
        for (future, waker) in &mut futures[..FUTURES] {
            let polled = future.as_mut().poll(&mut Context::from_waker(waker));
            let reads = std::ptr::eq(*waker, &raw const wakers[0]);
            assert_eq!(polled.is_ready(), reads);
        }
        slot.retire();
        assert_eq!(woken(), [FUTURES, 0]);
        drop(futures);
        drop(wakers);
        assert!(counts.iter().all(|count| Arc::strong_count(count) == 1));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::{Direction, Slot};
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
    use crate::loom::sync::atomic::{AtomicBool, AtomicUsize};
    use crate::loom::thread;
    use loom::future::block_on;

    const READ: u8 = 0b01;
    const WRITE: u8 = 0b10;

    fn event(slot: &Slot, ready: u8) {
        slot.record(0, ready, ready & READ != 0, ready & WRITE != 0);
    }

    #[test]
    fn loom_slot_poll_sees_the_event() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            let other = slot.clone();
            let driver = thread::spawn(move || event(&other, READ));
            let seen = block_on(poll_fn(|cx| slot.poll(cx, Direction::Read, READ, 0)));
            assert_eq!(seen.ready(), READ);
            driver.join().unwrap();
        });
    }

    #[test]
    fn loom_slot_both_directions_are_woken() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            let other = slot.clone();
            let writer = thread::spawn(move || {
                block_on(poll_fn(|cx| other.poll(cx, Direction::Write, WRITE, 0)));
            });
            let other = slot.clone();
            let driver = thread::spawn(move || event(&other, READ | WRITE));
            block_on(slot.wait(READ, 0));
            writer.join().unwrap();
            driver.join().unwrap();
        });
    }

    /// Bytes arrive twice. A thread that clears the readiness of the first event must not lose the
    /// second.
    #[test]
    fn loom_slot_clear_does_not_lose_an_event() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            let bytes = Arc::new(AtomicUsize::new(0));
            let (other, source) = (slot.clone(), bytes.clone());
            let driver = thread::spawn(move || {
                for _ in 0..2 {
                    source.fetch_add(1, Relaxed);
                    event(&other, READ);
                }
            });
            let mut read = 0;
            while read < 2 {
                let seen = block_on(poll_fn(|cx| slot.poll(cx, Direction::Read, READ, 0)));
                match bytes.swap(0, Relaxed) {
                    0 => slot.word().clear(seen.tick(), READ),
                    n => read += n,
                }
            }
            driver.join().unwrap();
        });
    }

    /// A socket is closed while a thread finds nothing to read. That thread must not clear what the
    /// closing has announced, and must see what was done before.
    #[test]
    fn loom_slot_clear_does_not_lose_an_announcement() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            slot.word().assume(READ);
            let closed = Arc::new(AtomicBool::new(false));
            let (other, flag) = (slot.clone(), closed.clone());
            let closing = thread::spawn(move || {
                flag.store(true, Release);
                event(&other, READ | WRITE);
            });
            let mut wait = pin!(slot.wait(READ, 0));
            loop {
                let seen = block_on(wait.as_mut());
                if closed.load(Acquire) {
                    break;
                }
                slot.word().clear(seen.tick(), READ);
            }
            closing.join().unwrap();
        });
    }

    #[test]
    fn loom_slot_dropped_future_leaves_the_list() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            let other = slot.clone();
            let driver = thread::spawn(move || event(&other, READ));
            {
                let mut dropped = pin!(slot.wait(READ, 0));
                let mut cx = Context::from_waker(Waker::noop());
                let _ = dropped.as_mut().poll(&mut cx);
            }
            block_on(slot.wait(READ, 0));
            driver.join().unwrap();
        });
    }

    #[test]
    fn loom_slot_late_event_misses_the_next_registration() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            let other = slot.clone();
            let driver = thread::spawn(move || event(&other, READ));
            slot.retire();
            driver.join().unwrap();
            assert_eq!(slot.word().load().ready(), 0);
            assert_eq!(slot.word().generation(), 1);
        });
    }

    #[test]
    fn loom_slot_shutdown_wakes_everybody() {
        loom::model(|| {
            let slot = Arc::new(Slot::new());
            let other = slot.clone();
            let future = thread::spawn(move || block_on(other.wait(READ, 0)));
            let other = slot.clone();
            let driver = thread::spawn(move || other.shut_down());
            let seen = block_on(poll_fn(|cx| slot.poll(cx, Direction::Write, WRITE, 0)));
            assert!(seen.is_shutdown());
            assert!(future.join().unwrap().is_shutdown());
            driver.join().unwrap();
        });
    }
}
