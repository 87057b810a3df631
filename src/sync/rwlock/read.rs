//! The reader's guard that borrows its lock.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use crate::sync::semaphore::RawSemaphore;

/// Shared access to the data of an [`RwLock`](crate::sync::RwLock), or to a part of them; dropping
/// it gives the access up.
///
/// Made by [`RwLock::read`](crate::sync::RwLock::read) and its variants, and by downgrading a
/// [`RwLockWriteGuard`](crate::sync::RwLockWriteGuard).
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::RwLock;
///
/// let list = RwLock::new(vec![1, 2]);
/// let one = list.read().await;
/// let other = list.read().await;
/// assert_eq!(one.len(), other.len());
/// assert!(list.try_write().is_err());
/// drop((one, other));
/// assert!(list.try_write().is_ok());
/// # })
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    /// One permit of this semaphore is held.
    semaphore: &'a RawSemaphore,
    /// R2: points to the data of the lock or to a part of them, so that it is valid, and nobody
    /// writes to it, for as long as the permit is held.
    data: *const T,
    _shared: PhantomData<&'a T>,
}

// SAFETY: R2: the guard is a shared reference, and releasing a permit works on any thread.
unsafe impl<T> Send for RwLockReadGuard<'_, T> where T: ?Sized + Sync {}
// SAFETY: as for `Send`: a shared guard gives `&T` only.
unsafe impl<T> Sync for RwLockReadGuard<'_, T> where T: ?Sized + Send + Sync {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// # Safety
    /// The caller hands over a permit of `semaphore`, and `data` fulfils R2.
    #[inline]
    pub(super) unsafe fn new(semaphore: &'a RawSemaphore, data: *const T) -> Self {
        Self {
            semaphore,
            data,
            _shared: PhantomData,
        }
    }

    /// Narrows the guard to a part of the data.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockReadGuard};
    ///
    /// let pair = RwLock::new((1, "one"));
    /// let number = RwLockReadGuard::map(pair.read().await, |pair| &pair.0);
    /// assert_eq!(*number, 1);
    /// # })
    /// ```
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&*this);
        let this = ManuallyDrop::new(this);
        // SAFETY: `this` keeps its permit to itself no longer, and `data` comes from its reference.
        unsafe { RwLockReadGuard::new(this.semaphore, data) }
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
    /// use zokio::sync::{RwLock, RwLockReadGuard};
    ///
    /// let list = RwLock::new(vec![1, 2, 3]);
    /// let guard = list.read().await;
    /// let guard = RwLockReadGuard::try_map(guard, |list| list.get(7)).unwrap_err();
    /// let last = RwLockReadGuard::try_map(guard, |list| list.last()).unwrap();
    /// assert_eq!(*last, 3);
    /// # })
    /// ```
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Some(data) = f(&*this).map(|data| data as *const U) else {
            return Err(this);
        };
        let this = ManuallyDrop::new(this);
        // SAFETY: as in `map`.
        Ok(unsafe { RwLockReadGuard::new(this.semaphore, data) })
    }
}

impl<'a, T: ?Sized> Drop for RwLockReadGuard<'a, T> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.release(1);
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: R2.
        unsafe { &*self.data }
    }
}

impl<'a, T> fmt::Debug for RwLockReadGuard<'a, T>
where
    T: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a, T> fmt::Display for RwLockReadGuard<'a, T>
where
    T: fmt::Display + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
