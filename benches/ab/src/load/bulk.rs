//! Bytes as fast as a proxy takes them, read again behind it.

#![forbid(unsafe_code)]

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::backend::Backend;
use super::connection::connect;
use super::poller::Poller;
use super::{Check, Tally, is_over, until};

const BUFFER: usize = 256 << 10;

/// Every stream is a repetition of this many bytes. It is no power of two, so that bytes that are lost
/// with a whole buffer show.
const PERIOD: usize = 251;

/// The sending and the receiving ends.
pub(crate) struct Bulk {
    poller: Poller,
    /// Each with the number of bytes that it has sent.
    senders: Vec<(TcpStream, u64)>,
    backend: Backend,
    /// How many bytes have come over each connection of the backend.
    received: Vec<u64>,
    /// A period more than is sent at a time.
    pattern: Vec<u8>,
    buffer: Vec<u8>,
}

impl Bulk {
    /// Connects so many times.
    pub(crate) fn connect(
        address: SocketAddr,
        connections: usize,
        backend: Backend,
    ) -> Result<Bulk> {
        let poller = Poller::new()?;
        backend.add_to(&poller)?;
        let mut senders = Vec::new();
        for key in 0..connections {
            let stream = connect(address)?;
            poller.add_write(&stream, key as u64)?;
            senders.push((stream, 0));
        }
        Ok(Bulk {
            poller,
            senders,
            backend,
            received: vec![0; connections],
            pattern: (0..BUFFER + PERIOD)
                .map(|place| (place % PERIOD) as u8)
                .collect(),
            buffer: vec![0; BUFFER],
        })
    }

    /// Sends and receives for a time; the unit is a MiB.
    pub(crate) fn advance(&mut self, time: Duration, check: Check) -> Result<Tally> {
        let end = Instant::now() + time;
        let before: u64 = self.received.iter().sum();
        let mut bytes = 0;
        loop {
            let now = Instant::now();
            if is_over(now, end, bytes) {
                break;
            }
            for at in 0..self.poller.wait(until(end, now))? {
                match usize::try_from(self.poller.key(at)) {
                    Ok(key) if key < self.senders.len() => self.send(key)?,
                    _ => self.receive(self.poller.key(at), check)?,
                }
            }
            bytes = self.received.iter().sum::<u64>() - before;
        }
        Ok(Tally {
            units: bytes as f64 / f64::from(1 << 20),
            ..Tally::default()
        })
    }

    fn send(&mut self, key: usize) -> Result<()> {
        let (stream, sent) = &mut self.senders[key];
        let place = (*sent % PERIOD as u64) as usize;
        match stream.write(&self.pattern[place..place + BUFFER]) {
            Ok(bytes) => *sent += bytes as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error).context("sending to the proxy"),
        }
        Ok(())
    }

    fn receive(&mut self, key: u64, check: Check) -> Result<()> {
        let received = self.backend.receive(&self.poller, key, &mut self.buffer)?;
        let Some((number, bytes)) = received else {
            return Ok(());
        };
        let count = self
            .received
            .get_mut(number)
            .context("the proxy connects too often")?;
        let place = (*count % PERIOD as u64) as usize;
        let shown = match check {
            Check::All => bytes,
            Check::Beginning => bytes.min(PERIOD),
        };
        let expected = &self.pattern[place..place + shown];
        ensure!(
            self.buffer[..shown] == *expected,
            "the proxy passed on a wrong byte"
        );
        *count += bytes as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    use super::super::Check;
    use super::{Backend, Bulk};

    /// Puts a proxy of one connection, which changes every byte by `change`, under load.
    fn advance(change: impl Fn(&mut [u8]) + Send + 'static) -> anyhow::Result<f64> {
        let backend = Backend::listen().unwrap();
        let server = backend.address().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut server = TcpStream::connect(server).unwrap();
            let mut buffer = vec![0; 10_000];
            while let Ok(length @ 1..) = client.read(&mut buffer) {
                change(&mut buffer[..length]);
                if server.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
        });
        let mut bulk = Bulk::connect(address, 1, backend).unwrap();
        let tally = bulk.advance(Duration::from_millis(300), Check::All)?;
        Ok(tally.units)
    }

    #[test]
    fn what_passes_is_counted_and_checked() {
        assert!(advance(|_| {}).unwrap() > 0.0);
        let error = advance(|bytes| bytes[0] ^= 1).unwrap_err();
        assert!(error.to_string().contains("wrong byte"));
    }
}
