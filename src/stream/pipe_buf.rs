//! `PipeBuf`: a buffer whose bytes stay in the kernel, and how a copy finds out that two streams
//! can use one.
//!
//! A copy between two descriptors need not take the bytes through the memory of the process:
//! splice(2) moves them from the first to a pipe and from the pipe to the second. `PipeBuf` is that
//! pipe together with the number of bytes in it. The traits of streams have hidden methods for
//! it, which refuse unless an implementation says otherwise:
//!
//! - `bulk_source` and `bulk_sink` tell by what means bulk data is moved best. A type that does not
//!   forward them is never bypassed, whatever is inside it.
//! - `AsyncRead::try_read_to_pipe` moves what has come into an empty pipe. It never waits and
//!   leaves no waker: on [`Transfer::Later`] the caller reads in the ordinary way, which decides
//!   whether there is anything to wait for and waits for it.
//! - `AsyncWrite::poll_write_from_pipe` moves bytes out of the pipe. On `Pending` they are still in
//!   the pipe, and the waker is left as `poll_write` leaves it.
//! - `AsyncBufRead::put_back` takes bytes out of the pipe into the reader's buffer again. Every
//!   reader with a buffer that moves bytes into a pipe has it.
//!
//! How many bytes are in the pipe is known from what the kernel reported to this crate: the types
//! here have no public name, so no other crate can implement these methods, nor put bytes into a
//! pipe or take them out without counting them.
//!
//! This file makes no system call beyond read(2) (`pipe_ends.rs`). Pipes are made, and bytes moved, by
//! the driver; a pipe goes back there when its `PipeBuf` is dropped or released.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::sync::Arc;

use super::pipe_ends::{PipeEnd, PipeEnds};

/// By what means a stream takes part in a copy of bulk data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// As any stream does.
    Ordinary,
    /// By larger reads and writes: this is a file of this crate's.
    Large,
    /// By way of a [`PipeBuf`]: this is a socket or a pipe of this crate's.
    Pipe,
}

/// What came of moving bytes into a [`PipeBuf`] or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// This many bytes, at least one, were moved.
    Moved(usize),
    /// The source is at its end, for certain.
    End,
    /// Nothing can be moved now. An ordinary read may find something, or the end.
    Later,
    /// Too many pipes are in use, or none can be made.
    NoPipe,
    /// This stream cannot do it. Nothing was moved, and nothing will be.
    Refused,
}

/// Where a pipe comes from.
pub(crate) trait PipeHome: fmt::Debug + Send + Sync {
    /// Takes an empty pipe back, or learns that a pipe is closed.
    fn take_back(&self, ends: Option<PipeEnds>);
}

/// A pipe that was borrowed from its home. Dropping it closes it.
#[derive(Debug)]
struct KernelPipe {
    ends: Option<PipeEnds>,
    home: Arc<dyn PipeHome>,
}

impl Drop for KernelPipe {
    fn drop(&mut self) {
        self.home.take_back(self.ends.take());
    }
}

/// A buffer in the kernel: a pipe, once there is something to put into it, and the number of bytes
/// in it.
#[derive(Debug, Default)]
pub struct PipeBuf {
    pipe: Option<KernelPipe>,
    /// The number of bytes in the pipe. 0 without a pipe.
    len: usize,
}

impl PipeBuf {
    /// Returns the number of bytes in the pipe.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn has_pipe(&self) -> bool {
        self.pipe.is_some()
    }

    /// Puts an empty pipe in the place of none.
    pub(crate) fn set_pipe(&mut self, ends: PipeEnds, home: Arc<dyn PipeHome>) {
        debug_assert!(self.is_empty(), "bytes in a pipe would be lost");
        self.pipe = Some(KernelPipe {
            ends: Some(ends),
            home,
        });
    }

    /// Returns the pipe to its home if it is empty.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            self.pipe = None;
        }
    }

    fn ends(&self) -> Option<&PipeEnds> {
        self.pipe.as_ref()?.ends.as_ref()
    }

    /// Passes the writing end to `fill`, which returns how many bytes it put into the pipe.
    pub(crate) fn fill_with(
        &mut self,
        fill: impl FnOnce(PipeEnd<'_>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(ends) = self.ends() else {
            return Ok(0);
        };
        let n = fill(ends.writer())?;
        self.len += n;
        Ok(n)
    }

    /// Passes the reading end and the number of bytes in the pipe to `drain`, which returns how
    /// many it took out.
    pub(crate) fn drain_with(
        &mut self,
        drain: impl FnOnce(PipeEnd<'_>, usize) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(ends) = self.ends() else {
            return Ok(0);
        };
        let n = drain(ends.reader(), self.len)?;
        self.len = self.len.saturating_sub(n);
        Ok(n)
    }

    /// Takes bytes out of the pipe into memory.
    ///
    /// `into` has to hold at least a page: a pipe loses the rest of a packet that is read in part
    /// (pipe(2), `O_DIRECT`).
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(ends) = self.ends() else {
            return Ok(0);
        };
        let n = ends.read(into)?;
        self.len = self.len.saturating_sub(n);
        Ok(n)
    }
}

impl Drop for PipeBuf {
    fn drop(&mut self) {
        if self.is_empty() {
            return;
        }
        if let Some(pipe) = &mut self.pipe {
            // Its bytes are of no use to the next borrower.
            pipe.ends = None;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{PipeBuf, PipeEnds, PipeHome};
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex};

    /// Notes what comes back.
    #[derive(Debug, Default)]
    struct Home(Mutex<Vec<bool>>);

    impl PipeHome for Home {
        fn take_back(&self, ends: Option<PipeEnds>) {
            self.0.lock().unwrap().push(ends.is_some());
        }
    }

    fn buffer(home: &Arc<Home>) -> PipeBuf {
        let (reader, writer) = UnixStream::pair().unwrap();
        let mut buffer = PipeBuf::default();
        let reader = File::from(OwnedFd::from(reader));
        let writer = OwnedFd::from(writer);
        buffer.set_pipe(PipeEnds { reader, writer }, home.clone());
        buffer
    }

    fn fill(buffer: &mut PipeBuf, bytes: &[u8]) {
        buffer
            .fill_with(|fd| File::from(fd.try_clone_to_owned()?).write(bytes))
            .unwrap();
    }

    #[test]
    fn only_an_empty_pipe_comes_home() {
        let home = Arc::new(Home::default());
        drop(buffer(&home));
        let mut one = buffer(&home);
        fill(&mut one, b"abc");
        one.release();
        assert!(one.has_pipe());
        drop(one);
        let mut two = buffer(&home);
        fill(&mut two, b"abc");
        let mut space = [0; 8];
        assert_eq!(two.read(&mut space[..2]).unwrap(), 2);
        assert_eq!(two.len, 1);
        assert_eq!(two.drain_with(|_, len| Ok(len)).unwrap(), 1);
        two.release();
        assert!(!two.has_pipe());
        drop(two);
        assert_eq!(*home.0.lock().unwrap(), [true, false, true]);
    }

    #[test]
    fn nothing_moves_without_a_pipe() {
        let mut none = PipeBuf::default();
        assert_eq!(none.fill_with(|_| unreachable!()).unwrap(), 0);
        assert_eq!(none.drain_with(|_, _| unreachable!()).unwrap(), 0);
        assert_eq!(none.read(&mut [0; 8]).unwrap(), 0);
    }
}
