//! The public semaphore: the raw one, with its permits as guards.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;

use crate::record::Wait;
use crate::sync::semaphore::{
    AcquireError, OwnedSemaphorePermit, RawSemaphore, SemaphorePermit, TryAcquireError,
};
use crate::trace::ResourceType;
use crate::util::park;

/// A number of permits that tasks take, hold and return.
///
/// Use one to bound how many tasks do something at a time: requests in flight, open files, jobs of
/// a pool. A permit is a guard: dropping it returns it, unless it is
/// [forgotten](SemaphorePermit::forget).
///
/// The semaphore is fair: permits go to waiting tasks in the order in which they began to wait.
/// That holds for different sizes too. A task that waits for many permits collects what is released
/// until it has enough, and those that came later wait behind it even if they want fewer. No permit
/// is [available](Self::available_permits) while a task waits.
///
/// A semaphore needs no runtime and may be shared between runtimes and plain threads. A
/// semaphore in a `static` is created with [`const_new`](Self::const_new).
///
/// # Examples
///
/// At most two jobs at a time:
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Semaphore;
///
/// let slots = Arc::new(Semaphore::new(2));
/// let mut jobs = Vec::new();
/// for number in 0..5 {
///     let slot = slots.clone().acquire_owned().await.unwrap();
///     jobs.push(zokio::spawn(async move {
///         let square = number * number;
///         // The slot is free again when the job is done.
///         drop(slot);
///         square
///     }));
/// }
/// for (number, job) in jobs.into_iter().enumerate() {
///     assert_eq!(job.await.unwrap(), number * number);
/// }
/// # })
/// ```
///
/// A token bucket: permits are used up and come back from elsewhere.
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::Semaphore;
///
/// let tokens = Semaphore::new(1);
/// tokens.acquire().await.unwrap().forget();
/// assert_eq!(tokens.available_permits(), 0);
/// // A timer would do this at its rate.
/// tokens.add_permits(1);
/// tokens.acquire().await.unwrap().forget();
/// # })
/// ```
pub struct Semaphore {
    pub(in crate::sync) raw: RawSemaphore,
}

impl Semaphore {
    /// The most permits that a semaphore may have: `usize::MAX >> 3`.
    pub const MAX_PERMITS: usize = RawSemaphore::MAX_PERMITS;

    /// Creates a semaphore with `permits` free permits.
    ///
    /// # Panics
    ///
    /// Panics if `permits` is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// assert!(semaphore.try_acquire_many(3).is_ok());
    /// assert!(semaphore.try_acquire_many(4).is_err());
    /// ```
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Self {
            raw: RawSemaphore::new_in(ResourceType::Semaphore, permits),
        }
    }

    /// Like [`new`](Self::new), but usable in a constant, so that a semaphore can be a `static`.
    ///
    /// # Panics
    ///
    /// Panics (in a `static`: does not compile) if `permits` is more than
    /// [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Semaphore;
    ///
    /// static SLOTS: Semaphore = Semaphore::const_new(1);
    ///
    /// let slot = SLOTS.try_acquire().unwrap();
    /// assert_eq!(SLOTS.available_permits(), 0);
    /// # drop(slot);
    /// ```
    #[track_caller]
    pub const fn const_new(permits: usize) -> Self {
        Self {
            raw: RawSemaphore::const_new_in(ResourceType::Semaphore, permits),
        }
    }

    /// Returns the number of permits that are free now.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.available_permits(), 2);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 3);
    /// ```
    pub fn available_permits(&self) -> usize {
        self.raw.available_permits()
    }

    /// Adds `n` new permits, which waiting tasks get first.
    ///
    /// # Panics
    ///
    /// Panics if there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS) free permits.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(0));
    /// let waiting = zokio::spawn(semaphore.clone().acquire_many_owned(2));
    /// semaphore.add_permits(3);
    /// let permits = waiting.await.unwrap().unwrap();
    /// assert_eq!(permits.num_permits(), 2);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # })
    /// ```
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        self.raw.release(n);
    }

    /// Takes up to `n` of the free permits away for good, and returns how many it took.
    ///
    /// Permits that are held, or that a task collects while waiting, stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let held = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.forget_permits(5), 2);
    /// drop(held);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn forget_permits(&self, n: usize) -> usize {
        self.raw.forget_permits(n)
    }

    /// Takes one permit, waiting for it if necessary.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses no permit, only its place in the
    /// queue.
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(2);
    /// let permit = semaphore.acquire().await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// # })
    /// ```
    pub async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        if !self.raw.acquire_now(1) {
            self.raw
                .acquire_in(1, Wait::SemaphoreAcquire, "Semaphore::acquire")
                .await?;
        }
        Ok(SemaphorePermit::new(self, 1))
    }

    /// Takes `n` permits at once, waiting for them if necessary.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses no permit, only its place in the
    /// queue: what it had collected goes to the next.
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than [`MAX_PERMITS`](Self::MAX_PERMITS), which it can be on 32-bit
    /// machines only.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(5);
    /// let permits = semaphore.acquire_many(3).await.unwrap();
    /// assert_eq!(permits.num_permits(), 3);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// # })
    /// ```
    pub async fn acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        if !self.raw.acquire_now(n as usize) {
            self.raw
                .acquire_in(
                    n as usize,
                    Wait::SemaphoreAcquire,
                    "Semaphore::acquire_many",
                )
                .await?;
        }
        Ok(SemaphorePermit::new(self, n as usize))
    }

    /// Takes one permit if one is free.
    ///
    /// # Errors
    ///
    /// Returns [`TryAcquireError::Closed`] if the semaphore has been closed, otherwise
    /// [`TryAcquireError::NoPermits`] if no permit is free.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_ok());
    /// ```
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.raw.try_acquire(1)?;
        Ok(SemaphorePermit::new(self, 1))
    }

    /// Takes `n` permits if as many are free.
    ///
    /// # Errors
    ///
    /// Returns [`TryAcquireError::Closed`] if the semaphore has been closed, otherwise
    /// [`TryAcquireError::NoPermits`] if fewer permits are free.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than [`MAX_PERMITS`](Self::MAX_PERMITS), which it can be on 32-bit
    /// machines only.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(4);
    /// let permits = semaphore.try_acquire_many(3).unwrap();
    /// assert_eq!(permits.num_permits(), 3);
    /// assert_eq!(semaphore.try_acquire_many(2).unwrap_err(), TryAcquireError::NoPermits);
    /// ```
    #[track_caller]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        RawSemaphore::check_permits(n as usize);
        self.raw.try_acquire(n as usize)?;
        Ok(SemaphorePermit::new(self, n as usize))
    }

    /// Takes one permit like [`acquire`](Self::acquire); it owns its semaphore and so may be sent
    /// to another task.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses no permit, only its place in the
    /// queue.
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.clone().acquire_owned().await.unwrap();
    /// zokio::spawn(async move { drop(permit) });
    /// let again = semaphore.acquire_owned().await.unwrap();
    /// # drop(again);
    /// # })
    /// ```
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        if !self.raw.acquire_now(1) {
            self.raw
                .acquire_in(1, Wait::SemaphoreAcquire, "Semaphore::acquire_owned")
                .await?;
        }
        Ok(OwnedSemaphorePermit::new(self, 1))
    }

    /// Takes permits like [`acquire_many`](Self::acquire_many); they own their semaphore.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses no permit, only its place in the
    /// queue.
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than [`MAX_PERMITS`](Self::MAX_PERMITS), which it can be on 32-bit
    /// machines only.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(10));
    /// let permits = semaphore.acquire_many_owned(10).await.unwrap();
    /// assert_eq!(permits.semaphore().available_permits(), 0);
    /// # })
    /// ```
    pub async fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        if !self.raw.acquire_now(n as usize) {
            self.raw
                .acquire_in(
                    n as usize,
                    Wait::SemaphoreAcquire,
                    "Semaphore::acquire_many_owned",
                )
                .await?;
        }
        Ok(OwnedSemaphorePermit::new(self, n as usize))
    }

    /// Takes one permit like [`try_acquire`](Self::try_acquire); it owns its semaphore.
    ///
    /// # Errors
    ///
    /// Returns [`TryAcquireError::Closed`] if the semaphore has been closed, otherwise
    /// [`TryAcquireError::NoPermits`] if no permit is free.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.clone().try_acquire_owned().unwrap();
    /// assert!(semaphore.try_acquire_owned().is_err());
    /// # drop(permit);
    /// ```
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.raw.try_acquire(1)?;
        Ok(OwnedSemaphorePermit::new(self, 1))
    }

    /// Takes permits like [`try_acquire_many`](Self::try_acquire_many); they own their semaphore.
    ///
    /// # Errors
    ///
    /// Returns [`TryAcquireError::Closed`] if the semaphore has been closed, otherwise
    /// [`TryAcquireError::NoPermits`] if fewer permits are free.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than [`MAX_PERMITS`](Self::MAX_PERMITS), which it can be on 32-bit
    /// machines only.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(4));
    /// let permits = semaphore.clone().try_acquire_many_owned(3).unwrap();
    /// assert!(semaphore.try_acquire_many_owned(2).is_err());
    /// # drop(permits);
    /// ```
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        RawSemaphore::check_permits(n as usize);
        self.raw.try_acquire(n as usize)?;
        Ok(OwnedSemaphorePermit::new(self, n as usize))
    }

    /// Takes one permit, parking the thread while it waits; the blocking form of
    /// [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
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
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(0));
    /// let other = semaphore.clone();
    /// let waiting = thread::spawn(move || other.blocking_acquire().is_ok());
    /// semaphore.add_permits(1);
    /// assert!(waiting.join().unwrap());
    /// ```
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        park::block_on(self.acquire())
    }

    /// Takes `n` permits, parking the thread while it waits; the blocking form of
    /// [`acquire_many`](Self::acquire_many).
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
    ///
    /// # Panics
    ///
    /// Panics on a thread that drives asynchronous tasks, which it would stall; and if `n` is more
    /// than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let permits = semaphore.blocking_acquire_many(2).unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # drop(permits);
    /// ```
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        park::block_on(self.acquire_many(n))
    }

    /// Takes one permit, parking the thread while it waits; the blocking form of
    /// [`acquire_owned`](Self::acquire_owned).
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
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
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.blocking_acquire_owned().unwrap();
    /// thread::spawn(move || drop(permit)).join().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        park::block_on(self.acquire_owned())
    }

    /// Takes `n` permits, parking the thread while it waits; the blocking form of
    /// [`acquire_many_owned`](Self::acquire_many_owned).
    ///
    /// # Errors
    ///
    /// Returns an error if the semaphore has been [closed](Self::close), also when that happens
    /// while it waits.
    ///
    /// # Panics
    ///
    /// Panics on a thread that drives asynchronous tasks, which it would stall; and if `n` is more
    /// than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let permits = semaphore.blocking_acquire_many_owned(3).unwrap();
    /// assert_eq!(permits.num_permits(), 3);
    /// ```
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        park::block_on(self.acquire_many_owned(n))
    }

    /// Closes the semaphore: from now on every acquire fails, including those that wait.
    ///
    /// Permits that are held stay valid. They can still be returned, added and forgotten.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Arc::new(Semaphore::new(0));
    /// let waiting = zokio::spawn(semaphore.clone().acquire_owned());
    /// semaphore.close();
    /// assert!(waiting.await.unwrap().is_err());
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    /// # })
    /// ```
    pub fn close(&self) {
        self.raw.close();
    }

    /// Returns `true` if the semaphore has been [closed](Self::close).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(1);
    /// assert!(!semaphore.is_closed());
    /// semaphore.close();
    /// assert!(semaphore.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.raw.is_closed()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("permits", &self.raw.available_permits())
            .field("closed", &self.raw.is_closed())
            .finish()
    }
}
