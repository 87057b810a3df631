//! The batch semaphore under every lock and every bounded channel of this crate.
//!
//! # The state word
//! One word holds the free permits, shifted left by [`SHIFT`], and three flags:
//!
//! - `CLOSED`: no acquire succeeds any more. Never cleared.
//! - `WAITERS`: the queue of waiters is not empty. Set and cleared under the lock of the queue only.
//! - `NOTED`: who takes permits last is recorded ([`record::locks`]), and that some were released.
//!   Never changed. It is a flag so that the checks for `CLOSED` and for `WAITERS` find it, and nothing
//!   else has to look on the way to a free lock.
//!
//! Invariants, cited below:
//!
//! - S1: while `WAITERS` is set no permit is free. A future that has to wait first takes what there
//!   is (its `missing` count tells how many it still needs), and what is released after that goes
//!   to the queue. So no future overtakes a waiter: a compare-and-swap that wants permits finds
//!   none.
//! - S2: while `WAITERS` is set the word changes under the lock only. The lock-free paths change
//!   permits, and there are none to take; a release that sees the flag takes the lock.
//! - S3: a waiter is in the queue exactly while its phase is `WAITING` and its future has queued
//!   it. The phase leaves `WAITING` under the lock, after the waiter left the queue, and that is
//!   the last access to the waiter by anything but its own future.
//!
//! An acquire without contention is one compare-and-swap, and so is a release without waiters: the
//! lock is taken only while a future waits. `acquire.rs` has the future.

use std::cell::Cell;
use std::fmt;
use std::mem;
use std::ptr::NonNull;
use std::task::Waker;

use crate::loom::cell::UnsafeCell;
use crate::loom::sync::atomic::{AtomicU8, AtomicUsize, Ordering, const_usize};
use crate::loom::sync::{Mutex, MutexGuard};
use crate::record::{self, Wait};
use crate::sync::semaphore::acquire::Acquire;
use crate::sync::semaphore::error::TryAcquireError;
use crate::trace::{self, AcquireTrace, ResourceType, SemaphoreTrace, Served};
use crate::util::budget;
use crate::util::list::{Linked, Links, List};
use crate::util::wake;
use crate::util::wake_list::wake_in_batches;

const CLOSED: usize = 0b01;
const WAITERS: usize = 0b10;
const NOTED: usize = 0b100;
const SHIFT: u32 = 3;

const WAITING: u8 = 0;
const ASSIGNED: u8 = 1;
const REFUSED: u8 = 2;

/// A semaphore whose acquires take any number of permits, first come, first served.
pub(crate) struct RawSemaphore {
    pub(in crate::sync) state: AtomicUsize,
    pub(in crate::sync) queue: Mutex<List<Waiter>>,
    trace: SemaphoreTrace,
}

/// Where a future waits; embedded in [`Acquire`], linked into the queue.
pub(in crate::sync) struct Waiter {
    links: Links<Waiter>,
    /// Guarded by the lock while queued, afterwards its future's own.
    waker: UnsafeCell<Option<Waker>>,
    /// Permits that it still needs. Guarded like `waker`.
    missing: Cell<usize>,
    phase: AtomicU8,
    /// Never changed.
    pub(super) trace: AcquireTrace,
}

// SAFETY: `waker` and `missing` are touched under the lock of the queue, or by the one future that
// owns the waiter while it is not queued (S3); the phase that hands over between the two is atomic.
unsafe impl Sync for Waiter {}

// SAFETY: `links` is the only such field and always the same.
unsafe impl Linked for Waiter {
    #[inline(always)]
    fn links(&self) -> &Links<Self> {
        &self.links
    }
}

impl Waiter {
    #[inline]
    pub(super) fn new(trace: AcquireTrace) -> Self {
        Self {
            links: Links::new(),
            waker: UnsafeCell::new(None),
            missing: Cell::new(0),
            phase: AtomicU8::new(WAITING),
            trace,
        }
    }
}

/// The result of an attempt to take permits without waiting.
pub(super) enum Taken {
    Yes,
    /// Some of the permits, and a place in the queue for the rest.
    Queued(usize),
    Closed,
}

/// What a queued waiter finds when it looks.
pub(super) enum Outcome {
    Waiting,
    Assigned,
    Refused,
}

impl RawSemaphore {
    /// The most permits that a semaphore may have.
    pub(crate) const MAX_PERMITS: usize = usize::MAX >> 3;

    /// Creates a semaphore with `permits` free permits, of which nothing is reported.
    ///
    /// # Panics
    /// Panics if that is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub(crate) fn new(permits: usize) -> Self {
        Self::check_permits(permits);
        Self {
            state: AtomicUsize::new(permits << SHIFT),
            queue: Mutex::new(List::new()),
            trace: SemaphoreTrace::silent(),
        }
    }

    /// Creates one of which it is recorded who takes permits.
    #[cfg(test)]
    pub(crate) fn noted(permits: usize) -> Self {
        Self {
            state: AtomicUsize::new(permits << SHIFT | NOTED),
            ..Self::new(0)
        }
    }

    /// [`new`](Self::new) as a part of an `owner`, which is reported together with it. If anything is
    /// recorded, so is who has locked it, if it is a lock.
    #[track_caller]
    pub(crate) fn new_in(owner: ResourceType, permits: usize) -> Self {
        Self::check_permits(permits);
        let is_lock = matches!(owner, ResourceType::Mutex | ResourceType::RwLock);
        let noted = match is_lock && record::ever_recorded() {
            true => NOTED,
            false => 0,
        };
        Self {
            state: AtomicUsize::new(permits << SHIFT | noted),
            queue: Mutex::new(List::new()),
            trace: SemaphoreTrace::new(owner, permits),
        }
    }

    /// [`new_in`](Self::new_in) in a constant.
    #[track_caller]
    pub(crate) const fn const_new_in(owner: ResourceType, permits: usize) -> Self {
        Self::check_permits(permits);
        Self {
            state: const_usize(permits << SHIFT),
            queue: Mutex::const_new(List::new()),
            trace: SemaphoreTrace::unseen(owner),
        }
    }

    #[inline]
    #[track_caller]
    pub(crate) const fn check_permits(permits: usize) {
        assert!(
            permits <= Self::MAX_PERMITS,
            "a semaphore may not have more than MAX_PERMITS permits"
        );
    }

    /// Returns the number of permits that an acquire could take without waiting.
    pub(crate) fn available_permits(&self) -> usize {
        self.state.load(Ordering::Acquire) >> SHIFT
    }

    /// Returns `true` if [`close`](Self::close) was called.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }

    #[inline]
    pub(crate) fn trace(&self) -> &SemaphoreTrace {
        &self.trace
    }

    /// Returns a future that takes `permits` permits; queued at its first poll.
    #[inline]
    pub(crate) fn acquire(&self, permits: usize) -> Acquire<'_> {
        Acquire::new(self, permits, Wait::SemaphoreAcquire, AcquireTrace::none())
    }

    /// [`acquire`](Self::acquire) as an operation on the owner, in its method `source`, which is recorded
    /// as `wait`.
    #[inline]
    pub(crate) fn acquire_in(
        &self,
        permits: usize,
        wait: Wait,
        source: &'static str,
    ) -> Acquire<'_> {
        Acquire::new(self, permits, wait, self.trace.begin(source, permits))
    }

    /// Takes `permits` permits if they are free now and the task has budget left, of which it
    /// spends a unit: what [`acquire`](Self::acquire) does first, without the cost of that future.
    /// With a subscriber it leaves that to the future, which reports it.
    #[inline]
    pub(crate) fn acquire_now(&self, permits: usize) -> bool {
        let taken = !trace::is_on() && budget::has_budget_remaining() && self.take(permits).is_ok();
        if taken {
            budget::spend();
        }
        taken
    }

    /// Takes `permits` permits if they are free now.
    #[inline]
    pub(crate) fn try_acquire(&self, permits: usize) -> Result<(), TryAcquireError> {
        self.take(permits)?;
        let unreported = Unreported(self, permits);
        self.trace.permits_taken(permits);
        mem::forget(unreported);
        Ok(())
    }

    /// [`try_acquire`](Self::try_acquire) without a report.
    #[inline]
    pub(super) fn take(&self, permits: usize) -> Result<(), TryAcquireError> {
        // What is lost by the shift is detected by the comparison below.
        let wanted = permits << SHIFT;
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & (CLOSED | NOTED) != 0 {
                return self.take_noted(permits);
            }
            // S1: with `WAITERS` set the word is below any `wanted` but zero.
            if state >> SHIFT < permits {
                return Err(TryAcquireError::NoPermits);
            }
            match self.state.compare_exchange_weak(
                state,
                state - wanted,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(()),
                Err(now) => state = now,
            }
        }
    }

    /// Like [`take`](Self::take), for a semaphore that is closed or noted.
    #[cold]
    fn take_noted(&self, permits: usize) -> Result<(), TryAcquireError> {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & CLOSED != 0 {
                return Err(TryAcquireError::Closed);
            }
            if state >> SHIFT < permits {
                return Err(TryAcquireError::NoPermits);
            }
            let next = state - (permits << SHIFT);
            match self.state.compare_exchange_weak(
                state,
                next,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.note_holder();
                    return Ok(());
                }
                Err(now) => state = now,
            }
        }
    }

    /// Records that the task which is polled has taken permits, if that is to be recorded.
    pub(super) fn note_holder(&self) {
        if self.state.load(Ordering::Relaxed) & NOTED != 0 {
            record::locks(record::address(self));
        }
    }

    /// Releases `permits` permits, or adds new ones.
    ///
    /// # Panics
    /// Panics if there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS) free permits.
    #[inline]
    #[track_caller]
    pub(crate) fn release(&self, permits: usize) {
        if !self.release_unless(WAITERS | NOTED, permits) {
            self.release_noted(permits);
        }
    }

    /// Releases permits, unless a flag of `flags` is set; returns whether it did.
    #[inline]
    #[track_caller]
    fn release_unless(&self, flags: usize, permits: usize) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & flags == 0 {
            match self.state.compare_exchange_weak(
                state,
                with_permits(state, permits),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.trace.permits_added(permits);
                    return true;
                }
                Err(now) => state = now,
            }
        }
        false
    }

    /// Like [`release`](Self::release), for a semaphore that is noted or has waiters.
    #[cold]
    #[track_caller]
    fn release_noted(&self, permits: usize) {
        // Before others can have them, and note that.
        if self.state.load(Ordering::Relaxed) & NOTED != 0 {
            record::unlocks(record::address(self));
        }
        if !self.release_unless(WAITERS, permits) {
            self.distribute(self.queue.lock(), permits);
        }
    }

    /// Takes away up to `permits` free permits for good and returns how many there were.
    pub(crate) fn forget_permits(&self, permits: usize) -> usize {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            let forgotten = permits.min(state >> SHIFT);
            if forgotten == 0 {
                return 0;
            }
            match self.state.compare_exchange_weak(
                state,
                state - (forgotten << SHIFT),
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.trace.permits_taken(forgotten);
                    return forgotten;
                }
                Err(now) => state = now,
            }
        }
    }

    /// Makes every acquire fail from now on, and wakes all waiters to tell them.
    pub(crate) fn close(&self) {
        wake_in_batches(|wakers| {
            let mut queue = self.queue.lock();
            // No future queues once the flag is set, so this ends.
            self.state.fetch_or(CLOSED, Ordering::AcqRel);
            while !wakers.is_full() {
                let Some(waiter) = queue.pop_front() else {
                    break;
                };
                if let Some(waker) = leave_queue(waiter, REFUSED) {
                    wakers.push(waker);
                }
            }
            let more = !queue.is_empty();
            if !more {
                self.state.fetch_and(!WAITERS, Ordering::Relaxed);
            }
            more
        });
    }

    /// Takes the permits, or takes what there is and queues `waiter` for the rest.
    ///
    /// # Safety
    /// `waiter` is pinned, is not queued, and its owner calls [`cancel`](Self::cancel) before it
    /// goes away.
    #[cold]
    pub(super) unsafe fn acquire_or_queue(
        &self,
        waiter: &Waiter,
        wanted: usize,
        waker: Waker,
    ) -> Taken {
        // If the waker is not needed, it is dropped after the lock: it may run any code.
        let mut queue = self.queue.lock();
        let mut state = self.state.load(Ordering::Acquire);
        let mut taken = 0;
        while state & (CLOSED | WAITERS) == 0 {
            let free = state >> SHIFT;
            let (next, enough) = if free >= wanted {
                (state - (wanted << SHIFT), true)
            } else {
                (state & NOTED | WAITERS, false)
            };
            match self
                .state
                .compare_exchange_weak(state, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Err(now) => state = now,
                Ok(_) if enough => {
                    self.note_holder();
                    return Taken::Yes;
                }
                Ok(_) => {
                    waiter.missing.set(wanted - free);
                    taken = free;
                    state = next;
                }
            }
        }
        if state & CLOSED != 0 {
            return Taken::Closed;
        }
        if !queue.is_empty() {
            // S1, S2: nothing is free while a future waits, and that cannot change now.
            waiter.missing.set(wanted);
        }
        // SAFETY: the waiter is not queued, so only its future, which is here, may touch the waker.
        waiter.waker.with_mut(|slot| unsafe { *slot = Some(waker) });
        // SAFETY: the caller pins the waiter and cancels before it goes away.
        unsafe { queue.push_back(NonNull::from(waiter)) };
        Taken::Queued(taken)
    }

    /// Returns the state of the queued `waiter`. Takes no lock.
    #[inline]
    pub(super) fn outcome(&self, waiter: &Waiter) -> Outcome {
        match waiter.phase.load(Ordering::Acquire) {
            WAITING => Outcome::Waiting,
            ASSIGNED => Outcome::Assigned,
            _ => Outcome::Refused,
        }
    }

    /// Replaces the waker of a queued waiter, unless its wait has ended.
    pub(super) fn update_waker(&self, waiter: &Waiter, waker: Waker) -> Outcome {
        let mut former = None;
        let queue = self.queue.lock();
        let outcome = self.outcome(waiter);
        if let Outcome::Waiting = outcome {
            former = waiter.waker.with_mut(|slot| {
                // SAFETY: S3: the waiter is queued and this thread has the lock.
                unsafe { (*slot).replace(waker) }
            });
        }
        drop(queue);
        wake::drop_waker(former);
        outcome
    }

    /// Ends the wait of a queued waiter whose future was dropped or refused: takes it out of the
    /// queue if it is there and passes on what it had received of its `wanted` permits.
    #[cold]
    pub(super) fn cancel(&self, waiter: &Waiter, wanted: usize) {
        if let Outcome::Waiting = self.outcome(waiter) {
            let mut queue = self.queue.lock();
            if let Outcome::Waiting = self.outcome(waiter) {
                // SAFETY: S3: the waiter is in this queue.
                unsafe { queue.remove(NonNull::from(waiter)) };
                // SAFETY: S3: the waiter is this future's again, and the lock is held.
                let waker = waiter.waker.with_mut(|slot| unsafe { (*slot).take() });
                let had = wanted - waiter.missing.get();
                self.distribute(queue, had);
                wake::drop_waker(waker);
                return;
            }
        }
        // S3: the waiter is out of the queue, so `missing` is its future's, which is here.
        let had = wanted - waiter.missing.get();
        if had > 0 {
            self.release(had);
        }
    }

    /// Hands `permits` to the queue in its order, frees the rest, and wakes the served waiters
    /// outside of the lock. Clears `WAITERS` when the queue is empty. Reports it all at the end.
    #[track_caller]
    fn distribute<'a>(&'a self, queue: MutexGuard<'a, List<Waiter>>, mut permits: usize) {
        let mut locked = Some(queue);
        let mut fits = true;
        let mut served = Served::new();
        let mut freed = 0;
        wake_in_batches(|wakers| {
            let mut queue = locked.take().unwrap_or_else(|| self.queue.lock());
            while !wakers.is_full() {
                let Some(waiter) = queue.front() else {
                    break;
                };
                // SAFETY: S3: a waiter in the queue is alive, and this thread has the lock.
                let (missing, ops) = unsafe { (&waiter.as_ref().missing, &waiter.as_ref().trace) };
                let given = missing.get().min(permits);
                self.trace.served(ops, given, &mut served);
                missing.set(missing.get() - given);
                permits -= given;
                if missing.get() > 0 {
                    return false;
                }
                queue.pop_front();
                if let Some(waker) = leave_queue(waiter, ASSIGNED) {
                    wakers.push(waker);
                }
            }
            if queue.is_empty() {
                fits = self.free(permits);
                freed = permits;
                return false;
            }
            permits > 0
        });
        assert!(
            fits,
            "a semaphore may not have more than MAX_PERMITS permits"
        );
        served.report();
        if freed > 0 {
            self.trace.permits_added(freed);
        }
    }

    /// Adds `permits` free permits and clears `WAITERS`; the queue is empty and locked. Returns
    /// `false` if the permits would be too many: then none are added.
    fn free(&self, permits: usize) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            let free = state >> SHIFT;
            let fits = permits <= Self::MAX_PERMITS - free;
            let total = if fits { free + permits } else { free };
            let next = state & (CLOSED | NOTED) | total << SHIFT;
            // The flag may be clear already: a waiter that left between two batches did it.
            match self.state.compare_exchange_weak(
                state,
                next,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return fits,
                Err(now) => state = now,
            }
        }
    }
}

/// Returns permits if their report panics.
struct Unreported<'a>(&'a RawSemaphore, usize);

impl Drop for Unreported<'_> {
    fn drop(&mut self) {
        self.0.release(self.1);
    }
}

/// Returns the state word with `permits` more free permits.
#[inline]
#[track_caller]
fn with_permits(state: usize, permits: usize) -> usize {
    let free = state >> SHIFT;
    assert!(
        permits <= RawSemaphore::MAX_PERMITS - free,
        "a semaphore may not have more than MAX_PERMITS permits"
    );
    state + (permits << SHIFT)
}

/// Ends the wait of a waiter that was just taken out of the queue, under the lock.
fn leave_queue(waiter: NonNull<Waiter>, phase: u8) -> Option<Waker> {
    // SAFETY: S3: its future keeps the waiter alive as long as the phase is `WAITING`.
    let waiter = unsafe { waiter.as_ref() };
    // SAFETY: the lock is held and the phase is still `WAITING`.
    let waker = waiter.waker.with_mut(|slot| unsafe { (*slot).take() });
    waiter.phase.store(phase, Ordering::Release);
    waker
}

impl fmt::Debug for RawSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSemaphore")
            .field("permits", &self.available_permits())
            .field("closed", &self.is_closed())
            .finish()
    }
}
