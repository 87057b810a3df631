//! Closures of users, and system calls, on a [`Watched`].
//!
//! A system call comes in three shapes for each direction: `reading` waits, `poll_reading` polls,
//! `try_reading` does neither.
#![forbid(unsafe_code)]

use std::io;
use std::task::{Context, Poll};

use super::Watched;
use crate::driver::readiness::{Direction, Verdict};
use crate::stream::Interest;
use crate::trace::Way;

impl<S> Watched<S> {
    /// Runs a user's closure if the descriptor looks ready.
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.watch(interest)?;
        self.registration.try_io(interest, Verdict::Closure, || {
            self.in_turn(interest)?;
            operation()
        })
    }

    /// Runs a user's closure, waiting in between, until it does not return `WouldBlock`.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.watch(interest)?;
        let call = self.registration.async_io(interest, Verdict::Closure, || {
            self.in_turn(interest)?;
            operation()
        });
        let op = self.trace.begin("async_io", "poll_io");
        op.around(call).await
    }

    /// Runs a system call on the source that reads, waiting until it does not block.
    pub(crate) async fn reading<R>(
        &self,
        mut call: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        self.watch(Interest::READABLE)?;
        let call = || call(&self.source);
        let read = self
            .registration
            .async_io(Interest::READABLE, Verdict::Kernel, call);
        self.trace.begin_io(Way::Read).around(read).await
    }

    /// Runs a system call on the source that writes, waiting until it does not block.
    pub(crate) async fn writing<R>(
        &self,
        mut call: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let call = || call(&self.source);
        let write = self
            .registration
            .async_io(Interest::WRITABLE, Verdict::Kernel, call);
        self.trace.begin_io(Way::Write).around(write).await
    }

    /// Runs a system call on the source that reads, if the descriptor looks readable.
    #[inline]
    pub(crate) fn try_reading<R>(&self, call: impl FnOnce(&S) -> io::Result<R>) -> io::Result<R> {
        self.watch(Interest::READABLE)?;
        self.registration
            .try_io(Interest::READABLE, Verdict::Kernel, || call(&self.source))
    }

    /// Runs a system call on the source that writes, if the descriptor looks writable.
    #[inline]
    pub(crate) fn try_writing<R>(&self, call: impl FnOnce(&S) -> io::Result<R>) -> io::Result<R> {
        self.registration
            .try_io(Interest::WRITABLE, Verdict::Kernel, || call(&self.source))
    }

    /// Polls a system call on the source that reads. The last caller is woken.
    #[inline]
    pub(crate) fn poll_reading<R>(
        &self,
        cx: &mut Context<'_>,
        mut call: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.watch(Interest::READABLE)?;
        self.trace.poll(Way::Read, || {
            self.registration
                .poll_dyn(cx, Direction::Read, &mut |_| call(&self.source))
        })
    }

    /// Polls a system call on the source that writes. The last caller is woken.
    #[inline]
    pub(crate) fn poll_writing<R>(
        &self,
        cx: &mut Context<'_>,
        mut call: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.trace.poll(Way::Write, || {
            self.registration
                .poll_dyn(cx, Direction::Write, &mut |_| call(&self.source))
        })
    }
}
