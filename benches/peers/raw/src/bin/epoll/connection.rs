//! A connection, and what is done when it is ready.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use peer_protocol::{REQUEST, STREAM, Server, stream};
use rustix::event::epoll::EventFlags;

use crate::server::unless_blocked;

/// How often one connection is read or written before the next is looked at.
const TURNS: usize = 16;

/// The connection.
pub struct Connection {
    pub stream: TcpStream,
    job: Server,
    /// What it is registered for.
    pub waits_for: EventFlags,
    /// What is to be sent, and how much of it was: an answer for which there was no room, or the
    /// stream.
    outgoing: Vec<u8>,
    sent: usize,
    received: u64,
}

/// What a connection waits for.
pub enum Next {
    Read,
    Write,
    Close,
}

impl Connection {
    pub fn new(job: Server, stream: TcpStream) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        let (waits_for, outgoing) = match job {
            Server::Send => (EventFlags::OUT, self::stream()),
            _ => (EventFlags::IN, Vec::new()),
        };
        Ok(Connection {
            stream,
            job,
            waits_for,
            outgoing,
            sent: 0,
            received: 0,
        })
    }

    /// Reads and writes what can be without waiting.
    pub fn advance(&mut self, buffer: &mut [u8]) -> io::Result<Next> {
        match self.job {
            Server::Echo => self.echo(&mut buffer[..REQUEST]),
            Server::Once => self.once(&mut buffer[..REQUEST]),
            Server::Receive => self.receive(buffer),
            Server::Send => self.send(),
            Server::Datagrams => unreachable!("it has no connections"),
        }
    }

    fn echo(&mut self, buffer: &mut [u8]) -> io::Result<Next> {
        if !self.outgoing.is_empty() {
            return self.send_rest();
        }
        let Some(count) = unless_blocked(self.stream.read(buffer))? else {
            return Ok(Next::Read);
        };
        if count == 0 {
            return Ok(Next::Close);
        }
        let sent = unless_blocked(self.stream.write(&buffer[..count]))?.unwrap_or(0);
        if sent == count {
            return Ok(Next::Read);
        }
        self.outgoing.extend_from_slice(&buffer[sent..count]);
        Ok(Next::Write)
    }

    fn send_rest(&mut self) -> io::Result<Next> {
        let sent = unless_blocked(self.stream.write(&self.outgoing))?.unwrap_or(0);
        self.outgoing.drain(..sent);
        Ok(match self.outgoing.is_empty() {
            true => Next::Read,
            false => Next::Write,
        })
    }

    /// The load sends a request with one call, which comes as a whole.
    fn once(&mut self, buffer: &mut [u8]) -> io::Result<Next> {
        match unless_blocked(self.stream.read(buffer))? {
            None => Ok(Next::Read),
            Some(REQUEST) => {
                self.stream.write_all(buffer)?;
                Ok(Next::Close)
            }
            Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Next> {
        for _ in 0..TURNS {
            let Some(count) = unless_blocked(self.stream.read(buffer))? else {
                break;
            };
            if count == 0 {
                self.stream.write_all(&self.received.to_le_bytes())?;
                return Ok(Next::Close);
            }
            self.received += count as u64;
            // After a short read the socket is empty.
            if count < STREAM {
                break;
            }
        }
        Ok(Next::Read)
    }

    fn send(&mut self) -> io::Result<Next> {
        for _ in 0..TURNS {
            let Some(count) = unless_blocked(self.stream.write(&self.outgoing[self.sent..]))?
            else {
                break;
            };
            self.sent = (self.sent + count) % STREAM;
        }
        Ok(Next::Write)
    }
}
