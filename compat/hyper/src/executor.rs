//! Owns the executor: hyper's background tasks become zokio's tasks.

#![forbid(unsafe_code)]

use std::future::Future;

use hyper::rt::Executor;

/// Spawns futures on the runtime that the calling thread is inside of.
///
/// # Panics
///
/// `execute` panics outside of a runtime, as [`zokio::task::spawn`] does.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZokioExecutor(());

impl ZokioExecutor {
    /// An executor; it holds nothing.
    pub fn new() -> ZokioExecutor {
        ZokioExecutor(())
    }
}

impl<F> Executor<F> for ZokioExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        zokio::task::spawn(future);
    }
}
