//! A connection to the program, with at most one request in flight.

#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::Check;
use super::answer::Answer;

/// The connection.
pub(crate) struct Connection {
    socket: Socket,
    request: Vec<u8>,
    /// The number of this connection and of its next request: the beginning of an echo.
    number: u64,
    /// When the request in flight was due.
    due: Option<Instant>,
    received: usize,
}

/// What a read has brought.
pub(crate) struct Progress {
    pub(crate) bytes: usize,
    /// When the request was due that is answered now.
    pub(crate) answered: Option<Instant>,
}

impl Connection {
    pub(crate) fn new(socket: Socket, request: &[u8], number: u32) -> Connection {
        Connection {
            socket,
            request: request.to_vec(),
            number: u64::from(number) << 32,
            due: None,
            received: 0,
        }
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Returns when the request in flight was due, if there is one.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Sends a request. There is none in flight, so the buffer of the socket has room for it.
    pub(crate) fn send(&mut self, answer: &Answer, due: Instant) -> Result<()> {
        self.number += 1;
        answer.number(&mut self.request, self.number);
        let sent = self
            .socket
            .write(&self.request)
            .context("sending a request")?;
        ensure!(
            sent == self.request.len(),
            "the program took {sent} bytes of a request"
        );
        self.due = Some(due);
        self.received = 0;
        Ok(())
    }

    /// Reads once.
    pub(crate) fn receive(
        &mut self,
        answer: &Answer,
        buffer: &mut [u8],
        check: Check,
    ) -> Result<Progress> {
        let bytes = match self.socket.read(buffer) {
            Ok(0) => bail!("the program closed a connection"),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error).context("reading an answer"),
        };
        let due = self.due.context("the program answered without a request")?;
        let agrees = answer.agrees(&self.request, self.received, &buffer[..bytes], check);
        ensure!(agrees, "the program's answer is wrong");
        self.received += bytes;
        let answered = self.received == answer.length();
        if answered {
            self.due = None;
        }
        Ok(Progress {
            bytes,
            answered: answered.then_some(due),
        })
    }
}

/// How the requests are transported.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transport {
    Tcp,
    /// A datagram for each request and for each answer. Loopback loses none, as long as the buffers of
    /// the sockets have room, and there are few requests in flight.
    Udp,
}

/// A connected socket that does not wait.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Udp(UdpSocket),
}

impl Socket {
    pub fn connect(address: SocketAddr, transport: Transport) -> Result<Socket> {
        Ok(match transport {
            Transport::Tcp => Socket::Tcp(connect(address)?),
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").context("binding a socket")?;
                socket.connect(address)?;
                socket.set_nonblocking(true)?;
                Socket::Udp(socket)
            }
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.read(buffer),
            Socket::Udp(socket) => socket.recv(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.write(bytes),
            Socket::Udp(socket) => socket.send(bytes),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Socket::Tcp(stream) => stream.as_fd(),
            Socket::Udp(socket) => socket.as_fd(),
        }
    }
}

/// Connects a socket that does not wait from then on.
pub fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).context("connecting to the program")?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
