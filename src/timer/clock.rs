//! The clock of a runtime: the system's monotonic clock, or a paused one.
//!
//! A paused clock stands still and is moved explicitly, by [`crate::time::advance`] or by an idle
//! runtime. As long as no clock of the process has ever been paused, reading one costs an atomic
//! load more than reading the system's. The scheduler's park code moves the clock while a runtime
//! is idle; the public functions are in `time/pause.rs`.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::loom::sync::Mutex;

/// Whether any clock of this process has ever been paused.
static EVER_PAUSED: AtomicBool = AtomicBool::new(false);

/// Returns whether any clock has been paused: until then every clock is the system's.
pub(crate) fn ever_paused() -> bool {
    EVER_PAUSED.load(Ordering::Relaxed)
}

/// The clock of one runtime; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    shared: Arc<ClockShared>,
}

#[derive(Debug)]
struct ClockShared {
    state: Mutex<ClockState>,
    /// Whether this runtime's clock may be paused: this requires a runtime of a single thread.
    pausable: bool,
    /// The number of running blocking jobs, for which real time matters.
    inhibited: AtomicUsize,
}

#[derive(Debug)]
struct ClockState {
    /// The time that the clock showed when it was last paused or resumed.
    shown: Instant,
    /// The system's time at that moment, while the clock runs; `None` while it is paused.
    running_since: Option<Instant>,
}

/// Why a clock was not changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClockRefused {
    /// The clock is paused already.
    Paused,
    /// The clock is not paused.
    Running,
    /// The runtime has several threads.
    NotPausable,
}

impl Clock {
    /// Creates a clock that shows the system's time. `pausable` is whether it may be paused later;
    /// `start_paused` pauses it at once, in any runtime.
    pub(crate) fn new(pausable: bool, start_paused: bool) -> Self {
        let now = Instant::now();
        if start_paused {
            EVER_PAUSED.store(true, Ordering::Relaxed);
        }
        Self {
            shared: Arc::new(ClockShared {
                state: Mutex::new(ClockState {
                    shown: now,
                    running_since: (!start_paused).then_some(now),
                }),
                pausable,
                inhibited: AtomicUsize::new(0),
            }),
        }
    }

    /// Returns the time that this clock shows.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        if ever_paused() {
            self.shared.state.lock().now()
        } else {
            Instant::now()
        }
    }

    /// Returns whether the clock is paused.
    pub(crate) fn is_paused(&self) -> bool {
        ever_paused() && self.shared.state.lock().running_since.is_none()
    }

    pub(crate) fn pause(&self) -> Result<(), ClockRefused> {
        if !self.shared.pausable {
            return Err(ClockRefused::NotPausable);
        }
        let mut state = self.shared.state.lock();
        if state.running_since.is_none() {
            return Err(ClockRefused::Paused);
        }
        state.shown = state.now();
        state.running_since = None;
        // Under the lock: a reader that misses the store has read the system's clock before this
        // clock was paused.
        EVER_PAUSED.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn resume(&self) -> Result<(), ClockRefused> {
        let mut state = self.shared.state.lock();
        if state.running_since.is_some() {
            return Err(ClockRefused::Running);
        }
        state.running_since = Some(Instant::now());
        Ok(())
    }

    /// Moves a paused clock forward; one that runs, because it has been resumed, is left alone.
    pub(crate) fn advance_by(&self, duration: Duration) {
        // A clock that runs reaches the instant by itself.
        let _ = self.try_advance_by(duration);
    }

    /// Moves a paused clock forward.
    ///
    /// A clock at the end of what an [`Instant`] can hold stays there.
    pub(crate) fn try_advance_by(&self, duration: Duration) -> Result<(), ClockRefused> {
        let mut state = self.shared.state.lock();
        if state.running_since.is_some() {
            return Err(ClockRefused::Running);
        }
        if let Some(shown) = state.shown.checked_add(duration) {
            state.shown = shown;
        }
        Ok(())
    }

    /// Returns whether an idle runtime may move this clock to its next timer: it is paused, and no
    /// blocking job is running.
    pub(crate) fn auto_advance_allowed(&self) -> bool {
        ever_paused()
            && self.shared.inhibited.load(Ordering::SeqCst) == 0
            && self.shared.state.lock().running_since.is_none()
    }

    /// Forbids auto-advance until [`Self::allow`] has been called as often as this function.
    pub(crate) fn inhibit(&self) {
        self.shared.inhibited.fetch_add(1, Ordering::SeqCst);
    }

    /// Reverts one [`Self::inhibit`]. The caller then wakes the runtime, if it [`Self::is_paused`].
    pub(crate) fn allow(&self) {
        let former = self.shared.inhibited.fetch_sub(1, Ordering::SeqCst);
        debug_assert_ne!(former, 0, "allow() belongs to an inhibit()");
    }
}

impl ClockState {
    fn now(&self) -> Instant {
        match self.running_since {
            None => self.shown,
            Some(since) => self.shown + since.elapsed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, ClockRefused};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_paused_clock_moves_by_hand_only() {
        let clock = Clock::new(true, false);
        assert_eq!(clock.try_advance_by(SECOND), Err(ClockRefused::Running));
        assert_eq!(clock.resume(), Err(ClockRefused::Running));
        clock.pause().unwrap();
        assert_eq!(clock.pause(), Err(ClockRefused::Paused));
        let start = clock.now();
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(clock.now(), start);
        clock.advance_by(SECOND);
        assert_eq!(clock.now(), start + SECOND);
        clock.advance_by(Duration::MAX);
        assert_eq!(clock.now(), start + SECOND);
        clock.resume().unwrap();
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock.now() >= start + SECOND + Duration::from_millis(2));
        clock.pause().unwrap();
        assert!(clock.now() >= start + SECOND + Duration::from_millis(2));
    }

    #[test]
    fn only_a_pausable_clock_can_be_paused() {
        let clock = Clock::new(false, false);
        assert_eq!(clock.pause(), Err(ClockRefused::NotPausable));
        assert!(!clock.is_paused());
    }

    #[test]
    fn auto_advance_waits_for_the_last_blocking_job() {
        let clock = Clock::new(true, true);
        assert!(clock.is_paused());
        assert!(clock.auto_advance_allowed());
        clock.inhibit();
        clock.inhibit();
        clock.allow();
        assert!(!clock.auto_advance_allowed());
        clock.allow();
        assert!(clock.auto_advance_allowed());
        clock.resume().unwrap();
        assert!(!clock.auto_advance_allowed());
    }
}
