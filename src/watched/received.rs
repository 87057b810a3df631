//! Reading a [`Watched`] stream whose receives are completions, see `driver/sockets`.
#![forbid(unsafe_code)]

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;

use super::stream::{has_bytes, recv};
use super::{Receive, Watched, is_short};
use crate::driver::readiness::{Direction, ReadyEvent, Registration, Verdict};
use crate::driver::shutdown_error;
use crate::driver::sockets::{Received, Receiver, Receives};
use crate::runtime::Handle;
use crate::stream::{Interest, ReadBuf};
use crate::trace::IoTrace;
use crate::util::budget;

impl<S: AsFd> Watched<S> {
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
        Watched::receiving(source, interest, driver.receives(), |fd, interest| {
            driver.readiness().register(fd, interest)
        })
    }

    /// Registers a stream with the same driver. Its receives are completions where the runtime has
    /// that, if this is called in the runtime: elsewhere it would be read by readiness soon.
    ///
    /// # Errors
    ///
    /// Returns the error of the registration. `source` is dropped then.
    pub(crate) fn stream_beside<T: AsFd>(
        &self,
        source: T,
        interest: Interest,
    ) -> io::Result<Watched<T>> {
        let handle = Handle::try_current().ok();
        let driver = handle.as_ref().map(Handle::driver);
        let driver = driver.filter(|driver| driver.readiness().has(&self.registration));
        let receives = driver.and_then(|driver| driver.receives());
        Watched::receiving(source, interest, receives, |fd, interest| {
            self.registration.register_beside(fd, interest)
        })
    }

    fn receiving(
        source: S,
        interest: Interest,
        receives: Option<&Arc<Receives>>,
        register: impl FnOnce(RawFd, Interest) -> io::Result<Registration>,
    ) -> io::Result<Watched<S>> {
        let fd = source.as_fd().as_raw_fd();
        let (registration, receiver) = match receives {
            None => (register(fd, interest)?, None),
            Some(receives) => {
                // Bytes that arrive are a priority event for the kernel, too (`sock_def_readable`).
                let registration = register(fd, Interest::WRITABLE)?;
                let receiver = Receiver::new(receives, &registration, interest);
                (registration, receiver)
            }
        };
        Ok(Watched {
            registration,
            receiver,
            source,
            trace: IoTrace::silent(),
        })
    }

    /// Reads into the unfilled part of `buf`, by a completion unless the socket looks ready. The
    /// last caller is woken.
    #[inline(never)]
    pub(crate) fn poll_receive(
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

    /// Reads what there is; returns `false` if that was nothing, and there will be an event. `event` was
    /// seen before anything else was looked at.
    ///
    /// # Errors
    ///
    /// Returns the error of the receive, or of the system call.
    pub(crate) fn try_receive(
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
                match self.recv(buf) {
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
                            self.clear_for_a_receive(receiver, event);
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

    fn recv(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        recv(self.source.as_fd(), buf, Receive::Take)
    }

    /// Returns whether there is something to read; if not, there will be an event.
    ///
    /// # Errors
    ///
    /// Returns the error that the receive ended with.
    pub(crate) fn has_received(&self, receiver: &Receiver, event: ReadyEvent) -> io::Result<bool> {
        let mut no_room = ReadBuf::new(&mut []);
        match receiver.receive(&mut no_room, !event.ready.is_empty())? {
            Received::Bytes { .. } | Received::Read => return Ok(true),
            Received::Pending => self.registration.disprove(event, Verdict::Kernel),
            Received::Refused => receiver.watch(&self.registration)?,
        }
        Ok(false)
    }

    /// Reads what follows the bytes that a receive has brought and that have filled a first buffer.
    pub(crate) fn receive_more(
        &self,
        receiver: &Receiver,
        event: ReadyEvent,
        buf: &mut ReadBuf<'_>,
    ) {
        match receiver.take(buf, false) {
            Ok(Some(_)) => {}
            Ok(None) => self.read_on(receiver, event, buf),
            // A receive has been begun, which finds what there is.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => receiver.keep_error(errno_of(&error)),
        }
    }

    /// Reads what follows the bytes of a receive, which have been handed out, straight from the
    /// socket. An error is kept for the next read.
    fn read_on(&self, receiver: &Receiver, event: ReadyEvent, buf: &mut ReadBuf<'_>) {
        let room = buf.remaining();
        match self.recv(buf) {
            Ok(n) if !is_short(n, room) => {}
            Ok(_) => self.clear_for_a_receive(receiver, event),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.registration.disprove(event, Verdict::Kernel);
            }
            Err(error) => receiver.keep_error(errno_of(&error)),
        }
    }

    /// Clears the readiness after a short read, which proves nothing for sockets of every kind, if
    /// the next read begins a receive: that finds what there is. An event would not come again.
    fn clear_for_a_receive(&self, receiver: &Receiver, event: ReadyEvent) {
        if receiver.is_unregistered() {
            self.registration.disprove(event, Verdict::Closure);
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
}

impl<S: AsFd> Watched<S> {
    /// Copies what was received and not handed out, and what the socket has after that; `None` if
    /// nothing was received.
    ///
    /// # Errors
    ///
    /// Returns the error that the receive ended with, or `WouldBlock` if one is still in flight.
    pub(crate) fn peek_received(&self, buf: &mut ReadBuf<'_>) -> io::Result<Option<usize>> {
        let Some(receiver) = self.receiver() else {
            return Ok(None);
        };
        let Some(n) = receiver.take(buf, true)? else {
            return Ok(None);
        };
        let fd = self.source.as_fd();
        // Without bytes, a call would take an error from the read that is to report it. With bytes it
        // fails only if another descriptor of the socket has taken them since.
        let more = if buf.remaining() > 0 && has_bytes(fd) {
            recv(fd, buf, Receive::Peek).unwrap_or(0)
        } else {
            0
        };
        Ok(Some(n + more))
    }
}

impl<S> Watched<S> {
    /// Returns the socket's part of the receives, if its reads have to ask for what these bring.
    #[inline]
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        let receiver: &Receiver = self.receiver.as_ref()?;
        (!receiver.is_plain()).then_some(receiver)
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
    pub(crate) fn watch(&self, interest: Interest) -> io::Result<()> {
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
    pub(crate) fn is_in_socket(&self) -> bool {
        self.receiver.as_ref().is_none_or(|it| it.is_idle())
    }

    /// Returns how many bytes were received and not handed out.
    pub(crate) fn retained(&self) -> usize {
        self.receiver.as_ref().map_or(0, |it| it.retained())
    }
}

/// Returns the number of an error of a system call.
fn errno_of(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}
