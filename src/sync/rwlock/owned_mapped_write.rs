//! The writer's guard of a part of the data, sharing the ownership of the lock.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::Arc;

use crate::sync::rwlock::RwLock;

/// Exclusive access to a part of the data of a shared [`RwLock`]; dropping it gives the access up.
///
/// Made by [`OwnedRwLockWriteGuard::map`](crate::sync::OwnedRwLockWriteGuard::map). It keeps the
/// lock alive and may move to another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::{OwnedRwLockWriteGuard, RwLock};
///
/// let pair = Arc::new(RwLock::new((1, "one")));
/// let guard = pair.clone().write_owned().await;
/// let mut number = OwnedRwLockWriteGuard::map(guard, |pair| &mut pair.0);
/// zokio::spawn(async move { *number = 2 }).await.unwrap();
/// assert_eq!(*pair.read().await, (2, "one"));
/// # })
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    /// All permits of this lock are held.
    lock: Arc<RwLock<T>>,
    /// R3: made from the exclusive reference of a guard that handed its permits to this one, so it
    /// is valid and exclusive for as long as they are held.
    data: *mut U,
}

// SAFETY: R3: the guard is an exclusive reference to `U` and a share in the lock, whose last owner
// drops the `T`.
unsafe impl<T, U> Send for OwnedRwLockMappedWriteGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}
// SAFETY: as for `Send`: a shared guard gives `&U` and a `&Arc<RwLock<T>>` only.
unsafe impl<T, U> Sync for OwnedRwLockMappedWriteGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// # Safety
    /// The caller hands over all permits of `lock`, and `data` fulfils R3.
    pub(super) unsafe fn new(lock: Arc<RwLock<T>>, data: *mut U) -> Self {
        Self { lock, data }
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
    /// use zokio::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let nested = Arc::new(RwLock::new(((1, 2), 3)));
    /// let guard = nested.clone().write_owned().await;
    /// let inner = OwnedRwLockWriteGuard::map(guard, |nested| &mut nested.0);
    /// let mut one = OwnedRwLockMappedWriteGuard::map(inner, |inner| &mut inner.0);
    /// *one = 10;
    /// drop(one);
    /// assert_eq!(nested.read().await.0.0, 10);
    /// # })
    /// ```
    pub fn map<F, V: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let data: *mut V = f(&mut *this);
        // SAFETY: `into_lock` ends this guard and leaves its permits, and `data` comes from its
        // exclusive reference.
        unsafe { OwnedRwLockMappedWriteGuard::new(this.into_lock(), data) }
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
    /// use zokio::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let pair = Arc::new(RwLock::new((vec![1, 2], "list")));
    /// let list = OwnedRwLockWriteGuard::map(pair.write_owned().await, |pair| &mut pair.0);
    /// let list = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    /// let last = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.last_mut()).unwrap();
    /// assert_eq!(*last, 2);
    /// # })
    /// ```
    pub fn try_map<F, V: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        let Some(data) = f(&mut *this).map(|data| data as *mut V) else {
            return Err(this);
        };
        // SAFETY: as in `map`.
        Ok(unsafe { OwnedRwLockMappedWriteGuard::new(this.into_lock(), data) })
    }

    /// The lock that the guard is of.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, 2)));
    /// let guard = lock.clone().write_owned().await;
    /// let part = OwnedRwLockWriteGuard::map(guard, |pair| &mut pair.0);
    /// assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&part), &lock));
    /// # })
    /// ```
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }

    /// Ends the guard without unlocking.
    fn into_lock(self) -> Arc<RwLock<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is neither dropped nor used again, so the field moves out of it.
        unsafe { ptr::read(&this.lock) }
    }
}

impl<T: ?Sized, U: ?Sized> Drop for OwnedRwLockMappedWriteGuard<T, U> {
    #[inline]
    fn drop(&mut self) {
        let lock = &self.lock;
        lock.semaphore.release(lock.max_readers as usize);
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockMappedWriteGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: R3.
        unsafe { &*self.data }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedRwLockMappedWriteGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: R3, and the guard is borrowed exclusively.
        unsafe { &mut *self.data }
    }
}

impl<T: ?Sized, U> fmt::Debug for OwnedRwLockMappedWriteGuard<T, U>
where
    U: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized, U> fmt::Display for OwnedRwLockMappedWriteGuard<T, U>
where
    U: fmt::Display + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
