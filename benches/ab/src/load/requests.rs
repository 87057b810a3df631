//! Requests and their answers. In a closed loop, each connection sends a request as soon as the last
//! one is answered. In an open loop, requests are due at a fixed rate (`schedule.rs`).

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::answer::Answer;
use super::backend::Backend;
use super::connection::{Connection, Socket, Transport};
use super::latencies::Latencies;
use super::poller::Poller;
use super::schedule::Schedule;
use super::{Check, Tally, is_over, until};

const BUFFER: usize = 256 << 10;

/// Connections for requests, and the server behind the program if that is a proxy.
pub struct Requests {
    poller: Poller,
    answer: Answer,
    connections: Vec<Connection>,
    /// Connections without a request in flight, in the order in which they are used.
    free: VecDeque<usize>,
    /// In an open loop.
    schedule: Option<Schedule>,
    backend: Option<Backend>,
    buffer: Vec<u8>,
    bytes: u64,
    latencies: Latencies,
}

impl Requests {
    /// Connects so many times, for requests of a length that are sent back.
    ///
    /// # Errors
    ///
    /// Returns an error if the program does not take the connections.
    pub fn echo(address: SocketAddr, connections: usize, length: usize) -> Result<Requests> {
        let request: Vec<u8> = (0..length).map(|place| place as u8).collect();
        let server = (address, Transport::Tcp);
        Requests::connect(server, connections, &request, Answer::Echo { length })
    }

    /// Connects so many times.
    pub(crate) fn connect(
        (address, transport): (SocketAddr, Transport),
        connections: usize,
        request: &[u8],
        answer: Answer,
    ) -> Result<Requests> {
        let poller = Poller::new()?;
        let connections: Vec<Connection> = (0..connections as u32)
            .map(|number| {
                let socket = Socket::connect(address, transport)?;
                Ok(Connection::new(socket, request, number))
            })
            .collect::<Result<_>>()?;
        for (key, connection) in connections.iter().enumerate() {
            poller.add_read(connection.socket(), key as u64)?;
        }
        Ok(Requests {
            poller,
            answer,
            free: (0..connections.len()).collect(),
            connections,
            schedule: None,
            backend: None,
            buffer: vec![0; BUFFER],
            bytes: 0,
            latencies: Latencies::new(),
        })
    }

    /// Sends back what comes to `backend`.
    pub(crate) fn serve(&mut self, backend: Backend) -> Result<()> {
        backend.add_to(&self.poller)?;
        self.backend = Some(backend);
        Ok(())
    }

    /// Makes this an open loop that begins now.
    pub fn open_loop(&mut self, rate: f64) {
        self.schedule = Some(Schedule::new(rate));
    }

    /// Sends and receives for a time.
    pub fn advance(&mut self, time: Duration, check: Check) -> Result<Tally> {
        let end = Instant::now() + time;
        let before = self.schedule.as_ref().map(Schedule::counts);
        self.bytes = 0;
        self.latencies.reset();
        loop {
            let now = Instant::now();
            if is_over(now, end, self.latencies.count()) {
                break;
            }
            self.send_due(now)?;
            let due = self
                .schedule
                .as_ref()
                .map_or(end, |schedule| schedule.next().min(end));
            for at in 0..self.poller.wait(until(due, now))? {
                match usize::try_from(self.poller.key(at)) {
                    Ok(key) if key < self.connections.len() => self.receive(key, check)?,
                    _ => self.pass_to_backend(self.poller.key(at))?,
                }
            }
        }
        Ok(self.tally(before))
    }

    /// Sends what is due over free connections.
    fn send_due(&mut self, now: Instant) -> Result<()> {
        if let Some(schedule) = &mut self.schedule {
            schedule.advance(now);
        }
        while let Some(&key) = self.free.front() {
            let due = match &mut self.schedule {
                Some(schedule) => schedule.take(),
                None => Some(now),
            };
            let Some(due) = due else {
                return Ok(());
            };
            self.connections[key].send(&self.answer, due)?;
            self.free.pop_front();
        }
        Ok(())
    }

    fn receive(&mut self, key: usize, check: Check) -> Result<()> {
        let connection = &mut self.connections[key];
        let progress = connection.receive(&self.answer, &mut self.buffer, check)?;
        self.bytes += progress.bytes as u64;
        if let Some(due) = progress.answered {
            let now = Instant::now();
            self.latencies.record(now.saturating_duration_since(due));
            let next = match &mut self.schedule {
                Some(schedule) => schedule.take(),
                None => Some(now),
            };
            match next {
                Some(due) => connection.send(&self.answer, due)?,
                None => self.free.push_back(key),
            }
        }
        Ok(())
    }

    fn pass_to_backend(&mut self, key: u64) -> Result<()> {
        match &mut self.backend {
            Some(backend) => backend.echo(&self.poller, key, &mut self.buffer),
            None => Ok(()),
        }
    }

    /// Adds up. `before` are the counts of an open loop at the start.
    fn tally(&mut self, before: Option<(u64, u64)>) -> Tally {
        let mut late = None;
        if let (Some(schedule), Some((made_before, late_before))) = (&self.schedule, before) {
            // What is not answered yet would be left out where it took longest. It counts with the
            // time that it has taken so far.
            let now = Instant::now();
            let in_flight = self.connections.iter().filter_map(Connection::due);
            for due in schedule.waiting().chain(in_flight) {
                self.latencies.record(now.saturating_duration_since(due));
            }
            let (made, noticed_late) = schedule.counts();
            let made = made - made_before;
            late = (made > 0).then(|| (noticed_late - late_before) as f64 / made as f64);
        }
        Tally {
            units: self.bytes as f64 / self.answer.length() as f64,
            latency_us: self.latencies.percentiles_us(),
            late,
            ..Tally::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    use super::super::Check;
    use super::super::answer::Answer;
    use super::{Requests, Transport};

    const TIME: Duration = Duration::from_millis(300);

    /// A server of one connection, which ends with it.
    fn server(mut answer: impl FnMut(&mut TcpStream, &mut [u8]) + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 16];
            while stream.read_exact(&mut request).is_ok() {
                answer(&mut stream, &mut request);
            }
        });
        address
    }

    fn requests(address: SocketAddr) -> Requests {
        let answer = Answer::Echo { length: 16 };
        Requests::connect((address, Transport::Tcp), 1, &[7; 16], answer).unwrap()
    }

    #[test]
    fn an_answer_in_two_parts_counts_once() {
        let address = server(|stream, request| {
            stream.write_all(&request[..5]).unwrap();
            stream.write_all(&request[5..]).unwrap();
        });
        let mut requests = requests(address);
        let first = requests.advance(TIME, Check::All).unwrap();
        let second = requests.advance(TIME, Check::Beginning).unwrap();
        assert!(first.units >= 1.0 && second.units >= 1.0);
        assert!(first.latency_us.unwrap()[0] > 0.0 && first.late.is_none());
    }

    #[test]
    fn a_wrong_answer_and_a_closed_connection_are_errors() {
        let address = server(|stream, request| {
            request[0] ^= 1;
            stream.write_all(request).unwrap();
        });
        let error = requests(address).advance(TIME, Check::Beginning);
        assert!(error.unwrap_err().to_string().contains("wrong"));
        let address = server(|stream, _| stream.shutdown(std::net::Shutdown::Both).unwrap());
        let error = requests(address).advance(TIME, Check::Beginning);
        assert!(error.unwrap_err().to_string().contains("closed"));
    }

    /// A program that stops for 200 ms once keeps 200 requests waiting. A load that waited with it would
    /// see one slow request among hundreds.
    #[test]
    fn an_open_loop_counts_what_a_stall_keeps_waiting() {
        let mut stalled = false;
        let address = server(move |stream, request| {
            if !std::mem::replace(&mut stalled, true) {
                thread::sleep(Duration::from_millis(200));
            }
            stream.write_all(request).unwrap();
        });
        let mut requests = requests(address);
        requests.open_loop(1000.0);
        let tally = requests.advance(TIME, Check::Beginning).unwrap();
        // At least 40% of the 300 requests were due in the first 120 ms, and took 80 ms or longer.
        let [half, slow, _] = tally.latency_us.unwrap();
        assert!(half >= 40_000.0, "{half}");
        assert!(slow >= 180_000.0, "{slow}");
        assert!(tally.late.is_some());
    }

    /// One request is answered, and still all that was due is recorded.
    #[test]
    fn an_open_loop_counts_what_is_never_answered() {
        let mut answered = false;
        let mut requests = requests(server(move |stream, request| {
            if !std::mem::replace(&mut answered, true) {
                stream.write_all(request).unwrap();
            }
        }));
        requests.open_loop(1000.0);
        let tally = requests.advance(TIME, Check::Beginning).unwrap();
        assert!(tally.units == 1.0);
        assert!(tally.latency_us.unwrap()[0] >= 100_000.0);
    }
}
