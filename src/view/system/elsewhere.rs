//! Stands in for `linux` on other systems.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use socket2::{SockAddr, Socket};

use super::Existing;

/// Binds a socket to `path`. Only this user can connect to it.
///
/// # Errors
///
/// Returns an error if there is such a file, if none can be made, or if the path is too long for an
/// address.
pub(in crate::view) fn bind(socket: &Socket, path: &Path) -> io::Result<()> {
    socket.bind(&SockAddr::unix(path)?)?;
    // No one can connect before the socket listens.
    fs::set_permissions(path, Permissions::from_mode(0o600))
}

/// Returns whether there is no such process; one that has ended is there until its parent has waited for
/// it.
pub(in crate::view) fn has_ended(process: libc::pid_t) -> bool {
    // SAFETY: this call takes no pointers, and sends nothing for the number 0.
    let found = unsafe { libc::kill(process, 0) };
    found == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

/// Returns an error: there is no rename of this kind.
///
/// # Errors
///
/// Returns `ENOSYS`.
pub(in crate::view) fn rename(_: &Path, _: &Path, _: Existing) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
