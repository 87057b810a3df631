//! One word per timer, shared by the timer's owner and the thread that turns the wheel.
//!
//! While a timer is pending the word is its true deadline, which may be later than the one in the
//! wheel: the owner postpones a deadline by changing the word alone, and the thread that finds the
//! timer in the wheel too early puts it back. The word `FIRED` marks a timer that has fired.
//!
//! | who    | from             | to             | meaning                                   |
//! |--------|------------------|----------------|-------------------------------------------|
//! | owner  | any              | deadline       | `arm`, under the shard's lock             |
//! | owner  | deadline         | later deadline | `extend`, no lock                         |
//! | turner | deadline <= now  | `FIRED`        | `expire`, under the shard's lock          |
//!
//! Only the owner leaves `FIRED`. Both changes without a common lock are compare-and-swap, so a
//! deadline that was extended in time never fires early.
#![forbid(unsafe_code)]

use crate::loom::sync::atomic::{AtomicU64, Ordering};
use crate::timer::wheel::NEVER;

const FIRED: u64 = u64::MAX;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct DueWord(AtomicU64);

/// What to do with a timer that the wheel handed out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expire {
    /// It has just fired: wake its task.
    Fired,
    /// Its deadline is later: schedule it again.
    Later(u64),
}

impl DueWord {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(FIRED))
    }

    /// Makes the timer pending. The caller holds the shard's lock.
    pub(crate) fn arm(&self, when: u64) {
        self.0.store(when.min(NEVER), Ordering::Relaxed);
    }

    /// Moves the deadline of a pending timer to `when`; returns `false`, without a change, if the
    /// timer has fired or `when` is earlier than its deadline.
    pub(crate) fn extend(&self, when: u64) -> bool {
        let when = when.min(NEVER);
        let mut current = self.0.load(Ordering::Relaxed);
        while current != FIRED && current <= when {
            match self
                .0
                .compare_exchange_weak(current, when, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(actual) => current = actual,
            }
        }
        false
    }

    /// Fires the timer if its deadline is at or before `now`. The caller holds the shard's lock.
    pub(crate) fn expire(&self, now: u64) -> Expire {
        let mut current = self.0.load(Ordering::Relaxed);
        loop {
            if current == FIRED {
                return Expire::Fired;
            }
            if current > now {
                return Expire::Later(current);
            }
            // Release: a thread that sees that the timer has fired also sees what happened before.
            match self
                .0
                .compare_exchange_weak(current, FIRED, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return Expire::Fired,
                Err(actual) => current = actual,
            }
        }
    }

    /// Fires the timer whatever its deadline. The caller holds the shard's lock.
    pub(crate) fn fire(&self) {
        self.0.store(FIRED, Ordering::Release);
    }

    pub(crate) fn is_fired(&self) -> bool {
        self.0.load(Ordering::Acquire) == FIRED
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{DueWord, Expire};
    use crate::loom::sync::Arc;
    use crate::loom::thread;

    /// A timer that is extended while the wheel hands it out fires at the new deadline or has fired
    /// at the old one, and both sides agree on which.
    #[test]
    fn loom_extend_races_with_expire() {
        loom::model(|| {
            let word = Arc::new(DueWord::new());
            word.arm(10);
            let turner = {
                let word = word.clone();
                thread::spawn(move || word.expire(10))
            };
            let extended = word.extend(20);
            let expired = turner.join().expect("the turner does not panic");
            if extended {
                assert_eq!(expired, Expire::Later(20));
                assert!(!word.is_fired());
                assert_eq!(word.expire(20), Expire::Fired);
            } else {
                assert_eq!(expired, Expire::Fired);
            }
            assert!(word.is_fired());
        });
    }
}
