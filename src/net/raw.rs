//! System calls that `std` and `socket2` have no safe name for, and the two conversions of a
//! `TcpSocket` and a `UnixSocket` that are unsafe by their traits.

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use libc::c_int;
use socket2::{SockAddr, Socket};

use super::{TcpSocket, UnixSocket};

/// Turns the -1 of a system call into its error.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// Accepts a connection as a socket that does not block and is not inherited, in one call.
pub(crate) fn accept(listener: &impl AsFd) -> io::Result<(OwnedFd, SockAddr)> {
    const FLAGS: c_int = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: the closure passes the storage and its length on to `accept4`, which fills in both.
    unsafe {
        SockAddr::try_init(|storage, len| {
            let fd = check(libc::accept4(
                listener.as_fd().as_raw_fd(),
                storage.cast(),
                len,
                FLAGS,
            ))?;
            // SAFETY: the kernel just made this descriptor for us.
            Ok(OwnedFd::from_raw_fd(fd))
        })
    }
}

/// Who is at the other end of a Unix stream, as it was when the connection was made.
pub(super) fn peer_credentials(stream: BorrowedFd<'_>) -> io::Result<libc::ucred> {
    let mut credentials = MaybeUninit::<libc::ucred>::zeroed();
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: pointer and length are those of one `ucred`.
    check(unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            credentials.as_mut_ptr().cast(),
            ptr::from_mut(&mut len),
        )
    })?;
    // SAFETY: all-zero is a valid `ucred`, and the kernel wrote over it.
    Ok(unsafe { credentials.assume_init() })
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
