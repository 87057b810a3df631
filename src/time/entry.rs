//! One timer of a task, from the first poll to the drop.
//!
//! An [`Entry`] costs nothing until it is polled: only then does it take a place in its shard.
//! Polling it again with the same waker takes no lock. [`crate::time::Sleep`] and
//! [`crate::time::Interval`] consist of one entry each.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use crate::driver::shutdown_error;
use crate::record::{self, Wait};
use crate::runtime::Handle;
use crate::scheduler::context::with_current;
use crate::time::Instant;
use crate::timer::Key;
use crate::timer::timers::{TimerShard, Timers};
use crate::trace::{self, Update};
use crate::util::budget::poll_proceed;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Entry {
    shard: Arc<TimerShard>,
    deadline: Instant,
    state: SleepState,
}

#[derive(Debug)]
enum SleepState {
    /// Not in the wheel. The key, if any, is from an earlier round, kept for the next.
    Idle(Option<Key>),
    /// In the wheel, or fired out of it.
    Armed { key: Key, waker: WakerId },
    /// The deadline had passed when the entry was to be put into the wheel.
    Due(Option<Key>),
}

/// Which waker the wheel holds for an entry.
///
/// The addresses identify it as long as the entry is pending, because the wheel's clone keeps
/// what they point to alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WakerId {
    data: usize,
    vtable: usize,
}

impl WakerId {
    /// No waker has this: a vtable is never at address zero.
    const NONE: WakerId = WakerId { data: 0, vtable: 0 };

    fn of(waker: &Waker) -> Self {
        Self {
            data: waker.data().addr(),
            vtable: std::ptr::from_ref(waker.vtable()).addr(),
        }
    }
}

impl Entry {
    /// Creates a timer of the current runtime.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime or in one whose timers are off.
    #[track_caller]
    pub(crate) fn new(deadline: Instant) -> Self {
        let local = |timers: &Arc<Timers>| timers.local_shard().clone();
        let shard = match with_current(|handle| handle.services().timers.as_ref().map(local)) {
            Ok(Some(shard)) => shard,
            // These panic, each with its reason.
            Ok(None) | Err(_) => local(Handle::current().timers()),
        };
        Self {
            shard,
            deadline,
            state: SleepState::Idle(None),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns whether the deadline has been seen to pass, by a poll or by the thread that turns
    /// the wheel. Returns `false` for an entry that has never been polled.
    pub(crate) fn is_elapsed(&self) -> bool {
        match self.state {
            SleepState::Idle(_) => false,
            SleepState::Armed { key, .. } => self.shard.is_fired(key),
            SleepState::Due(_) => true,
        }
    }

    /// Sets another deadline at once: a task that waits for it is woken then, even if it is not
    /// polled again before.
    pub(crate) fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if let SleepState::Armed { key, .. } = self.state {
            if self.shard.extend(key, deadline.into_std()) {
                return;
            }
        }
        self.arm(None);
    }

    /// Sets another deadline for an entry that has elapsed. The wheel learns of it at the next
    /// poll.
    pub(crate) fn restart(&mut self, deadline: Instant) {
        debug_assert!(self.is_elapsed());
        self.deadline = deadline;
        self.state = SleepState::Idle(self.key());
    }

    /// Returns `Ready` once the deadline has passed. Spends coop budget.
    ///
    /// # Panics
    ///
    /// Panics if the entry's runtime has been shut down, unless its timers are ready then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.shard.is_shut_down() {
            return self.poll_after_shutdown();
        }
        let coop = poll_proceed(cx);
        trace::report(Update::Polled("poll_elapsed", coop.is_ready()));
        let coop = ready!(coop);
        let elapsed = match self.state {
            SleepState::Due(_) => true,
            SleepState::Idle(_) => !self.arm(Some(cx.waker())),
            SleepState::Armed { key, waker } => {
                self.shard.is_fired(key)
                    || waker != WakerId::of(cx.waker()) && !self.change_waker(key, cx.waker())
            }
        };
        trace::report(Update::Polled("poll_elapsed", elapsed));
        if !elapsed {
            record::waits(Wait::Timer, || noted_as(self.deadline));
            return Poll::Pending;
        }
        // A shutdown fires all timers and lets none be armed, after it has said so.
        if self.shard.is_shut_down() {
            return self.poll_after_shutdown();
        }
        coop.made_progress();
        Poll::Ready(())
    }

    #[cold]
    fn poll_after_shutdown(&mut self) -> Poll<()> {
        if self.shard.is_ready_after_shutdown() {
            self.state = SleepState::Due(self.key());
            return Poll::Ready(());
        }
        panic!("{}", shutdown_error());
    }

    /// Puts the entry into the wheel; returns `false` if its deadline has passed.
    fn arm(&mut self, waker: Option<&Waker>) -> bool {
        if trace::is_on() {
            self.report_duration();
        }
        let deadline = self.deadline.into_std();
        let waker = waker.cloned();
        let id = waker.as_ref().map_or(WakerId::NONE, WakerId::of);
        let armed = match self.key() {
            None => self.shard.arm(deadline, waker),
            Some(key) => self.shard.reset(key, deadline, waker).then_some(key),
        };
        self.state = match armed {
            Some(key) => SleepState::Armed { key, waker: id },
            None => SleepState::Due(self.key()),
        };
        armed.is_some()
    }

    #[cold]
    fn report_duration(&self) {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        trace::report(Update::DurationMs(ms));
    }

    /// Replaces the waker; returns `false` if the entry has fired.
    #[cold]
    fn change_waker(&mut self, key: Key, waker: &Waker) -> bool {
        let waker = waker.clone();
        let id = WakerId::of(&waker);
        let pending = self.shard.set_waker(key, waker);
        if pending {
            self.state = SleepState::Armed { key, waker: id };
        }
        pending
    }

    fn key(&self) -> Option<Key> {
        match self.state {
            SleepState::Idle(key) | SleepState::Due(key) => key,
            SleepState::Armed { key, .. } => Some(key),
        }
    }
}

/// What a wait for `deadline` is noted with.
fn noted_as(deadline: Instant) -> u64 {
    record::instant_ns(deadline.into_std())
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(key) = self.key() {
            record::waits_no_more(Wait::Timer, || noted_as(self.deadline));
            self.shard.remove(key);
        }
    }
}
