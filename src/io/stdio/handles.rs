//! The handles of the standard streams, which Windows has in place of descriptors.
#![forbid(unsafe_code)]

use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};

use super::{Stderr, Stdin, Stdout};

macro_rules! streams {
    ($($stream:ty)*) => {$(
        impl AsRawHandle for $stream {
            fn as_raw_handle(&self) -> RawHandle {
                self.stream.as_raw_handle()
            }
        }

        impl AsHandle for $stream {
            fn as_handle(&self) -> BorrowedHandle<'_> {
                self.stream.as_handle()
            }
        }
    )*};
}

streams! {
    Stdin
    Stdout
    Stderr
}
