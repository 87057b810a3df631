//! [`JoinError`]: why a task has no output.
#![forbid(unsafe_code)]

use std::any::Any;
use std::fmt;
use std::io;

use super::id::Id;
use crate::loom::sync::Mutex;

/// The payload of a panic.
pub(super) type Payload = Box<dyn Any + Send + 'static>;

/// The error of a task that has no output: it was cancelled, or it panicked.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let error = zokio::task::spawn(async { panic!("out of cheese") }).await.unwrap_err();
/// assert!(error.is_panic());
/// assert!(error.to_string().ends_with("panicked with message \"out of cheese\""));
/// # });
/// ```
pub struct JoinError {
    id: Id,
    cause: Cause,
}

enum Cause {
    Cancelled,
    /// The lock makes the error `Sync` although a payload need not be, and the box keeps the
    /// error, of which every task has room for one, small.
    Panic(Box<Mutex<Payload>>),
}

impl JoinError {
    pub(super) fn cancelled(id: Id) -> Self {
        Self {
            id,
            cause: Cause::Cancelled,
        }
    }

    pub(super) fn panic(id: Id, payload: Payload) -> Self {
        Self {
            id,
            cause: Cause::Panic(Box::new(Mutex::new(payload))),
        }
    }

    /// Returns whether the task was cancelled: aborted, or dropped together with its runtime.
    ///
    /// A task that is aborted while it finishes may still complete with its output or its panic.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Cause::Cancelled)
    }

    /// Returns whether the task panicked, in its code or while its future was dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let error = zokio::task::spawn(async { panic!("oh") }).await.unwrap_err();
    /// assert!(error.is_panic());
    /// # });
    /// ```
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Cause::Panic(_))
    }

    /// Returns the value that the task panicked with, for [`std::panic::resume_unwind`].
    ///
    /// # Panics
    ///
    /// Panics if the task was cancelled. Check [`is_panic`](Self::is_panic) first, or call
    /// [`try_into_panic`](Self::try_into_panic), which does not panic.
    ///
    /// # Examples
    ///
    /// ```should_panic
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let error = zokio::task::spawn(async { panic!("oh") }).await.unwrap_err();
    /// if error.is_panic() {
    ///     std::panic::resume_unwind(error.into_panic());
    /// }
    /// # });
    /// ```
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(_) => panic!(
                "`JoinError` reason is not a panic: the task was cancelled; ask `is_panic` first"
            ),
        }
    }

    /// Returns the value that the task panicked with.
    ///
    /// # Errors
    ///
    /// Returns this error unchanged if the task did not panic.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let error = zokio::task::spawn(async { panic!("oh") }).await.unwrap_err();
    /// let payload = error.try_into_panic().unwrap();
    /// assert_eq!(*payload.downcast::<&'static str>().unwrap(), "oh");
    /// # });
    /// ```
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, JoinError> {
        match self.cause {
            Cause::Panic(payload) => Ok(payload.into_inner()),
            Cause::Cancelled => Err(self),
        }
    }

    /// Returns the id of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(std::future::pending::<()>());
    /// let id = handle.id();
    /// handle.abort();
    /// assert_eq!(handle.await.unwrap_err().id(), id);
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id;
        match &self.cause {
            Cause::Cancelled => write!(f, "task {id} was cancelled"),
            Cause::Panic(payload) => match message(&payload.lock()) {
                Some(message) => write!(f, "task {id} panicked with message {message:?}"),
                None => write!(f, "task {id} panicked"),
            },
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id;
        match &self.cause {
            Cause::Cancelled => write!(f, "JoinError::Cancelled({id:?})"),
            Cause::Panic(payload) => match message(&payload.lock()) {
                Some(message) => write!(f, "JoinError::Panic({id:?}, {message:?}, ...)"),
                None => write!(f, "JoinError::Panic({id:?}, ...)"),
            },
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> Self {
        io::Error::other(match error.cause {
            Cause::Cancelled => "task was cancelled",
            Cause::Panic(_) => "task panicked",
        })
    }
}

/// Returns the panic's message, if it is text.
fn message(payload: &Payload) -> Option<&str> {
    match payload.downcast_ref::<String>() {
        Some(text) => Some(text),
        None => payload.downcast_ref::<&'static str>().copied(),
    }
}
