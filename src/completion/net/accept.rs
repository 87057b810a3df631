//! `Accept`: the future of a connection that is accepted.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use socket2::SockAddr;

use super::attempts::{Attempts, Call};
use super::socket::{Owner, Socket};
use crate::completion::operation::sealed::{Cancel, Cause};
use crate::driver::readiness::ReadyEvent;
use crate::io::{Interest, Ready};
use crate::util::system;

/// A stream that a listener can accept.
///
/// It is implemented for [`TcpStream`](super::TcpStream) and [`UnixStream`](super::UnixStream), and
/// cannot be implemented elsewhere.
pub trait Accepted: sealed::FromOwner {
    /// The address of the peer.
    type Address;

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "it cannot be called elsewhere")]
    fn address(peer: &SockAddr, _: sealed::Internal) -> io::Result<Self::Address>;
}

pub(super) mod sealed {
    use crate::completion::net::socket::{Owner, SocketKind};

    /// Keeps a method out of reach of other crates.
    #[derive(Debug)]
    pub struct Internal;

    /// A face of a socket.
    pub trait FromOwner: Sized {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        const KIND: SocketKind;

        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        fn from_owner(owner: Owner) -> Self;
    }
}

/// The call accept4(2).
struct Accepting<T>(PhantomData<fn() -> T>);

impl<T: Accepted> Call for Accepting<T> {
    type Done = (T, T::Address);
    type Output = io::Result<(T, T::Address)>;

    const INTEREST: Interest = Interest::READABLE;
    const NAME: &'static str = "accept a connection";

    fn finished(&self) -> Option<Self::Done> {
        None
    }

    fn attempt(&mut self, socket: &Socket, _: ReadyEvent) -> io::Result<Option<Self::Done>> {
        let (fd, peer) = system::accept(&socket.fd())?;
        let io = socket.io().stream_beside(fd, T::KIND.interest())?;
        // The peer has often sent something already, and there is room to write.
        io.assume(Ready::READABLE | Ready::WRITABLE);
        let stream = T::from_owner(Owner::new(io, T::KIND));
        Ok(Some((stream, T::address(&peer, sealed::Internal)?)))
    }

    fn end(self, result: io::Result<Self::Done>) -> Self::Output {
        result
    }
}

pin_project! {
    /// The future returned by the method `accept` of a listener.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Accept<T> {
        #[pin]
        attempts: Attempts<Accepting<T>>,
    }
}

impl<T: Accepted> Accept<T> {
    pub(super) fn new(socket: &Arc<Socket>) -> Accept<T> {
        Accept {
            attempts: Attempts::new(socket, Accepting(PhantomData)),
        }
    }
}

impl<T: Accepted> Future for Accept<T> {
    type Output = io::Result<(T, T::Address)>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().attempts.poll(cx)
    }
}

impl<T: Accepted> Cancel for Accept<T> {
    fn cancel(self: Pin<&mut Self>, cause: Cause) {
        self.project().attempts.cancel(cause);
    }
}

impl<T> fmt::Debug for Accept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").finish_non_exhaustive()
    }
}
