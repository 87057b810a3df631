//! The handle of a file, which Windows has in place of a descriptor.
#![forbid(unsafe_code)]

use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};

use super::File;

impl From<OwnedHandle> for File {
    #[track_caller]
    fn from(handle: OwnedHandle) -> File {
        File::from_std(handle.into())
    }
}

impl AsHandle for File {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.share();
        self.std.as_handle()
    }
}

impl AsRawHandle for File {
    fn as_raw_handle(&self) -> RawHandle {
        self.share();
        self.std.as_raw_handle()
    }
}
