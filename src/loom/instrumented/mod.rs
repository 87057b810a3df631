//! Locks that ThreadSanitizer sees through, in the shape of `std`'s.
//!
//! The standard library comes compiled without instrumentation: what a contended lock, a condition
//! variable or a cell that is filled once orders is ordered for the processor and not for
//! ThreadSanitizer, which then reports races that are none. It does see the locks of pthreads,
//! whose functions it replaces. In use with `--cfg tsan` only, which `.ci/tsan` sets; no lock is
//! ever poisoned.

mod lazy;
mod mutex;
mod once_lock;
mod rw_lock;

pub(crate) use self::mutex::{Condvar, Mutex, MutexGuard};
pub(crate) use self::once_lock::OnceLock;
pub(crate) use self::rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
