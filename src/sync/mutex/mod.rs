//! Mutual exclusion across awaits: [`Mutex`] and its guards.
//!
//! A mutex is a raw semaphore with one permit beside its data. Each guard is a newtype around the
//! generic guard of `sync/guard`, which holds the permit.

mod guard;
mod lock;
mod mapped;
mod owned;
mod owned_mapped;

pub use guard::MutexGuard;
pub use lock::Mutex;
pub use mapped::MappedMutexGuard;
pub use owned::OwnedMutexGuard;
pub use owned_mapped::OwnedMappedMutexGuard;

#[cfg(all(test, loom))]
mod loom_tests;
