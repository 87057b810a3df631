//! Reading a [`Watched`] stream whose receives are completions, see `driver/sockets`.
#![forbid(unsafe_code)]

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd};
use std::task::{Context, Poll, ready};

use socket2::SockRef;

use super::stream::recv;
use super::{ByteStream, Receive, Watched, is_short};
use crate::driver::readiness::{Direction, ReadyEvent, Verdict};
use crate::driver::shutdown_error;
use crate::driver::sockets::{Received, Receiver};
use crate::runtime::Handle;
use crate::stream::{Interest, ReadBuf};
use crate::util::budget;

impl<S: ByteStream> Watched<S> {
    /// Registers a stream with the current runtime's driver, as [`Watched::new`] does. Its receives
    /// are completions where the runtime has that.
    ///
    /// # Errors
    ///
    /// Returns the error of the registration. `source` is dropped then.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime has no I/O driver.
    #[track_caller]
    pub(crate) fn stream(source: S, interest: Interest) -> io::Result<Watched<S>> {
        let handle = Handle::current();
        let driver = handle.io_driver();
        let fd = source.as_fd().as_raw_fd();
        let Some(receives) = driver.receives() else {
            return Watched::new(source, interest);
        };
        // Bytes that arrive are a priority event for the kernel, too (`sock_def_readable`).
        let registration = driver.readiness().register(fd, Interest::WRITABLE)?;
        Ok(Watched {
            receiver: Receiver::new(receives, fd, &registration, interest),
            registration,
            source,
        })
    }

    /// Reads into the unfilled part of `buf`, by a completion unless the socket looks ready. The
    /// last caller is woken.
    #[inline(never)]
    pub(super) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        receiver: &Receiver,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let coop = ready!(budget::poll_proceed(cx));
        let result = loop {
            if self.registration.is_shut_down() {
                break Err(shutdown_error());
            }
            // Before anything else is looked at, so that what happens later is not cleared.
            let event = self.registration.event(Interest::READABLE);
            match self.try_receive(receiver, event, buf) {
                Ok(false) => {}
                Ok(true) => break Ok(()),
                Err(error) => break Err(error),
            }
            ready!(self.registration.poll_event(cx, Direction::Read))?;
        };
        coop.made_progress();
        Poll::Ready(result)
    }

    /// Reads what there is; returns `false` if that was nothing, and there will be an event.
    fn try_receive(
        &self,
        receiver: &Receiver,
        event: ReadyEvent,
        buf: &mut ReadBuf<'_>,
    ) -> io::Result<bool> {
        match receiver.receive(buf, !event.ready.is_empty())? {
            Received::Bytes { drained: true } => {
                // The next read begins a receive, which finds what there is.
                self.registration.disprove(event, Verdict::Closure);
            }
            Received::Bytes { drained: false } => {
                if buf.remaining() > 0 {
                    // The receive had no room for more.
                    self.read_on(receiver, event, buf);
                }
            }
            Received::Read => {
                let room = buf.remaining();
                match self.source.read(buf) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.registration.disprove(event, Verdict::Kernel);
                        // Now it does not look ready, unless something came in since.
                        return self.try_receive(
                            receiver,
                            self.registration.event(Interest::READABLE),
                            buf,
                        );
                    }
                    result => {
                        if is_short(result?, room) {
                            self.registration.disprove(event, Verdict::Closure);
                        }
                    }
                }
            }
            Received::Pending => {
                self.registration.disprove(event, Verdict::Kernel);
                return Ok(false);
            }
            Received::Refused => {
                receiver.watch(&self.registration)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads what follows the bytes of a receive, which have been handed out, straight from the
    /// socket. An error is kept for the next read.
    fn read_on(&self, receiver: &Receiver, event: ReadyEvent, buf: &mut ReadBuf<'_>) {
        let room = buf.remaining();
        match self.source.read(buf) {
            Ok(n) if !is_short(n, room) => {}
            Ok(_) => self.registration.disprove(event, Verdict::Closure),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.registration.disprove(event, Verdict::Kernel);
            }
            Err(error) => receiver.keep_error(error.raw_os_error().unwrap_or(libc::EIO)),
        }
    }

    /// Hands out what was received, for a read that does not wait; `None` if the socket is to be
    /// read.
    #[inline]
    pub(super) fn take_received(&self, buf: &mut ReadBuf<'_>) -> io::Result<Option<usize>> {
        match &self.receiver {
            Some(receiver) if !receiver.is_plain() => {
                receiver.watch(&self.registration)?;
                receiver.take(buf, false)
            }
            _ => Ok(None),
        }
    }
}

impl Watched<TcpStream> {
    /// Waits for bytes and copies them, leaving them where they are. Every caller is woken.
    pub(crate) async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.reading(|stream| match self.peek_received(&mut ReadBuf::new(buf))? {
            Some(n) => Ok(n),
            None => stream.peek(buf),
        })
        .await
    }

    /// Polls for bytes and copies them, leaving them where they are. The last caller is woken.
    pub(crate) fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.poll_reading(cx, |stream| match self.peek_received(buf)? {
            Some(n) => Ok(n),
            None => recv(stream.as_fd(), buf, Receive::Peek),
        })
    }

    /// Copies what was received and not handed out; `None` if there is nothing.
    fn peek_received(&self, buf: &mut ReadBuf<'_>) -> io::Result<Option<usize>> {
        match &self.receiver {
            Some(receiver) => receiver.take(buf, true),
            None => Ok(None),
        }
    }
}

impl<S: AsFd> Watched<S> {
    /// Takes the error that is pending on the socket: the one that a receive ended with, or the
    /// kernel's.
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        let received = self.receiver.as_ref().and_then(|it| it.take_error());
        match received {
            Some(error) => Ok(Some(error)),
            None => SockRef::from(&self.source).take_error(),
        }
    }
}

impl<S> Watched<S> {
    /// Has the stream read by readiness from now on: something other than a polled read asks about
    /// it.
    #[inline]
    pub(super) fn watch(&self, interest: Interest) -> io::Result<()> {
        match &self.receiver {
            Some(receiver) if interest.is_readable() || interest.is_priority() => {
                receiver.watch(&self.registration)
            }
            _ => Ok(()),
        }
    }

    /// Fails with `WouldBlock` while a receive is in flight, when a system call would read out of
    /// turn.
    #[inline]
    pub(super) fn in_turn(&self, interest: Interest) -> io::Result<()> {
        match &self.receiver {
            Some(receiver) if interest.is_readable() && receiver.is_pending() => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            _ => Ok(()),
        }
    }

    /// Whether what comes is in the socket: nothing that came before is elsewhere.
    pub(super) fn is_in_socket(&self) -> bool {
        self.receiver.as_ref().is_none_or(|it| it.is_idle())
    }

    /// Has the socket read by readiness alone. What was received and not handed out is lost.
    pub(crate) fn into_watched(self) -> Watched<S> {
        // It fails for descriptors that the kernel no longer watches, and then changes nothing.
        let _ = self.watch(Interest::READABLE);
        Watched {
            receiver: None,
            ..self
        }
    }

    /// Returns how many bytes were received and not handed out.
    pub(crate) fn retained(&self) -> usize {
        self.receiver.as_ref().map_or(0, |it| it.retained())
    }
}
