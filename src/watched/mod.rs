//! [`Watched`]: a file descriptor that the driver watches, and how its I/O is done.
//!
//! This is the seam between the public types (sockets, pipes, `AsyncFd`) and the driver: a system
//! call that does not block, and the driver's readiness half to wait for the next attempt.
//!
//! [`Watched`] itself waits, and `calls` runs closures and system calls. `stream` adds
//! bytes, for all types that read and write a stream of them, and their I/O traits, and `bulk` moves
//! them in the kernel; `datagram` adds receiving with a sender, and `received` reads streams whose
//! receives are completions. `report` is what it reports to the feature `tracing`.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::task::{Context, Poll, ready};

mod bulk;
mod calls;
mod datagram;
mod received;
mod report;
pub(crate) mod stream;

use crate::driver::readiness::{Direction, Registration};
use crate::driver::sockets::OwnedReceiver;
use crate::runtime::Handle;
use crate::stream::{Interest, Ready};
use crate::trace::{IoTrace, Way};

pub(crate) use datagram::Datagrams;
pub(crate) use stream::{ByteStream, Receive, forward_read, forward_write, is_short, read};

/// A file descriptor and its registration with the driver.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    // First, so that it is dropped first: the watch ends before the descriptor is closed.
    registration: Registration,
    // Next, so that no receive is in flight when the descriptor is closed, as far as possible.
    /// Where receives are completions: the socket's part of that.
    receiver: Option<OwnedReceiver>,
    source: S,
    // Last, so that its end is reported when nothing is left of it.
    trace: IoTrace,
}

impl<S: AsFd> Watched<S> {
    /// Registers `source`, which must be non-blocking, with the current runtime's driver.
    ///
    /// # Errors
    ///
    /// Returns the error of the registration. `source` is dropped then.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime has no I/O driver.
    #[track_caller]
    pub(crate) fn new(source: S, interest: Interest) -> io::Result<Watched<S>> {
        let registration = register(source.as_fd().as_raw_fd(), interest)?;
        Ok(Watched {
            registration,
            receiver: None,
            source,
            trace: IoTrace::silent(),
        })
    }
}

/// Registers a file descriptor with the current runtime's driver.
///
/// # Errors
///
/// Returns the error of the registration.
///
/// # Panics
///
/// Panics if called outside a runtime, or if the runtime has no I/O driver.
#[track_caller]
pub(crate) fn register(fd: std::os::fd::RawFd, interest: Interest) -> io::Result<Registration> {
    Handle::current()
        .io_driver()
        .readiness()
        .register(fd, interest)
}

impl<S> Watched<S> {
    /// Returns the descriptor's owner.
    #[inline]
    pub(crate) fn source(&self) -> &S {
        &self.source
    }

    pub(crate) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Converts the source, which keeps its descriptor and its registration.
    pub(crate) fn map<T>(self, convert: impl FnOnce(S) -> T) -> Watched<T> {
        Watched {
            registration: self.registration,
            receiver: self.receiver,
            source: convert(self.source),
            trace: self.trace,
        }
    }

    /// Ends the registration and returns the source.
    pub(crate) fn into_source(self) -> S {
        let Watched {
            registration,
            receiver,
            source,
            trace: _trace,
        } = self;
        drop(registration);
        drop(receiver);
        source
    }

    /// Assumes `ready` until an operation shows otherwise.
    pub(crate) fn assume(&self, ready: Ready) {
        self.registration.assume(ready);
    }

    /// Waits until a part of `interest` is ready, and returns the part that is.
    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.watch(interest)?;
        let op = self.trace.begin("ready", "poll_ready");
        let event = op.around(self.registration.ready(interest)).await?;
        Ok(event.ready)
    }

    /// Waits until reading may make progress. Every caller is woken.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// Waits until writing may make progress. Every caller is woken.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    /// Waits until reading may make progress. The last caller is woken.
    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch(Interest::READABLE)?;
        let poll = || self.registration.poll_ready(cx, Direction::Read);
        ready!(self.trace.poll(Way::Read, poll))?;
        Poll::Ready(Ok(()))
    }

    /// Waits until writing may make progress. The last caller is woken.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = || self.registration.poll_ready(cx, Direction::Write);
        ready!(self.trace.poll(Way::Write, poll))?;
        Poll::Ready(Ok(()))
    }

    /// Waits for the outcome of a connect, which is known when the socket can be written to.
    pub(crate) async fn connected(&self) -> io::Result<()> {
        let op = self.trace.begin("connect", "poll_connect");
        op.around(poll_fn(|cx| {
            self.registration.poll_ready(cx, Direction::Write)
        }))
        .await?;
        Ok(())
    }
}
