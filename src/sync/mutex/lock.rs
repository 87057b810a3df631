//! The mutex: its data, its permit, and the ways to get a guard.

use std::cell::UnsafeCell;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::sync::AcquireError;
use crate::sync::mutex::{MutexGuard, OwnedMutexGuard};
use crate::sync::semaphore::RawSemaphore;
use crate::util::park;

/// A mutex whose guard may be held across an `.await`.
///
/// [`lock`](Self::lock) gives a guard once nobody else has one; dropping the guard passes the lock
/// on. It is fair: tasks get the lock in the order in which they first polled for it.
///
/// # Which mutex
///
/// Data that is only ever locked for a few lines without an `.await` is better off in a
/// [`std::sync::Mutex`]: it is faster, and blocking for so short is fine in a task. Take this one
/// where the lock has to be held while waiting for something, such as for an answer on a shared
/// connection. A task that owns the resource and takes requests through a channel is often the
/// clearer design.
///
/// Unlike `std`'s, this mutex is not poisoned when a task panics while it has the lock: the guard
/// is dropped as on any other way out, and the next task sees the data as they were left.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Mutex;
///
/// let total = Arc::new(Mutex::new(0));
/// let mut tasks = Vec::new();
/// for number in 1..=10 {
///     let total = total.clone();
///     tasks.push(zokio::spawn(async move {
///         let mut total = total.lock().await;
///         // The lock stays taken over this wait.
///         zokio::task::yield_now().await;
///         *total += number;
///     }));
/// }
/// for task in tasks {
///     task.await.unwrap();
/// }
/// assert_eq!(*total.lock().await, 55);
/// # })
/// ```
pub struct Mutex<T: ?Sized> {
    /// One permit, never closed. M1: whoever holds it is the only one who may touch `data`.
    pub(in crate::sync) semaphore: RawSemaphore,
    pub(in crate::sync) data: UnsafeCell<T>,
}

// SAFETY: the mutex owns its data.
unsafe impl<T> Send for Mutex<T> where T: ?Sized + Send {}
// SAFETY: M1: a shared mutex lets one thread at a time at the data, so sending is all it does.
unsafe impl<T> Sync for Mutex<T> where T: ?Sized + Send {}

impl<T: ?Sized> Mutex<T> {
    /// Makes an unlocked mutex around `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Mutex::new(5);
    /// assert_eq!(mutex.into_inner(), 5);
    /// ```
    pub fn new(t: T) -> Self
    where
        T: Sized,
    {
        Self {
            semaphore: RawSemaphore::new(1),
            data: UnsafeCell::new(t),
        }
    }

    /// [`new`](Self::new) in a constant, so that a mutex can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::Mutex;
    ///
    /// static TOTAL: Mutex<i32> = Mutex::const_new(0);
    ///
    /// *TOTAL.try_lock().unwrap() += 1;
    /// ```
    #[cfg(not(loom))]
    pub const fn const_new(t: T) -> Self
    where
        T: Sized,
    {
        Self {
            semaphore: RawSemaphore::const_new(1),
            data: UnsafeCell::new(t),
        }
    }

    /// Locks the mutex, waiting while somebody else has it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// *mutex.lock().await += 1;
    /// assert_eq!(*mutex.lock().await, 2);
    /// # })
    /// ```
    pub async fn lock(&self) -> MutexGuard<'_, T> {
        if !self.semaphore.acquire_now(1) {
            never_closed(self.semaphore.acquire(1).await);
        }
        // SAFETY: the permit was just acquired.
        unsafe { MutexGuard::new(self) }
    }

    /// Locks the mutex, with a guard that owns its mutex and so may be sent to another task.
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
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let mut guard = mutex.clone().lock_owned().await;
    /// zokio::spawn(async move { *guard += 1 }).await.unwrap();
    /// assert_eq!(*mutex.lock().await, 2);
    /// # })
    /// ```
    pub async fn lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        if !self.semaphore.acquire_now(1) {
            never_closed(self.semaphore.acquire(1).await);
        }
        // SAFETY: the permit was just acquired.
        unsafe { OwnedMutexGuard::new(self) }
    }

    /// [`lock`](Self::lock) for code that is not asynchronous: parks the thread.
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
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let other = mutex.clone();
    /// thread::spawn(move || *other.blocking_lock() += 1).join().unwrap();
    /// assert_eq!(*mutex.blocking_lock(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        park::block_on(self.lock())
    }

    /// [`lock_owned`](Self::lock_owned) for code that is not asynchronous: parks the thread.
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
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let mut guard = mutex.clone().blocking_lock_owned();
    /// thread::spawn(move || *guard += 1).join().unwrap();
    /// assert_eq!(*mutex.blocking_lock(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        park::block_on(self.lock_owned())
    }

    /// Locks the mutex if nobody has it or waits for it.
    ///
    /// # Errors
    ///
    /// Fails if the mutex is locked.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.try_acquire()?;
        // SAFETY: the permit was just acquired.
        Ok(unsafe { MutexGuard::new(self) })
    }

    /// Locks the mutex if nobody has it or waits for it, with a guard that owns its mutex.
    ///
    /// # Errors
    ///
    /// Fails if the mutex is locked.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().try_lock_owned().unwrap();
    /// assert!(mutex.try_lock_owned().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        self.try_acquire()?;
        // SAFETY: the permit was just acquired.
        Ok(unsafe { OwnedMutexGuard::new(self) })
    }

    /// The data, without locking: the borrow shows that nobody has the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Mutex;
    ///
    /// let mut mutex = Mutex::new(1);
    /// *mutex.get_mut() = 10;
    /// assert_eq!(*mutex.try_lock().unwrap(), 10);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Takes the mutex apart and returns the data.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Mutex;
    ///
    /// assert_eq!(Mutex::new(1).into_inner(), 1);
    /// ```
    pub fn into_inner(self) -> T
    where
        T: Sized,
    {
        self.data.into_inner()
    }

    fn try_acquire(&self) -> Result<(), TryLockError> {
        self.semaphore
            .try_acquire(1)
            .map_err(|_| TryLockError::new())
    }
}

/// Nobody closes the semaphore of a lock.
#[inline]
pub(in crate::sync) fn never_closed(acquired: Result<(), AcquireError>) {
    acquired.expect("the semaphore of a lock is never closed");
}

impl<T> From<T> for Mutex<T> {
    fn from(t: T) -> Self {
        Self::new(t)
    }
}

impl<T> Default for Mutex<T>
where
    T: Default,
{
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Mutex<T>
where
    T: fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => debug.field("data", &&*guard),
            Err(_) => debug.field("data", &format_args!("<locked>")),
        };
        debug.finish()
    }
}

/// The lock could not be had at once.
///
/// Returned by the `try_*` methods of [`Mutex`] and [`RwLock`](crate::sync::RwLock).
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::{Mutex, TryLockError};
///
/// let number = Mutex::new(1);
/// let guard = number.lock().await;
/// let error: TryLockError = number.try_lock().unwrap_err();
/// assert_eq!(error.to_string(), "operation would block");
/// drop(guard);
/// assert!(number.try_lock().is_ok());
/// # })
/// ```
#[derive(Debug)]
pub struct TryLockError(());

impl TryLockError {
    pub(in crate::sync) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl Error for TryLockError {}
