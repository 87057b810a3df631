//! Primitives with which tasks wait for each other and exchange values.

mod semaphore;

pub mod oneshot;

pub(crate) use semaphore::{Acquire, RawSemaphore};
pub use semaphore::{AcquireError, TryAcquireError};
