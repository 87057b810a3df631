//! The writer's guard of a part of the data, borrowing the lock.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sync::guard::{Borrowed, Exclusive, Guard, guard_traits};

/// Exclusive access to a part of the data of an [`RwLock`](crate::sync::RwLock); dropping it
/// releases the lock.
///
/// Returned by [`RwLockWriteGuard::map`](crate::sync::RwLockWriteGuard::map).
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
///
/// struct Settings {
///     name: &'static str,
///     limit: u32,
/// }
///
/// // The caller gets the limit and nothing else.
/// async fn limit(settings: &RwLock<Settings>) -> RwLockMappedWriteGuard<'_, u32> {
///     RwLockWriteGuard::map(settings.write().await, |settings| &mut settings.limit)
/// }
///
/// let settings = RwLock::new(Settings { name: "uploads", limit: 5 });
/// *limit(&settings).await = 7;
/// let settings = settings.into_inner();
/// assert_eq!((settings.name, settings.limit), ("uploads", 7));
/// # })
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized>(
    pub(super) Guard<Borrowed<'a, u32>, Exclusive<T, Marker<'a, T>>>,
);

/// Like the other guards of a writer, this one is `Send` and `Sync` if the data are both, as an
/// `Arc` is.
type Marker<'a, T> = (&'a mut T, Arc<T>);

guard_traits!(impl['a, T: ?Sized] mut RwLockMappedWriteGuard<'a, T> => T);

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// Narrows the guard further.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let nested = RwLock::new(((1, 2), 3));
    /// let inner = RwLockWriteGuard::map(nested.write().await, |nested| &mut nested.0);
    /// let mut one = RwLockMappedWriteGuard::map(inner, |inner| &mut inner.0);
    /// *one = 10;
    /// drop(one);
    /// assert_eq!(nested.read().await.0.0, 10);
    /// # })
    /// ```
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard(this.0.map(f))
    }

    /// Narrows the guard further, to a part that may not exist.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let pair = RwLock::new((vec![1, 2], "list"));
    /// let list = RwLockWriteGuard::map(pair.write().await, |pair| &mut pair.0);
    /// let list = RwLockMappedWriteGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    /// let last = RwLockMappedWriteGuard::try_map(list, |list| list.last_mut()).unwrap();
    /// assert_eq!(*last, 2);
    /// # })
    /// ```
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(f).map(RwLockMappedWriteGuard).map_err(Self)
    }
}
