//! The state of a notify, the queue of its waiters, and what notifying does to them.
//!
//! # The state word
//! The two low bits are one of
//!
//! - `EMPTY`: no permit is stored and no future waits;
//! - `WAITING`: a future waits, so no permit is stored;
//! - `NOTIFIED`: a permit is stored, so no future waits;
//!
//! and the rest is the generation: how often all were notified. A future remembers the generation
//! in which it was made and is done as soon as the word has another one, whether it has been polled
//! by then or not.
//!
//! Invariants, cited below:
//!
//! - N1: the word says `WAITING` exactly while a waiter of its generation is in the queue.
//! - N2: `WAITING` is set only under the lock of the queue, and while it is set the word changes
//!   only under the lock. Otherwise any thread may change the word.
//! - N3: the queue is in the order of arrival, so the generations in it only rise. Waiters of an
//!   earlier generation stand at its head for as long as [`RawNotify::notify_all`] is on its way,
//!   batch by batch, to wake them: they are notified already and count for nothing else.
//! - N4: a waiter is in the queue exactly while its future has queued it and its notice is `NONE`.
//!   Another notice is stored under the lock, after the waiter left the queue, and is the last
//!   access to the waiter by anything but its own future.

use std::fmt;
use std::ptr::NonNull;
use std::task::{Poll, Waker};

use crate::loom::cell::UnsafeCell;
use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::{AtomicU8, AtomicUsize, Ordering, const_usize};
use crate::sync::waker_id::WakerId;
use crate::util::list::{Linked, Links, List};
use crate::util::wake;
use crate::util::wake_list::wake_in_batches;

const EMPTY: usize = 0;
const WAITING: usize = 1;
const NOTIFIED: usize = 2;
const STATE: usize = 0b11;
const GENERATION: usize = 1 << 2;

const NONE: u8 = 0;
const ONE_OLDEST: u8 = 1;
const ONE_NEWEST: u8 = 2;
const ALL: u8 = 3;

/// Which waiter a single notification goes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Oldest,
    Newest,
}

/// The state and the queue.
pub(in crate::sync) struct RawNotify {
    pub(in crate::sync) state: AtomicUsize,
    pub(in crate::sync) waiters: Mutex<List<Waiter>>,
}

/// Where a future waits; embedded in [`Wait`], linked into the queue.
pub(in crate::sync) struct Waiter {
    links: Links<Waiter>,
    /// The generation in which the future was made.
    generation: usize,
    /// Guarded by the lock while queued, afterwards its future's own.
    waker: UnsafeCell<Option<Waker>>,
    notice: AtomicU8,
}

// SAFETY: `waker` is touched under the lock of the queue, or by the one future that owns the waiter
// while it is not queued (N4); the rest is atomic, constant, or the list's.
unsafe impl Sync for Waiter {}

// SAFETY: `links` is the only such field and always the same.
unsafe impl Linked for Waiter {
    #[inline(always)]
    fn links(&self) -> &Links<Self> {
        &self.links
    }
}

impl RawNotify {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicUsize::new(EMPTY),
            waiters: Mutex::new(List::new()),
        }
    }

    /// [`new`](Self::new) in a constant.
    pub(crate) const fn const_new() -> Self {
        Self {
            state: const_usize(EMPTY),
            waiters: Mutex::const_new(List::new()),
        }
    }

    fn generation(&self) -> usize {
        self.state.load(Ordering::Acquire) & !STATE
    }

    /// Notifies one waiter, or stores the permit if none waits.
    #[inline]
    pub(super) fn notify_one(&self, order: Order) {
        if self.store_permit() {
            return;
        }
        self.notify_waiter(order);
    }

    #[cold]
    fn notify_waiter(&self, order: Order) {
        let mut waiters = self.waiters.lock();
        let waker = self.hand_out(&mut waiters, order);
        drop(waiters);
        wake::wake_some(waker);
    }

    /// Stores the permit unless a future waits. A permit that is there already is written again, so
    /// that the future that takes it sees what this thread did before.
    #[inline]
    fn store_permit(&self) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & STATE != WAITING {
            match self.state.compare_exchange_weak(
                state,
                (state & !STATE) | NOTIFIED,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Notifies one of `waiters`, which are locked, or stores the permit if none waits. Returns the
    /// waker to wake once the lock is released.
    fn hand_out(&self, waiters: &mut List<Waiter>, order: Order) -> Option<Waker> {
        if self.store_permit() {
            return None;
        }
        let generation = self.generation();
        let (waiter, notice) = match order {
            Order::Oldest => (oldest(waiters, generation), ONE_OLDEST),
            // N3: no waiter is of a later generation than this one.
            Order::Newest => (waiters.back(), ONE_NEWEST),
        };
        let waiter = waiter.expect("N1: a waiter of this generation is queued");
        // SAFETY: it was just found in this queue.
        unsafe { waiters.remove(waiter) };
        self.after_removal(waiters, generation);
        leave_queue(waiter, notice)
    }

    /// Restores N1 after a waiter of `generation`, the current one, left the queue.
    fn after_removal(&self, waiters: &List<Waiter>, generation: usize) {
        // SAFETY: a queued waiter is alive (N4), and the lock is held.
        let newest = waiters.back().map(|waiter| unsafe { waiter.as_ref() });
        if newest.is_none_or(|newest| newest.generation != generation) {
            // N2: no other thread changes a `WAITING` while the lock is held.
            self.state.store(generation | EMPTY, Ordering::Release);
        }
    }

    /// Notifies all futures that wait, and every future that was created and not polled yet.
    pub(super) fn notify_all(&self) {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & STATE != WAITING {
            match self.state.compare_exchange_weak(
                state,
                state.wrapping_add(GENERATION),
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
        let generation = self.advance();
        self.wake_older(generation);
    }

    /// Begins a new generation, which notifies all of the earlier ones, and returns it. They find
    /// out when they are polled: the waiting ones are woken by [`wake_older`](Self::wake_older).
    pub(super) fn advance(&self) -> usize {
        let _waiters = self.waiters.lock();
        let state = self.state.load(Ordering::Relaxed);
        if state & STATE == WAITING {
            let generation = (state & !STATE).wrapping_add(GENERATION);
            // N1, N2: no future of the new generation waits yet.
            self.state.store(generation | EMPTY, Ordering::Release);
            return generation;
        }
        // A stored permit stays, and may come or go at this moment.
        let former = self.state.fetch_add(GENERATION, Ordering::AcqRel);
        (former & !STATE).wrapping_add(GENERATION)
    }

    /// Wakes the waiters of all generations before `generation`.
    pub(super) fn wake_older(&self, generation: usize) {
        wake_in_batches(|wakers| {
            let mut waiters = self.waiters.lock();
            while let Some(waiter) = waiters.front() {
                // SAFETY: a queued waiter is alive (N4), and the lock is held.
                let age = generation.wrapping_sub(unsafe { waiter.as_ref() }.generation);
                if (age as isize) <= 0 {
                    break;
                }
                if wakers.is_full() {
                    return true;
                }
                waiters.pop_front();
                if let Some(waker) = leave_queue(waiter, ALL) {
                    wakers.push(waker);
                }
            }
            false
        });
    }
}

/// Returns the first waiter of `generation`, past those [`RawNotify::notify_all`] has yet to wake.
fn oldest(waiters: &List<Waiter>, generation: usize) -> Option<NonNull<Waiter>> {
    let mut at = waiters.front();
    while let Some(waiter) = at {
        // SAFETY: a queued waiter is alive (N4), and the lock is held.
        if unsafe { waiter.as_ref() }.generation == generation {
            break;
        }
        // SAFETY: it is in this queue.
        at = unsafe { waiters.next(waiter) };
    }
    at
}

/// Ends the wait of a waiter that was just taken out of the queue, under the lock.
fn leave_queue(waiter: NonNull<Waiter>, notice: u8) -> Option<Waker> {
    // SAFETY: N4: its future keeps the waiter alive as long as the notice is `NONE`.
    let waiter = unsafe { waiter.as_ref() };
    // SAFETY: the lock is held and the notice is still `NONE`.
    let waker = waiter.waker.with_mut(|slot| unsafe { (*slot).take() });
    waiter.notice.store(notice, Ordering::Release);
    waker
}

impl fmt::Debug for RawNotify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state.load(Ordering::Relaxed) & STATE {
            EMPTY => "empty",
            WAITING => "waiting",
            _ => "notified",
        };
        f.write_str(state)
    }
}

/// One wait on a [`RawNotify`]: what the futures are made of.
pub(super) struct Wait {
    stage: Stage,
    /// The waker that `waiter` got last, if any. It loses its waker only together with its wait, so
    /// a poll with the same one has nothing to do, and finds that out without the lock.
    registered: Option<WakerId>,
    waiter: Waiter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not polled yet.
    Idle,
    /// `waiter` was queued, and may have been notified since.
    Queued,
    /// Notified, and that has been seen.
    Done,
}

impl Wait {
    #[inline]
    pub(super) fn new(notify: &RawNotify) -> Self {
        Self {
            stage: Stage::Idle,
            registered: None,
            waiter: Waiter {
                links: Links::new(),
                generation: notify.generation(),
                waker: UnsafeCell::new(None),
                notice: AtomicU8::new(NONE),
            },
        }
    }

    /// Looks for a notification and queues for one if there is none. `waker` is woken when it
    /// comes; without one the wait only takes its place.
    ///
    /// # Safety
    /// The wait is pinned, `notify` is the one it was made with, and [`leave`](Self::leave) is
    /// called before it goes away.
    #[inline]
    pub(super) unsafe fn poll(&mut self, notify: &RawNotify, waker: Option<&Waker>) -> Poll<()> {
        let poll = match self.stage {
            Stage::Idle if self.take_or_become(notify, EMPTY) => Poll::Ready(()),
            // SAFETY: the caller's promise, and the stage is `Idle`.
            Stage::Idle => unsafe { self.queue(notify, waker) },
            Stage::Queued => self.poll_queued(notify, waker),
            Stage::Done => Poll::Ready(()),
        };
        if poll.is_ready() {
            self.stage = Stage::Done;
        }
        poll
    }

    /// Queues unless a notification is there by now.
    ///
    /// # Safety
    /// As for [`poll`](Self::poll), and the stage is `Idle`.
    unsafe fn queue(&mut self, notify: &RawNotify, waker: Option<&Waker>) -> Poll<()> {
        // Cloned before the lock is taken, and dropped after it where it is not needed: a waker may
        // run any code.
        let cloned = waker.cloned();
        let id = cloned.as_ref().map(WakerId::of);
        let mut waiters = notify.waiters.lock();
        if self.take_or_become(notify, WAITING) {
            return Poll::Ready(());
        }
        // SAFETY: the waiter is not queued, so only its future, which is here, may touch the waker.
        self.waiter.waker.with_mut(|slot| unsafe { *slot = cloned });
        // SAFETY: the caller pins the waiter, and has `leave` called before it goes away.
        unsafe { waiters.push_back(NonNull::from(&self.waiter)) };
        self.registered = id;
        self.stage = Stage::Queued;
        Poll::Pending
    }

    /// Returns `true` if all were notified since the future was made; if not, takes the permit if
    /// one is stored; if not, leaves the state `none`: `EMPTY` or, under the lock, `WAITING`. One
    /// that is `WAITING` already stays so.
    #[inline]
    fn take_or_become(&self, notify: &RawNotify, none: usize) -> bool {
        let mut word = notify.state.load(Ordering::Acquire);
        loop {
            let state = word & STATE;
            if word & !STATE != self.waiter.generation {
                return true;
            }
            if state == none || state == WAITING {
                return false;
            }
            let taken = state == NOTIFIED;
            let next = self.waiter.generation | if taken { EMPTY } else { none };
            match notify.state.compare_exchange_weak(
                word,
                next,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return taken,
                Err(now) => word = now,
            }
        }
    }

    fn poll_queued(&mut self, notify: &RawNotify, waker: Option<&Waker>) -> Poll<()> {
        if self.notice() != NONE {
            return Poll::Ready(());
        }
        let current = notify.generation() == self.waiter.generation;
        let new_waker = waker.filter(|waker| self.registered != Some(WakerId::of(waker)));
        if current && new_waker.is_none() {
            return Poll::Pending;
        }
        let cloned = new_waker.cloned();
        let id = cloned.as_ref().map(WakerId::of);
        let mut waiters = notify.waiters.lock();
        if self.notice() != NONE {
            return Poll::Ready(());
        }
        if notify.generation() != self.waiter.generation {
            // SAFETY: N4: the waiter is in this queue. N3: it no longer counts for N1.
            unsafe { waiters.remove(NonNull::from(&self.waiter)) };
            return Poll::Ready(());
        }
        let former = self.waiter.waker.with_mut(|slot| {
            // SAFETY: N4: the waiter is queued and this thread has the lock.
            unsafe { std::mem::replace(&mut *slot, cloned) }
        });
        drop(waiters);
        wake::drop_waker(former);
        self.registered = id;
        Poll::Pending
    }

    /// Ends the wait: takes the waiter out of the queue if it is there, and passes on a
    /// notification that was not seen. Returns whether it had begun, and was not over.
    #[inline]
    pub(super) fn leave(&mut self, notify: &RawNotify) -> bool {
        let was_queued = self.stage == Stage::Queued;
        if was_queued {
            self.stage = Stage::Done;
            self.unqueue(notify);
        }
        was_queued
    }

    fn unqueue(&self, notify: &RawNotify) {
        if self.notice() == ALL {
            return;
        }
        let mut waiters = notify.waiters.lock();
        let mut own = None;
        let waker = match self.notice() {
            ONE_OLDEST => notify.hand_out(&mut waiters, Order::Oldest),
            ONE_NEWEST => notify.hand_out(&mut waiters, Order::Newest),
            ALL => None,
            _ => {
                // SAFETY: N4: the waiter is in this queue.
                unsafe { waiters.remove(NonNull::from(&self.waiter)) };
                // SAFETY: it is queued no longer, and the lock is held.
                own = self.waiter.waker.with_mut(|slot| unsafe { (*slot).take() });
                if notify.generation() == self.waiter.generation {
                    notify.after_removal(&waiters, self.waiter.generation);
                }
                None
            }
        };
        drop(waiters);
        wake::wake_some(waker);
        wake::drop_waker(own);
    }

    fn notice(&self) -> u8 {
        self.waiter.notice.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
