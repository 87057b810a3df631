//! The conversion of a [`File`] that is unsafe by its trait.

use std::fs::File as StdFile;
use std::os::fd::{FromRawFd, RawFd};

use crate::fs::File;

impl FromRawFd for File {
    unsafe fn from_raw_fd(fd: RawFd) -> File {
        // SAFETY: the caller's promise, which is the same.
        File::from_std(unsafe { StdFile::from_raw_fd(fd) })
    }
}
