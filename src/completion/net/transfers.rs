//! The calls that move bytes: those of a stream, and datagrams.
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;

use super::attempts::Call;
use super::raw;
use super::socket::Socket;
use crate::completion::BufResult;
use crate::completion::raw::{Held, Lend};
use crate::driver::readiness::{ReadyEvent, Verdict};
use crate::driver::sockets::Receiver;
use crate::io::Interest;
use crate::net::ip;
use crate::watched::{Receive, is_short};

/// How long a transfer continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Until one system call has moved some bytes, or found the end.
    OneCall,
    /// Until the buffer is full, or all of it is written.
    All,
}

const fn interest<L: Lend>() -> Interest {
    if L::WRITES {
        Interest::WRITABLE
    } else {
        Interest::READABLE
    }
}

const fn name<L: Lend>() -> &'static str {
    if L::WRITES {
        "send to a socket"
    } else {
        "receive from a socket"
    }
}

/// Reads from or writes to a stream.
pub(super) struct StreamTransfer<L> {
    held: Held<L>,
    /// How many bytes are still to be transferred.
    left: usize,
    until: Until,
    /// Of no meaning for a write.
    how: Receive,
}

impl<L: Lend> StreamTransfer<L> {
    /// Ends when one system call has moved some bytes.
    pub(super) fn one_call(lend: L) -> StreamTransfer<L> {
        StreamTransfer::new(lend, Until::OneCall, Receive::Take)
    }

    /// Ends when the buffer is full, or all of it is written.
    pub(super) fn all(lend: L) -> StreamTransfer<L> {
        StreamTransfer::new(lend, Until::All, Receive::Take)
    }

    /// Like `one_call`, but leaves the bytes in the socket.
    pub(super) fn peek(lend: L) -> StreamTransfer<L> {
        StreamTransfer::new(lend, Until::OneCall, Receive::Peek)
    }

    fn new(lend: L, until: Until, how: Receive) -> StreamTransfer<L> {
        let mut held = Held::new(lend);
        StreamTransfer {
            left: held.left(),
            held,
            until,
            how,
        }
    }

    /// Takes what receives have brought, or begins one.
    fn receive(
        &mut self,
        socket: &Socket,
        receiver: &Receiver,
        event: ReadyEvent,
    ) -> io::Result<usize> {
        match self.how {
            Receive::Take => socket.receive(receiver, event, &mut self.held),
            Receive::Peek => match socket.peek_received(&mut self.held)? {
                0 => self.call(socket, event),
                count => Ok(count),
            },
        }
    }

    /// Makes the system call.
    fn call(&mut self, socket: &Socket, event: ReadyEvent) -> io::Result<usize> {
        let count = raw::transfer(&mut self.held, socket.fd(), self.how.flags())?;
        self.note_short(socket, event, count);
        Ok(count)
    }

    /// Clears the readiness if `count` bytes prove that the next call would block, which saves that
    /// call. `watched/stream.rs` has the reasons.
    fn note_short(&self, socket: &Socket, event: ReadyEvent, count: usize) {
        let proves = match self.how {
            Receive::Take => L::WRITES || socket.short_read_drains(event),
            Receive::Peek => false,
        };
        if proves && is_short(count, self.left) {
            socket.disprove(event, Verdict::Closure);
        }
    }
}

impl<L: Lend> Call for StreamTransfer<L> {
    type Done = usize;
    type Output = BufResult<usize, L::Buffer>;

    const INTEREST: Interest = interest::<L>();
    const NAME: &'static str = name::<L>();

    fn finished(&self) -> Option<usize> {
        (self.left == 0).then(|| self.held.done())
    }

    fn receives(&self, socket: &Socket) -> io::Result<bool> {
        if L::WRITES || socket.io().receiver().is_none() {
            return Ok(false);
        }
        if let Receive::Peek = self.how {
            // What it waits for stays in the socket.
            socket.io().watch(Interest::READABLE)?;
            return Ok(false);
        }
        Ok(true)
    }

    fn attempt(&mut self, socket: &Socket, event: ReadyEvent) -> io::Result<Option<usize>> {
        let count = match socket.io().receiver() {
            Some(receiver) if !L::WRITES => self.receive(socket, receiver, event)?,
            _ => self.call(socket, event)?,
        };
        self.left -= count;
        match (count, self.until) {
            // The end of what this side has closed.
            (0, _) if socket.is_closed() => Err(Socket::closed_error()),
            (0, Until::All) if L::WRITES => Err(io::ErrorKind::WriteZero.into()),
            (0, Until::All) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the stream ended before the buffer was full",
            )),
            (_, Until::All) => Ok(None),
            (_, Until::OneCall) => Ok(Some(self.held.done())),
        }
    }

    fn end(self, result: io::Result<usize>) -> Self::Output {
        (result, self.held.end())
    }
}

/// Receives or sends one datagram, which may be empty, to or from the peer of a connected socket.
pub(super) struct Datagram<L>(Held<L>);

impl<L: Lend> Datagram<L> {
    pub(super) fn new(lend: L) -> Datagram<L> {
        Datagram(Held::new(lend))
    }
}

impl<L: Lend> Call for Datagram<L> {
    type Done = usize;
    type Output = BufResult<usize, L::Buffer>;

    const INTEREST: Interest = interest::<L>();
    const NAME: &'static str = name::<L>();

    fn finished(&self) -> Option<usize> {
        None
    }

    fn attempt(&mut self, socket: &Socket, _: ReadyEvent) -> io::Result<Option<usize>> {
        let count = raw::transfer(&mut self.0, socket.fd(), 0)?;
        if count == 0 && socket.is_closed() {
            return Err(Socket::closed_error());
        }
        Ok(Some(count))
    }

    fn end(self, result: io::Result<usize>) -> Self::Output {
        (result, self.0.end())
    }
}

/// Receives one datagram, with its sender.
pub(super) struct DatagramFrom<L>(Held<L>);

impl<L: Lend> DatagramFrom<L> {
    pub(super) fn new(lend: L) -> DatagramFrom<L> {
        DatagramFrom(Held::new(lend))
    }
}

impl<L: Lend> Call for DatagramFrom<L> {
    type Done = (usize, SocketAddr);
    type Output = BufResult<(usize, SocketAddr), L::Buffer>;

    const INTEREST: Interest = Interest::READABLE;
    const NAME: &'static str = name::<L>();

    fn finished(&self) -> Option<Self::Done> {
        None
    }

    fn attempt(&mut self, socket: &Socket, _: ReadyEvent) -> io::Result<Option<Self::Done>> {
        let (count, sender) = raw::receive_from(&mut self.0, socket.fd())?;
        Ok(Some((count, ip(&sender)?)))
    }

    fn end(self, result: io::Result<Self::Done>) -> Self::Output {
        (result, self.0.end())
    }
}

/// Sends one datagram to an address.
pub(super) struct DatagramTo<L> {
    held: Held<L>,
    target: SocketAddr,
}

impl<L: Lend> DatagramTo<L> {
    pub(super) fn new(lend: L, target: SocketAddr) -> DatagramTo<L> {
        DatagramTo {
            held: Held::new(lend),
            target,
        }
    }
}

impl<L: Lend> Call for DatagramTo<L> {
    type Done = usize;
    type Output = BufResult<usize, L::Buffer>;

    const INTEREST: Interest = Interest::WRITABLE;
    const NAME: &'static str = name::<L>();

    fn finished(&self) -> Option<usize> {
        None
    }

    fn attempt(&mut self, socket: &Socket, _: ReadyEvent) -> io::Result<Option<usize>> {
        raw::send_to(&mut self.held, socket.fd(), &self.target.into()).map(Some)
    }

    fn end(self, result: io::Result<usize>) -> Self::Output {
        (result, self.held.end())
    }
}
