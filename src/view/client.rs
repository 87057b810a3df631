//! One client: what it has sent and was not answered, and what it has not read yet.
//!
//! A client is served one request after the other. The next one is looked at when the answer to the
//! one before has gone to the socket, but for the last few kilobytes. So what is kept for a client
//! is bounded, whatever it sends and however little it reads.
//!
//! An answer that begins with a copy of all tasks or events keeps that until its last line is written,
//! and so there is [`Room`] for a few of them. A client that asks for a further one waits, and those
//! that have a copy and do not read are cut off sooner then.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use socket2::SockRef;

use super::answer::{self, Answer};
use super::request::{Lines, Request};
use super::viewed::Source;

/// A further line is written only while less than this waits to be read.
const ENOUGH: usize = 64 << 10;

/// A client that reads nothing for this long, although there is something to be read, is cut off.
const PATIENCE_NS: u64 = 10_000_000_000;

/// The same for a client that has a copy for which another one waits.
const PATIENCE_IF_SHORT_NS: u64 = 1_000_000_000;

/// What all clients share.
#[derive(Debug)]
pub(super) struct Room {
    /// How many copies may be made.
    pub(super) copies: usize,
    /// Whether a client waits for one.
    pub(super) is_short: bool,
}

/// One connection.
pub(super) struct Client {
    socket: UnixStream,
    lines: Lines,
    output: Output,
    /// What is left of the answer to the last request.
    answer: Option<Answer>,
    /// Whether the answer has a copy of all tasks or events.
    has_copy: bool,
    /// A request for whose answer there was no room.
    postponed: Option<Request>,
    stream: Option<Stream>,
    /// Whether the client has closed its side for writing, and so sends nothing more.
    is_at_end: bool,
}

/// Snapshots that are written again and again.
#[derive(Debug)]
struct Stream {
    period: u64,
    next: u64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("socket", &self.socket)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Creates the client of a socket that does not block, and greets it.
    pub(super) fn new(socket: UnixStream, greeting: Vec<u8>) -> Client {
        let mut output = Output::default();
        output.push(greeting);
        Client {
            socket,
            lines: Lines::default(),
            output,
            answer: None,
            has_copy: false,
            postponed: None,
            stream: None,
            is_at_end: false,
        }
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Returns the events that this client waits for.
    pub(super) fn interest(&self) -> i16 {
        let input = if self.wants_input() { libc::POLLIN } else { 0 };
        let output = if self.output.is_empty() {
            0
        } else {
            libc::POLLOUT
        };
        input | output
    }

    fn wants_input(&self) -> bool {
        !self.is_at_end && self.takes_requests()
    }

    fn takes_requests(&self) -> bool {
        self.answer.is_none() && self.postponed.is_none() && self.output.len() < ENOUGH
    }

    /// Returns whether the answer has a copy of all tasks or events.
    pub(super) fn has_copy(&self) -> bool {
        self.has_copy && self.answer.is_some()
    }

    /// Returns whether there was no room for what the client has asked for.
    pub(super) fn waits_for_copy(&self) -> bool {
        self.postponed.is_some()
    }

    fn cut_off(&self, room: &Room) -> Option<u64> {
        let patience = match room.is_short && self.has_copy() {
            true => PATIENCE_IF_SHORT_NS,
            false => PATIENCE_NS,
        };
        self.output.blocked_since.map(|since| since + patience)
    }

    /// Returns when [`turn`](Client::turn) is to be called without an event.
    pub(super) fn deadline(&self, room: &Room) -> Option<u64> {
        let next = self.stream.as_ref().map(|stream| stream.next);
        let cut_off = self.cut_off(room);
        let has_request = match self.postponed {
            Some(_) => room.copies > 0 && self.output.len() < ENOUGH,
            None => self.takes_requests() && self.lines.has_request(),
        };
        let at_once = has_request.then_some(0);
        next.into_iter().chain(cut_off).chain(at_once).min()
    }

    /// Does what can be done without waiting; `events` are those that the socket has. Returns
    /// whether the client is still there.
    pub(super) fn turn(&mut self, events: i16, source: &Source, room: &mut Room) -> bool {
        // The other side is closed for reading, too.
        if events & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0 {
            return false;
        }
        let served = self.receive(events).and_then(|()| self.serve(source, room));
        let is_over = self.is_at_end
            && self.stream.is_none()
            && self.answer.is_none()
            && self.postponed.is_none()
            && self.output.is_empty();
        let is_cut_off = self.cut_off(room).is_some_and(|at| at <= source.now);
        // An error is that of a client that was killed.
        served.is_ok() && !is_over && !is_cut_off
    }

    fn receive(&mut self, events: i16) -> io::Result<()> {
        if events & libc::POLLIN == 0 || !self.wants_input() {
            return Ok(());
        }
        let mut received = [0; 4096];
        match self.socket.read(&mut received) {
            Ok(0) => self.is_at_end = true,
            Ok(count) => self.lines.push(&received[..count]),
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Continues the answer, and begins one request at most, so that the other clients have their
    /// turn.
    fn serve(&mut self, source: &Source, room: &mut Room) -> io::Result<()> {
        let mut has_begun = false;
        loop {
            self.output.send(&self.socket, source.now)?;
            if self.output.len() >= ENOUGH {
                return Ok(());
            }
            if let Some(answer) = &mut self.answer {
                match answer.next() {
                    Some(line) => self.output.push(line),
                    None => self.answer = None,
                }
                continue;
            }
            if let Some(line) = self.next_snapshot(source) {
                self.output.push(line);
                continue;
            }
            if std::mem::replace(&mut has_begun, true) {
                return Ok(());
            }
            if let Some(request) = self.postponed.take() {
                self.begin(request, source, room);
                continue;
            }
            match self.lines.next_request() {
                Some(Ok(request)) => self.begin(request, source, room),
                Some(Err(reason)) => self.output.push(answer::error(reason)),
                None => return Ok(()),
            }
        }
    }

    /// Returns the snapshot of a stream, if it is due and what came before has been read.
    fn next_snapshot(&mut self, source: &Source) -> Option<Vec<u8>> {
        let stream = self.stream.as_mut()?;
        if source.now < stream.next {
            return None;
        }
        stream.next = (stream.next + stream.period).max(source.now + stream.period / 2);
        self.output.is_empty().then(|| answer::snapshot(source))
    }

    fn begin(&mut self, request: Request, source: &Source, room: &mut Room) {
        self.has_copy = request.needs_copy();
        if self.has_copy {
            let Some(left) = room.copies.checked_sub(1) else {
                room.is_short = true;
                self.postponed = Some(request);
                return;
            };
            room.copies = left;
        }
        match request {
            Request::Stream { period_ms } => {
                self.stream = Some(Stream {
                    period: period_ms * 1_000_000,
                    next: source.now,
                });
            }
            Request::Stop => self.stream = None,
            request => self.answer = Some(answer::to(request, source)),
        }
    }
}

/// What waits to be written to a socket.
#[derive(Debug, Default)]
struct Output {
    bytes: Vec<u8>,
    /// How many of them have been written.
    sent: usize,
    /// Since when the socket has taken nothing.
    blocked_since: Option<u64>,
}

impl Output {
    fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn push(&mut self, line: Vec<u8>) {
        if self.is_empty() {
            *self = Output {
                bytes: line,
                ..Output::default()
            };
        } else {
            self.bytes.extend_from_slice(&line);
        }
    }

    /// Writes what the socket takes.
    fn send(&mut self, socket: &UnixStream, now: u64) -> io::Result<()> {
        while !self.is_empty() {
            // The process may not ignore the signal that a closed socket sends.
            let left = &self.bytes[self.sent..];
            match SockRef::from(socket).send_with_flags(left, libc::MSG_NOSIGNAL) {
                Ok(count) => {
                    self.sent += count;
                    self.blocked_since = None;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked_since.get_or_insert(now);
                    // What was written is not kept until all of it is.
                    self.bytes.drain(..self.sent);
                    self.sent = 0;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        *self = Output::default();
        Ok(())
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::{Client, Room, Source, UnixStream};
    use std::io::{Read, Write};

    /// Returns both ends of a connection, where nothing is to be seen, and room for some copies.
    fn connected(copies: usize) -> (UnixStream, Client, Source, Room) {
        let (near, far) = UnixStream::pair().unwrap();
        far.set_nonblocking(true).unwrap();
        near.set_nonblocking(true).unwrap();
        let source = Source {
            now: 1,
            runtimes: Vec::new(),
        };
        let room = Room {
            copies,
            is_short: false,
        };
        (near, Client::new(far, Vec::new()), source, room)
    }

    #[test]
    fn one_request_is_begun_in_a_turn() {
        let (mut near, mut client, source, mut room) = connected(1);
        near.write_all(b"snapshot\nnonsense\nsnapshot\n").unwrap();
        let mut events = libc::POLLIN;
        for turn in 1..=3 {
            assert!(client.turn(events, &source, &mut room));
            events = 0;
            let mut received = [0; 4096];
            let count = near.read(&mut received).unwrap();
            let lines = received[..count].iter().filter(|byte| **byte == b'\n');
            assert_eq!(lines.count(), 1);
            // The next turn needs no event.
            assert_eq!(client.deadline(&room), (turn < 3).then_some(0));
        }
    }

    #[test]
    fn a_copy_waits_for_room() {
        let (mut near, mut client, source, mut room) = connected(0);
        near.write_all(b"tasks\nsnapshot\n").unwrap();
        assert!(client.turn(libc::POLLIN, &source, &mut room));
        assert!(client.waits_for_copy() && room.is_short);
        let mut received = [0; 4096];
        let error = near.read(&mut received).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        // No request is looked at before the one that waits.
        assert_eq!((client.interest(), client.deadline(&room)), (0, None));
        room.copies = 1;
        assert_eq!(client.deadline(&room), Some(0));
        assert!(client.turn(0, &source, &mut room));
        assert!(!client.waits_for_copy() && room.copies == 0);
        let count = near.read(&mut received).unwrap();
        assert!(received[..count].starts_with(b"{\"now\":1,\"tasks\":[]"));
    }
}
