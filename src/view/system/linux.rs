//! The names of sockets, and the life of processes, on Linux.

use std::ffi::{CString, c_uint};
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{SockAddr, Socket};

use super::Existing;
use crate::view::raw::{self, PollFd};

/// Binds a socket to `path`, by a shorter name if that is too long for an address. Only this user can
/// connect to it.
///
/// # Errors
///
/// Returns an error if there is such a file, or if none can be made.
pub(in crate::view) fn bind(socket: &Socket, path: &Path) -> io::Result<()> {
    // The file gets the mode that the socket has when it is bound (`unix_bind_bsd` of Linux), so
    // that there is no moment in which another user could connect.
    let own = File::from(OwnedFd::from(socket.try_clone()?));
    own.set_permissions(Permissions::from_mode(0o600))?;
    if let Ok(address) = SockAddr::unix(path) {
        return socket.bind(&address);
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_DIRECTORY)
        .open(folder.unwrap_or(Path::new(".")))?;
    let mut short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    short.extend(path.file_name());
    socket.bind(&SockAddr::unix(short)?)
}

/// Returns whether a process has ended, waited for or not; false if that cannot be found
/// out.
pub(in crate::view) fn has_ended(process: libc::pid_t) -> bool {
    // SAFETY: pidfd_open(2) takes two integers and no pointer.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
    let Ok(fd @ 0..) = RawFd::try_from(fd) else {
        return io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
    };
    // SAFETY: the call succeeded, so this is a new descriptor that nothing else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut entry = [PollFd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    }];
    // It is readable when all threads of the process have ended.
    raw::poll(&mut entry, Some(Duration::ZERO)).is_ok() && entry[0].revents & libc::POLLIN != 0
}

/// Renames a file; renameat2(2).
///
/// # Errors
///
/// Returns the error of the call. It is `EINVAL` where the file system cannot do this.
pub(in crate::view) fn rename(from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
    let from = CString::new(from.as_os_str().as_bytes())?;
    let to = CString::new(to.as_os_str().as_bytes())?;
    let flags: c_uint = match existing {
        Existing::Refuse => libc::RENAME_NOREPLACE,
        Existing::Exchange => libc::RENAME_EXCHANGE,
    };
    // A system call of its own, since not every C library has a function for it.
    // SAFETY: both pointers name texts that end in a zero byte and outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            flags,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
