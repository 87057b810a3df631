//! Streams of bytes over a [`Watched`]: TCP, Unix streams, pipes.
//!
//! # Why a short transfer saves a system call
//!
//! The driver is edge-triggered: it reports once that bytes have come, and again only when more
//! come. A reader has to read until a call would block. For most streams a read that returns fewer
//! bytes than there was room for has emptied the socket's buffer as well (`epoll(7)`, question 9),
//! so the call that would only return `EAGAIN` is left out. This must not lose:
//!
//! - *The end of the stream.* A separate flag, which is not cleared here, records that the peer
//!   closed its side. If the end arrives later, it is a separate event.
//! - *Bytes that arrive during the read.* They are an event too, and no flag is cleared if an event
//!   came in since the read was started.
//! - *Bytes behind an urgent one.* TCP ends a read at the mark. Such a socket is watched for
//!   priority events and does not take the shortcut once it had one.
//! - *Bytes behind file descriptors or other credentials.* Unix streams end a read there, and pipes
//!   in packet mode after each packet, so neither takes the shortcut.
//!
//! A write to a socket that took fewer bytes than were offered has filled its buffer, and the
//! kernel has noted that a writer waits for room. Pipes do not take this shortcut either, because
//! an unchecked one may be a device that writes less for other reasons. The limits of a single call
//! prove nothing: at most [`MAX_BYTES`] bytes, from at most [`MAX_BUFFERS`] buffers.
//!
//! # Memory that is not initialized
//!
//! [`recv`] and [`read`] hand the unfilled part of a buffer to the kernel and mark as filled what
//! the kernel wrote; the number never comes from anywhere else.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll};

use bytes::BufMut;
use libc::c_int;
use socket2::SockRef;

use super::Watched;
use crate::driver::readiness::{Direction, Verdict};
use crate::stream::{ReadBuf, total_len};
use crate::trace::Way;

/// The most bytes that one call moves (`read(2)`, `write(2)`).
const MAX_BYTES: usize = 0x7fff_f000;

/// The most buffers that one call takes (`UIO_MAXIOV`); more are an error for a socket.
const MAX_BUFFERS: usize = 1024;

/// How the bytes of a stream are moved. All calls are non-blocking.
pub(crate) trait ByteStream: AsFd {
    /// Whether a read that leaves room has emptied the stream, unless there is urgent data.
    const SHORT_READ_DRAINS: bool;

    /// Whether a write that takes less than it could has filled the stream.
    const SHORT_WRITE_FILLS: bool;

    /// Reads into the unfilled part of `buf`, and returns how many bytes were read.
    fn read(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize>;

    /// Reads into several buffers.
    fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize>;

    /// Writes from `buf`.
    fn write(&self, buf: &[u8]) -> io::Result<usize>;

    /// Writes from several buffers.
    fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// What happens to the bytes that are received.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Receive {
    /// They leave the socket.
    Take,
    /// They stay for the next call.
    Peek,
}

impl Receive {
    pub(crate) fn flags(self) -> c_int {
        match self {
            Receive::Take => 0,
            Receive::Peek => libc::MSG_PEEK,
        }
    }
}

impl ByteStream for TcpStream {
    const SHORT_READ_DRAINS: bool = true;
    const SHORT_WRITE_FILLS: bool = true;

    // `poll_read` is the caller that counts, and not the only one.
    #[inline(always)]
    fn read(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        recv(self.as_fd(), buf, Receive::Take)
    }

    fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut this = self;
        Read::read_vectored(&mut this, bufs)
    }

    #[inline]
    fn write(&self, buf: &[u8]) -> io::Result<usize> {
        SockRef::from(self).send_with_flags(buf, libc::MSG_NOSIGNAL)
    }

    fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        SockRef::from(self).send_vectored_with_flags(bufs, libc::MSG_NOSIGNAL)
    }
}

impl ByteStream for UnixStream {
    const SHORT_READ_DRAINS: bool = false;
    const SHORT_WRITE_FILLS: bool = true;

    fn read(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        recv(self.as_fd(), buf, Receive::Take)
    }

    fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut this = self;
        Read::read_vectored(&mut this, bufs)
    }

    fn write(&self, buf: &[u8]) -> io::Result<usize> {
        SockRef::from(self).send_with_flags(buf, libc::MSG_NOSIGNAL)
    }

    fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        SockRef::from(self).send_vectored_with_flags(bufs, libc::MSG_NOSIGNAL)
    }
}

// A dozen public types pass on to the three functions that poll, so these are not inlined.
impl<S: ByteStream> Watched<S> {
    /// Reads into the unfilled part of `buf`. The last caller is woken.
    #[inline(never)]
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.trace.poll(Way::Read, || self.poll_reading_to(cx, buf))
    }

    #[inline(always)]
    fn poll_reading_to(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(receiver) = &self.receiver {
            if !receiver.is_plain() {
                return self.poll_receive(cx, receiver, buf);
            }
        }
        self.registration.poll_io(cx, Direction::Read, |event| {
            let room = buf.remaining();
            let n = self.source.read(buf)?;
            let drained = S::SHORT_READ_DRAINS && !event.all.is_priority();
            if drained && is_short(n, room) {
                self.registration.disprove(event, Verdict::Closure);
            }
            Ok(())
        })
    }

    /// Writes from `buf`. The last caller is woken.
    #[inline(never)]
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, buf.len(), |source| source.write(buf))
    }

    /// Writes from several buffers. The last caller is woken.
    #[inline(never)]
    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bufs = first(bufs);
        let len = total_len(bufs);
        self.poll_write_with(cx, len, |source| source.write_vectored(bufs))
    }

    #[inline]
    fn poll_write_with(
        &self,
        cx: &mut Context<'_>,
        len: usize,
        mut write: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.trace.poll(Way::Write, || {
            self.registration.poll_io(cx, Direction::Write, |event| {
                let n = write(&self.source)?;
                if S::SHORT_WRITE_FILLS && is_short(n, len) {
                    self.registration.disprove(event, Verdict::Closure);
                }
                Ok(n)
            })
        })
    }

    /// Reads the available bytes.
    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buf = ReadBuf::new(buf);
        match self.take_received(&mut buf)? {
            Some(n) => Ok(n),
            None => self.try_reading(|source| source.read(&mut buf)),
        }
    }

    /// Reads the available bytes into the spare capacity of `buf`.
    pub(crate) fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        match fill(buf, |buf| self.take_received(buf))? {
            Some(n) => Ok(n),
            None => self.try_reading(|source| fill(buf, |buf| source.read(buf))),
        }
    }

    /// Reads the available bytes into several buffers.
    pub(crate) fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut n = 0;
        for buf in bufs.iter_mut() {
            match self.take_received(&mut ReadBuf::new(buf))? {
                Some(more) => n += more,
                None => break,
            }
        }
        if n > 0 {
            return Ok(n);
        }
        self.try_reading(|source| source.read_vectored(bufs))
    }

    /// Writes what fits.
    pub(crate) fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.try_writing(|source| source.write(buf))
    }

    /// Writes what fits, from several buffers.
    pub(crate) fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_writing(|source| source.write_vectored(first(bufs)))
    }
}

/// Implements `AsyncRead` for a type that has a [`Watched`] stream of bytes. The macro takes the type
/// and, as in a closure, how to get a reference to the stream from one to the type.
macro_rules! forward_read {
    ($type:ty, |$this:ident| $io:expr) => {
        impl $crate::stream::AsyncRead for $type {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut $crate::stream::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                $io.poll_read(cx, buf)
            }

            $crate::stream::forward_bulk_source!(|pinned| {
                let $this = pinned.get_mut();
                $io
            });
        }
    };
}

/// Implements `AsyncWrite` likewise. What was written is with the kernel, so a flush has nothing to
/// do. The last argument is the shutdown.
macro_rules! forward_write {
    ($type:ty, |$this:ident| $io:expr, $shutdown:expr) => {
        impl $crate::stream::AsyncWrite for $type {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                $io.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                $io.poll_write_vectored(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            $crate::stream::forward_bulk_sink!(|pinned| {
                let $this = pinned.get_mut();
                $io
            });

            /// Ready at once: what was written is with the kernel.
            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            #[allow(unused_variables, reason = "a pipe has nothing to shut down")]
            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                std::task::Poll::Ready($shutdown)
            }
        }
    };
}

pub(crate) use {forward_read, forward_write};

/// Calls `recv(2)` on the unfilled part of `buf`; returns how many bytes were appended.
#[inline]
pub(crate) fn recv(fd: BorrowedFd<'_>, buf: &mut ReadBuf<'_>, how: Receive) -> io::Result<usize> {
    // SAFETY: nothing initialized is made uninitialized: the kernel only writes bytes.
    let unfilled = unsafe { buf.unfilled_mut() };
    let n = SockRef::from(&fd).recv_with_flags(unfilled, how.flags())?;
    // SAFETY: the kernel wrote `n` bytes to the front of the unfilled part. Without `MSG_TRUNC`
    // a datagram that was too long counts as what fitted (`recv(2)`).
    unsafe { append(buf, n) };
    Ok(n)
}

/// Returns whether bytes wait in a socket, as far as the kernel tells (`FIONREAD`).
pub(super) fn has_bytes(fd: BorrowedFd<'_>) -> bool {
    let mut count: c_int = 0;
    // SAFETY: the kernel writes one number to where the argument points (ioctl(2), tcp(7)).
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    result == 0 && count > 0
}

/// Calls `read(2)` on the unfilled part of `buf`; returns how many bytes were appended.
pub(crate) fn read(fd: BorrowedFd<'_>, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
    // SAFETY: nothing initialized is made uninitialized: the kernel only writes bytes.
    let unfilled = unsafe { buf.unfilled_mut() };
    // SAFETY: the pointer and the length come from one slice, which is ours to write.
    let n = unsafe { libc::read(fd.as_raw_fd(), unfilled.as_mut_ptr().cast(), unfilled.len()) };
    let Ok(n) = usize::try_from(n) else {
        return Err(io::Error::last_os_error());
    };
    // SAFETY: the kernel wrote `n` bytes to the front of the unfilled part.
    unsafe { append(buf, n) };
    Ok(n)
}

/// Marks the next `n` bytes as filled.
///
/// # Safety
///
/// The next `n` bytes have been written.
#[inline]
pub(super) unsafe fn append(buf: &mut ReadBuf<'_>, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { buf.assume_init(n) };
    buf.advance(n);
}

/// Lets `read` fill the next free chunk of `buf`, and advances `buf` by what was filled.
pub(super) fn fill<B: BufMut, R>(
    buf: &mut B,
    read: impl FnOnce(&mut ReadBuf<'_>) -> io::Result<R>,
) -> io::Result<R> {
    let chunk = buf.chunk_mut();
    // SAFETY: nothing initialized is made uninitialized: a `ReadBuf` does not let that happen
    // without unsafe code of its user.
    let mut target = ReadBuf::uninit(unsafe { chunk.as_uninit_slice_mut() });
    let start = target.filled().as_ptr();
    let result = read(&mut target)?;
    let filled = target.filled();
    assert_eq!(
        start,
        filled.as_ptr(),
        "`read` put another buffer in the place of its own"
    );
    let n = filled.len();
    // SAFETY: `filled` is the initialized front of the chunk, as was just checked.
    unsafe { buf.advance_mut(n) };
    Ok(result)
}

/// Returns as many of the buffers as one call takes.
pub(crate) fn first<'a, 'b>(bufs: &'a [IoSlice<'b>]) -> &'a [IoSlice<'b>] {
    &bufs[..bufs.len().min(MAX_BUFFERS)]
}

/// Returns whether a call moved something, but less than it could have.
#[inline]
pub(crate) fn is_short(n: usize, len: usize) -> bool {
    0 < n && n < len.min(MAX_BYTES)
}
