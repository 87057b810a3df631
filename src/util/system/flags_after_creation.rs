//! Pipes and sockets where flags are set on a descriptor that is there, each by a call of its own.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::check;

/// Makes a pipe whose ends do not block and are not inherited: the end to read and the end to
/// write. A process that another thread starts before the end of the call may inherit it: there is no
/// pipe2(2).
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: the array has room for the two descriptors.
    check(unsafe { libc::pipe(ends.as_mut_ptr()) })?;
    // SAFETY: the kernel just made these two descriptors for us.
    let [reader, writer] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
    for end in [&reader, &writer] {
        // SAFETY: these calls take no pointers.
        unsafe {
            check(libc::fcntl(
                end.as_raw_fd(),
                libc::F_SETFD,
                libc::FD_CLOEXEC,
            ))?;
            let flags = check(libc::fcntl(end.as_raw_fd(), libc::F_GETFL))?;
            check(libc::fcntl(
                end.as_raw_fd(),
                libc::F_SETFL,
                flags | libc::O_NONBLOCK,
            ))?;
        }
    }
    Ok((reader, writer))
}

/// Makes a socket that does not block, is not inherited and raises no `SIGPIPE`.
pub(crate) fn socket(domain: Domain, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(domain, kind, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Makes two such Unix sockets that are connected.
pub(crate) fn socket_pair(kind: Type) -> io::Result<(Socket, Socket)> {
    let pair = Socket::pair(Domain::UNIX, kind, None)?;
    pair.0.set_nonblocking(true)?;
    pair.1.set_nonblocking(true)?;
    Ok(pair)
}

/// Accepts a connection as such a socket. There is no accept4(2).
pub(crate) fn accept(listener: &impl AsFd) -> io::Result<(OwnedFd, SockAddr)> {
    let (socket, peer) = SockRef::from(listener).accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket.into(), peer))
}
