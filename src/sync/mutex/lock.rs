//! The mutex: its data, its permit, and the ways to get a guard.

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::Arc;

use crate::sync::guard::{Guard, Lock, One, TryLockError, acquire};
use crate::sync::mutex::{MutexGuard, OwnedMutexGuard};
use crate::sync::semaphore::RawSemaphore;
use crate::trace::ResourceType;
use crate::util::park;

/// A mutex whose guard may be held across an `.await`.
///
/// [`lock`](Self::lock) returns a guard once there is no other; dropping the guard passes the lock
/// on. The mutex is fair: tasks get the lock in the order in which they first polled for it.
///
/// # Which mutex
///
/// Data that is only ever locked for a few lines without an `.await` is better off in a
/// [`std::sync::Mutex`]: it is faster, and a task may block for that short a time. Use this one
/// if the lock has to be held while waiting for something, such as a response on a shared
/// connection. A task that owns the resource and receives requests through a channel is often the
/// clearer design.
///
/// Unlike `std`'s, this mutex is not poisoned if a task panics while it holds the lock: unwinding
/// drops the guard, and the next task sees the data as they were left.
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
    /// One permit: the right to use `data`. Never closed.
    semaphore: RawSemaphore,
    data: UnsafeCell<T>,
}

// SAFETY: a shared mutex lets one thread at a time at the data, so sending is all it does.
unsafe impl<T> Sync for Mutex<T> where T: ?Sized + Send {}

// SAFETY: the fields are always the same, and this file makes the one permit, acquires and releases
// none, and uses the data in `get_mut` and `into_inner` only.
unsafe impl<T: ?Sized> Lock for Mutex<T> {
    type Data = T;
    type All = One;

    #[inline]
    fn semaphore(&self) -> &RawSemaphore {
        &self.semaphore
    }

    #[inline]
    fn all(&self) -> One {
        One
    }

    #[inline]
    fn data(&self) -> *mut T {
        self.data.get()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Creates an unlocked mutex around `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Mutex;
    ///
    /// let mutex = Mutex::new(5);
    /// assert_eq!(mutex.into_inner(), 5);
    /// ```
    #[track_caller]
    pub fn new(t: T) -> Self
    where
        T: Sized,
    {
        Self {
            semaphore: RawSemaphore::new_in(ResourceType::Mutex, 1),
            data: UnsafeCell::new(t),
        }
    }

    /// Like [`new`](Self::new), but usable in a constant, so that a mutex can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Mutex;
    ///
    /// static TOTAL: Mutex<i32> = Mutex::const_new(0);
    ///
    /// *TOTAL.try_lock().unwrap() += 1;
    /// ```
    pub const fn const_new(t: T) -> Self
    where
        T: Sized,
    {
        Self {
            semaphore: RawSemaphore::const_new_in(ResourceType::Mutex, 1),
            data: UnsafeCell::new(t),
        }
    }

    /// Waits until the mutex is unlocked, and locks it.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future only loses the place in the queue.
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
        MutexGuard(acquire!(exclusive self, MutexLock, "Mutex::lock"))
    }

    /// Locks the mutex as [`lock`](Self::lock) does, with a guard that owns the mutex and so may be
    /// sent to another task.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future only loses the place in the queue.
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
        OwnedMutexGuard(acquire!(exclusive self, MutexLock, "Mutex::lock_owned"))
    }

    /// Locks the mutex as [`lock`](Self::lock) does, blocking the thread instead of a task.
    ///
    /// # Panics
    ///
    /// Panics if called on a thread that drives asynchronous tasks, which it would stall.
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

    /// Locks the mutex as [`lock_owned`](Self::lock_owned) does, blocking the thread instead of a
    /// task.
    ///
    /// # Panics
    ///
    /// Panics if called on a thread that drives asynchronous tasks, which it would stall.
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

    /// Locks the mutex if it is unlocked and no task waits for it.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is locked, or is about to be by a task that waits for it.
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
        Ok(MutexGuard(Guard::try_exclusive(self)?))
    }

    /// Locks the mutex as [`try_lock`](Self::try_lock) does, with a guard that owns the mutex.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is locked, or is about to be by a task that waits for it.
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        Ok(OwnedMutexGuard(Guard::try_exclusive(self)?))
    }

    /// Returns the data without locking: the exclusive borrow shows that there is no guard.
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

    /// Consumes the mutex and returns the data.
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
