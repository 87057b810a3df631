//! `Source` and `Sink`: what a transfer takes its bytes from, and where they go.
#![forbid(unsafe_code)]

use std::sync::Arc;

use self::sealed::{HasSink, HasSource};
use super::halves::sealed::HasOwner;
use super::socket::Socket;
use super::{
    ByteStream, OwnedReadHalf, OwnedWriteHalf, PipeReceiver, PipeSender, TcpStream, UnixStream,
};

/// A stream that a [`Transfer`](crate::completion::Transfer) can take its bytes from.
///
/// It is implemented for the streams of this module, their reading halves and [`PipeReceiver`], and
/// cannot be implemented elsewhere.
pub trait Source: HasSource {}

/// A stream that a [`Transfer`](crate::completion::Transfer) can write to.
///
/// It is implemented for the streams of this module, their writing halves and [`PipeSender`], and
/// cannot be implemented elsewhere.
pub trait Sink: HasSink {}

pub(in crate::completion) mod sealed {
    use std::sync::Arc;

    use crate::completion::net::socket::Socket;

    /// What is read from.
    pub trait HasSource {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        fn source(&self) -> &Arc<Socket>;
    }

    /// What is written to.
    pub trait HasSink {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        fn sink(&self) -> &Arc<Socket>;
    }
}

/// Implements `Source` or `Sink` for types that have an owner.
macro_rules! ends {
    ($public:ident, $sealed:ident, $socket:ident: $($stream:ty),*) => {$(
        impl $public for $stream {}

        impl $sealed for $stream {
            #[allow(private_interfaces, reason = "it is sealed")]
            fn $socket(&self) -> &Arc<Socket> {
                self.owner()
            }
        }
    )*};
}

ends!(Source, HasSource, source: TcpStream, UnixStream, PipeReceiver);
ends!(Sink, HasSink, sink: TcpStream, UnixStream, PipeSender);

impl<T: ByteStream> Source for OwnedReadHalf<T> {}

impl<T: ByteStream> HasSource for OwnedReadHalf<T> {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn source(&self) -> &Arc<Socket> {
        self.as_ref().owner()
    }
}

impl<T: ByteStream> Sink for OwnedWriteHalf<T> {}

impl<T: ByteStream> HasSink for OwnedWriteHalf<T> {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn sink(&self) -> &Arc<Socket> {
        self.as_ref().owner()
    }
}
