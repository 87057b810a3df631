//! The error of a thread without a current runtime.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

use crate::scheduler::context::NoHandle;

/// The error of [`Handle::try_current`](super::Handle::try_current).
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Handle, TryCurrentError};
///
/// let error: TryCurrentError = Handle::try_current().unwrap_err();
/// assert!(error.to_string().contains("there is no reactor running"));
/// ```
#[derive(Debug)]
pub struct TryCurrentError {
    reason: NoHandle,
}

impl TryCurrentError {
    pub(super) fn new(reason: NoHandle) -> TryCurrentError {
        TryCurrentError { reason }
    }

    /// Returns whether this thread has not entered a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Handle;
    ///
    /// let error = Handle::try_current().unwrap_err();
    /// assert!(error.is_missing_context());
    /// ```
    pub fn is_missing_context(&self) -> bool {
        self.reason == NoHandle::Missing
    }

    /// Returns whether this thread is ending and has already forgotten its runtime.
    ///
    /// This happens in destructors of thread-local values.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Handle;
    ///
    /// let error = Handle::try_current().unwrap_err();
    /// // This thread is not ending: it has only not entered a runtime.
    /// assert!(!error.is_thread_local_destroyed());
    /// ```
    pub fn is_thread_local_destroyed(&self) -> bool {
        self.reason == NoHandle::Destroyed
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl Error for TryCurrentError {}
