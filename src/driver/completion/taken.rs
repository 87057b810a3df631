//! [`Taken`]: bytes that a transfer has taken out of a stream and not written yet.
//!
//! They are in a pipe, which is borrowed, or in memory where there is no pipe or the kernel refuses
//! to move them by way of one. They leave by [`advance`](Taken::advance) alone, so that what could
//! not be written comes back ([`into_memory`](Taken::into_memory)).
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;

use crate::driver::pipes::PipeUse;
use crate::driver::splice::{self, Call};
use crate::stream::PipeBuf;

/// How much is read into memory at once, where there is no pipe.
const READ: usize = 64 * 1024;

/// How much is read into memory at once where there is a pipe, which could not be filled. Usually
/// there is nothing to read either. It is a page at least (`PipeBuf::read`).
const READ_BESIDE_PIPE: usize = 4096;

/// See the file's documentation.
#[derive(Debug)]
pub(crate) struct Taken {
    pipe: PipeBuf,
    /// What was taken before that which is in the pipe.
    memory: Vec<u8>,
    /// How much of the memory was written.
    written: usize,
    /// Whether the kernel moves bytes from this source by way of a pipe, as far as that is known.
    by_pipe: bool,
    /// How many bytes have left the pipe for a sink, and were not counted yet.
    moved: usize,
}

/// What came of an attempt to take bytes out of a stream.
#[derive(Debug)]
pub(crate) enum Filled {
    Some,
    /// There are none now.
    Later,
    /// There will be none.
    End,
}

impl Taken {
    /// Returns room for bytes of this stream.
    pub(crate) fn from(source: BorrowedFd<'_>) -> Taken {
        Taken {
            pipe: PipeBuf::default(),
            memory: Vec::new(),
            written: 0,
            by_pipe: splice::suits(source),
            moved: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pipe.is_empty() && self.written == self.memory.len()
    }

    /// Counts the bytes that were moved within the kernel since the last call.
    pub(crate) fn count_moved(&mut self, pipes: &PipeUse) {
        pipes.count(std::mem::take(&mut self.moved));
    }

    /// Puts in bytes that were read in another way. Nothing else is held.
    pub(crate) fn put(&mut self, bytes: Vec<u8>) {
        debug_assert!(self.is_empty(), "bytes would be lost");
        (self.memory, self.written) = (bytes, 0);
    }

    /// Takes at most `max` bytes, which is not 0, without waiting. Nothing else is held.
    ///
    /// An ordinary read decides whether there is nothing, since splice(2) stops at places that it
    /// passes: see `watched/bulk.rs`.
    ///
    /// # Errors
    ///
    /// Returns the error of the stream.
    pub(crate) fn fill(
        &mut self,
        source: BorrowedFd<'_>,
        pipes: &PipeUse,
        max: usize,
    ) -> io::Result<Filled> {
        debug_assert!(self.is_empty() && max > 0, "bytes would be lost");
        if self.by_pipe && (self.pipe.has_pipe() || pipes.lend(&mut self.pipe)) {
            let fill = |end: BorrowedFd<'_>| splice::splice(source, end, max);
            match self.pipe.fill_with(fill) {
                Ok(0) => {}
                Ok(_) => return Ok(Filled::Some),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if Call::Splice.is_refused(&error) => self.by_pipe = false,
                Err(error) => return Err(error),
            }
        }
        let most = match self.pipe.has_pipe() && self.by_pipe {
            true => READ_BESIDE_PIPE,
            false => READ,
        };
        // One that waits has no pipe.
        self.pipe.release();
        match splice::read(source, most.min(max)) {
            Ok(bytes) if bytes.is_empty() => Ok(Filled::End),
            Ok(bytes) => {
                self.put(bytes);
                Ok(Filled::Some)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Filled::Later),
            Err(error) => Err(error),
        }
    }

    /// Writes from the front of the bytes, of which there are some, and returns how many were
    /// written: by `in_kernel` out of the pipe, or by `ordinary` out of memory, also if the first was
    /// refused with an error that `is_refused` knows.
    ///
    /// # Errors
    ///
    /// Returns the error of the write. All bytes that were not written are still there.
    pub(crate) fn advance(
        &mut self,
        in_kernel: impl FnOnce(BorrowedFd<'_>, usize) -> io::Result<usize>,
        is_refused: impl FnOnce(&io::Error) -> bool,
        ordinary: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.written == self.memory.len() {
            match self.pipe.drain_with(in_kernel) {
                Ok(0) => {}
                Err(error) if is_refused(&error) => {}
                moved => {
                    self.moved += *moved.as_ref().unwrap_or(&0);
                    return moved;
                }
            }
            self.leave_pipe()?;
        }
        match ordinary(&self.memory[self.written..])? {
            0 => Err(ErrorKind::WriteZero.into()),
            count => {
                self.written += count;
                Ok(count)
            }
        }
    }

    /// Reads what is in the pipe into memory. From then on no pipe is used.
    fn leave_pipe(&mut self) -> io::Result<()> {
        self.by_pipe = false;
        self.memory.drain(..self.written);
        self.written = 0;
        while !self.pipe.is_empty() {
            let start = self.memory.len();
            let room = self.pipe.len().max(READ_BESIDE_PIPE);
            self.memory.resize(start + room, 0);
            let read = self.pipe.read(&mut self.memory[start..]);
            self.memory.truncate(start + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        self.pipe.release();
        Ok(())
    }

    /// Returns the bytes that were not written.
    ///
    /// # Errors
    ///
    /// Returns the error of the read of the pipe, which has them then.
    pub(crate) fn into_memory(mut self) -> io::Result<Vec<u8>> {
        if !self.pipe.is_empty() {
            self.leave_pipe()?;
        }
        Ok(self.memory.split_off(self.written))
    }
}
