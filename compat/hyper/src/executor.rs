//! The executor: hyper's background tasks become zokio's tasks.

#![forbid(unsafe_code)]

use std::future::Future;

use hyper::rt::Executor;

/// Spawns futures on the runtime of the calling thread.
///
/// # Panics
///
/// `execute` panics if called outside a runtime, as [`zokio::task::spawn`] does.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZokioExecutor(());

impl ZokioExecutor {
    /// Creates an executor; it holds nothing.
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
