//! The future of an acquire.
//!
//! It spends one unit of the coop budget when it completes. A poll without budget still takes its
//! permits or its place in the queue, so that a task which used up its budget is not overtaken;
//! with the permits it returns `Pending`, has itself woken, and completes at the next poll.
//! Dropping the future leaves the queue and passes on what it had received. `raw.rs` has the queue.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use crate::record::{self, Wait};
use crate::sync::semaphore::error::AcquireError;
use crate::sync::semaphore::raw::{Outcome, RawSemaphore, Taken, Waiter};
use crate::sync::waker_id::WakerId;
use crate::trace::{self, AcquireTrace};
use crate::util::{budget, trace_mode};

/// Takes permits of a [`RawSemaphore`].
///
/// Completes with the permits taken: the caller that awaits it owes a release.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Acquire<'a> {
    semaphore: &'a RawSemaphore,
    wanted: usize,
    stage: Stage,
    /// What a wait is recorded as.
    wait: Wait,
    /// The waker that `waiter` got last. A queued waiter loses its waker only together with its
    /// wait, so a poll with the same one has nothing to do, and finds that out without the lock.
    registered: Option<WakerId>,
    waiter: Waiter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not polled yet.
    Idle,
    /// `waiter` was queued, and may have been served since.
    Queued,
    /// The permits are taken; the poll that took them had no budget left.
    Holding,
    /// Completed: there is nothing to return.
    Done,
}

impl<'a> Acquire<'a> {
    #[inline]
    pub(super) fn new(
        semaphore: &'a RawSemaphore,
        wanted: usize,
        wait: Wait,
        ops: AcquireTrace,
    ) -> Self {
        Self {
            semaphore,
            wanted,
            stage: Stage::Idle,
            wait,
            registered: None,
            waiter: Waiter::new(ops),
        }
    }

    #[cold]
    fn poll_traced(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let ops = self.waiter.trace.clone();
        self.semaphore.trace().poll(&ops, || self.poll_stage(cx))
    }

    #[inline]
    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        ready!(trace_mode::poll_leaf(cx));
        match self.stage {
            Stage::Idle => self.poll_idle(cx),
            Stage::Queued => self.poll_queued(cx),
            Stage::Holding => self.poll_holding(cx),
            Stage::Done => panic!("an acquire was polled after it had completed"),
        }
    }

    #[inline]
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        if self.semaphore.take(self.wanted).is_err() {
            match self.take_or_queue(cx.waker()) {
                Taken::Yes => {}
                Taken::Closed => return self.refused(),
                Taken::Queued(taken) => {
                    if taken > 0 {
                        self.semaphore.trace().permits_taken(taken);
                    }
                    return self.waits();
                }
            }
        }
        self.stage = Stage::Holding;
        self.semaphore.trace().permits_taken(self.wanted);
        self.spend(cx)
    }

    #[cold]
    fn take_or_queue(&mut self, waker: &Waker) -> Taken {
        RawSemaphore::check_permits(self.wanted);
        let waker = waker.clone();
        let id = WakerId::of(&waker);
        // SAFETY: the future is pinned (this is called from `poll` only), `Idle` means that the
        // waiter is not queued, and `Queued` makes `drop` cancel.
        let taken = unsafe {
            self.semaphore
                .acquire_or_queue(&self.waiter, self.wanted, waker)
        };
        if let Taken::Queued(_) = taken {
            self.registered = Some(id);
            self.stage = Stage::Queued;
        }
        taken
    }

    fn poll_queued(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let mut outcome = self.semaphore.outcome(&self.waiter);
        if matches!(outcome, Outcome::Waiting) && self.registered != Some(WakerId::of(cx.waker())) {
            let waker = cx.waker().clone();
            self.registered = Some(WakerId::of(&waker));
            outcome = self.semaphore.update_waker(&self.waiter, waker);
        }
        match outcome {
            Outcome::Waiting => self.waits(),
            Outcome::Assigned => {
                self.waits_no_more();
                self.semaphore.note_holder();
                self.poll_holding(cx)
            }
            Outcome::Refused => self.refused(),
        }
    }

    #[inline]
    fn waits<T>(&self) -> Poll<T> {
        record::waits(self.wait, || record::address(self.semaphore));
        Poll::Pending
    }

    #[inline]
    fn waits_no_more(&self) {
        record::waits_no_more(self.wait, || record::address(self.semaphore));
    }

    fn poll_holding(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        if self.semaphore.is_closed() {
            return self.refused();
        }
        self.spend(cx)
    }

    /// Completes with the permits, which this future has, if there is budget for it.
    #[inline]
    fn spend(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        ready!(budget::poll_proceed(cx)).made_progress();
        self.stage = Stage::Done;
        Poll::Ready(Ok(()))
    }

    /// Completes because the semaphore was closed. Nothing was done, so no budget is spent.
    fn refused(&mut self) -> Poll<Result<(), AcquireError>> {
        self.give_back();
        Poll::Ready(Err(AcquireError::closed()))
    }

    /// Leaves the queue and returns all permits.
    fn give_back(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Idle | Stage::Done => {}
            Stage::Queued => {
                self.waits_no_more();
                self.semaphore.cancel(&self.waiter, self.wanted);
            }
            Stage::Holding => self.semaphore.release(self.wanted),
        }
    }
}

impl Future for Acquire<'_> {
    type Output = Result<(), AcquireError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: nothing is moved out of the future.
        let this = unsafe { self.get_unchecked_mut() };
        if trace::is_on() {
            return this.poll_traced(cx);
        }
        this.poll_stage(cx)
    }
}

impl Drop for Acquire<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.stage != Stage::Done {
            self.give_back();
        }
    }
}

impl fmt::Debug for Acquire<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire")
            .field("wanted", &self.wanted)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
