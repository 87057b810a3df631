//! Sleeps, intervals, time limits, and a clock that tests can stop.
//!
//! - [`sleep`](fn@sleep) and [`sleep_until`] wait.
//! - [`interval`](fn@interval) and [`interval_at`] tick at a fixed period.
//! - [`timeout`](fn@timeout) and [`timeout_at`] limit how long a future may take.
//! - [`pause`](fn@pause), [`advance`] and [`resume`] stop the clock and move it by hand.
//!
//! All of them need a runtime with timers
//! ([`Builder::enable_time`](crate::runtime::Builder::enable_time) or
//! [`enable_all`](crate::runtime::Builder::enable_all); the attribute macros enable them). They
//! follow a monotonic clock, [`Instant`], and not the time of day.
//!
//! # Resolution
//!
//! A timer never fires before its deadline. How long after it depends on how many there are:
//!
//! - *Few* timers fire at the first 64th of a millisecond that begins after the deadline. What the
//!   kernel needs to wake a thread comes on top: its timer slack of 50 microseconds and more, or a
//!   thousandth of the wait if that is longer.
//! - *Many* timers are collected, because to wake a thread costs more than to fire a timer: the
//!   runtime wakes for them every 1.25 milliseconds. Timers are many while it would otherwise have
//!   to wake for them more than about 1,300 times per second. Up to 64 wakes that were not used
//!   before are added to that.
//! - On a kernel before Linux 5.11, and where a filter refuses `epoll_pwait2`, the wait is rounded up
//!   to whole milliseconds.
//! - While the clock is [paused](fn@pause), a timer fires when the first whole millisecond after its
//!   deadline begins, counted from the start of the runtime.
//!
//! Timers of one worker fire in the order of their deadlines, as far as these are in different
//! 64ths of a millisecond.
//!
//! # Waiting and limiting
//!
//! ```
//! use zokio::time::{Duration, sleep, timeout};
//!
//! #[zokio::main]
//! async fn main() {
//!     sleep(Duration::from_millis(1)).await;
//!
//!     let slow = sleep(Duration::from_secs(60));
//!     assert!(timeout(Duration::from_millis(1), slow).await.is_err());
//! }
//! ```
//!
//! A timeout drops the future, see [`guide::cancellation`](crate::guide::cancellation). It cannot
//! interrupt a future that computes or blocks without awaiting.
//!
//! # Doing something periodically
//!
//! The ticks of an [`Interval`] are due at fixed points in time, however long the work between them
//! takes. A `sleep` in a loop would add that to each period. [`MissedTickBehavior`] decides what
//! happens if the work takes longer than a period.
//!
//! ```
//! use zokio::time::{Duration, Instant, interval};
//!
//! #[zokio::main]
//! async fn main() {
//!     let start = Instant::now();
//!     let mut ticks = interval(Duration::from_millis(5));
//!     ticks.tick().await; // The first tick is due at once.
//!     ticks.tick().await;
//!     ticks.tick().await;
//!     assert!(start.elapsed() >= Duration::from_millis(10));
//! }
//! ```
//!
//! # Testing without waiting
//!
//! On a runtime with one thread the clock can be [paused](fn@pause). It then stands still while
//! there is something to do, and jumps to the next deadline when there is not:
//!
//! ```
//! use zokio::time::{Duration, Instant, sleep};
//!
//! #[zokio::main(flavor = "current_thread", start_paused = true)]
//! async fn main() {
//!     let start = Instant::now();
//!     sleep(Duration::from_secs(3600)).await;
//!     assert_eq!(start.elapsed(), Duration::from_secs(3600));
//! }
//! ```
#![forbid(unsafe_code)]

pub mod error;

mod entry;
mod instant;
mod interval;
mod pause;
#[cfg(feature = "sync")]
mod send_timeout;
mod sleep;
mod timeout;

pub use std::time::Duration;

pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use pause::{advance, pause, resume};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Timeout, timeout, timeout_at};
