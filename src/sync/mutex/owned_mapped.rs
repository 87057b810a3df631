//! The guard of a part of a mutex's data, sharing the ownership of the mutex.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::Arc;

use crate::sync::mutex::Mutex;

/// Access to a part of the data of a locked, shared [`Mutex`]; dropping it unlocks.
///
/// Made by [`OwnedMutexGuard::map`](crate::sync::OwnedMutexGuard::map). It keeps the mutex alive
/// and may move to another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::{Mutex, OwnedMutexGuard};
///
/// let pair = Arc::new(Mutex::new((1, "one")));
/// let guard = pair.clone().lock_owned().await;
/// let mut number = OwnedMutexGuard::map(guard, |pair| &mut pair.0);
/// zokio::spawn(async move { *number = 2 }).await.unwrap();
/// assert_eq!(*pair.lock().await, (2, "one"));
/// # })
/// ```
#[must_use = "the mutex is unlocked as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized> {
    /// M2: made from the exclusive reference of a guard that handed its permit to this one, so it
    /// is valid and exclusive for as long as the permit is held.
    data: *mut U,
    /// The permit of this mutex is held.
    lock: Arc<Mutex<T>>,
}

// SAFETY: M2: the guard is an exclusive reference to `U` and a share in the mutex, whose last owner
// drops the `T`.
unsafe impl<T, U> Send for OwnedMappedMutexGuard<T, U>
where
    T: ?Sized + Send,
    U: ?Sized + Send,
{
}
// SAFETY: as for `Send`: a shared guard gives `&U` only.
unsafe impl<T, U> Sync for OwnedMappedMutexGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// # Safety
    /// The caller hands over the permit of `lock`, and `data` fulfils M2.
    pub(super) unsafe fn new(lock: Arc<Mutex<T>>, data: *mut U) -> Self {
        Self { data, lock }
    }

    /// Narrows the guard further.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    ///
    /// let nested = Arc::new(Mutex::new(((1, 2), 3)));
    /// let guard = nested.clone().lock_owned().await;
    /// let inner = OwnedMutexGuard::map(guard, |nested| &mut nested.0);
    /// let mut one = OwnedMappedMutexGuard::map(inner, |inner| &mut inner.0);
    /// *one = 10;
    /// drop(one);
    /// assert_eq!(nested.lock().await.0.0, 10);
    /// # })
    /// ```
    pub fn map<S, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        let data: *mut S = f(&mut *this);
        // SAFETY: `into_lock` ends this guard and leaves its permit, and `data` comes from its
        // exclusive reference.
        unsafe { OwnedMappedMutexGuard::new(this.into_lock(), data) }
    }

    /// Narrows the guard further, to a part that may not be there.
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
    /// use zokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    ///
    /// let pair = Arc::new(Mutex::new((vec![1, 2], "list")));
    /// let list = OwnedMutexGuard::map(pair.lock_owned().await, |pair| &mut pair.0);
    /// let list = OwnedMappedMutexGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    /// let last = OwnedMappedMutexGuard::try_map(list, |list| list.last_mut()).unwrap();
    /// assert_eq!(*last, 2);
    /// # })
    /// ```
    pub fn try_map<S, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        let Some(data) = f(&mut *this).map(|data| data as *mut S) else {
            return Err(this);
        };
        // SAFETY: as in `map`.
        Ok(unsafe { OwnedMappedMutexGuard::new(this.into_lock(), data) })
    }

    /// Ends the guard without unlocking.
    fn into_lock(self) -> Arc<Mutex<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is neither dropped nor used again, so the field moves out of it.
        unsafe { ptr::read(&this.lock) }
    }
}

impl<T: ?Sized, U: ?Sized> Drop for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn drop(&mut self) {
        self.lock.semaphore.release(1);
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedMappedMutexGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: M2.
        unsafe { &*self.data }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: M2, and the guard is borrowed exclusively.
        unsafe { &mut *self.data }
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
