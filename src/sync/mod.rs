//! Primitives with which tasks wait for each other and exchange values.

mod barrier;
#[cfg(not(loom))]
mod const_new;
mod mutex;
mod notify;
mod once_cell;
mod once_value;
mod rwlock;
mod semaphore;
mod set_once;
mod waker_id;

pub mod broadcast;
pub mod mpsc;
pub mod oneshot;
pub mod watch;

/// The futures of this module that have a name.
pub mod futures {
    pub use super::notify::{Notified, OwnedNotified};
}

pub(crate) use semaphore::{Acquire, RawSemaphore};

pub use barrier::{Barrier, BarrierWaitResult};
pub use mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
pub use notify::Notify;
pub use once_cell::{OnceCell, SetError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{
    AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
pub use set_once::{SetOnce, SetOnceError};
