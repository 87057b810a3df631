//! The lock: its data, its permits, and the ways to get a guard.

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::Arc;

use crate::sync::guard::{Guard, Lock, TryLockError, acquire};
use crate::sync::rwlock::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
use crate::sync::semaphore::RawSemaphore;
use crate::trace::ResourceType;
use crate::util::park;

/// The largest number of readers that a lock may be created for.
const MAX_READERS: u32 = u32::MAX >> 3;

/// A lock for many readers or one writer, whose guards may be held across an `.await`.
///
/// Readers share the data; a writer has exclusive access. The lock is fair: tasks get it in the
/// order in which they first polled for it. So a stream of readers cannot keep a writer out, and
/// a task that has a read guard and asks for another one waits forever if a writer came in between.
///
/// The advice at [`Mutex`](crate::sync::Mutex#which-mutex) on when to use `std`'s lock instead
/// applies here too. Like that mutex, this lock is not poisoned by a panic.
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
    max_readers: u32,
    /// `max_readers` permits: one is the right to read `data`, all are the right to write to them.
    /// Never closed.
    semaphore: RawSemaphore,
    data: UnsafeCell<T>,
}

// SAFETY: a shared lock lets several threads read at a time, which asks for `T: Sync`, and one at a
// time write, which sends.
unsafe impl<T> Sync for RwLock<T> where T: ?Sized + Send + Sync {}

// SAFETY: the fields are always the same, and this file makes `max_readers` permits, acquires and
// releases none, and uses the data in `get_mut` and `into_inner` only.
unsafe impl<T: ?Sized> Lock for RwLock<T> {
    type Data = T;
    type All = u32;

    #[inline]
    fn semaphore(&self) -> &RawSemaphore {
        &self.semaphore
    }

    #[inline]
    fn all(&self) -> u32 {
        self.max_readers
    }

    #[inline]
    fn data(&self) -> *mut T {
        self.data.get()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Creates an unlocked lock around `value`, for up to `u32::MAX >> 3` readers at a time.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::RwLock;
    ///
    /// let lock = RwLock::new(5);
    /// assert_eq!(lock.into_inner(), 5);
    /// ```
    #[track_caller]
    pub fn new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        Self::with_max_readers(value, MAX_READERS)
    }

    /// Creates an unlocked lock around `value`, for up to `max_reads` readers at a time.
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
            semaphore: RawSemaphore::new_in(ResourceType::RwLock, max_reads as usize),
            data: UnsafeCell::new(value),
        }
    }

    /// Like [`new`](Self::new), but usable in a constant, so that a lock can be a `static`.
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
    pub const fn const_new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        Self::const_with_max_readers(value, MAX_READERS)
    }

    /// Like [`with_max_readers`](Self::with_max_readers), but usable in a constant, so that a lock
    /// can be a `static`.
    ///
    /// # Panics
    ///
    /// Panics if `max_reads` is 0 or more than `u32::MAX >> 3`; in the value of a `static` that is
    /// an error of the compiler.
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
    #[track_caller]
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        check_readers(max_reads);
        Self {
            max_readers: max_reads,
            semaphore: RawSemaphore::const_new_in(ResourceType::RwLock, max_reads as usize),
            data: UnsafeCell::new(value),
        }
    }

    /// Waits until there is no writer and none that came earlier, and locks for reading.
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
        RwLockReadGuard(acquire!(shared self, "RwLock::read"))
    }

    /// Waits until there is no other guard and no task that came earlier, and locks for writing.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future only loses the place in the queue.
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
        RwLockWriteGuard(acquire!(exclusive self, RwLockWrite, "RwLock::write"))
    }

    /// Locks for reading as [`read`](Self::read) does, with a guard that owns the lock and so may be
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
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.read_owned().await;
    /// zokio::spawn(async move { assert_eq!(*guard, 1) }).await.unwrap();
    /// # })
    /// ```
    pub async fn read_owned(self: Arc<Self>) -> OwnedRwLockReadGuard<T> {
        OwnedRwLockReadGuard(acquire!(shared self, "RwLock::read_owned"))
    }

    /// Locks for writing as [`write`](Self::write) does, with a guard that owns the lock and so may
    /// be sent to another task.
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
    /// use zokio::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let mut guard = lock.clone().write_owned().await;
    /// zokio::spawn(async move { *guard += 1 }).await.unwrap();
    /// assert_eq!(*lock.read().await, 2);
    /// # })
    /// ```
    pub async fn write_owned(self: Arc<Self>) -> OwnedRwLockWriteGuard<T> {
        OwnedRwLockWriteGuard(acquire!(exclusive self, RwLockWrite, "RwLock::write_owned"))
    }

    /// Locks for reading as [`read`](Self::read) does, blocking the thread instead of a task.
    ///
    /// # Panics
    ///
    /// Panics if called on a thread that drives asynchronous tasks, which it would stall.
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

    /// Locks for writing as [`write`](Self::write) does, blocking the thread instead of a task.
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

    /// Locks for reading if that is possible without waiting.
    ///
    /// # Errors
    ///
    /// Returns an error if there is a writer, if a task waits for the lock, or if there are as many
    /// readers as there may be.
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
        Ok(RwLockReadGuard(Guard::try_shared(self)?))
    }

    /// Locks for writing if that is possible without waiting.
    ///
    /// # Errors
    ///
    /// Returns an error if there is another guard, or if a task waits for the lock.
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
        Ok(RwLockWriteGuard(Guard::try_exclusive(self)?))
    }

    /// Locks for reading as [`try_read`](Self::try_read) does, with a guard that owns the lock.
    ///
    /// # Errors
    ///
    /// Returns an error if there is a writer, if a task waits for the lock, or if there are as many
    /// readers as there may be.
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        Ok(OwnedRwLockReadGuard(Guard::try_shared(self)?))
    }

    /// Locks for writing as [`try_write`](Self::try_write) does, with a guard that owns the lock.
    ///
    /// # Errors
    ///
    /// Returns an error if there is another guard, or if a task waits for the lock.
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        Ok(OwnedRwLockWriteGuard(Guard::try_exclusive(self)?))
    }

    /// Returns the data without locking: the exclusive borrow shows that there is no guard.
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

    /// Consumes the lock and returns the data.
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
}

/// Panics unless a lock may be created for that many readers.
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
