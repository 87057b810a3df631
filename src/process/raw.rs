//! The system call and the conversions of this module that are unsafe.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
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

/// Returns a file descriptor that becomes readable when the process ends.
///
/// # Errors
///
/// Returns an error if the kernel is too old (`ENOSYS`), if a sandbox forbids the call (`EPERM`),
/// or for any other reason in pidfd_open(2).
pub(super) fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    let pid = libc::pid_t::try_from(pid).expect("a process number is a pid_t");
    // SAFETY: pidfd_open(2) takes two integers and no pointer.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    let fd = i32::try_from(fd).expect("a file descriptor is an int");
    // SAFETY: the call succeeded, so this is a new descriptor that nothing else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
