//! The guard that borrows its mutex.
#![forbid(unsafe_code)]

use crate::sync::guard::{Guard, Whole, guard_traits};
use crate::sync::mutex::{MappedMutexGuard, Mutex};

/// Access to the data of a locked [`Mutex`]; dropping it unlocks.
///
/// Returned by [`Mutex::lock`], [`Mutex::try_lock`] and [`Mutex::blocking_lock`]. It may be held
/// across an `.await`.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::Mutex;
///
/// let list = Mutex::new(vec![1]);
/// let mut guard = list.lock().await;
/// zokio::task::yield_now().await;
/// assert!(list.try_lock().is_err());
/// guard.push(2);
/// drop(guard);
/// assert_eq!(*list.try_lock().unwrap(), [1, 2]);
/// # })
/// ```
#[must_use = "the mutex is unlocked as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized>(pub(super) Guard<&'a Mutex<T>, Whole>);

guard_traits!(impl['a, T: ?Sized] mut MutexGuard<'a, T> => T);

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Narrows the guard to a part of the data.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{Mutex, MutexGuard};
    ///
    /// let pair = Mutex::new((1, "one"));
    /// let mut number = MutexGuard::map(pair.lock().await, |pair| &mut pair.0);
    /// *number = 2;
    /// drop(number);
    /// assert_eq!(*pair.lock().await, (2, "one"));
    /// # })
    /// ```
    pub fn map<U, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        MappedMutexGuard(this.0.map(f))
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
    /// use zokio::sync::{Mutex, MutexGuard};
    ///
    /// let list = Mutex::new(vec![1, 2, 3]);
    /// let guard = list.lock().await;
    /// let guard = MutexGuard::try_map(guard, |list| list.get_mut(7)).unwrap_err();
    /// let mut first = MutexGuard::try_map(guard, |list| list.first_mut()).unwrap();
    /// *first = 10;
    /// # })
    /// ```
    pub fn try_map<U, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(f).map(MappedMutexGuard).map_err(Self)
    }

    /// Returns the mutex that the guard belongs to.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{Mutex, MutexGuard};
    ///
    /// /// Lets other tasks lock in between.
    /// async fn relock<T>(guard: MutexGuard<'_, T>) -> MutexGuard<'_, T> {
    ///     let mutex = MutexGuard::mutex(&guard);
    ///     drop(guard);
    ///     mutex.lock().await
    /// }
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = relock(mutex.lock().await).await;
    /// assert_eq!(*guard, 1);
    /// # })
    /// ```
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.0.held()
    }
}
