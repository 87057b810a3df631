//! Stopping the clock, for tests.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::runtime::Handle;
use crate::scheduler::context::with_current;
use crate::task::yield_now;
use crate::timer::clock::ClockRefused;

/// Stops the current runtime's clock.
///
/// From now on [`Instant::now`](crate::time::Instant::now) always returns the same value until
/// [`advance`] moves it, or the runtime does: when it has nothing to do but wait for a timer, it
/// moves the clock to that timer instead of waiting. Code full of sleeps then runs at once, and
/// always in the same order. I/O is not affected: the runtime looks for finished operations
/// before it moves the clock, but does not wait for any. While a
/// [`spawn_blocking`](crate::task::spawn_blocking) job runs, the clock is left alone.
///
/// Only the clock of this runtime stops, and only
/// [`zokio::time::Instant`](crate::time::Instant) shows it, not the standard library's.
/// A clock can be stopped from the start with `start_paused = true` in
/// [`#[zokio::test]`](macro@crate::test) or [`#[zokio::main]`](macro@crate::main), or with
/// [`Builder::start_paused`](crate::runtime::Builder::start_paused).
///
/// # Panics
///
/// Panics if the clock is stopped already, or if called anywhere but in a runtime with one thread:
/// several threads could not agree on when there is nothing to do.
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, pause, sleep};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     pause();
///     let start = Instant::now();
///     sleep(Duration::from_secs(3600)).await; // takes no time
///     assert!(start.elapsed() >= Duration::from_secs(3600));
/// }
/// ```
#[track_caller]
pub fn pause() {
    match Handle::current().clock().pause() {
        Ok(()) => {}
        Err(ClockRefused::NotPausable) => panic!(
            "the clock of a multi-thread runtime cannot be paused: use a `current_thread` runtime"
        ),
        Err(ClockRefused::Paused | ClockRefused::Running) => {
            panic!("the clock is paused already: call `time::resume()` before pausing it again")
        }
    }
}

/// Restarts the current runtime's clock, from the time that it shows.
///
/// # Panics
///
/// Panics if the clock is not stopped, or if called outside a runtime.
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, resume, sleep};
///
/// #[zokio::main(flavor = "current_thread", start_paused = true)]
/// async fn main() {
///     sleep(Duration::from_secs(3600)).await; // takes no time
///     resume();
///     let start = std::time::Instant::now();
///     sleep(Duration::from_millis(10)).await; // takes its time
///     assert!(start.elapsed() >= Duration::from_millis(10));
/// }
/// ```
#[track_caller]
pub fn resume() {
    let handle = Handle::current();
    if handle.clock().resume().is_err() {
        panic!("the clock is not paused: call `time::pause()` before resuming it");
    }
    clock_changed();
}

/// Moves the current runtime's stopped clock forward by `duration`, in one step.
///
/// Every timer that is due by then fires together with the others, in the order of the
/// deadlines, and tasks find it when they run; a task that sleeps several times within
/// `duration` sees the clock at its end after each. To let time pass step by step, as it would in
/// reality, use [`sleep`](fn@crate::time::sleep) and leave it to the runtime to move the clock. The
/// function yields once, so that others may run; it does not wait for them to do what they were
/// waiting to do.
///
/// # Cancel safety
///
/// The clock moves at the first poll. Dropping the future after that changes nothing.
///
/// # Panics
///
/// Panics if the clock is not stopped, or if called outside a runtime.
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, advance};
///
/// #[zokio::main(flavor = "current_thread", start_paused = true)]
/// async fn main() {
///     let start = Instant::now();
///     advance(Duration::from_secs(60)).await;
///     assert_eq!(start.elapsed(), Duration::from_secs(60));
/// }
/// ```
pub async fn advance(duration: Duration) {
    if Handle::current().clock().try_advance_by(duration).is_err() {
        panic!("the clock is not paused: call `time::pause()` before advancing it");
    }
    clock_changed();
    // This task continues after the timers have been turned.
    yield_now().await;
}

/// Wakes a thread that may be waiting for a time that has come by now.
fn clock_changed() {
    // Outside a runtime the clock could not have been changed.
    let _ = with_current(|handle| {
        if let Some(timers) = &handle.services().timers {
            timers.wake_waiting();
        }
    });
}
