//! Implementations of traits of `std` that every public type of this module has alike. Each macro
//! implements traits and nothing else: what a type can do beyond them is written out in its own
//! file. `watched/stream.rs` does the same for the traits of I/O.
//!
//! A macro takes the type and, as in a closure, how to reach the descriptor from a reference to it.
#![forbid(unsafe_code)]

/// Implements `AsFd` and `AsRawFd`. The last argument is what has the descriptor.
macro_rules! forward_fd {
    ($type:ty, |$this:ident| $source:expr) => {
        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                let $this = self;
                $source.as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                let $this = self;
                $source.as_raw_fd()
            }
        }
    };
}

/// Implements what a socket shares with the one of `std` that it wraps: its descriptor, its `Debug`
/// and the conversion; and the conversions to and from the watched descriptor.
macro_rules! forward_std {
    ($type:ty, $std:ty) => {
        $crate::net::forward::forward_fd!($type, |this| this.io.source());

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.io.source().fmt(f)
            }
        }

        impl TryFrom<$std> for $type {
            type Error = std::io::Error;

            /// The same as `from_std`.
            fn try_from(socket: $std) -> std::io::Result<$type> {
                <$type>::from_std(socket)
            }
        }

        impl From<$crate::watched::Watched<$std>> for $type {
            fn from(io: $crate::watched::Watched<$std>) -> $type {
                Self { io }
            }
        }

        impl From<$type> for $crate::watched::Watched<$std> {
            fn from(socket: $type) -> Self {
                socket.io
            }
        }
    };
}

pub(super) use {forward_fd, forward_std};
