//! How the sockets of this module come to be watched: handed over by `std`, connected, accepted, or
//! made in pairs.
//!
//! All of it is generic over the socket of `std`; the public types wrap the [`Watched`] that comes
//! out.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use socket2::{SockAddr, SockRef, Socket, Type};

use crate::io::{Interest, Ready};
use crate::util::system;
use crate::watched::{ByteStream, Watched};

/// The message of a debug build for a socket that blocks.
const BLOCKS: &str = "a socket in blocking mode would block the runtime's threads: \
     call `set_nonblocking(true)` before handing it over";

/// Watches a socket that a user made with `std`.
#[track_caller]
pub(super) fn handed_over<S: AsFd>(socket: S, interest: Interest) -> io::Result<Watched<S>> {
    debug_assert!(is_nonblocking(&socket), "{BLOCKS}");
    Watched::new(socket, interest)
}

/// Watches a stream that a user made with `std`.
#[track_caller]
pub(super) fn handed_over_stream<S: ByteStream>(
    socket: S,
    interest: Interest,
) -> io::Result<Watched<S>> {
    debug_assert!(is_nonblocking(&socket), "{BLOCKS}");
    Watched::stream(socket, interest)
}

fn is_nonblocking<S: AsFd>(socket: &S) -> bool {
    // What is not a descriptor at all gets its error at the registration.
    SockRef::from(socket).nonblocking().unwrap_or(true)
}

/// Begins to connect `socket`, which does not block, and watches it.
///
/// It is apart from [`connected`], so that no future holds the address.
#[track_caller]
pub(super) fn connecting<S: ByteStream + From<OwnedFd>>(
    socket: Socket,
    address: &SockAddr,
    interest: Interest,
) -> io::Result<Watched<S>> {
    match socket.connect(address) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
        _ => {}
    }
    // Only now: before, the kernel would report a socket that is not connected as closed.
    Watched::stream(S::from(socket.into()), interest)
}

/// Waits until a socket is connected.
pub(super) async fn connected<S: AsFd>(io: Watched<S>) -> io::Result<Watched<S>> {
    io.connected().await?;
    match SockRef::from(io.source()).take_error()? {
        Some(error) => Err(error),
        None => {
            io.report_peer();
            Ok(io)
        }
    }
}

/// Watches a connection that was just accepted. Its peer has often sent something already, and
/// there is room to write: the first of each is tried at once.
#[track_caller]
pub(super) fn accepted<S: ByteStream + From<OwnedFd>>(
    fd: OwnedFd,
    interest: Interest,
) -> io::Result<Watched<S>> {
    let io = Watched::stream(S::from(fd), interest)?;
    io.assume(Ready::READABLE | Ready::WRITABLE);
    Ok(io)
}

/// Makes two Unix datagram sockets that are connected to each other. Both have room to write.
#[track_caller]
pub(super) fn datagram_pair<S: AsFd + From<OwnedFd>>() -> io::Result<(Watched<S>, Watched<S>)> {
    let (a, b) = sockets(Type::DGRAM)?;
    let (a, b) = (Watched::new(a, BOTH)?, Watched::new(b, BOTH)?);
    Ok(writable(a, b))
}

/// Makes two Unix streams that are connected to each other. Both have room to write.
#[track_caller]
pub(super) fn stream_pair<S: ByteStream + From<OwnedFd>>() -> io::Result<(Watched<S>, Watched<S>)> {
    let (a, b) = sockets(Type::STREAM)?;
    let (a, b) = (Watched::stream(a, BOTH)?, Watched::stream(b, BOTH)?);
    Ok(writable(a, b))
}

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn sockets<S: From<OwnedFd>>(kind: Type) -> io::Result<(S, S)> {
    let (a, b) = system::socket_pair(kind)?;
    Ok((S::from(a.into()), S::from(b.into())))
}

fn writable<S>(a: Watched<S>, b: Watched<S>) -> (Watched<S>, Watched<S>) {
    a.assume(Ready::WRITABLE);
    b.assume(Ready::WRITABLE);
    (a, b)
}
