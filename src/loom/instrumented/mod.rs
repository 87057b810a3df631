//! Locks that ThreadSanitizer understands, with the interface of `std`'s.
//!
//! The standard library is compiled without instrumentation, so ThreadSanitizer does not see the
//! ordering that a contended lock, a condition variable or a cell that is filled once establishes,
//! and reports false races. It does see the locks of pthreads, whose functions it replaces. Used
//! only with `--cfg tsan`, which `.ci/tsan` sets; no lock is ever poisoned.

mod lazy;
mod mutex;
mod once_lock;
mod rw_lock;

pub(crate) use self::mutex::{Condvar, Mutex, MutexGuard};
pub(crate) use self::once_lock::OnceLock;
pub(crate) use self::rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
