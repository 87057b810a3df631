//! Bytes as fast as they are taken, in one direction.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use peer_protocol::{STREAM, stream};
use zokio_ab::load::{Check, Poller, Tally, connect, is_over, until};

/// How much is sent and received at a time, a multiple of the stream's period.
const BUFFER: usize = 4 * STREAM;

/// How much of each read is checked, once everything was.
const BEGINNING: usize = 64;

/// How long the count of a program may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connections.
pub(crate) struct Streams {
    poller: Poller,
    /// Each with the number of bytes that went over it.
    connections: Vec<(TcpStream, u64)>,
    to_program: bool,
    /// What is sent, or expected: a period more than a buffer.
    content: Vec<u8>,
    buffer: Vec<u8>,
}

impl Streams {
    /// Connects, to send.
    pub(crate) fn to_program(address: SocketAddr, connections: usize) -> Result<Streams> {
        Streams::connect(address, connections, true)
    }

    /// Connects, to receive.
    pub(crate) fn from_program(address: SocketAddr, connections: usize) -> Result<Streams> {
        Streams::connect(address, connections, false)
    }

    fn connect(address: SocketAddr, connections: usize, to_program: bool) -> Result<Streams> {
        let poller = Poller::new()?;
        let connections = (0..connections as u64).map(|key| {
            let stream = connect(address)?;
            match to_program {
                true => poller.add_write(&stream, key)?,
                false => poller.add_read(&stream, key)?,
            }
            Ok((stream, 0))
        });
        Ok(Streams {
            connections: connections.collect::<Result<_>>()?,
            poller,
            to_program,
            content: stream().repeat(BUFFER / STREAM + 1),
            buffer: vec![0; BUFFER],
        })
    }

    /// Sends or receives for a time; the unit is a MiB.
    pub(crate) fn advance(&mut self, time: Duration, check: Check) -> Result<Tally> {
        let end = Instant::now() + time;
        let mut bytes = 0;
        loop {
            let now = Instant::now();
            if is_over(now, end, bytes) {
                break;
            }
            for at in 0..self.poller.wait(until(end, now))? {
                let key = self.poller.key(at) as usize;
                bytes += match self.to_program {
                    true => self.send(key)?,
                    false => self.receive(key, check)?,
                };
            }
        }
        Ok(Tally {
            units: bytes as f64 / f64::from(1 << 20),
            ..Tally::default()
        })
    }

    fn send(&mut self, key: usize) -> Result<u64> {
        let (stream, sent) = &mut self.connections[key];
        let place = (*sent % STREAM as u64) as usize;
        let count = match stream.write(&self.content[place..place + BUFFER]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            written => written.context("sending to the program")?,
        };
        *sent += count as u64;
        Ok(count as u64)
    }

    fn receive(&mut self, key: usize, check: Check) -> Result<u64> {
        let (stream, received) = &mut self.connections[key];
        let count = match stream.read(&mut self.buffer) {
            Ok(0) => bail!("the program closed a connection"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            read => read.context("receiving from the program")?,
        };
        let shown = match check {
            Check::All => count,
            Check::Beginning => count.min(BEGINNING),
        };
        let place = (*received % STREAM as u64) as usize;
        let agrees = self.buffer[..shown] == self.content[place..place + shown];
        ensure!(agrees, "the program sent a wrong byte");
        *received += count as u64;
        Ok(count as u64)
    }

    /// Ends the connections. A program that has received sends how much.
    pub(crate) fn end(self) -> Result<()> {
        if !self.to_program {
            return Ok(());
        }
        for (mut stream, sent) in self.connections {
            stream.set_nonblocking(false)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.shutdown(Shutdown::Write)?;
            let mut count = [0; 8];
            stream.read_exact(&mut count).context("reading the count")?;
            let received = u64::from_le_bytes(count);
            ensure!(
                received == sent,
                "the program has received {received} of {sent} bytes"
            );
        }
        Ok(())
    }
}
