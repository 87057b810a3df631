//! The futures of transfers.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::attempts::Attempts;
use super::socket::Socket;
use super::transfers::{Datagram, DatagramFrom, DatagramTo, StreamTransfer};
use crate::completion::operation::sealed::{Cancel, Cause};
use crate::completion::raw::{Drain, DrainAll, Fill, FillAll};
use crate::completion::{BufResult, IoBuf, IoBufMut, IoVectoredBuf, IoVectoredBufMut};

/// Makes the future of a transfer, which owns the socket and the buffer. The last arguments are how
/// the call is made from the buffer, and how its result becomes that of the future.
macro_rules! transfer {
    (
        $method:literal,
        $name:ident<$bound:ident>,
        $call:ident<$lend:ident>($($argument:ident: $type:ty),*) = $new:expr,
        $output:ty = $map:expr
    ) => {
        pin_project! {
            #[doc = concat!("The future returned by the method `", $method, "` of a socket.")]
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            pub struct $name<B> {
                #[pin]
                attempts: Attempts<$call<$lend<B>>>,
            }
        }

        impl<B: $bound> $name<B> {
            pub(super) fn new(socket: &Arc<Socket>, buffer: B, $($argument: $type)*) -> Self {
                let new: fn($lend<B>, $($type)*) -> $call<$lend<B>> = $new;
                $name {
                    attempts: Attempts::new(socket, new($lend(buffer), $($argument)*)),
                }
            }
        }

        impl<B: $bound> Future for $name<B> {
            type Output = BufResult<$output, B>;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let polled = self.project().attempts.poll(cx);
                polled.map(|(result, buffer)| (result.map($map), buffer))
            }
        }

        impl<B: $bound> Cancel for $name<B> {
            fn cancel(self: Pin<&mut Self>, cause: Cause) {
                self.project().attempts.cancel(cause);
            }
        }

        impl<B> fmt::Debug for $name<B> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

transfer!(
    "read",
    Read<IoBufMut>,
    StreamTransfer<Fill>() = StreamTransfer::one_call,
    usize = |count| count
);
transfer!(
    "read_exact",
    ReadExact<IoBufMut>,
    StreamTransfer<Fill>() = StreamTransfer::all,
    () = drop
);
transfer!(
    "readv",
    ReadVectored<IoVectoredBufMut>,
    StreamTransfer<FillAll>() = StreamTransfer::one_call,
    usize = |count| count
);
transfer!(
    "peek",
    Peek<IoBufMut>,
    StreamTransfer<Fill>() = StreamTransfer::peek,
    usize = |count| count
);
transfer!(
    "write",
    Write<IoBuf>,
    StreamTransfer<Drain>() = StreamTransfer::one_call,
    usize = |count| count
);
transfer!(
    "write_all",
    WriteAll<IoBuf>,
    StreamTransfer<Drain>() = StreamTransfer::all,
    () = drop
);
transfer!(
    "writev",
    WriteVectored<IoVectoredBuf>,
    StreamTransfer<DrainAll>() = StreamTransfer::one_call,
    usize = |count| count
);
transfer!(
    "recv",
    Recv<IoBufMut>,
    Datagram<Fill>() = Datagram::new,
    usize = |count| count
);
transfer!(
    "recv_from",
    RecvFrom<IoBufMut>,
    DatagramFrom<Fill>() = DatagramFrom::new,
    (usize, SocketAddr) = |received| received
);
transfer!(
    "send",
    SendDatagram<IoBuf>,
    Datagram<Drain>() = Datagram::new,
    usize = |count| count
);
transfer!(
    "send_to",
    SendTo<IoBuf>,
    DatagramTo<Drain>(target: SocketAddr) = DatagramTo::new,
    usize = |count| count
);
