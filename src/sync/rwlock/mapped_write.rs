//! The writer's guard of a part of the data, borrowing the lock.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::sync::semaphore::RawSemaphore;

/// Exclusive access to a part of the data of an [`RwLock`](crate::sync::RwLock); dropping it gives
/// the access up.
///
/// Made by [`RwLockWriteGuard::map`](crate::sync::RwLockWriteGuard::map).
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
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    /// So many permits of `semaphore` are held: all there are.
    permits: u32,
    semaphore: &'a RawSemaphore,
    /// R3: made from the exclusive reference of a guard that handed its permits to this one, so it
    /// is valid and exclusive for as long as they are held.
    data: *mut T,
    _exclusive: PhantomData<&'a mut T>,
}

// SAFETY: R3: the guard is an exclusive reference, and releasing permits works on any thread.
unsafe impl<T> Send for RwLockMappedWriteGuard<'_, T> where T: ?Sized + Send + Sync {}
// SAFETY: as for `Send`: a shared guard gives `&T` only.
unsafe impl<T> Sync for RwLockMappedWriteGuard<'_, T> where T: ?Sized + Send + Sync {}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// # Safety
    /// The caller hands over `permits` permits of `semaphore`, which are all, and `data` fulfils
    /// R3.
    pub(super) unsafe fn new(semaphore: &'a RawSemaphore, permits: u32, data: *mut T) -> Self {
        Self {
            permits,
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
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        let this = ManuallyDrop::new(this);
        // SAFETY: `this` keeps its permits to itself no longer, and `data` comes from its exclusive
        // reference.
        unsafe { RwLockMappedWriteGuard::new(this.semaphore, this.permits, data) }
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
    /// use zokio::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let pair = RwLock::new((vec![1, 2], "list"));
    /// let list = RwLockWriteGuard::map(pair.write().await, |pair| &mut pair.0);
    /// let list = RwLockMappedWriteGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    /// let last = RwLockMappedWriteGuard::try_map(list, |list| list.last_mut()).unwrap();
    /// assert_eq!(*last, 2);
    /// # })
    /// ```
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|data| data as *mut U) else {
            return Err(this);
        };
        let this = ManuallyDrop::new(this);
        // SAFETY: as in `map`.
        Ok(unsafe { RwLockMappedWriteGuard::new(this.semaphore, this.permits, data) })
    }
}

impl<'a, T: ?Sized> Drop for RwLockMappedWriteGuard<'a, T> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.release(self.permits as usize);
    }
}

impl<T: ?Sized> Deref for RwLockMappedWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: R3.
        unsafe { &*self.data }
    }
}

impl<T: ?Sized> DerefMut for RwLockMappedWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: R3, and the guard is borrowed exclusively.
        unsafe { &mut *self.data }
    }
}

impl<'a, T> fmt::Debug for RwLockMappedWriteGuard<'a, T>
where
    T: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a, T> fmt::Display for RwLockMappedWriteGuard<'a, T>
where
    T: fmt::Display + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
