//! The error of the attempts to lock.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// The error of an attempt to lock without waiting: the lock is taken.
///
/// Returned by the `try_*` methods of [`Mutex`](crate::sync::Mutex) and
/// [`RwLock`](crate::sync::RwLock).
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
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl Error for TryLockError {}
