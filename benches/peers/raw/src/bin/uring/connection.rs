//! A connection: what waits to be sent over it.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{SendFlags, send};

/// The connection.
pub struct Connection {
    pub stream: OwnedFd,
    /// What was received and is not sent back yet, in order; the first is with the ring.
    pub outgoing: VecDeque<Outgoing>,
    /// Whether the other side has ended.
    pub ended: bool,
    /// How much of the stream was sent, in bytes of its period.
    pub sent: usize,
    pub received: u64,
}

/// A part of a buffer.
#[derive(Clone, Copy)]
pub struct Outgoing {
    pub buffer: u16,
    pub from: usize,
    pub to: usize,
}

impl Connection {
    pub fn new(stream: OwnedFd) -> Connection {
        Connection {
            stream,
            outgoing: VecDeque::new(),
            ended: false,
            sent: 0,
            received: 0,
        }
    }

    /// Sends what there is room for, and returns how much that is. An error shows at the next receive.
    pub fn send_now(&self, bytes: &[u8]) -> usize {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        send(self.stream.as_fd(), bytes, flags).unwrap_or(0)
    }
}
