//! Mutual exclusion across awaits: [`Mutex`] and its guards.
//!
//! A mutex is a raw semaphore with one permit beside its data. A guard is the proof that the permit
//! is held, so each guard file says once why its references are exclusive.

mod guard;
mod lock;
mod mapped;
mod owned;
mod owned_mapped;

pub use guard::MutexGuard;
pub(in crate::sync) use lock::never_closed;
pub use lock::{Mutex, TryLockError};
pub use mapped::MappedMutexGuard;
pub use owned::OwnedMutexGuard;
pub use owned_mapped::OwnedMappedMutexGuard;

#[cfg(all(test, loom))]
mod loom_tests;
