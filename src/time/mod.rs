//! Sleeps, intervals and deadlines.
//!
//! - [`sleep`] and [`sleep_until`] wait.
//! - [`interval`] and [`interval_at`] tick at a fixed period.
//! - [`timeout`] and [`timeout_at`] give a future a limited time to finish.
//! - [`pause`], [`advance`] and [`resume`] stop the clock and move it by hand, for tests.
//!
//! All of them need a runtime whose timers are on
//! ([`Builder::enable_time`](crate::runtime::Builder::enable_time) or
//! [`enable_all`](crate::runtime::Builder::enable_all)). Their resolution is one millisecond: a
//! timer fires when the first whole millisecond after its deadline begins, never before the
//! deadline.
//!
//! # Examples
//!
//! ```
//! use zokio::time::{Duration, interval, sleep, timeout};
//!
//! #[zokio::main(flavor = "current_thread")]
//! async fn main() {
//!     let mut ticks = interval(Duration::from_millis(5));
//!     ticks.tick().await;
//!     ticks.tick().await;
//!     let limit = Duration::from_millis(10);
//!     assert!(timeout(limit, sleep(Duration::from_secs(5))).await.is_err());
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
