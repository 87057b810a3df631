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
#![forbid(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll};

use bytes::BufMut;
use socket2::SockRef;

use super::{Receive, Watched, fill, recv};
use crate::driver::readiness::{Direction, Verdict};
use crate::stream::ReadBuf;

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

impl ByteStream for TcpStream {
    const SHORT_READ_DRAINS: bool = true;
    const SHORT_WRITE_FILLS: bool = true;

    #[inline]
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

impl<S: ByteStream> Watched<S> {
    /// Reads into the unfilled part of `buf`. The last caller is woken.
    #[inline]
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
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
    #[inline]
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, buf.len(), |source| source.write(buf))
    }

    /// Writes from several buffers. The last caller is woken.
    #[inline]
    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bufs = first(bufs);
        let len = bufs.iter().map(|buf| buf.len()).sum();
        self.poll_write_with(cx, len, |source| source.write_vectored(bufs))
    }

    #[inline]
    fn poll_write_with(
        &self,
        cx: &mut Context<'_>,
        len: usize,
        mut write: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.registration.poll_io(cx, Direction::Write, |event| {
            let n = write(&self.source)?;
            if S::SHORT_WRITE_FILLS && is_short(n, len) {
                self.registration.disprove(event, Verdict::Closure);
            }
            Ok(n)
        })
    }

    /// Reads the available bytes.
    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.try_reading(|source| source.read(&mut ReadBuf::new(buf)))
    }

    /// Reads the available bytes into the spare capacity of `buf`.
    pub(crate) fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.try_reading(|source| fill(buf, |buf| source.read(buf)))
    }

    /// Reads the available bytes into several buffers.
    pub(crate) fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
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

/// Returns as many of the buffers as one call takes.
fn first<'a, 'b>(bufs: &'a [IoSlice<'b>]) -> &'a [IoSlice<'b>] {
    &bufs[..bufs.len().min(MAX_BUFFERS)]
}

/// Returns whether a call moved something, but less than it could have.
fn is_short(n: usize, len: usize) -> bool {
    0 < n && n < len.min(MAX_BYTES)
}
