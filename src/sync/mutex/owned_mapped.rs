//! The guard of a part of a mutex's data, sharing the ownership of the mutex.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sync::guard::{Exclusive, Guard, guard_traits};
use crate::sync::mutex::{Mutex, OwnedMutexGuard};

/// Access to a part of the data of a locked, shared [`Mutex`]; dropping it unlocks.
///
/// Returned by [`OwnedMutexGuard::map`]. Unlike a
/// [`MappedMutexGuard`](crate::sync::MappedMutexGuard) it keeps the mutex alive and may move to
/// another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::{Mutex, OwnedMutexGuard};
///
/// let pair = Arc::new(Mutex::new((1, "one")));
/// let guard = pair.clone().lock_owned().await;
/// let mut number = OwnedMutexGuard::map(guard, |pair| &mut pair.0);
/// zokio::spawn(async move { *number = 2 }).await.unwrap();
/// assert_eq!(*pair.lock().await, (2, "one"));
/// # })
/// ```
#[must_use = "the mutex is unlocked as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized>(
    pub(super) Guard<Arc<Mutex<T>>, Exclusive<U, OwnedMutexGuard<U>>>,
);

guard_traits!(impl[T: ?Sized, U: ?Sized] mut OwnedMappedMutexGuard<T, U> => U);

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// Narrows the guard further, as
    /// [`MappedMutexGuard::map`](crate::sync::MappedMutexGuard::map) does.
    pub fn map<S, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        OwnedMappedMutexGuard(this.0.map(f))
    }

    /// Narrows the guard further, to a part that may not exist, as
    /// [`MappedMutexGuard::try_map`](crate::sync::MappedMutexGuard::try_map) does.
    ///
    /// # Errors
    ///
    /// Returns the guard unchanged if `f` returns `None`.
    pub fn try_map<S, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        this.0.try_map(f).map(OwnedMappedMutexGuard).map_err(Self)
    }
}
