//! Primitives with which tasks wait for each other and exchange values.
//!
//! None of them needs a runtime: they work between runtimes, and between tasks and plain threads.
//!
//! # Channels
//!
//! - [`oneshot`]: one value, once.
//! - [`mpsc`]: many senders, one receiver, in order; bounded, so that fast senders wait, or not.
//! - [`broadcast`]: many senders, many receivers, each of which gets every value.
//! - [`watch`]: many senders, many receivers, which see the latest value only.
//!
//! # Shared state
//!
//! - [`Mutex`] and [`RwLock`]: guards that may be held across an `.await`.
//! - [`Semaphore`]: a number of permits.
//! - [`Notify`]: wakes tasks, without a value.
//! - [`Barrier`]: lets tasks go on together.
//! - [`OnceCell`] and [`SetOnce`]: a value that is computed, or set, once.
//!
//! Those who wait are served in the order in which they came. Waiting allocates nothing: a waiter
//! is a link inside its own future, and leaves its queue when that is dropped. What a dropped future
//! had got goes to the next; the sections on cancel safety say what else is lost.

mod barrier;
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
