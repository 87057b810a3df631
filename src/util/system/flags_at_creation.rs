//! Pipes and sockets where a call that makes a descriptor takes its flags as well.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use libc::c_int;
use socket2::{Domain, SockAddr, Socket, Type};

use super::check;

/// Makes a pipe whose ends do not block and are not inherited: the end to read and the end to
/// write.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: the array has room for the two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) })?;
    let [reader, writer] = ends;
    // SAFETY: the kernel just made these two descriptors for us.
    Ok(unsafe { (OwnedFd::from_raw_fd(reader), OwnedFd::from_raw_fd(writer)) })
}

/// Makes a socket that does not block and is not inherited.
pub(crate) fn socket(domain: Domain, kind: Type) -> io::Result<Socket> {
    Socket::new_raw(domain, kind.nonblocking().cloexec(), None)
}

/// Makes two Unix sockets that are connected, do not block and are not inherited.
pub(crate) fn socket_pair(kind: Type) -> io::Result<(Socket, Socket)> {
    Socket::pair_raw(Domain::UNIX, kind.nonblocking().cloexec(), None)
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
