//! The bounded byte pipe in memory on which `duplex` and `simplex` are built.
//!
//! Pure data: it is passed the wakers that it must keep, and hands back the ones that the caller
//! must wake or drop *after* it has released every lock. A waker may run anything, including an
//! operation on the other end of the same pipe.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker};

use crate::record::{self, Wait};
use crate::stream::ReadBuf;
use crate::stream::util::total_len;
use crate::util::wake;

/// Bytes on their way from a writer to a reader.
#[derive(Debug)]
pub(super) struct Pipe {
    bytes: Vec<u8>,
    /// The number of bytes in `bytes` that have been read already.
    start: usize,
    max: usize,
    /// No more bytes are accepted: the writer is done, or the reader is gone.
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The wakers that an operation has taken out of the pipe.
///
/// Dropping it wakes or drops them: let it outlive the lock's guard.
#[derive(Debug, Default)]
#[must_use]
pub(super) struct After {
    wake: Option<Waker>,
    replaced: Option<Waker>,
}

impl After {
    #[inline]
    fn wake(waker: &mut Option<Waker>) -> After {
        After {
            wake: waker.take(),
            replaced: None,
        }
    }

    /// Keeps the waker of `cx` in `slot`.
    fn keep(slot: &mut Option<Waker>, cx: &Context<'_>) -> After {
        match slot {
            Some(kept) if kept.will_wake(cx.waker()) => After::default(),
            _ => After {
                wake: None,
                replaced: slot.replace(cx.waker().clone()),
            },
        }
    }
}

impl Drop for After {
    #[inline]
    fn drop(&mut self) {
        wake::wake_some(self.wake.take());
        wake::drop_waker(self.replaced.take());
    }
}

impl Pipe {
    /// # Panics
    ///
    /// Panics if `max` is 0: nothing could ever be written.
    #[track_caller]
    pub(super) fn new(max: usize) -> Pipe {
        assert!(
            max > 0,
            "`max_buf_size` must be greater than 0: nothing could be written otherwise"
        );
        Pipe {
            bytes: Vec::new(),
            start: 0,
            max,
            closed: false,
            reader: None,
            writer: None,
        }
    }

    /// Moves as many bytes as there are and as fit into `buf`.
    #[inline]
    pub(super) fn poll_read(
        &mut self,
        cx: &Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> (Poll<io::Result<()>>, After) {
        if buf.remaining() == 0 {
            return (Poll::Ready(Ok(())), After::default());
        }
        if self.bytes.is_empty() {
            if self.closed {
                return (Poll::Ready(Ok(())), After::default());
            }
            record::waits(Wait::DuplexRead, || record::address(self));
            return (Poll::Pending, After::keep(&mut self.reader, cx));
        }
        let unread = &self.bytes[self.start..];
        let n = unread.len().min(buf.remaining());
        buf.put_slice(&unread[..n]);
        self.start += n;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
        (Poll::Ready(Ok(())), After::wake(&mut self.writer))
    }

    /// Takes as much of `buf` as fits.
    #[inline]
    pub(super) fn poll_write(
        &mut self,
        cx: &Context<'_>,
        buf: &[u8],
    ) -> (Poll<io::Result<usize>>, After) {
        let n = self.room_for(buf.len());
        if n > 0 {
            self.make_room(n);
            self.bytes.extend_from_slice(&buf[..n]);
        }
        self.written(cx, n, buf.len())
    }

    /// Takes as much of `bufs` as fits, in order.
    pub(super) fn poll_write_vectored(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> (Poll<io::Result<usize>>, After) {
        let wanted = total_len(bufs);
        let n = self.room_for(wanted);
        self.make_room(n);
        let mut left = n;
        for buf in bufs {
            let part = buf.len().min(left);
            self.bytes.extend_from_slice(&buf[..part]);
            left -= part;
        }
        self.written(cx, n, wanted)
    }

    /// Returns how many of `wanted` bytes can be taken.
    #[inline]
    fn room_for(&self, wanted: usize) -> usize {
        if self.closed {
            return 0;
        }
        wanted.min(self.max - (self.bytes.len() - self.start))
    }

    /// Makes room for `n` more bytes to be appended.
    ///
    /// What was read is removed only when it is at least as long as what is left, so that the cost
    /// of moving the rest is covered by the bytes that were read.
    #[inline]
    fn make_room(&mut self, n: usize) {
        let len = self.bytes.len();
        if self.bytes.capacity() - len >= n {
            return;
        }
        if self.start >= len - self.start {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.reserve(n);
    }

    /// Returns the result of a write of `wanted` bytes of which `n` were taken.
    #[inline]
    fn written(
        &mut self,
        cx: &Context<'_>,
        n: usize,
        wanted: usize,
    ) -> (Poll<io::Result<usize>>, After) {
        if n > 0 {
            return (Poll::Ready(Ok(n)), After::wake(&mut self.reader));
        }
        if self.closed {
            let error = io::ErrorKind::BrokenPipe.into();
            return (Poll::Ready(Err(error)), After::default());
        }
        if wanted == 0 {
            return (Poll::Ready(Ok(0)), After::default());
        }
        record::waits(Wait::DuplexWrite, || record::address(self));
        (Poll::Pending, After::keep(&mut self.writer, cx))
    }

    /// Ends writing; the reader gets what is left, and then the end.
    pub(super) fn close_write(&mut self) -> After {
        self.closed = true;
        After::wake(&mut self.reader)
    }

    /// Ends reading; writing becomes an error.
    pub(super) fn close_read(&mut self) -> After {
        self.closed = true;
        After::wake(&mut self.writer)
    }
}
