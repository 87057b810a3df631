//! The `unsafe` parts of `fs`: reading into memory that its owner has not initialized, and taking
//! over a descriptor by its number.

use std::fs::File as StdFile;
use std::os::fd::{FromRawFd, RawFd};

use crate::fs::File;
use crate::fs::inline::calls::{self, Refusal};
use crate::io::ReadBuf;

/// How a file is read inline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It may have to wait for a disk: from the page cache only.
    Cache,
    /// It lives in memory.
    Memory,
}

/// Reads at the file's position, at most `max` bytes, into the free part of `into`.
pub(super) fn read_to_buf(
    file: &StdFile,
    source: Source,
    into: &mut ReadBuf<'_>,
    max: usize,
) -> Result<usize, Refusal> {
    // SAFETY: the slice goes to the kernel only, which never makes a byte uninitialized.
    let free = unsafe { into.unfilled_mut() };
    let len = free.len().min(max);
    let count = match source {
        Source::Cache => calls::read(file, &mut free[..len])?,
        Source::Memory => calls::read_memory(file, &mut free[..len])?,
    };
    // SAFETY: the kernel wrote that many bytes at the start of the slice.
    unsafe { into.assume_init(count) };
    into.advance(count);
    Ok(count)
}

/// Reads at the file's position and appends to `into`, within its capacity.
pub(super) fn read_to_vec(
    file: &StdFile,
    source: Source,
    into: &mut Vec<u8>,
) -> Result<usize, Refusal> {
    let free = into.spare_capacity_mut();
    let count = match source {
        Source::Cache => calls::read(file, free)?,
        Source::Memory => calls::read_memory(file, free)?,
    };
    // SAFETY: the kernel wrote that many bytes behind the vector's end, within its capacity.
    unsafe { into.set_len(into.len() + count) };
    Ok(count)
}

impl FromRawFd for File {
    unsafe fn from_raw_fd(fd: RawFd) -> File {
        // SAFETY: the caller's promise, which is the same.
        File::from_std(unsafe { StdFile::from_raw_fd(fd) })
    }
}
