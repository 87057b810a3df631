//! Counting permits: the public semaphore and the batch semaphore under every lock and bounded
//! channel.
//!
//! `raw.rs` owns the state word, the queue and their invariants, `acquire.rs` the future that waits
//! in the queue; the rest is safe code above them.

mod acquire;
mod counting;
mod error;
mod owned;
mod permit;
mod raw;

pub(crate) use raw::RawSemaphore;

pub use counting::Semaphore;
pub use error::{AcquireError, TryAcquireError};
pub use owned::OwnedSemaphorePermit;
pub use permit::SemaphorePermit;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(test)]
mod tests;
