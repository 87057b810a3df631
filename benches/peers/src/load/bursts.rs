//! Datagrams for a program that receives. The last one of a burst is answered, so that no more are in
//! flight than fit into the buffer of its socket, and none is lost.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use peer_protocol::{BURST, DATAGRAM};
use zokio_ab::load::{Poller, Tally, is_over, until};

/// The sockets.
pub(crate) struct Bursts {
    poller: Poller,
    sockets: Vec<Sender>,
    /// Bursts that were sent, and those that were answered.
    sent: u64,
    answered: u64,
}

struct Sender {
    socket: UdpSocket,
    /// How many bursts were answered when it sent its last one.
    answered: u64,
}

impl Bursts {
    /// Sends a burst from so many sockets.
    pub(crate) fn new(address: SocketAddr, sockets: usize) -> Result<Bursts> {
        let mut bursts = Bursts {
            poller: Poller::new()?,
            sockets: Vec::new(),
            sent: 0,
            answered: 0,
        };
        for key in 0..sockets {
            let socket = UdpSocket::bind("127.0.0.1:0").context("binding a socket")?;
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            bursts.poller.add_read(&socket, key as u64)?;
            bursts.sockets.push(Sender {
                socket,
                answered: 0,
            });
            bursts.send(key)?;
        }
        Ok(bursts)
    }

    /// Sends another burst for each that is answered, for a time; the unit is a datagram.
    pub(crate) fn advance(&mut self, time: Duration) -> Result<Tally> {
        let end = Instant::now() + time;
        let before = self.answered;
        loop {
            let now = Instant::now();
            if is_over(now, end, self.answered - before) {
                break;
            }
            for at in 0..self.poller.wait(until(end, now))? {
                let key = self.poller.key(at) as usize;
                self.receive(key)?;
            }
        }
        Ok(Tally {
            units: ((self.answered - before) * BURST) as f64,
            ..Tally::default()
        })
    }

    fn receive(&mut self, key: usize) -> Result<()> {
        let mut answer = [0; DATAGRAM];
        let sender = &self.sockets[key];
        let count = match sender.socket.recv(&mut answer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            received => received.context("receiving an answer")?,
        };
        let received = answer[..count].try_into().map(u64::from_le_bytes);
        let received = received.context("an answer is a number")?;
        self.answered += 1;
        // What was answered before this burst was sent, and the burst.
        let (least, most) = ((sender.answered + 1) * BURST, self.sent * BURST);
        ensure!(
            (least..=most).contains(&received),
            "the program has received {received} datagrams, not {least} to {most}"
        );
        self.send(key)
    }

    fn send(&mut self, key: usize) -> Result<()> {
        let mut datagram = [7; DATAGRAM];
        for number in 0..BURST {
            datagram[..8].copy_from_slice(&(self.sent * BURST + number).to_le_bytes());
            let sent = self.sockets[key].socket.send(&datagram);
            sent.context("sending a datagram")?;
        }
        self.sockets[key].answered = self.answered;
        self.sent += 1;
        Ok(())
    }
}
