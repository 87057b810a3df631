//! Connections for one request each.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use peer_protocol::REQUEST;
use rustix::net::sockopt::set_socket_linger;
use zokio_ab::load::{Latencies, Poller, Tally, connect, is_over, until};

/// The connections that are open.
pub(crate) struct Once {
    address: SocketAddr,
    poller: Poller,
    open: Vec<Attempt>,
    /// How many there were.
    number: u64,
}

struct Attempt {
    stream: TcpStream,
    request: [u8; REQUEST],
    answer: Vec<u8>,
    start: Instant,
}

impl Once {
    /// Opens so many.
    pub(crate) fn new(address: SocketAddr, connections: usize) -> Result<Once> {
        let mut once = Once {
            address,
            poller: Poller::new()?,
            open: Vec::new(),
            number: 0,
        };
        for key in 0..connections {
            let attempt = once.attempt(key)?;
            once.open.push(attempt);
        }
        Ok(once)
    }

    /// Opens a connection in place of each that has ended, for a time.
    pub(crate) fn advance(&mut self, time: Duration) -> Result<Tally> {
        let end = Instant::now() + time;
        let mut latencies = Latencies::new();
        let mut buffer = [0; 2 * REQUEST];
        loop {
            let now = Instant::now();
            if is_over(now, end, latencies.count()) {
                break;
            }
            for at in 0..self.poller.wait(until(end, now))? {
                let key = self.poller.key(at) as usize;
                let attempt = &mut self.open[key];
                let count = match attempt.stream.read(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    read => read.context("reading an answer")?,
                };
                attempt.answer.extend_from_slice(&buffer[..count]);
                if count == 0 {
                    ensure!(attempt.answer == attempt.request, "the answer is wrong");
                    latencies.record(attempt.start.elapsed());
                    self.open[key] = self.attempt(key)?;
                }
            }
        }
        Ok(Tally {
            units: latencies.count() as f64,
            latency_us: latencies.percentiles_us(),
            ..Tally::default()
        })
    }

    fn attempt(&mut self, key: usize) -> Result<Attempt> {
        let start = Instant::now();
        let mut stream = connect(self.address)?;
        // The program closes first; a reset then frees the port at once, on both sides.
        set_socket_linger(&stream, Some(Duration::ZERO))?;
        self.number += 1;
        let mut request = [0; REQUEST];
        request[..8].copy_from_slice(&self.number.to_le_bytes());
        stream.write_all(&request).context("sending a request")?;
        self.poller.add_read(&stream, key as u64)?;
        Ok(Attempt {
            stream,
            request,
            answer: Vec::with_capacity(REQUEST),
            start,
        })
    }
}
