//! A mutex and its condition variable.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, TryLockError};
use std::time::{Duration, SystemTime};

use super::lazy::Lazy;

#[derive(Debug, Default)]
pub(crate) struct Mutex<T: ?Sized> {
    raw: Lazy<libc::pthread_mutex_t>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is accessed only while the lock is held.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

/// The lock is held while this lives.
#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// The thread that locked has to unlock.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a reference to it allows no more than a reference to the value.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Mutex {
            raw: Lazy::new(),
            value: UnsafeCell::new(value),
        }
    }

    pub(crate) fn into_inner(self) -> LockResult<T> {
        Ok(self.value.into_inner())
    }
}

impl<T: ?Sized> Mutex<T> {
    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        // SAFETY: the pointer is valid while `self` is borrowed.
        let answer = unsafe { libc::pthread_mutex_lock(self.raw.get()) };
        assert_eq!(answer, 0, "a lock of the default kind cannot fail");
        Ok(self.guard())
    }

    pub(crate) fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError<MutexGuard<'_, T>>> {
        // SAFETY: the pointer is valid while `self` is borrowed.
        match unsafe { libc::pthread_mutex_trylock(self.raw.get()) } {
            0 => Ok(self.guard()),
            _ => Err(TryLockError::WouldBlock),
        }
    }

    pub(crate) fn get_mut(&mut self) -> LockResult<&mut T> {
        Ok(self.value.get_mut())
    }

    /// Creates the guard of a thread that has just locked.
    fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            not_send: PhantomData,
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held, and `&self` keeps this thread from a `&mut` by it.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and `&mut self` makes this the only reference by it.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: this thread holds the lock, since the guard is not `Send`.
        unsafe { libc::pthread_mutex_unlock(self.mutex.raw.get()) };
    }
}

#[derive(Debug, Default)]
pub(crate) struct Condvar(Lazy<libc::pthread_cond_t>);

/// Whether a wait ended because its time ran out.
pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Condvar(Lazy::new())
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        // SAFETY: both pointers are valid, and this thread holds the lock.
        unsafe { libc::pthread_cond_wait(self.0.get(), guard.mutex.raw.get()) };
        Ok(guard)
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let until = SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap_or_default()
            .saturating_add(timeout);
        let until = libc::timespec {
            tv_sec: libc::time_t::try_from(until.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: until.subsec_nanos().into(),
        };
        let mutex = guard.mutex.raw.get();
        // SAFETY: the pointers are valid, and this thread holds the lock.
        let answer = unsafe { libc::pthread_cond_timedwait(self.0.get(), mutex, &raw const until) };
        Ok((guard, WaitTimeoutResult(answer == libc::ETIMEDOUT)))
    }

    pub(crate) fn notify_one(&self) {
        // SAFETY: the pointer is valid while `self` is borrowed.
        unsafe { libc::pthread_cond_signal(self.0.get()) };
    }

    pub(crate) fn notify_all(&self) {
        // SAFETY: the pointer is valid while `self` is borrowed.
        unsafe { libc::pthread_cond_broadcast(self.0.get()) };
    }
}
