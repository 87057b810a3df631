//! The guard that shares the ownership of its mutex.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::Arc;

use crate::sync::mutex::{Mutex, OwnedMappedMutexGuard};

/// Access to the data of a locked, shared [`Mutex`]; dropping it unlocks.
///
/// Made by [`Mutex::lock_owned`], [`Mutex::try_lock_owned`] and [`Mutex::blocking_lock_owned`]. It
/// keeps the mutex alive and may move to another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Mutex;
///
/// let list = Arc::new(Mutex::new(vec![1]));
/// let mut guard = list.clone().lock_owned().await;
/// let task = zokio::spawn(async move { guard.push(2) });
/// // Waits until the task has dropped the guard.
/// assert_eq!(*list.lock().await, [1, 2]);
/// task.await.unwrap();
/// # })
/// ```
#[must_use = "the mutex is unlocked as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    /// The permit of this mutex is held (M1), until the guard is dropped or made into another.
    lock: Arc<Mutex<T>>,
}

// SAFETY: a shared guard gives `&T` and, by `mutex`, a `&Arc<Mutex<T>>`, which ask for `T: Sync`
// and `T: Send`.
unsafe impl<T> Sync for OwnedMutexGuard<T> where T: ?Sized + Send + Sync {}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// # Safety
    /// The caller has the permit of `lock` (M1) and hands it over.
    pub(super) unsafe fn new(lock: Arc<Mutex<T>>) -> Self {
        Self { lock }
    }

    /// Narrows the guard to a part of the data.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let pair = Arc::new(Mutex::new((1, "one")));
    /// let mut number = OwnedMutexGuard::map(pair.clone().lock_owned().await, |pair| &mut pair.0);
    /// *number = 2;
    /// drop(number);
    /// assert_eq!(*pair.lock().await, (2, "one"));
    /// # })
    /// ```
    pub fn map<U, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        // SAFETY: `into_lock` ends this guard and leaves its permit, and `data` comes from its
        // exclusive reference.
        unsafe { OwnedMappedMutexGuard::new(this.into_lock(), data) }
    }

    /// Narrows the guard to a part of the data that may not be there.
    ///
    /// # Errors
    ///
    /// Returns the guard as it was if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let list = Arc::new(Mutex::new(vec![1, 2, 3]));
    /// let guard = list.lock_owned().await;
    /// let guard = OwnedMutexGuard::try_map(guard, |list| list.get_mut(7)).unwrap_err();
    /// let first = OwnedMutexGuard::try_map(guard, |list| list.first_mut()).unwrap();
    /// assert_eq!(*first, 1);
    /// # })
    /// ```
    pub fn try_map<U, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|data| data as *mut U) else {
            return Err(this);
        };
        // SAFETY: as in `map`.
        Ok(unsafe { OwnedMappedMutexGuard::new(this.into_lock(), data) })
    }

    /// The mutex that the guard is of.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().lock_owned().await;
    /// assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    /// # })
    /// ```
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.lock
    }

    /// Ends the guard without unlocking.
    fn into_lock(self) -> Arc<Mutex<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is neither dropped nor used again, so the field moves out of it.
        unsafe { ptr::read(&this.lock) }
    }
}

impl<T: ?Sized> Drop for OwnedMutexGuard<T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.semaphore.release(1);
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: M1: this guard has the permit.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: M1: this guard has the permit, and it is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
