//! A value that is computed at its first use: [`OnceCell`].
//!
//! The one permit of a raw semaphore is the right to initialize. Its holder computes the value; if
//! that fails, panics or is dropped the permit goes to the next in the queue. Setting the value
//! closes the semaphore, which sends all other waiters to the value.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::future::Future;

use crate::record::Wait;
use crate::sync::TryAcquireError;
use crate::sync::once_value::OnceValue;
use crate::sync::semaphore::RawSemaphore;
use crate::trace::ResourceType;

/// A cell that is written once, by an asynchronous function or directly.
///
/// Typically a `static` that is filled at its first use:
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::OnceCell;
///
/// static SETTINGS: OnceCell<String> = OnceCell::const_new();
///
/// async fn load() -> String {
///     // Reads a file, asks a server, …
///     "settings".to_string()
/// }
///
/// assert_eq!(SETTINGS.get_or_init(load).await, "settings");
/// // From now on there is no wait.
/// assert_eq!(SETTINGS.get().unwrap(), "settings");
/// # })
/// ```
///
/// When several tasks come at the same time one of them runs its function and the others wait for
/// it. If the function fails, panics or is cancelled, the next one runs its own.
pub struct OnceCell<T> {
    pub(in crate::sync) value: OnceValue<T>,
    /// One permit: the right to write `value`. Closed once that is done.
    pub(in crate::sync) initialize: RawSemaphore,
}

impl<T> OnceCell<T> {
    /// Creates an empty cell.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::<i32>::new();
    /// assert!(!cell.initialized());
    /// ```
    #[track_caller]
    pub fn new() -> Self {
        Self::new_with(None)
    }

    /// Creates a cell that holds `value`, or is empty if that is `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::new_with(Some(5));
    /// assert_eq!(cell.get(), Some(&5));
    /// ```
    #[track_caller]
    pub fn new_with(value: Option<T>) -> Self {
        Self {
            value: OnceValue::new(value),
            initialize: RawSemaphore::new_in(ResourceType::OnceCell, 1),
        }
    }

    /// Like [`new`](Self::new), but usable in a constant, so that a cell can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// static CELL: OnceCell<u32> = OnceCell::const_new();
    ///
    /// assert!(CELL.set(5).is_ok());
    /// ```
    pub const fn const_new() -> Self {
        Self {
            value: OnceValue::const_new(),
            initialize: RawSemaphore::const_new_in(ResourceType::OnceCell, 1),
        }
    }

    /// Creates a cell that holds `value`, in a constant.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// static CELL: OnceCell<u32> = OnceCell::const_new_with(5);
    ///
    /// assert_eq!(CELL.get(), Some(&5));
    /// ```
    pub const fn const_new_with(value: T) -> Self {
        Self {
            value: OnceValue::const_new_with(value),
            initialize: RawSemaphore::const_new_in(ResourceType::OnceCell, 1),
        }
    }

    /// Returns `true` if the cell has a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// cell.set(5).unwrap();
    /// assert!(cell.initialized());
    /// ```
    pub fn initialized(&self) -> bool {
        self.value.is_set()
    }

    /// Returns the value, if there is one. Never waits for an initialization in progress.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// assert_eq!(cell.get(), None);
    /// cell.set(5).unwrap();
    /// assert_eq!(cell.get(), Some(&5));
    /// ```
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Returns the value for writing, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// let mut cell = OnceCell::new_with(Some(5));
    /// *cell.get_mut().unwrap() += 1;
    /// assert_eq!(cell.get(), Some(&6));
    /// ```
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// Returns an error that holds `value` if the cell has one already, or if a function of
    /// [`get_or_init`](Self::get_or_init) is computing it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::{OnceCell, SetError};
    ///
    /// let cell = OnceCell::new();
    /// assert_eq!(cell.set(5), Ok(()));
    /// assert_eq!(cell.set(6), Err(SetError::AlreadyInitializedError(6)));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        if self.initialized() {
            return Err(SetError::AlreadyInitializedError(value));
        }
        match self.initialize.try_acquire(1) {
            Ok(()) => {
                self.finish(value);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(SetError::InitializingError(value)),
            Err(TryAcquireError::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// Returns the value; `f` computes it if there is none.
    ///
    /// While `f` is running all other tasks that want the value wait. A cell whose own `f` waits
    /// for it waits forever.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future also drops that of `f` if it is running; the next task that waits then
    /// runs its own function.
    ///
    /// # Panics
    ///
    /// Panics if `f` panics, and leaves the cell empty for the next.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// assert_eq!(*cell.get_or_init(|| async { 5 }).await, 5);
    /// assert_eq!(*cell.get_or_init(|| async { 6 }).await, 5);
    /// # })
    /// ```
    pub async fn get_or_init<F, Fut>(&self, f: F) -> &T
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        if let Some(value) = self.get() {
            return value;
        }
        if let Ok(()) = self
            .initialize
            .acquire_in(1, Wait::OnceCellInit, "OnceCell::get_or_init")
            .await
        {
            let _turn = Turn(&self.initialize);
            let value = f().await;
            self.finish(value);
        }
        self.written()
    }

    /// Returns the value; `f` computes it if there is none, or fails.
    ///
    /// While `f` is running all other tasks that want the value wait.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future also drops that of `f` if it is running, as in
    /// [`get_or_init`](Self::get_or_init).
    ///
    /// # Errors
    ///
    /// Returns the error of `f` and leaves the cell empty: the next task that waits runs its own
    /// function.
    ///
    /// # Panics
    ///
    /// Panics if `f` panics, and leaves the cell empty for the next.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// let failed = cell.get_or_try_init(|| async { "five".parse::<i32>() }).await;
    /// assert!(failed.is_err());
    /// let parsed = cell.get_or_try_init(|| async { "5".parse::<i32>() }).await;
    /// assert_eq!(parsed, Ok(&5));
    /// # })
    /// ```
    pub async fn get_or_try_init<E, F, Fut>(&self, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        if let Ok(()) = self
            .initialize
            .acquire_in(1, Wait::OnceCellInit, "OnceCell::get_or_try_init")
            .await
        {
            let _turn = Turn(&self.initialize);
            let value = f().await?;
            self.finish(value);
        }
        Ok(self.written())
    }

    /// Takes the value out and leaves the cell empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// let mut cell = OnceCell::new_with(Some(5));
    /// assert_eq!(cell.take(), Some(5));
    /// assert_eq!(cell.take(), None);
    /// cell.set(6).unwrap();
    /// ```
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }

    /// Consumes the cell and returns the value, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// assert_eq!(OnceCell::new_with(Some(5)).into_inner(), Some(5));
    /// ```
    pub fn into_inner(mut self) -> Option<T> {
        self.value.take()
    }

    /// Writes the value for the holder of the permit.
    fn finish(&self, value: T) {
        let written = self.value.set(value);
        assert!(written.is_ok(), "only the holder of the permit writes");
        self.initialize.close();
    }

    fn written(&self) -> &T {
        self.get()
            .expect("the semaphore is closed once the value is written")
    }
}

/// The right to initialize; returned on drop if it was not used.
struct Turn<'a>(&'a RawSemaphore);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.release(1);
    }
}

impl<T> Drop for OnceCell<T> {
    fn drop(&mut self) {
        drop(self.value.take());
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> OnceCell<T> {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell")
            .field("value", &self.get())
            .finish()
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> OnceCell<T> {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &OnceCell<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        Self::new_with(Some(value))
    }
}

/// The reason why [`OnceCell::set`] did not set the value, which it holds.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::{OnceCell, SetError};
///
/// let cell = OnceCell::new();
/// cell.get_or_init(|| async {
///     assert_eq!(cell.set(2), Err(SetError::InitializingError(2)));
///     1
/// })
/// .await;
/// assert_eq!(cell.set(3), Err(SetError::AlreadyInitializedError(3)));
/// # })
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// The cell has a value already.
    AlreadyInitializedError(T),
    /// The value is being computed.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// Returns `true` if the cell had a value already.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::new_with(Some(5));
    /// assert!(cell.set(6).unwrap_err().is_already_init_err());
    /// ```
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, SetError::AlreadyInitializedError(_))
    }

    /// Returns `true` if the value was being computed.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// cell.get_or_init(|| async {
    ///     assert!(cell.set(6).unwrap_err().is_initializing_err());
    ///     5
    /// })
    /// .await;
    /// # })
    /// ```
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, SetError::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SetError::AlreadyInitializedError(_) => "AlreadyInitializedError",
            SetError::InitializingError(_) => "InitializingError",
        })
    }
}

impl<T: fmt::Debug> Error for SetError<T> {}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::OnceCell;
    use crate::loom::sync::atomic::{AtomicUsize, Ordering};
    use crate::loom::thread;
    use loom::future::block_on;
    use std::sync::Arc;

    #[test]
    fn loom_one_function_runs() {
        loom::model(|| {
            let shared = Arc::new((OnceCell::new(), AtomicUsize::new(0)));
            let init = |shared: &(OnceCell<usize>, AtomicUsize), value: usize| {
                let (cell, runs) = shared;
                *block_on(cell.get_or_init(|| async {
                    runs.fetch_add(1, Ordering::Relaxed);
                    value
                }))
            };
            let other = shared.clone();
            let thread = thread::spawn(move || init(&other, 1));
            let other = shared.clone();
            let setter = thread::spawn(move || other.0.set(3).is_ok());
            let mine = init(&shared, 2);
            let theirs = thread.join().unwrap();
            let set = setter.join().unwrap();
            assert_eq!(mine, theirs);
            assert_eq!(set, mine == 3);
            assert_eq!(shared.1.load(Ordering::Relaxed), usize::from(!set));
        });
    }

    #[test]
    fn loom_a_failure_lets_the_next_try() {
        loom::model(|| {
            let cell = Arc::new(OnceCell::new());
            let other = cell.clone();
            let thread = thread::spawn(move || {
                let failed = block_on(other.get_or_try_init(|| async { Err::<usize, ()>(()) }));
                failed.is_err_and(|()| true)
            });
            assert_eq!(
                block_on(cell.get_or_try_init(|| async { Ok::<_, ()>(1) })),
                Ok(&1)
            );
            thread.join().unwrap();
        });
    }
}
