//! System calls that `std` and `socket2` have no safe name for, and the two conversions of a
//! `TcpSocket` and a `UnixSocket` that are unsafe by their traits.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, RawFd};

use libc::c_int;
use socket2::Socket;

use super::{TcpSocket, UnixSocket};

/// Turns the -1 of a system call into its error.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// The access mode and the status flags of an open file.
pub(super) fn status_flags(fd: BorrowedFd<'_>) -> io::Result<c_int> {
    // SAFETY: this call takes no pointers.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })
}

/// Changes the status flags of an open file.
pub(super) fn set_status_flags(fd: BorrowedFd<'_>, flags: c_int) -> io::Result<()> {
    // SAFETY: this call takes no pointers.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags) })?;
    Ok(())
}

/// Takes a raw descriptor over.
///
/// # Safety
///
/// The caller owns `fd`, it is open, and it is given up.
unsafe fn take_socket(fd: RawFd) -> Socket {
    // SAFETY: passed on to the caller.
    unsafe { Socket::from_raw_fd(fd) }
}

impl FromRawFd for TcpSocket {
    /// Takes over a TCP socket that is not connected.
    ///
    /// # Safety
    ///
    /// As for every `FromRawFd`, the caller hands over a descriptor that it owns. It has to be in
    /// non-blocking mode, or its operations block the thread.
    unsafe fn from_raw_fd(fd: RawFd) -> TcpSocket {
        // SAFETY: passed on to the caller.
        TcpSocket::from_socket(unsafe { take_socket(fd) })
    }
}

impl FromRawFd for UnixSocket {
    /// Takes over a Unix socket that is not connected.
    ///
    /// # Safety
    ///
    /// As for every `FromRawFd`, the caller hands over a descriptor that it owns. It has to be in
    /// non-blocking mode, or its operations block the thread.
    unsafe fn from_raw_fd(fd: RawFd) -> UnixSocket {
        // SAFETY: passed on to the caller.
        UnixSocket::from_socket(unsafe { take_socket(fd) })
    }
}
