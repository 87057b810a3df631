//! [`PipeEnds`]: a pipe as the two descriptors that it is.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// One end of a pipe.
pub(crate) type PipeEnd<'a> = BorrowedFd<'a>;

/// The two ends of a pipe, in non-blocking mode.
#[derive(Debug)]
pub(crate) struct PipeEnds {
    pub(crate) reader: File,
    pub(crate) writer: OwnedFd,
}

impl PipeEnds {
    pub(super) fn reader(&self) -> PipeEnd<'_> {
        self.reader.as_fd()
    }

    pub(super) fn writer(&self) -> PipeEnd<'_> {
        self.writer.as_fd()
    }

    /// Takes bytes out of the pipe into memory.
    pub(super) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        (&self.reader).read(into)
    }
}
