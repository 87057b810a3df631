//! The writer's guard that shares the ownership of its lock.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::Arc;

use crate::sync::rwlock::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, RwLock};

/// Exclusive access to the data of a shared [`RwLock`]; dropping it gives the access up.
///
/// Made by [`RwLock::write_owned`] and its variants. It keeps the lock alive and may move to
/// another task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::RwLock;
///
/// let list = Arc::new(RwLock::new(vec![1]));
/// let mut guard = list.clone().write_owned().await;
/// let task = zokio::spawn(async move { guard.push(2) });
/// // Waits until the task has dropped the guard.
/// assert_eq!(*list.read().await, [1, 2]);
/// task.await.unwrap();
/// # })
/// ```
#[must_use = "the lock is released as soon as the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    /// All permits of this lock are held (R1), until the guard is dropped or made into another.
    lock: Arc<RwLock<T>>,
}

// SAFETY: the guard is an exclusive reference and a share in the lock, whose last owner drops the
// data.
unsafe impl<T> Send for OwnedRwLockWriteGuard<T> where T: ?Sized + Send + Sync {}
// SAFETY: a shared guard gives `&T` and a `&Arc<RwLock<T>>` only.
unsafe impl<T> Sync for OwnedRwLockWriteGuard<T> where T: ?Sized + Send + Sync {}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// # Safety
    /// The caller has all permits of `lock` (R1) and hands them over.
    pub(super) unsafe fn new(lock: Arc<RwLock<T>>) -> Self {
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
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let pair = Arc::new(RwLock::new((1, "one")));
    /// let guard = pair.clone().write_owned().await;
    /// let mut number = OwnedRwLockWriteGuard::map(guard, |pair| &mut pair.0);
    /// *number = 2;
    /// drop(number);
    /// assert_eq!(*pair.read().await, (2, "one"));
    /// # })
    /// ```
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        // SAFETY: `into_lock` ends this guard and leaves its permits, and `data` comes from its
        // exclusive reference.
        unsafe { OwnedRwLockMappedWriteGuard::new(this.into_lock(), data) }
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
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let list = Arc::new(RwLock::new(vec![1, 2, 3]));
    /// let guard = list.write_owned().await;
    /// let guard = OwnedRwLockWriteGuard::try_map(guard, |list| list.get_mut(7)).unwrap_err();
    /// let mut last = OwnedRwLockWriteGuard::try_map(guard, |list| list.last_mut()).unwrap();
    /// *last = 10;
    /// # })
    /// ```
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|data| data as *mut U) else {
            return Err(this);
        };
        // SAFETY: as in `map`.
        Ok(unsafe { OwnedRwLockMappedWriteGuard::new(this.into_lock(), data) })
    }

    /// [`downgrade`](Self::downgrade) and [`OwnedRwLockReadGuard::map`] in one; `f` still runs with
    /// exclusive access.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let pair = Arc::new(RwLock::new((1, "one")));
    /// let mut writer = pair.clone().write_owned().await;
    /// writer.0 = 2;
    /// let number = OwnedRwLockWriteGuard::downgrade_map(writer, |pair| &pair.0);
    /// assert_eq!(*number, 2);
    /// // Others may read by now.
    /// assert_eq!(pair.read().await.1, "one");
    /// # })
    /// ```
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&*this);
        // SAFETY: `data` comes from the reference of this guard.
        unsafe { this.read_only(data) }
    }

    /// [`downgrade`](Self::downgrade) and [`OwnedRwLockReadGuard::try_map`] in one; `f` still runs
    /// with exclusive access.
    ///
    /// # Errors
    ///
    /// Returns the guard as it was, exclusive, if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let list = Arc::new(RwLock::new(vec![1, 2, 3]));
    /// let writer = list.write_owned().await;
    /// let writer = OwnedRwLockWriteGuard::try_downgrade_map(writer, |list| list.get(7)).unwrap_err();
    /// let first = OwnedRwLockWriteGuard::try_downgrade_map(writer, |list| list.first()).unwrap();
    /// assert_eq!(*first, 1);
    /// # })
    /// ```
    pub fn try_downgrade_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self>
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
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let mut all: OwnedRwLockMappedWriteGuard<i32> =
    ///     OwnedRwLockWriteGuard::into_mapped(lock.write_owned().await);
    /// *all = 2;
    /// # })
    /// ```
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
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
    /// use std::sync::Arc;
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let mut writer = lock.clone().write_owned().await;
    /// *writer = 2;
    /// let reader = writer.downgrade();
    /// assert_eq!(*reader, 2);
    /// assert_eq!(*lock.read().await, 2);
    /// # })
    /// ```
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        Self::downgrade_map(self, |data| data)
    }

    /// Keeps one permit.
    ///
    /// # Safety
    /// `data` comes from the reference of this guard.
    unsafe fn read_only<U: ?Sized>(self, data: *const U) -> OwnedRwLockReadGuard<T, U> {
        let lock = self.into_lock();
        lock.semaphore.release(lock.max_readers as usize - 1);
        // SAFETY: one of the permits that `into_lock` left was kept.
        unsafe { OwnedRwLockReadGuard::new(lock, data) }
    }

    /// The lock that the guard is of.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().write_owned().await;
    /// assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&guard), &lock));
    /// # })
    /// ```
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }

    /// Ends the guard without unlocking.
    fn into_lock(self) -> Arc<RwLock<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is neither dropped nor used again, so the field moves out of it.
        unsafe { ptr::read(&this.lock) }
    }
}

impl<T: ?Sized> Drop for OwnedRwLockWriteGuard<T> {
    #[inline]
    fn drop(&mut self) {
        let lock = &self.lock;
        lock.semaphore.release(lock.max_readers as usize);
    }
}

impl<T: ?Sized> Deref for OwnedRwLockWriteGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: R1: this guard has all permits.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for OwnedRwLockWriteGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: R1: this guard has all permits, and it is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T> fmt::Debug for OwnedRwLockWriteGuard<T>
where
    T: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T> fmt::Display for OwnedRwLockWriteGuard<T>
where
    T: fmt::Display + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
