//! Primitives with which tasks wait for each other and exchange values.

#[cfg(not(loom))]
mod const_new;
mod mutex;
mod rwlock;
mod semaphore;

pub mod oneshot;

pub(crate) use semaphore::{Acquire, RawSemaphore};

pub use mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{
    AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
