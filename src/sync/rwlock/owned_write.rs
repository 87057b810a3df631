//! The writer's guard that shares the ownership of its lock.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sync::guard::{Guard, Whole, guard_traits};
use crate::sync::rwlock::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, RwLock};

/// Exclusive access to the data of a shared [`RwLock`]; dropping it releases the lock.
///
/// Returned by [`RwLock::write_owned`] and its variants. Unlike an
/// [`RwLockWriteGuard`](crate::sync::RwLockWriteGuard), whose methods have examples for those of
/// this type too, it keeps the lock alive and may move to another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::RwLock;
///
/// let list = Arc::new(RwLock::new(vec![1]));
/// let mut guard = list.clone().write_owned().await;
/// let task = zokio::spawn(async move { guard.push(2) });
/// // Waits until the task has dropped the guard.
/// assert_eq!(*list.read().await, [1, 2]);
/// task.await.unwrap();
/// # })
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized>(pub(super) Guard<Arc<RwLock<T>>, Whole>);

guard_traits!(impl[T: ?Sized] mut OwnedRwLockWriteGuard<T> => T);

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// Narrows the guard to a part of the data, as
    /// [`RwLockWriteGuard::map`](crate::sync::RwLockWriteGuard::map) does.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(f))
    }

    /// Narrows the guard to a part of the data that may not exist, as
    /// [`RwLockWriteGuard::try_map`](crate::sync::RwLockWriteGuard::try_map) does.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let narrowed = this.0.try_map(f);
        narrowed.map(OwnedRwLockMappedWriteGuard).map_err(Self)
    }

    /// [`downgrade`](Self::downgrade)s the guard and narrows it as [`OwnedRwLockReadGuard::map`]
    /// does; `f` still runs with exclusive access.
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        OwnedRwLockReadGuard(this.0.downgrade_map(f))
    }

    /// [`downgrade`](Self::downgrade)s the guard and narrows it as
    /// [`OwnedRwLockReadGuard::try_map`] does; `f` still runs with exclusive access.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged, still exclusive, if `f` returns `None`.
    pub fn try_downgrade_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let downgraded = this.0.try_downgrade_map(f);
        downgraded.map(OwnedRwLockReadGuard).map_err(Self)
    }

    /// Turns the guard into one of the type that [`map`](Self::map) returns, for all the data.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        Self::map(this, |data| data)
    }

    /// Turns the exclusive access into shared access without letting another writer in between, as
    /// [`RwLockWriteGuard::downgrade`](crate::sync::RwLockWriteGuard::downgrade) does.
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        Self::downgrade_map(self, |data| data)
    }

    /// Returns the lock that the guard belongs to.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().write_owned().await;
    /// assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&guard), &lock));
    /// # })
    /// ```
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.held()
    }
}
