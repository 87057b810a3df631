//! Readers and writers for the `io_*` tests: scripted ones, and ones that are moody at random.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use zokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// A small generator of random numbers, the same ones for the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.below(256) as u8).collect()
    }
}

/// One step of a script.
#[derive(Debug)]
pub enum Step {
    /// The reader returns these bytes; the writer expects them.
    Bytes(&'static [u8]),
    /// Not ready; wakes the task at once.
    Wait,
    /// Fails.
    Fail(ErrorKind),
    /// The writer expects a flush.
    Flush,
    /// The writer expects a shutdown.
    Shutdown,
}

/// A reader or a writer that does what its script says; afterwards it is at its end. The ones of
/// tokio-test have the tokio crate's traits only.
#[derive(Debug)]
pub struct Script {
    steps: VecDeque<Step>,
    /// How much of the first step's bytes was used.
    used: usize,
    /// The sizes of the writes that were taken.
    pub writes: Vec<usize>,
}

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Script {
        Script {
            steps: steps.into_iter().collect(),
            used: 0,
            writes: Vec::new(),
        }
    }

    pub fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    fn use_bytes(&mut self, bytes: &'static [u8], n: usize) {
        self.used += n;
        if self.used == bytes.len() {
            self.steps.pop_front();
            self.used = 0;
        }
    }

    /// Takes the steps that are the same for all; `None` when the next one is not.
    fn poll_common<T>(&mut self, cx: &mut Context<'_>) -> Option<Poll<io::Result<T>>> {
        match self.steps.front() {
            Some(Step::Wait) => {
                self.steps.pop_front();
                cx.waker().wake_by_ref();
                Some(Poll::Pending)
            }
            Some(Step::Fail(kind)) => {
                let kind = *kind;
                self.steps.pop_front();
                Some(Poll::Ready(Err(kind.into())))
            }
            _ => None,
        }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(polled) = self.poll_common(cx) {
            return polled;
        }
        match self.steps.front() {
            None => {}
            Some(Step::Bytes(bytes)) => {
                let bytes = *bytes;
                let rest = &bytes[self.used..];
                let n = rest.len().min(buf.remaining());
                buf.put_slice(&rest[..n]);
                self.use_bytes(bytes, n);
            }
            other => panic!("a read where the script has {other:?}"),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(polled) = self.poll_common(cx) {
            return polled;
        }
        match self.steps.front() {
            None => Poll::Ready(Ok(0)),
            Some(Step::Bytes(bytes)) => {
                let bytes = *bytes;
                let rest = &bytes[self.used..];
                let n = rest.len().min(buf.len());
                assert_eq!(&buf[..n], &rest[..n], "not what the script expects");
                self.writes.push(n);
                self.use_bytes(bytes, n);
                Poll::Ready(Ok(n))
            }
            other => panic!("a write where the script has {other:?}"),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(polled) = self.poll_common(cx) {
            return polled;
        }
        match self.steps.pop_front() {
            None | Some(Step::Flush) => Poll::Ready(Ok(())),
            other => panic!("a flush where the script has {other:?}"),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(polled) = self.poll_common(cx) {
            return polled;
        }
        match self.steps.pop_front() {
            None | Some(Step::Shutdown) => Poll::Ready(Ok(())),
            other => panic!("a shutdown where the script has {other:?}"),
        }
    }
}

/// Passes on to `inner`, but is not ready at times, is interrupted at times, and moves fewer bytes
/// than it could.
#[derive(Debug)]
pub struct Moody<T> {
    pub inner: T,
    random: Random,
    interrupts: bool,
}

impl<T> Moody<T> {
    pub fn new(inner: T, random: Random) -> Moody<T> {
        Moody {
            inner,
            random,
            interrupts: false,
        }
    }

    pub fn with_interrupts(mut self) -> Self {
        self.interrupts = true;
        self
    }

    fn mood<R>(&mut self, cx: &mut Context<'_>) -> Option<Poll<io::Result<R>>> {
        match self.random.below(6) {
            0 => {
                cx.waker().wake_by_ref();
                Some(Poll::Pending)
            }
            1 if self.interrupts => Some(Poll::Ready(Err(ErrorKind::Interrupted.into()))),
            _ => None,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Moody<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(polled) = self.mood(cx) {
            return polled;
        }
        let limit = 1 + self.random.below(40);
        let mut part = vec![0; limit.min(buf.remaining())];
        let mut part = ReadBuf::new(&mut part);
        let polled = Pin::new(&mut self.inner).poll_read(cx, &mut part);
        buf.put_slice(part.filled());
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Moody<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(polled) = self.mood(cx) {
            return polled;
        }
        let limit = 1 + self.random.below(40);
        let n = limit.min(buf.len());
        Pin::new(&mut self.inner).poll_write(cx, &buf[..n])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<T: AsyncSeek + Unpin> AsyncSeek for Moody<T> {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.inner).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if self.random.below(3) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_complete(cx)
    }
}
