//! The writer's guard of a part of the data, sharing the ownership of the lock.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sync::guard::{Exclusive, Guard, guard_traits};
use crate::sync::rwlock::{OwnedRwLockWriteGuard, RwLock};

/// Exclusive access to a part of the data of a shared [`RwLock`]; dropping it releases the lock.
///
/// Returned by [`OwnedRwLockWriteGuard::map`]. Unlike an
/// [`RwLockMappedWriteGuard`](crate::sync::RwLockMappedWriteGuard) it keeps the lock alive and may
/// move to another task.
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
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T>(
    pub(super) Guard<Arc<RwLock<T>>, Exclusive<U, OwnedRwLockWriteGuard<U>>>,
);

guard_traits!(impl[T: ?Sized, U: ?Sized] mut OwnedRwLockMappedWriteGuard<T, U> => U);

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// Narrows the guard further, as
    /// [`RwLockMappedWriteGuard::map`](crate::sync::RwLockMappedWriteGuard::map) does.
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(f))
    }

    /// Narrows the guard further, to a part that may not exist, as
    /// [`RwLockMappedWriteGuard::try_map`](crate::sync::RwLockMappedWriteGuard::try_map) does.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    pub fn try_map<F, V: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        let narrowed = this.0.try_map(f);
        narrowed.map(OwnedRwLockMappedWriteGuard).map_err(Self)
    }

    /// Returns the lock that the guard belongs to.
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
        this.0.held()
    }
}
