//! The lock: its data, its permits, and the ways to get a guard.

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::Arc;

use crate::sync::TryLockError;
use crate::sync::mutex::never_closed;
use crate::sync::rwlock::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
use crate::sync::semaphore::RawSemaphore;
use crate::util::park;

/// The most readers that a lock may be made for.
const MAX_READERS: u32 = u32::MAX >> 3;

/// A lock for many readers or one writer, whose guards may be held across an `.await`.
///
/// Readers share the data; a writer has them alone. The lock is fair: those who wait get it in the
/// order in which they first polled for it. So a stream of readers cannot keep a writer out, and
/// a task that has a read guard and asks for another one waits forever if a writer came in between.
///
/// The advice at [`Mutex`](crate::sync::Mutex#which-mutex) on when to take `std`'s lock instead
/// holds here too. Like that one, this lock is not poisoned by a panic.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::RwLock;
///
/// let lock = RwLock::new(5);
/// {
///     let one = lock.read().await;
///     let two = lock.read().await;
///     assert_eq!(*one + *two, 10);
/// }
/// *lock.write().await += 1;
/// assert_eq!(*lock.read().await, 6);
/// # })
/// ```
pub struct RwLock<T: ?Sized> {
    pub(in crate::sync) max_readers: u32,
    /// `max_readers` permits, never closed. R1: whoever holds one may read `data`, and nobody
    /// writes; whoever holds all is the only one who may touch `data`.
    pub(in crate::sync) semaphore: RawSemaphore,
    pub(in crate::sync) data: UnsafeCell<T>,
}

// SAFETY: the lock owns its data.
unsafe impl<T> Send for RwLock<T> where T: ?Sized + Send {}
// SAFETY: R1: a shared lock lets several threads read at a time, which asks for `T: Sync`, and one
// at a time write, which sends.
unsafe impl<T> Sync for RwLock<T> where T: ?Sized + Send + Sync {}

impl<T: ?Sized> RwLock<T> {
    /// Makes an unlocked lock around `value`, for up to `u32::MAX >> 3` readers at a time.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::new(5);
    /// assert_eq!(lock.into_inner(), 5);
    /// ```
    pub fn new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        Self::with_max_readers(value, MAX_READERS)
    }

    /// Makes an unlocked lock around `value`, for up to `max_reads` readers at a time.
    ///
    /// # Panics
    ///
    /// Panics if `max_reads` is 0 or more than `u32::MAX >> 3`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::with_max_readers(5, 1);
    /// let reader = lock.try_read().unwrap();
    /// assert!(lock.try_read().is_err());
    /// # drop(reader);
    /// ```
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        check_readers(max_reads);
        Self {
            max_readers: max_reads,
            semaphore: RawSemaphore::new(max_reads as usize),
            data: UnsafeCell::new(value),
        }
    }

    /// [`new`](Self::new) in a constant, so that a lock can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// static SETTING: RwLock<i32> = RwLock::const_new(5);
    ///
    /// assert_eq!(*SETTING.try_read().unwrap(), 5);
    /// ```
    #[cfg(not(loom))]
    pub const fn const_new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        Self::const_with_max_readers(value, MAX_READERS)
    }

    /// [`with_max_readers`](Self::with_max_readers) in a constant, so that a lock can be a
    /// `static`.
    ///
    /// # Panics
    ///
    /// Panics (in a `static`: does not compile) if `max_reads` is 0 or more than `u32::MAX >> 3`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// static SETTING: RwLock<i32> = RwLock::const_with_max_readers(5, 1024);
    ///
    /// assert_eq!(*SETTING.try_read().unwrap(), 5);
    /// ```
    #[cfg(not(loom))]
    #[track_caller]
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        check_readers(max_reads);
        Self {
            max_readers: max_reads,
            semaphore: RawSemaphore::const_new(max_reads as usize),
            data: UnsafeCell::new(value),
        }
    }

    /// Locks for reading, waiting while somebody writes or came earlier and waits to write.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let other = lock.clone();
    /// let one = lock.read().await;
    /// zokio::spawn(async move {
    ///     // Both have it at the same time.
    ///     assert_eq!(*other.read().await, 1);
    /// })
    /// .await
    /// .unwrap();
    /// drop(one);
    /// # })
    /// ```
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        if !self.semaphore.acquire_now(1) {
            never_closed(self.semaphore.acquire(1).await);
        }
        // SAFETY: the permit was just acquired.
        unsafe { RwLockReadGuard::new(&self.semaphore, self.data.get()) }
    }

    /// Locks for writing, waiting while anybody else has the lock or came earlier.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// *lock.write().await = 2;
    /// assert_eq!(*lock.read().await, 2);
    /// # })
    /// ```
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        if !self.semaphore.acquire_now(self.max_readers as usize) {
            never_closed(self.semaphore.acquire(self.max_readers as usize).await);
        }
        // SAFETY: all permits were just acquired.
        unsafe { RwLockWriteGuard::new(self) }
    }

    /// Locks for reading, with a guard that owns its lock and so may be sent to another task.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.read_owned().await;
    /// zokio::spawn(async move { assert_eq!(*guard, 1) }).await.unwrap();
    /// # })
    /// ```
    pub async fn read_owned(self: Arc<Self>) -> OwnedRwLockReadGuard<T> {
        if !self.semaphore.acquire_now(1) {
            never_closed(self.semaphore.acquire(1).await);
        }
        let data = self.data.get();
        // SAFETY: the permit was just acquired.
        unsafe { OwnedRwLockReadGuard::new(self, data) }
    }

    /// Locks for writing, with a guard that owns its lock and so may be sent to another task.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let mut guard = lock.clone().write_owned().await;
    /// zokio::spawn(async move { *guard += 1 }).await.unwrap();
    /// assert_eq!(*lock.read().await, 2);
    /// # })
    /// ```
    pub async fn write_owned(self: Arc<Self>) -> OwnedRwLockWriteGuard<T> {
        if !self.semaphore.acquire_now(self.max_readers as usize) {
            never_closed(self.semaphore.acquire(self.max_readers as usize).await);
        }
        // SAFETY: all permits were just acquired.
        unsafe { OwnedRwLockWriteGuard::new(self) }
    }

    /// [`read`](Self::read) for code that is not asynchronous: parks the thread.
    ///
    /// # Panics
    ///
    /// Panics on a thread that drives asynchronous tasks, which it would stall.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// assert_eq!(*lock.blocking_read(), 1);
    /// ```
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        park::block_on(self.read())
    }

    /// [`write`](Self::write) for code that is not asynchronous: parks the thread.
    ///
    /// # Panics
    ///
    /// Panics on a thread that drives asynchronous tasks, which it would stall.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::thread;
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let other = lock.clone();
    /// thread::spawn(move || *other.blocking_write() += 1).join().unwrap();
    /// assert_eq!(*lock.blocking_read(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        park::block_on(self.write())
    }

    /// Locks for reading if that needs no waiting.
    ///
    /// # Errors
    ///
    /// Fails if somebody writes or waits to, or if there are as many readers as there may be.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let writer = lock.try_write().unwrap();
    /// assert!(lock.try_read().is_err());
    /// drop(writer);
    /// assert_eq!(*lock.try_read().unwrap(), 1);
    /// ```
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.try_acquire(1)?;
        // SAFETY: the permit was just acquired.
        Ok(unsafe { RwLockReadGuard::new(&self.semaphore, self.data.get()) })
    }

    /// Locks for writing if that needs no waiting.
    ///
    /// # Errors
    ///
    /// Fails if anybody else has the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let reader = lock.try_read().unwrap();
    /// assert!(lock.try_write().is_err());
    /// drop(reader);
    /// *lock.try_write().unwrap() += 1;
    /// ```
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.try_acquire(self.max_readers)?;
        // SAFETY: all permits were just acquired.
        Ok(unsafe { RwLockWriteGuard::new(self) })
    }

    /// [`try_read`](Self::try_read), with a guard that owns its lock.
    ///
    /// # Errors
    ///
    /// Fails if somebody writes or waits to, or if there are as many readers as there may be.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let reader = lock.clone().try_read_owned().unwrap();
    /// assert_eq!(*reader, 1);
    /// ```
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.try_acquire(1)?;
        let data = self.data.get();
        // SAFETY: the permit was just acquired.
        Ok(unsafe { OwnedRwLockReadGuard::new(self, data) })
    }

    /// [`try_write`](Self::try_write), with a guard that owns its lock.
    ///
    /// # Errors
    ///
    /// Fails if anybody else has the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// *lock.clone().try_write_owned().unwrap() += 1;
    /// assert_eq!(*lock.try_read().unwrap(), 2);
    /// ```
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.try_acquire(self.max_readers)?;
        // SAFETY: all permits were just acquired.
        Ok(unsafe { OwnedRwLockWriteGuard::new(self) })
    }

    /// The data, without locking: the borrow shows that nobody has the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// let mut lock = RwLock::new(1);
    /// *lock.get_mut() = 10;
    /// assert_eq!(*lock.try_read().unwrap(), 10);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Takes the lock apart and returns the data.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// assert_eq!(RwLock::new(1).into_inner(), 1);
    /// ```
    pub fn into_inner(self) -> T
    where
        T: Sized,
    {
        self.data.into_inner()
    }

    fn try_acquire(&self, permits: u32) -> Result<(), TryLockError> {
        self.semaphore
            .try_acquire(permits as usize)
            .map_err(|_| TryLockError::new())
    }
}

/// Panics unless a lock may be made for so many readers.
#[track_caller]
const fn check_readers(max_readers: u32) {
    assert!(
        max_readers > 0,
        "a RwLock may not be created with 0 readers"
    );
    assert!(
        max_readers <= MAX_READERS,
        "a RwLock may not be created with more than 536870911 readers"
    );
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> Default for RwLock<T>
where
    T: Default,
{
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for RwLock<T>
where
    T: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => debug.field("data", &&*guard),
            Err(_) => debug.field("data", &format_args!("<locked>")),
        };
        debug.finish()
    }
}
