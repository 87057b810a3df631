//! The conversion of a [`File`] that is unsafe by its trait.

use std::fs::File as StdFile;
use std::os::windows::io::{FromRawHandle, RawHandle};

use crate::fs::File;

impl FromRawHandle for File {
    unsafe fn from_raw_handle(handle: RawHandle) -> File {
        // SAFETY: the caller's promise, which is the same.
        File::from_std(unsafe { StdFile::from_raw_handle(handle) })
    }
}
