//! A readers-writer lock.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::LockResult;

use super::lazy::Lazy;

#[derive(Debug, Default)]
pub(crate) struct RwLock<T: ?Sized> {
    raw: Lazy<libc::pthread_rwlock_t>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is accessed only while the lock is held, by several threads at once only to
// read.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

/// The lock is held to read while this lives.
#[derive(Debug)]
pub(crate) struct RwLockReadGuard<'a, T: ?Sized>(Held<'a, T>);

/// The lock is held to write while this lives.
#[derive(Debug)]
pub(crate) struct RwLockWriteGuard<'a, T: ?Sized>(Held<'a, T>);

#[derive(Debug)]
struct Held<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    /// The thread that locked has to unlock.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a reference to it allows no more than a reference to the value.
unsafe impl<T: ?Sized + Sync> Sync for Held<'_, T> {}

impl<T> RwLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        RwLock {
            raw: Lazy::new(),
            value: UnsafeCell::new(value),
        }
    }
}

impl<T: ?Sized> RwLock<T> {
    pub(crate) fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        // SAFETY: the pointer is valid while `self` is borrowed.
        let answer = unsafe { libc::pthread_rwlock_rdlock(self.raw.get()) };
        assert_eq!(answer, 0, "too many readers, or a reader of its own write");
        Ok(RwLockReadGuard(self.held()))
    }

    pub(crate) fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        // SAFETY: the pointer is valid while `self` is borrowed.
        let answer = unsafe { libc::pthread_rwlock_wrlock(self.raw.get()) };
        assert_eq!(answer, 0, "the thread holds the lock already");
        Ok(RwLockWriteGuard(self.held()))
    }

    /// Creates the guard of a thread that has just locked.
    fn held(&self) -> Held<'_, T> {
        Held {
            lock: self,
            not_send: PhantomData,
        }
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held, so no thread writes.
        unsafe { &*self.0.lock.value.get() }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held, and `&self` keeps this thread from a `&mut` by it.
        unsafe { &*self.0.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held to write, and `&mut self` makes this the only reference by it.
        unsafe { &mut *self.0.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for Held<'_, T> {
    fn drop(&mut self) {
        // SAFETY: this thread holds the lock, since the guard is not `Send`.
        unsafe { libc::pthread_rwlock_unlock(self.lock.raw.get()) };
    }
}
