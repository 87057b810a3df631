//! The reader's guard that shares the ownership of its lock.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;

use crate::sync::rwlock::RwLock;

/// Shared access to the data of a shared [`RwLock`], or to a part of them; dropping it gives the
/// access up.
///
/// Made by [`RwLock::read_owned`] and its variants, and by downgrading an
/// [`OwnedRwLockWriteGuard`](crate::sync::OwnedRwLockWriteGuard). It keeps the lock alive and may
/// move to another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::RwLock;
///
/// let list = Arc::new(RwLock::new(vec![1, 2]));
/// let guard = list.clone().read_owned().await;
/// let length = zokio::spawn(async move { guard.len() });
/// // Another reader need not wait for the task.
/// assert_eq!(list.try_read().unwrap().first(), Some(&1));
/// assert_eq!(length.await.unwrap(), 2);
/// # })
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    /// One permit of this lock is held.
    lock: Arc<RwLock<T>>,
    /// R2: points to the data of the lock or to a part of them, so that it is valid, and nobody
    /// writes to it, for as long as the permit is held.
    data: *const U,
}

// SAFETY: R2: the guard is a shared reference to `U` and a share in the lock, whose last owner
// drops the `T`.
unsafe impl<T, U> Send for OwnedRwLockReadGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Sync,
{
}
// SAFETY: as for `Send`: a shared guard gives `&U` and a `&Arc<RwLock<T>>` only.
unsafe impl<T, U> Sync for OwnedRwLockReadGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// # Safety
    /// The caller hands over a permit of `lock`, and `data` fulfils R2.
    pub(super) unsafe fn new(lock: Arc<RwLock<T>>, data: *const U) -> Self {
        Self { lock, data }
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
    /// use zokio::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let pair = Arc::new(RwLock::new((1, "one")));
    /// let number = OwnedRwLockReadGuard::map(pair.read_owned().await, |pair| &pair.0);
    /// assert_eq!(*number, 1);
    /// # })
    /// ```
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        let data: *const V = f(&*this);
        // SAFETY: `into_lock` ends this guard and leaves its permit, and `data` comes from its
        // reference.
        unsafe { OwnedRwLockReadGuard::new(this.into_lock(), data) }
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
    /// use zokio::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let list = Arc::new(RwLock::new(vec![1, 2, 3]));
    /// let guard = list.read_owned().await;
    /// let guard = OwnedRwLockReadGuard::try_map(guard, |list| list.get(7)).unwrap_err();
    /// let last = OwnedRwLockReadGuard::try_map(guard, |list| list.last()).unwrap();
    /// assert_eq!(*last, 3);
    /// # })
    /// ```
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        let Some(data) = f(&*this).map(|data| data as *const V) else {
            return Err(this);
        };
        // SAFETY: as in `map`.
        Ok(unsafe { OwnedRwLockReadGuard::new(this.into_lock(), data) })
    }

    /// The lock that the guard is of.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().read_owned().await;
    /// assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&guard), &lock));
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

impl<T: ?Sized, U: ?Sized> Drop for OwnedRwLockReadGuard<T, U> {
    #[inline]
    fn drop(&mut self) {
        self.lock.semaphore.release(1);
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockReadGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: R2.
        unsafe { &*self.data }
    }
}

impl<T: ?Sized, U> fmt::Debug for OwnedRwLockReadGuard<T, U>
where
    U: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized, U> fmt::Display for OwnedRwLockReadGuard<T, U>
where
    U: fmt::Display + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
