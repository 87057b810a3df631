//! The guard that borrows its mutex.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::sync::mutex::{MappedMutexGuard, Mutex};

/// Access to the data of a locked [`Mutex`]; dropping it unlocks.
///
/// Made by [`Mutex::lock`], [`Mutex::try_lock`] and [`Mutex::blocking_lock`]. It may be held across
/// an `.await`.
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
pub struct MutexGuard<'a, T: ?Sized> {
    /// The permit of this mutex is held (M1), until the guard is dropped or made into another.
    lock: &'a Mutex<T>,
}

// SAFETY: a shared guard gives `&T` and, by `mutex`, a `&Mutex<T>`, which ask for `T: Sync` and
// `T: Send`.
unsafe impl<T> Sync for MutexGuard<'_, T> where T: ?Sized + Send + Sync {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// # Safety
    /// The caller has the permit of `lock` (M1) and hands it over.
    #[inline]
    pub(super) unsafe fn new(lock: &'a Mutex<T>) -> Self {
        Self { lock }
    }

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
    pub fn map<U, F>(mut this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        let this = ManuallyDrop::new(this);
        // SAFETY: `this` keeps its permit to itself no longer, and `data` comes from its exclusive
        // reference.
        unsafe { MappedMutexGuard::new(&this.lock.semaphore, data) }
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
    /// use zokio::sync::{Mutex, MutexGuard};
    ///
    /// let list = Mutex::new(vec![1, 2, 3]);
    /// let guard = list.lock().await;
    /// let guard = MutexGuard::try_map(guard, |list| list.get_mut(7)).unwrap_err();
    /// let mut first = MutexGuard::try_map(guard, |list| list.first_mut()).unwrap();
    /// *first = 10;
    /// # })
    /// ```
    pub fn try_map<U, F>(mut this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|data| data as *mut U) else {
            return Err(this);
        };
        let this = ManuallyDrop::new(this);
        // SAFETY: as in `map`.
        Ok(unsafe { MappedMutexGuard::new(&this.lock.semaphore, data) })
    }

    /// The mutex that the guard is of.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{Mutex, MutexGuard};
    ///
    /// /// Lets others in between.
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
        this.lock
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.semaphore.release(1);
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: M1: this guard has the permit.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: M1: this guard has the permit, and it is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
