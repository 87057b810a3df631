//! The writer's guard that borrows its lock.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::sync::rwlock::{RwLock, RwLockMappedWriteGuard, RwLockReadGuard};

/// Exclusive access to the data of an [`RwLock`]; dropping it gives the access up.
///
/// Made by [`RwLock::write`] and its variants.
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
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    /// All permits of this lock are held (R1), until the guard is dropped or made into another.
    lock: &'a RwLock<T>,
}

// SAFETY: the guard is an exclusive reference, and releasing permits works on any thread.
unsafe impl<T> Send for RwLockWriteGuard<'_, T> where T: ?Sized + Send + Sync {}
// SAFETY: a shared guard gives `&T` only.
unsafe impl<T> Sync for RwLockWriteGuard<'_, T> where T: ?Sized + Send + Sync {}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// # Safety
    /// The caller has all permits of `lock` (R1) and hands them over.
    #[inline]
    pub(super) unsafe fn new(lock: &'a RwLock<T>) -> Self {
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
    /// use zokio::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let pair = RwLock::new((1, "one"));
    /// let mut number = RwLockWriteGuard::map(pair.write().await, |pair| &mut pair.0);
    /// *number = 2;
    /// drop(number);
    /// assert_eq!(*pair.read().await, (2, "one"));
    /// # })
    /// ```
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        let lock = this.into_lock();
        // SAFETY: `into_lock` ended this guard and left its permits, and `data` comes from its
        // exclusive reference.
        unsafe { RwLockMappedWriteGuard::new(&lock.semaphore, lock.max_readers, data) }
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
    /// use zokio::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let list = RwLock::new(vec![1, 2, 3]);
    /// let guard = list.write().await;
    /// let guard = RwLockWriteGuard::try_map(guard, |list| list.get_mut(7)).unwrap_err();
    /// let mut last = RwLockWriteGuard::try_map(guard, |list| list.last_mut()).unwrap();
    /// *last = 10;
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
        let lock = this.into_lock();
        // SAFETY: as in `map`.
        Ok(unsafe { RwLockMappedWriteGuard::new(&lock.semaphore, lock.max_readers, data) })
    }

    /// [`downgrade`](Self::downgrade) and [`RwLockReadGuard::map`] in one; `f` still runs with
    /// exclusive access.
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
    /// // Others may read by now.
    /// assert_eq!(pair.read().await.1, "one");
    /// # })
    /// ```
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&*this);
        // SAFETY: `data` comes from the reference of this guard.
        unsafe { this.read_only(data) }
    }

    /// [`downgrade`](Self::downgrade) and [`RwLockReadGuard::try_map`] in one; `f` still runs with
    /// exclusive access.
    ///
    /// # Errors
    ///
    /// Returns the guard as it was, exclusive, if `f` returns `None`.
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
        let Some(data) = f(&*this).map(|data| data as *const U) else {
            return Err(this);
        };
        // SAFETY: `data` comes from the reference of this guard.
        Ok(unsafe { this.read_only(data) })
    }

    /// Turns the guard into one of all the data that has the same type as those of
    /// [`map`](Self::map).
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

    /// Keeps one permit.
    ///
    /// # Safety
    /// `data` comes from the reference of this guard.
    unsafe fn read_only<U: ?Sized>(self, data: *const U) -> RwLockReadGuard<'a, U> {
        let lock = self.into_lock();
        lock.semaphore.release(lock.max_readers as usize - 1);
        // SAFETY: one of the permits that `into_lock` left was kept.
        unsafe { RwLockReadGuard::new(&lock.semaphore, data) }
    }

    /// Ends the guard without unlocking.
    fn into_lock(self) -> &'a RwLock<T> {
        ManuallyDrop::new(self).lock
    }
}

impl<'a, T: ?Sized> Drop for RwLockWriteGuard<'a, T> {
    #[inline]
    fn drop(&mut self) {
        let lock = self.lock;
        lock.semaphore.release(lock.max_readers as usize);
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: R1: this guard has all permits.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: R1: this guard has all permits, and it is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<'a, T> fmt::Debug for RwLockWriteGuard<'a, T>
where
    T: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a, T> fmt::Display for RwLockWriteGuard<'a, T>
where
    T: fmt::Display + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
