//! The server behind a proxy. It runs in the thread of the load, which has the other end of each
//! connection as well.

#![forbid(unsafe_code)]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::{Context, Result, bail, ensure};

use super::poller::Poller;

/// The key of the listener; the connections have those from [`FIRST`].
const LISTENER: u64 = u64::MAX;
const FIRST: u64 = 1 << 32;

/// The server's sockets.
pub(crate) struct Backend {
    listener: TcpListener,
    connections: Vec<TcpStream>,
}

impl Backend {
    /// Listens on a free port.
    pub(crate) fn listen() -> Result<Backend> {
        let listener = TcpListener::bind("127.0.0.1:0").context("binding a socket")?;
        listener.set_nonblocking(true)?;
        Ok(Backend {
            listener,
            connections: Vec::new(),
        })
    }

    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    pub(crate) fn add_to(&self, poller: &Poller) -> Result<()> {
        poller.add_read(&self.listener, LISTENER)
    }

    /// Does what an event asks for: takes a connection, or sends back what has come.
    pub(crate) fn echo(&mut self, poller: &Poller, key: u64, buffer: &mut [u8]) -> Result<()> {
        let Some((_, bytes)) = self.receive(poller, key, buffer)? else {
            return Ok(());
        };
        // It answers a request, and its sender waits for it: the buffer of the socket has room.
        let sent = self.connection(key)?.write(&buffer[..bytes]);
        let sent = sent.context("answering the proxy")?;
        ensure!(sent == bytes, "the proxy took {sent} bytes of an answer");
        Ok(())
    }

    /// Takes a connection, or reads once and returns the number of the connection and of the bytes.
    pub(crate) fn receive(
        &mut self,
        poller: &Poller,
        key: u64,
        buffer: &mut [u8],
    ) -> Result<Option<(usize, usize)>> {
        if key == LISTENER {
            self.accept(poller)?;
            return Ok(None);
        }
        match self.connection(key)?.read(buffer) {
            Ok(0) => bail!("the proxy closed a connection"),
            Ok(bytes) => Ok(Some(((key - FIRST) as usize, bytes))),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error).context("reading from the proxy"),
        }
    }

    fn accept(&mut self, poller: &Poller) -> Result<()> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                poller.add_read(&stream, FIRST + self.connections.len() as u64)?;
                self.connections.push(stream);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error).context("taking a connection of the proxy"),
        }
    }

    fn connection(&mut self, key: u64) -> Result<&mut TcpStream> {
        let number = key
            .checked_sub(FIRST)
            .and_then(|number| usize::try_from(number).ok());
        let connection = number.and_then(|number| self.connections.get_mut(number));
        connection.context("an event of no connection")
    }
}
