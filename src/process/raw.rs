//! The method of this module that is unsafe.

use std::io;
use std::os::unix::process::CommandExt;

use super::Command;

impl Command {
    /// Makes the child call a function between `fork` and `exec`.
    ///
    /// Several functions are called in the order in which they were added. If one fails, the child
    /// does not run, and spawning it returns the error.
    ///
    /// # Safety
    ///
    /// The function runs in a copy of a process in which other threads were running: it must call
    /// nothing that is not async-signal-safe. It must not allocate, lock or panic. See
    /// [`CommandExt::pre_exec`].
    ///
    /// # Examples
    ///
    /// ```
    /// # extern crate libc;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut command = Command::new("true");
    ///     // SAFETY: umask is async-signal-safe.
    ///     unsafe {
    ///         command.pre_exec(|| {
    ///             libc::umask(0o077);
    ///             Ok(())
    ///         });
    ///     }
    ///     assert!(command.status().await?.success());
    ///     Ok(())
    /// }
    /// ```
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller's promise.
        unsafe { self.as_std_mut().pre_exec(f) };
        self
    }
}
