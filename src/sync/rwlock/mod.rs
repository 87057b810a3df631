//! Many readers or one writer, across awaits: [`RwLock`] and its guards.
//!
//! A lock is a raw semaphore with as many permits as there may be readers, beside its data. Each
//! guard is a newtype around the generic guard of `sync/guard`, which holds one permit for a reader
//! and all for a writer.

mod lock;
mod mapped_write;
mod owned_mapped_write;
mod owned_read;
mod owned_write;
mod read;
mod write;

pub use lock::RwLock;
pub use mapped_write::RwLockMappedWriteGuard;
pub use owned_mapped_write::OwnedRwLockMappedWriteGuard;
pub use owned_read::OwnedRwLockReadGuard;
pub use owned_write::OwnedRwLockWriteGuard;
pub use read::RwLockReadGuard;
pub use write::RwLockWriteGuard;

#[cfg(all(test, loom))]
mod loom_tests;
