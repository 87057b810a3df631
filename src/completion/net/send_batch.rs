//! `Batch`: many datagrams that are sent by few system calls.
//!
//! sendmmsg(2) takes many messages. Datagrams in a row that have one target and one length (the last
//! of them may be shorter) are one message, which the kernel takes apart again as late as it can
//! (`UDP_SEGMENT`, udp(7)). Where it refuses that, they are sent one by one.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use socket2::SockAddr;

use super::attempts::{Attempts, Call};
use super::raw;
use super::socket::Socket;
use crate::completion::operation::sealed::{Cancel, Cause};
use crate::completion::{BufResult, IoBuf};
use crate::driver::readiness::ReadyEvent;
use crate::io::Interest;
use crate::util::budget;

/// The most datagrams of one system call.
const DATAGRAMS: usize = 128;

/// The most datagrams of one message: what the first kernels with `UDP_SEGMENT` take
/// (`UDP_MAX_SEGMENTS`).
const SEGMENTS: usize = 64;

/// The most bytes of one message, over IPv6 with room for options.
const BYTES: usize = 65_000;

/// Whether this kernel has refused to take messages apart for reasons of its own.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// One datagram of a batch.
pub(super) trait Outgoing: Send + 'static {
    type Buffer: IoBuf;

    fn buffer(&self) -> &Self::Buffer;

    /// Where it goes, unless the socket is connected.
    fn target(&self) -> Option<SocketAddr>;
}

/// A datagram to the peer of a connected socket.
pub(super) struct ToPeer<B>(pub(super) B);

impl<B: IoBuf> Outgoing for ToPeer<B> {
    type Buffer = B;

    fn buffer(&self) -> &B {
        &self.0
    }

    fn target(&self) -> Option<SocketAddr> {
        None
    }
}

impl<B: IoBuf> Outgoing for (B, SocketAddr) {
    type Buffer = B;

    fn buffer(&self) -> &B {
        &self.0
    }

    fn target(&self) -> Option<SocketAddr> {
        Some(self.1)
    }
}

/// Datagrams that are sent in order.
pub(super) struct Batch<D> {
    datagrams: Vec<D>,
    sent: usize,
    /// Whether each is a message of its own, as the kernel has refused others.
    one_by_one: bool,
}

/// Some datagrams in a row that are one message.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    datagrams: usize,
    bytes: usize,
    /// The length of each but the last, if there are several.
    segment: Option<u16>,
}

impl<D: Outgoing> Batch<D> {
    pub(super) fn new(datagrams: Vec<D>) -> Batch<D> {
        Batch {
            datagrams,
            sent: 0,
            one_by_one: REFUSED.load(Ordering::Relaxed),
        }
    }

    /// Returns the message that starts with the first of `datagrams`, which are not none.
    fn run(datagrams: &[D], one_by_one: bool) -> Run {
        let first = &datagrams[0];
        let (len, target) = (first.buffer().bytes_init(), first.target());
        let mut run = Run {
            datagrams: 1,
            bytes: len,
            segment: None,
        };
        let Ok(segment @ 1..) = u16::try_from(len) else {
            return run;
        };
        if one_by_one {
            return run;
        }
        for next in datagrams[1..].iter().take(SEGMENTS - 1) {
            let next_len = next.buffer().bytes_init();
            let fits = (1..=len).contains(&next_len) && run.bytes + next_len <= BYTES;
            if !fits || next.target() != target {
                break;
            }
            run.datagrams += 1;
            run.bytes += next_len;
            run.segment = Some(segment);
            if next_len < len {
                break;
            }
        }
        run
    }

    /// Sends what one system call takes; returns how many datagrams.
    fn send(&self, socket: &Socket) -> io::Result<usize> {
        let rest = &self.datagrams[self.sent..];
        let rest = &rest[..rest.len().min(DATAGRAMS)];
        let (mut runs, mut messages, mut at) = (Vec::new(), Vec::new(), 0);
        while at < rest.len() {
            let run = Self::run(&rest[at..], self.one_by_one);
            at += run.datagrams;
            messages.push(raw::Message {
                buffers: run.datagrams,
                target: rest[at - 1].target().map(SockAddr::from),
                segment: run.segment,
            });
            runs.push(run);
        }
        let buffers: Vec<_> = rest.iter().map(Outgoing::buffer).collect();
        let count = raw::send_many(socket.fd(), &buffers, &messages)?;
        let sent = &runs[..count];
        budget::spend_bytes(sent.iter().map(|run| run.bytes).sum());
        Ok(sent.iter().map(|run| run.datagrams).sum())
    }
}

impl<D: Outgoing> Call for Batch<D> {
    type Done = usize;
    type Output = BufResult<usize, Vec<D>>;

    const INTEREST: Interest = Interest::WRITABLE;
    const NAME: &'static str = "send to a socket";

    fn finished(&self) -> Option<usize> {
        (self.sent == self.datagrams.len()).then_some(self.sent)
    }

    fn attempt(&mut self, socket: &Socket, _: ReadyEvent) -> io::Result<Option<usize>> {
        match self.send(socket) {
            Ok(count) => {
                self.sent += count;
                Ok(None)
            }
            // That one of them failed by itself is found out by the next attempt.
            Err(error) if !self.one_by_one && may_refuse_segments(&error) => {
                self.one_by_one = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn end(self, result: io::Result<usize>) -> Self::Output {
        // What was sent counts. The error comes again if the rest is sent.
        let result = if self.sent > 0 { Ok(self.sent) } else { result };
        (result, self.datagrams)
    }
}

/// Makes the future of a batch. The last arguments are what the datagrams become on their way in and
/// out.
macro_rules! batch {
    ($method:literal, $name:ident, $datagram:ty, $item:ty, $inward:expr, $outward:expr) => {
        pin_project! {
            #[doc = concat!("The future returned by [`UdpSocket::", $method, "`](super::UdpSocket::", $method, ").")]
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            pub struct $name<B> {
                #[pin]
                attempts: Attempts<Batch<$datagram>>,
            }
        }

        impl<B: IoBuf> $name<B> {
            pub(super) fn new(socket: &Arc<Socket>, datagrams: Vec<$item>) -> Self {
                let datagrams = datagrams.into_iter().map($inward).collect();
                $name {
                    attempts: Attempts::new(socket, Batch::new(datagrams)),
                }
            }
        }

        impl<B: IoBuf> Future for $name<B> {
            type Output = BufResult<usize, Vec<$item>>;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let polled = self.project().attempts.poll(cx);
                polled.map(|(result, datagrams)| {
                    (result, datagrams.into_iter().map($outward).collect())
                })
            }
        }

        impl<B: IoBuf> Cancel for $name<B> {
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

batch!("send_batch", SendBatch, ToPeer<B>, B, ToPeer, |sent| sent.0);
batch!(
    "send_batch_to",
    SendBatchTo,
    (B, SocketAddr),
    (B, SocketAddr),
    |datagram| datagram,
    |sent| sent
);

/// Returns whether the error may mean that a message was not taken apart: the kernel or the device
/// cannot do it, or a part is longer than the path allows without fragments.
fn may_refuse_segments(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(libc::EIO | libc::EOPNOTSUPP | libc::ENOPROTOOPT) => {
            REFUSED.store(true, Ordering::Relaxed);
            true
        }
        Some(libc::EINVAL | libc::EMSGSIZE) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Batch, Run, ToPeer};

    fn runs(lens: &[usize]) -> Vec<(usize, usize, Option<u16>)> {
        let datagrams: Vec<_> = lens.iter().map(|&len| ToPeer(vec![0; len])).collect();
        let (mut rest, mut runs) = (&datagrams[..], Vec::new());
        while !rest.is_empty() {
            let run = Batch::run(rest, false);
            rest = &rest[run.datagrams..];
            runs.push((run.datagrams, run.bytes, run.segment));
        }
        runs
    }

    #[test]
    fn datagrams_of_one_length_are_one_message() {
        assert_eq!(runs(&[7]), [(1, 7, None)]);
        assert_eq!(runs(&[7, 7, 7]), [(3, 21, Some(7))]);
        // A shorter one ends the message, and a longer one begins another.
        assert_eq!(runs(&[7, 7, 3, 3]), [(3, 17, Some(7)), (1, 3, None)]);
        assert_eq!(runs(&[3, 7, 7]), [(1, 3, None), (2, 14, Some(7))]);
        // What is empty cannot be a part.
        let expected = [(1, 0, None), (1, 0, None), (1, 7, None), (1, 0, None)];
        assert_eq!(runs(&[0, 0, 7, 0]), expected);
        // The limits of the kernel.
        assert_eq!(runs(&[1; 65]), [(64, 64, Some(1)), (1, 1, None)]);
        let expected = [(2, 60_000, Some(30_000)), (1, 30_000, None)];
        assert_eq!(runs(&[30_000; 3]), expected);
        assert_eq!(runs(&[70_000, 70_000]), [(1, 70_000, None); 2]);
    }

    #[test]
    fn a_message_has_one_target() {
        let [one, other]: [SocketAddr; 2] =
            ["127.0.0.1:1", "127.0.0.1:2"].map(|a| a.parse().unwrap());
        let datagrams = [(vec![1; 4], one), (vec![1; 4], one), (vec![1; 4], other)];
        let joined = Run {
            datagrams: 2,
            bytes: 8,
            segment: Some(4),
        };
        assert_eq!(Batch::run(&datagrams, false), joined);
        let alone = Run {
            datagrams: 1,
            bytes: 4,
            segment: None,
        };
        assert_eq!(Batch::run(&datagrams, true), alone);
    }
}
