//! The descriptors of the standard streams.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use super::{Stderr, Stdin, Stdout};

macro_rules! streams {
    ($($stream:ty)*) => {$(
        impl AsRawFd for $stream {
            fn as_raw_fd(&self) -> RawFd {
                self.stream.as_raw_fd()
            }
        }

        impl AsFd for $stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.stream.as_fd()
            }
        }
    )*};
}

streams! {
    Stdin
    Stdout
    Stderr
}
