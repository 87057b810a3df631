//! [`UnhandledPanic`]: what the panic of a task does to its scheduler.
#![forbid(unsafe_code)]

/// What a runtime does when a spawned task panics; see
/// [`Builder::unhandled_panic`](crate::runtime::Builder::unhandled_panic).
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, UnhandledPanic};
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread().unhandled_panic(UnhandledPanic::Ignore).build()?;
/// let task = rt.spawn(async { panic!("only its handle learns of it") });
/// assert!(rt.block_on(task).unwrap_err().is_panic());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UnhandledPanic {
    /// The runtime continues, and the task's [`JoinHandle`](crate::task::JoinHandle) returns the
    /// panic. This is the default.
    Ignore,
    /// The runtime is shut down, also if the task's handle exists: all other tasks are cancelled,
    /// tasks that are spawned later are cancelled at once, and `block_on` panics.
    ///
    /// # Examples
    ///
    /// ```should_panic
    /// use std::future::pending;
    /// use zokio::runtime::{Builder, UnhandledPanic};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .unhandled_panic(UnhandledPanic::ShutdownRuntime)
    ///     .build()?;
    /// rt.spawn(async { panic!("everything ends here") });
    /// rt.block_on(pending::<()>());
    /// # Ok(())
    /// # }
    /// ```
    ShutdownRuntime,
}

impl UnhandledPanic {
    pub(crate) fn ends_the_runtime(&self) -> bool {
        matches!(self, UnhandledPanic::ShutdownRuntime)
    }
}
