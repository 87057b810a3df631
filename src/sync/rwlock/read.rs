//! The reader's guard that borrows its lock.
#![forbid(unsafe_code)]

use crate::sync::guard::{Borrowed, Guard, One, Shared, guard_traits};

/// Shared access to the data of an [`RwLock`](crate::sync::RwLock), or to a part of them; dropping
/// it releases the lock.
///
/// Returned by [`RwLock::read`](crate::sync::RwLock::read) and its variants, and by downgrading an
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
pub struct RwLockReadGuard<'a, T: ?Sized>(pub(super) Guard<Borrowed<'a, One>, Shared<T, &'a T>>);

guard_traits!(impl['a, T: ?Sized] RwLockReadGuard<'a, T> => T);

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
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
        RwLockReadGuard(this.0.map_shared(f))
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
        this.0.try_map_shared(f).map(RwLockReadGuard).map_err(Self)
    }
}
