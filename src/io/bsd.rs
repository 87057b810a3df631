//! Asynchronous I/O of POSIX on FreeBSD, whose completions kqueue reports.
//!
//! [`Aio`] is for crates that wrap aio(4): it waits until the kernel reports an operation as done. The
//! operation itself, its memory and its result belong to the [`AioSource`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::fd::RawFd;
use std::task::{Context, Poll, ready};

use crate::driver::readiness::{Direction, ReadyEvent, Registration, Verdict};
use crate::runtime::Handle;

/// An operation whose completion kqueue can report, such as an `aiocb` or a list of them.
pub trait AioSource {
    /// Has the kernel report the completion to the kqueue `kq`, as an event whose user data is
    /// `token` (`SIGEV_KEVENT`, sigevent(3)).
    fn register(&mut self, kq: RawFd, token: usize);

    /// Undoes [`register`](AioSource::register).
    fn deregister(&mut self);
}

/// An operation and the wait for it.
///
/// Once this is dropped, nothing hears of the operation's end.
pub struct Aio<E> {
    io: E,
    registration: Registration,
}

/// The report that an operation is done.
#[derive(Debug)]
pub struct AioEvent(ReadyEvent);

impl<E: AioSource> Aio<E> {
    /// Registers a single operation, one that `EVFILT_AIO` reports.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has been shut down.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled.
    #[track_caller]
    pub fn new_for_aio(io: E) -> io::Result<Self> {
        Aio::new(io)
    }

    /// Registers a list of operations, one that `EVFILT_LIO` reports.
    ///
    /// # Errors
    ///
    /// As for [`new_for_aio`](Aio::new_for_aio).
    ///
    /// # Panics
    ///
    /// As for [`new_for_aio`](Aio::new_for_aio).
    #[track_caller]
    pub fn new_for_lio(io: E) -> io::Result<Self> {
        Aio::new(io)
    }

    #[track_caller]
    fn new(mut io: E) -> io::Result<Self> {
        let handle = Handle::current();
        let readiness = handle.io_driver().readiness();
        let registration = readiness.register_by(|kq, token| io.register(kq, token))?;
        Ok(Aio { io, registration })
    }

    /// Forgets that the operation was reported as done, for one that is to be submitted again.
    pub fn clear_ready(&self, ev: AioEvent) {
        self.registration.disprove(ev.0, Verdict::Closure);
    }

    /// Deregisters the operation and returns it.
    pub fn into_inner(mut self) -> E {
        self.io.deregister();
        self.io
    }

    /// Polls until the operation is done. The last caller is woken.
    ///
    /// # Cancel safety
    ///
    /// This method only waits: nothing is lost if it is not polled again.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has been shut down.
    pub fn poll_ready<'a>(&'a self, cx: &mut Context<'_>) -> Poll<io::Result<AioEvent>> {
        let event = ready!(self.registration.poll_ready(cx, Direction::Read))?;
        Poll::Ready(Ok(AioEvent(event)))
    }
}

impl<E: AioSource> Deref for Aio<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.io
    }
}

impl<E: AioSource> DerefMut for Aio<E> {
    fn deref_mut(&mut self) -> &mut E {
        &mut self.io
    }
}

impl<E: fmt::Debug> fmt::Debug for Aio<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aio")
            .field("io", &self.io)
            .finish_non_exhaustive()
    }
}
