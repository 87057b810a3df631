//! The guard of a part of a mutex's data, borrowing the mutex.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::sync::semaphore::RawSemaphore;

/// Access to a part of the data of a locked [`Mutex`](crate::sync::Mutex); dropping it unlocks.
///
/// Made by [`MutexGuard::map`](crate::sync::MutexGuard::map).
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
///
/// struct Account {
///     owner: &'static str,
///     balance: u64,
/// }
///
/// // The caller gets the balance and nothing else.
/// async fn balance(account: &Mutex<Account>) -> MappedMutexGuard<'_, u64> {
///     MutexGuard::map(account.lock().await, |account| &mut account.balance)
/// }
///
/// let account = Mutex::new(Account { owner: "ada", balance: 1 });
/// *balance(&account).await += 10;
/// let account = account.into_inner();
/// assert_eq!((account.owner, account.balance), ("ada", 11));
/// # })
/// ```
#[must_use = "the mutex is unlocked as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    /// The permit of this semaphore is held.
    semaphore: &'a RawSemaphore,
    /// M2: made from the exclusive reference of a guard that handed its permit to this one, so it
    /// is valid and exclusive for as long as the permit is held.
    data: *mut T,
    _exclusive: PhantomData<&'a mut T>,
}

// SAFETY: M2: the guard is an exclusive reference, and releasing a permit works on any thread.
unsafe impl<'a, T> Send for MappedMutexGuard<'a, T> where T: ?Sized + Send + 'a {}
// SAFETY: as for `Send`: a shared guard gives `&T` only.
unsafe impl<'a, T> Sync for MappedMutexGuard<'a, T> where T: ?Sized + Sync + 'a {}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// # Safety
    /// The caller hands over a permit of `semaphore`, and `data` fulfils M2.
    pub(super) unsafe fn new(semaphore: &'a RawSemaphore, data: *mut T) -> Self {
        Self {
            semaphore,
            data,
            _exclusive: PhantomData,
        }
    }

    /// Narrows the guard further.
    ///
    /// This is an associated function, so that it does not hide a method of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let nested = Mutex::new(((1, 2), 3));
    /// let inner = MutexGuard::map(nested.lock().await, |nested| &mut nested.0);
    /// let mut one = MappedMutexGuard::map(inner, |inner| &mut inner.0);
    /// *one = 10;
    /// drop(one);
    /// assert_eq!(nested.lock().await.0.0, 10);
    /// # })
    /// ```
    pub fn map<U, F>(mut this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        let this = ManuallyDrop::new(this);
        // SAFETY: `this` keeps its permit to itself no longer, and `data` comes from its exclusive
        // reference.
        unsafe { MappedMutexGuard::new(this.semaphore, data) }
    }

    /// Narrows the guard further, to a part that may not be there.
    ///
    /// # Errors
    ///
    /// Returns the guard as it was if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let pair = Mutex::new((vec![1, 2], "list"));
    /// let list = MutexGuard::map(pair.lock().await, |pair| &mut pair.0);
    /// let list = MappedMutexGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    /// let last = MappedMutexGuard::try_map(list, |list| list.last_mut()).unwrap();
    /// assert_eq!(*last, 2);
    /// # })
    /// ```
    pub fn try_map<U, F>(mut this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|data| data as *mut U) else {
            return Err(this);
        };
        let this = ManuallyDrop::new(this);
        // SAFETY: as in `map`.
        Ok(unsafe { MappedMutexGuard::new(this.semaphore, data) })
    }
}

impl<'a, T: ?Sized> Drop for MappedMutexGuard<'a, T> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.release(1);
    }
}

impl<'a, T: ?Sized> Deref for MappedMutexGuard<'a, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: M2.
        unsafe { &*self.data }
    }
}

impl<'a, T: ?Sized> DerefMut for MappedMutexGuard<'a, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: M2, and the guard is borrowed exclusively.
        unsafe { &mut *self.data }
    }
}

impl<'a, T: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a, T: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
