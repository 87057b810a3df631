//! `Socket`, which the handle and the operations of a socket share, and `Owner`, the handle's part.
//!
//! An operation owns its socket, so the descriptor stays open as long as there is one. What the
//! drop of the handle does to operations that are left is decided here: it closes the connection at
//! once, as if the descriptor were closed, and wakes them. They find the socket closed and end.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::SockRef;

use crate::driver::completion::file_transfer::Descriptor;
use crate::driver::readiness::{ReadyEvent, Verdict};
use crate::driver::shutdown_error;
use crate::io::{Interest, Ready};
use crate::watched::Watched;

/// What a socket is, as far as it matters for its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SocketKind {
    TcpStream,
    UnixStream,
    Datagrams,
    Listener,
    PipeReceiver,
    PipeSender,
}

impl SocketKind {
    /// Returns what the driver is asked to watch for. Priority events report urgent data, which
    /// ends a read early.
    pub(super) fn interest(self) -> Interest {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            SocketKind::TcpStream => both | Interest::PRIORITY,
            SocketKind::UnixStream | SocketKind::Datagrams => both,
            SocketKind::Listener | SocketKind::PipeReceiver => Interest::READABLE,
            SocketKind::PipeSender => Interest::WRITABLE,
        }
    }
}

/// A watched socket.
pub(super) struct Socket {
    io: Watched<OwnedFd>,
    kind: SocketKind,
    /// Whether the handle is gone. Written once, by its drop, before it wakes the operations; read
    /// by each of them after it was woken.
    closed: AtomicBool,
}

impl Socket {
    #[inline]
    pub(super) fn io(&self) -> &Watched<OwnedFd> {
        &self.io
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }

    /// Returns access to the options and addresses.
    pub(super) fn options(&self) -> SockRef<'_> {
        SockRef::from(self.io.source())
    }

    /// Returns what the socket is ready for.
    ///
    /// # Errors
    ///
    /// Returns an error if the driver is shut down.
    pub(super) fn event(&self, interest: Interest) -> io::Result<ReadyEvent> {
        let registration = self.io.registration();
        if registration.is_shut_down() {
            return Err(shutdown_error());
        }
        Ok(registration.event(interest))
    }

    /// Returns whether a read that leaves room has emptied the socket.
    pub(super) fn short_read_drains(&self, event: ReadyEvent) -> bool {
        self.kind == SocketKind::TcpStream && !event.all.is_priority()
    }

    /// Clears the readiness that `event` reported, unless more has happened since.
    pub(super) fn disprove(&self, event: ReadyEvent, verdict: Verdict) {
        self.io.registration().disprove(event, verdict);
    }

    /// Shuts down one direction or both, and has the operations that wait try again.
    pub(super) fn shut_down(&self, how: Shutdown) -> io::Result<()> {
        let result = match self.options().shutdown(how) {
            // The peer reset the connection, so that it is as closed as it can be.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        };
        // The kernel reports no room to write in a Unix stream that is full.
        self.io.registration().announce(match how {
            Shutdown::Read => Ready::READABLE,
            Shutdown::Write => Ready::WRITABLE,
            Shutdown::Both => Ready::READABLE | Ready::WRITABLE,
        });
        result
    }

    /// Ends all operations, now and later.
    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // Not connected is what it may be: a datagram socket, or one that was reset. A pipe is no
        // socket.
        let _ = self.shut_down(Shutdown::Both);
        // Receives that wait for a buffer, and not for the socket.
        self.io.registration().announce_end();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Returns the error of an operation whose socket was closed.
    pub(super) fn closed_error() -> io::Error {
        io::Error::from_raw_os_error(libc::ECANCELED)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd()
    }
}

impl Descriptor for Socket {}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.source().fmt(f)
    }
}

/// The handle's part of a socket. Dropping it closes the socket, whatever operations there are.
pub(super) struct Owner(Option<Arc<Socket>>);

impl Owner {
    pub(super) fn new<S: Into<OwnedFd>>(io: Watched<S>, kind: SocketKind) -> Owner {
        Owner(Some(Arc::new(Socket {
            io: io.map(Into::into),
            kind,
            closed: AtomicBool::new(false),
        })))
    }

    /// Watches a socket that was made elsewhere, with the driver of the current runtime.
    #[track_caller]
    pub(super) fn of<S: Into<OwnedFd>>(socket: S, kind: SocketKind) -> io::Result<Owner> {
        Owner::of_descriptor(socket.into(), kind)
    }

    #[track_caller]
    fn of_descriptor(fd: OwnedFd, kind: SocketKind) -> io::Result<Owner> {
        SockRef::from(&fd).set_nonblocking(true)?;
        let io = match kind {
            SocketKind::TcpStream | SocketKind::UnixStream => Watched::stream(fd, kind.interest())?,
            SocketKind::Datagrams
            | SocketKind::Listener
            | SocketKind::PipeReceiver
            | SocketKind::PipeSender => Watched::new(fd, kind.interest())?,
        };
        Ok(Owner::new(io, kind))
    }

    /// Returns the descriptor, unless an operation has the socket, too, or a receive has brought
    /// something that was not returned, or is still in flight.
    pub(super) fn into_source<S: From<OwnedFd>>(self) -> Result<S, Owner> {
        // The socket stays as it is: an operation that is left may have its receive in flight.
        if Arc::strong_count(&self) > 1 {
            return Err(self);
        }
        let io = self.io();
        // What comes from now on stays in the socket.
        if io.watch(Interest::READABLE).is_err() || !io.is_in_socket() {
            return Err(self);
        }
        self.into_watched().map(Watched::into_source)
    }

    /// Returns the watched descriptor, unless an operation has the socket, too.
    pub(super) fn into_watched<S: From<OwnedFd>>(mut self) -> Result<Watched<S>, Owner> {
        let socket = self.0.take().expect(HANDLE_HAS_IT);
        match Arc::try_unwrap(socket) {
            Ok(socket) => Ok(socket.io.map(S::from)),
            Err(socket) => Err(Owner(Some(socket))),
        }
    }
}

/// Only a conversion takes the socket out of its owner, which then is gone.
const HANDLE_HAS_IT: &str = "a handle has its socket";

impl Deref for Owner {
    type Target = Arc<Socket>;

    #[inline]
    fn deref(&self) -> &Arc<Socket> {
        self.0.as_ref().expect(HANDLE_HAS_IT)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Without operations the descriptor is closed right after this. None can come: they are
        // made by the handle.
        if let Some(socket) = self
            .0
            .as_ref()
            .filter(|socket| Arc::strong_count(socket) > 1)
        {
            socket.close();
        }
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

impl AsFd for Owner {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd()
    }
}

impl AsRawFd for Owner {
    fn as_raw_fd(&self) -> RawFd {
        self.fd().as_raw_fd()
    }
}
