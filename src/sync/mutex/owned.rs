//! The guard that shares the ownership of its mutex.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sync::guard::{Guard, Whole, guard_traits};
use crate::sync::mutex::{Mutex, OwnedMappedMutexGuard};

/// Access to the data of a locked, shared [`Mutex`]; dropping it unlocks.
///
/// Returned by [`Mutex::lock_owned`], [`Mutex::try_lock_owned`] and
/// [`Mutex::blocking_lock_owned`]. Unlike a [`MutexGuard`](crate::sync::MutexGuard) it keeps the
/// mutex alive and may move to another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Mutex;
///
/// let list = Arc::new(Mutex::new(vec![1]));
/// let mut guard = list.clone().lock_owned().await;
/// let task = zokio::spawn(async move { guard.push(2) });
/// // Waits until the task has dropped the guard.
/// assert_eq!(*list.lock().await, [1, 2]);
/// task.await.unwrap();
/// # })
/// ```
#[must_use = "the mutex is unlocked as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized>(pub(super) Guard<Arc<Mutex<T>>, Whole>);

guard_traits!(impl[T: ?Sized] mut OwnedMutexGuard<T> => T);

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// Narrows the guard to a part of the data, as
    /// [`MutexGuard::map`](crate::sync::MutexGuard::map) does.
    pub fn map<U, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedMappedMutexGuard(this.0.map(f))
    }

    /// Narrows the guard to a part of the data that may not exist, as
    /// [`MutexGuard::try_map`](crate::sync::MutexGuard::try_map) does.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    pub fn try_map<U, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(f).map(OwnedMappedMutexGuard).map_err(Self)
    }

    /// Returns the mutex that the guard belongs to.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().lock_owned().await;
    /// assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    /// # })
    /// ```
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.0.held()
    }
}
