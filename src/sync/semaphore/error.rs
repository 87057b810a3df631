//! The errors of an acquire.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// The semaphore was closed before the permits were acquired.
///
/// Returned by the `acquire` and `blocking_acquire` methods of [`Semaphore`]
/// (see [`Semaphore::close`]).
///
/// [`Semaphore`]: crate::sync::Semaphore
/// [`Semaphore::close`]: crate::sync::Semaphore::close
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::{AcquireError, Semaphore};
///
/// let semaphore = Semaphore::new(1);
/// semaphore.close();
/// let error: AcquireError = semaphore.acquire().await.unwrap_err();
/// assert_eq!(error.to_string(), "semaphore closed");
/// # })
/// ```
#[derive(Debug)]
pub struct AcquireError(());

impl AcquireError {
    pub(crate) fn closed() -> Self {
        Self(())
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl Error for AcquireError {}

/// The reason why no permit could be taken without waiting.
///
/// Returned by the `try_acquire` methods of [`Semaphore`](crate::sync::Semaphore).
///
/// # Examples
///
/// ```
/// use zokio::sync::{Semaphore, TryAcquireError};
///
/// let semaphore = Semaphore::new(0);
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
/// semaphore.close();
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore was closed: an acquire can never succeed again.
    Closed,
    /// There are not enough free permits at the moment.
    NoPermits,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryAcquireError::Closed => "semaphore closed",
            TryAcquireError::NoPermits => "no permits available",
        })
    }
}

impl Error for TryAcquireError {}
