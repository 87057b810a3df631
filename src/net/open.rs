//! How the sockets of this module come to be watched: handed over by `std`, connected, accepted, or
//! made in pairs.
//!
//! All of it is generic over the socket of `std`; the public types wrap the [`Watched`] that comes
//! out.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use crate::io::{Interest, Ready};
use crate::watched::Watched;

/// The message of a debug build for a socket that blocks.
const BLOCKS: &str = "a socket in blocking mode would block the runtime's threads: \
     call `set_nonblocking(true)` before handing it over";

/// Watches a socket that a user made with `std`.
#[track_caller]
pub(super) fn handed_over<S: AsFd>(socket: S, interest: Interest) -> io::Result<Watched<S>> {
    // What is not a descriptor at all gets its error at the registration.
    let nonblocking = || SockRef::from(&socket).nonblocking().unwrap_or(true);
    debug_assert!(nonblocking(), "{BLOCKS}");
    Watched::new(socket, interest)
}

/// Begins to connect `socket`, which does not block, and watches it.
///
/// It is apart from [`connected`], so that no future holds the address.
#[track_caller]
pub(super) fn connecting<S: AsFd + From<OwnedFd>>(
    socket: Socket,
    address: &SockAddr,
    interest: Interest,
) -> io::Result<Watched<S>> {
    match socket.connect(address) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
        _ => {}
    }
    // Only now: before, the kernel would report a socket that is not connected as closed.
    Watched::new(S::from(socket.into()), interest)
}

/// Waits until a socket is connected.
pub(super) async fn connected<S: AsFd>(io: Watched<S>) -> io::Result<Watched<S>> {
    // The outcome is known when the socket can be written to.
    poll_fn(|cx| io.poll_write_ready(cx)).await?;
    match SockRef::from(io.source()).take_error()? {
        Some(error) => Err(error),
        None => Ok(io),
    }
}

/// Watches a connection that was just accepted. Its peer has often sent something already, and
/// there is room to write: the first of each is tried at once.
#[track_caller]
pub(super) fn accepted<S: AsFd + From<OwnedFd>>(
    fd: OwnedFd,
    interest: Interest,
) -> io::Result<Watched<S>> {
    let io = Watched::new(S::from(fd), interest)?;
    io.assume(Ready::READABLE | Ready::WRITABLE);
    Ok(io)
}

/// Makes two Unix sockets that are connected to each other. Both have room to write.
#[track_caller]
pub(super) fn pair<S: AsFd + From<OwnedFd>>(kind: Type) -> io::Result<(Watched<S>, Watched<S>)> {
    let (a, b) = Socket::pair_raw(Domain::UNIX, kind.nonblocking().cloexec(), None)?;
    let interest = Interest::READABLE | Interest::WRITABLE;
    let a = Watched::new(S::from(a.into()), interest)?;
    let b = Watched::new(S::from(b.into()), interest)?;
    a.assume(Ready::WRITABLE);
    b.assume(Ready::WRITABLE);
    Ok((a, b))
}
