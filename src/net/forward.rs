//! Implementations of traits that every public type of this module has alike. Each macro implements
//! traits and nothing else: what a type can do beyond them is written out in its own file.
//!
//! A macro takes the type and, as in a closure, how to reach the descriptor from a reference to it.
#![forbid(unsafe_code)]

/// Implements `AsyncRead` by way of a [`Watched`](crate::watched::Watched) stream of bytes.
macro_rules! forward_read {
    ($type:ty, |$this:ident| $io:expr) => {
        impl $crate::io::AsyncRead for $type {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut $crate::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                $io.poll_read(cx, buf)
            }
        }
    };
}

/// Implements `AsyncWrite` by way of a [`Watched`](crate::watched::Watched) stream of bytes. What
/// was written is with the kernel, so a flush has nothing to do. The last argument is the shutdown.
macro_rules! forward_write {
    ($type:ty, |$this:ident| $io:expr, $shutdown:expr) => {
        impl $crate::io::AsyncWrite for $type {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                $io.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                $io.poll_write_vectored(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            /// Ready at once: what was written is with the kernel.
            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            #[allow(unused_variables, reason = "a pipe has nothing to shut down")]
            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                std::task::Poll::Ready($shutdown)
            }
        }
    };
}

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
/// and the conversion.
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
    };
}

pub(super) use {forward_fd, forward_read, forward_std, forward_write};
