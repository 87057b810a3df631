//! The writer's guard that borrows its lock.
#![forbid(unsafe_code)]

use crate::sync::guard::{Guard, Whole, guard_traits};
use crate::sync::rwlock::{RwLock, RwLockMappedWriteGuard, RwLockReadGuard};

/// Exclusive access to the data of an [`RwLock`]; dropping it releases the lock.
///
/// Returned by [`RwLock::write`] and its variants.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::RwLock;
///
/// let list = RwLock::new(vec![1]);
/// let mut guard = list.write().await;
/// guard.push(2);
/// assert!(list.try_read().is_err());
/// drop(guard);
/// assert_eq!(*list.read().await, [1, 2]);
/// # })
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'a, T: ?Sized>(pub(super) Guard<&'a RwLock<T>, Whole>);

guard_traits!(impl['a, T: ?Sized] mut RwLockWriteGuard<'a, T> => T);

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Narrows the guard to a part of the data.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let pair = RwLock::new((1, "one"));
    /// let mut number = RwLockWriteGuard::map(pair.write().await, |pair| &mut pair.0);
    /// *number = 2;
    /// drop(number);
    /// assert_eq!(*pair.read().await, (2, "one"));
    /// # })
    /// ```
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard(this.0.map(f))
    }

    /// Narrows the guard to a part of the data that may not exist.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let list = RwLock::new(vec![1, 2, 3]);
    /// let guard = list.write().await;
    /// let guard = RwLockWriteGuard::try_map(guard, |list| list.get_mut(7)).unwrap_err();
    /// let mut last = RwLockWriteGuard::try_map(guard, |list| list.last_mut()).unwrap();
    /// *last = 10;
    /// # })
    /// ```
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(f).map(RwLockMappedWriteGuard).map_err(Self)
    }

    /// [`downgrade`](Self::downgrade)s the guard and narrows it as [`RwLockReadGuard::map`] does;
    /// `f` still runs with exclusive access.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let pair = RwLock::new((1, "one"));
    /// let mut writer = pair.write().await;
    /// writer.0 = 2;
    /// let number = RwLockWriteGuard::downgrade_map(writer, |pair| &pair.0);
    /// assert_eq!(*number, 2);
    /// // Other tasks may read by now.
    /// assert_eq!(pair.read().await.1, "one");
    /// # })
    /// ```
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        RwLockReadGuard(this.0.downgrade_map(f))
    }

    /// [`downgrade`](Self::downgrade)s the guard and narrows it as [`RwLockReadGuard::try_map`]
    /// does; `f` still runs with exclusive access.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged, still exclusive, if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let list = RwLock::new(vec![1, 2, 3]);
    /// let writer = list.write().await;
    /// let writer = RwLockWriteGuard::try_downgrade_map(writer, |list| list.get(7)).unwrap_err();
    /// let first = RwLockWriteGuard::try_downgrade_map(writer, |list| list.first()).unwrap();
    /// assert_eq!(*first, 1);
    /// # })
    /// ```
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let downgraded = this.0.try_downgrade_map(f);
        downgraded.map(RwLockReadGuard).map_err(Self)
    }

    /// Turns the guard into one of the type that [`map`](Self::map) returns, for all the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(1);
    /// let mut all: RwLockMappedWriteGuard<'_, i32> =
    ///     RwLockWriteGuard::into_mapped(lock.write().await);
    /// *all = 2;
    /// # })
    /// ```
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        Self::map(this, |data| data)
    }

    /// Turns the exclusive access into shared access without letting another writer in between.
    ///
    /// Readers that wait at the head of the queue get the lock too.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let mut writer = lock.write().await;
    /// *writer = 2;
    /// let reader = writer.downgrade();
    /// assert_eq!(*reader, 2);
    /// assert_eq!(*lock.read().await, 2);
    /// # })
    /// ```
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        Self::downgrade_map(self, |data| data)
    }
}
