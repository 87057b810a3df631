//! The mutex that is not modeled, and its condition variable.
//!
//! A lock of `std` around nothing, with the value beside it: so the code that locks, and that gets
//! over poison, is compiled once, and not for each type of value.

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{PoisonError, TryLockError};
use std::time::Duration;

#[cfg(tsan)]
use super::instrumented as locks;
#[cfg(not(tsan))]
use std::sync as locks;

/// The lock without a value.
type Held<'a> = locks::MutexGuard<'a, ()>;

/// A mutex without poison.
#[derive(Default)]
pub(crate) struct Mutex<T: ?Sized> {
    raw: locks::Mutex<()>,
    /// Accessed only by a guard, or by an exclusive reference to the mutex.
    value: UnsafeCell<T>,
}

// SAFETY: the value is accessed only while the lock is held, by one thread at a time.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

/// The lock is held while this lives.
pub(crate) struct MutexGuard<'a, T: ?Sized> {
    value: &'a UnsafeCell<T>,
    held: Held<'a>,
}

// SAFETY: a reference to it allows no more than a reference to the value.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

fn lock(raw: &locks::Mutex<()>) -> Held<'_> {
    raw.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_lock(raw: &locks::Mutex<()>) -> Option<Held<'_>> {
    match raw.try_lock() {
        Ok(held) => Some(held),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Mutex {
            raw: locks::Mutex::new(()),
            value: UnsafeCell::new(value),
        }
    }

    /// Creates a mutex in a constant, under the name that loom's has as well.
    pub(crate) const fn const_new(value: T) -> Self {
        Self::new(value)
    }

    pub(crate) fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            value: &self.value,
            held: lock(&self.raw),
        }
    }

    #[inline]
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let held = try_lock(&self.raw)?;
        Some(MutexGuard {
            value: &self.value,
            held,
        })
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex { .. }")
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the lock is held, and `&self` keeps this thread from a `&mut` by it.
        unsafe { &*self.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and `&mut self` makes this the only reference by it.
        unsafe { &mut *self.value.get() }
    }
}

impl<T: ?Sized> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MutexGuard { .. }")
    }
}

/// A condition variable for [`Mutex`].
#[derive(Debug, Default)]
pub(crate) struct Condvar(locks::Condvar);

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(locks::Condvar::new())
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let MutexGuard { value, held } = guard;
        let held = self.wait_held(held);
        MutexGuard { value, held }
    }

    /// Waits at most `timeout`; the flag is whether the time ran out.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        let MutexGuard { value, held } = guard;
        let (held, timed_out) = self.wait_held_timeout(held, timeout);
        (MutexGuard { value, held }, timed_out)
    }

    fn wait_held<'a>(&self, held: Held<'a>) -> Held<'a> {
        self.0.wait(held).unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_held_timeout<'a>(&self, held: Held<'a>, timeout: Duration) -> (Held<'a>, bool) {
        let (held, result) = self
            .0
            .wait_timeout(held, timeout)
            .unwrap_or_else(PoisonError::into_inner);
        (held, result.timed_out())
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}
