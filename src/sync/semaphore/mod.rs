//! Counting permits: the batch semaphore under every lock and bounded channel.

mod acquire;
mod core;
mod error;

pub(crate) use acquire::Acquire;
pub(crate) use core::RawSemaphore;

pub use error::{AcquireError, TryAcquireError};

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
