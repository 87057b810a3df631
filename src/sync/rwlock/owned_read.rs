//! The reader's guard that shares the ownership of its lock.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sync::guard::{Guard, Reader, Shared, guard_traits};
use crate::sync::rwlock::RwLock;

/// Shared access to the data of a shared [`RwLock`], or to a part of them; dropping it releases the
/// lock.
///
/// Returned by [`RwLock::read_owned`] and its variants, and by downgrading an
/// [`OwnedRwLockWriteGuard`](crate::sync::OwnedRwLockWriteGuard). Unlike an
/// [`RwLockReadGuard`](crate::sync::RwLockReadGuard) it keeps the lock alive and may move to
/// another task.
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
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T>(
    pub(super) Guard<Reader<RwLock<T>>, Shared<U>>,
);

guard_traits!(impl[T: ?Sized, U: ?Sized] OwnedRwLockReadGuard<T, U> => U);

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// Narrows the guard to a part of the data, as
    /// [`RwLockReadGuard::map`](crate::sync::RwLockReadGuard::map) does.
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        OwnedRwLockReadGuard(this.0.map_shared(f))
    }

    /// Narrows the guard to a part of the data that may not exist, as
    /// [`RwLockReadGuard::try_map`](crate::sync::RwLockReadGuard::try_map) does.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        let narrowed = this.0.try_map_shared(f);
        narrowed.map(OwnedRwLockReadGuard).map_err(Self)
    }

    /// Returns the lock that the guard belongs to.
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
        &this.0.held().lock
    }
}
