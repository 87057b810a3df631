//! [`Table`]: what is known about each socket whose receives are completions.
//!
//! The entries of a ring name descriptors. From the moment that one is written ([`Table::flush`])
//! until the kernel has read it ([`Table::confirm`]), the table is *handing over*, and no socket with
//! a receive is dropped. The thread that drives runs no code of users in between, and a wake has it
//! confirm.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use slab::Slab;

use super::buffers::{Buffers, Received};
use super::reaped::{Completion, Reaped};
use super::ring::Ring;
use crate::driver::readiness::Target;
use crate::driver::uring::enter::is_interruption;
use crate::stream::ReadBuf;

/// The sockets of a runtime.
#[derive(Default)]
pub(super) struct Table {
    sockets: Slab<Socket>,
    /// The sockets whose receive waits for the next flush: exactly those that are `Queued`.
    queued: Vec<usize>,
    /// The user data of receives that other threads want ended.
    to_cancel: Vec<u64>,
    /// How many receives are with the kernel.
    in_flight: usize,
    /// How many receives were handed to the kernel, modulo 2^32.
    sequence: u32,
    /// The buffers of the ring in use.
    buffers: Option<Buffers>,
    /// How many of these hold bytes of a socket.
    held: usize,
    /// The sequence number before those of the entries in the ring that the kernel may not have
    /// read yet.
    handing_over: Option<u32>,
    /// Why there will be no ring.
    refusal: Option<String>,
}

struct Socket {
    fd: RawFd,
    /// Where a completion is reported.
    target: Target,
    receive: Receive,
    retained: Option<Retained>,
    /// Whether the end of the receive was asked for.
    cancelled: bool,
    /// Whether the socket is registered for reading, or about to be. Never cleared.
    registered: bool,
    /// Whether the socket is read by readiness from now on.
    watched: bool,
    /// Whether the socket is gone, so that its entry goes with the completion.
    gone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receive {
    None,
    /// It is in the list `queued`.
    Queued,
    /// It is with the kernel, under this sequence number.
    InFlight(u32),
}

/// What has come and was not handed out.
#[derive(Debug)]
enum Retained {
    /// In a buffer of the ring, from this offset on.
    Held(Received, usize),
    /// The same, after the ring was put to rest.
    Copied(Vec<u8>, usize),
    /// An error, which the kernel reports once.
    Error(i32),
}

/// What [`Table::take`] found.
#[derive(Debug)]
pub(super) enum Taken {
    /// Bytes, which are in the buffer now.
    Bytes {
        /// Whether nothing is retained any more, a system call would hardly find more, and what
        /// comes next is found by a receive.
        drained: bool,
    },
    Error(i32),
    /// Nothing. A receive is queued or in flight, so the socket must not be read.
    Pending,
    /// Nothing, and what comes is in the socket.
    Nothing,
}

impl Table {
    pub(super) fn add(&mut self, fd: RawFd, target: Target) -> usize {
        self.sockets.insert(Socket {
            fd,
            target,
            receive: Receive::None,
            retained: None,
            cancelled: false,
            registered: false,
            watched: false,
            gone: false,
        })
    }

    /// Whether nothing of a socket is left.
    #[cfg(all(test, loom))]
    pub(super) fn is_empty(&self) -> bool {
        self.sockets.is_empty() && self.queued.is_empty() && self.in_flight == 0 && self.held == 0
    }

    /// Whether a wait has to be on the ring.
    pub(super) fn is_engaged(&self) -> bool {
        self.in_flight > 0 || !self.queued.is_empty()
    }

    pub(super) fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    pub(super) fn set_buffers(&mut self, buffers: Buffers) {
        self.buffers = Some(buffers);
    }

    /// Hands out what was received. With `peek`, bytes stay.
    pub(super) fn take(&mut self, key: usize, buf: &mut ReadBuf<'_>, peek: bool) -> Taken {
        let socket = &mut self.sockets[key];
        let registered = socket.registered;
        let Some(retained) = &mut socket.retained else {
            return match socket.receive {
                Receive::None => Taken::Nothing,
                _ => Taken::Pending,
            };
        };
        let (bytes, start) = match retained {
            Retained::Error(errno) => {
                // Peeking takes it, too, as recv(2) does.
                let errno = *errno;
                socket.retained = None;
                return Taken::Error(errno);
            }
            Retained::Held(received, start) => {
                let buffers = self.buffers.as_ref().expect(HELD_IN_BUFFERS);
                (buffers.bytes(received), start)
            }
            Retained::Copied(bytes, start) => (&bytes[..], start),
        };
        let rest = &bytes[*start..];
        let n = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..n]);
        if peek || n < rest.len() {
            if !peek {
                *start += n;
            }
            return Taken::Bytes { drained: false };
        }
        let mut drained = !registered;
        if let Some(Retained::Held(received, _)) = socket.retained.take() {
            drained &= !received.is_full();
            self.give_back(Some(received));
        }
        Taken::Bytes { drained }
    }

    /// Queues a receive, unless there is one, or the socket is watched, or there will be no ring;
    /// returns whether there is one now. Nothing may be retained.
    pub(super) fn demand(&mut self, key: usize) -> bool {
        let socket = &mut self.sockets[key];
        if socket.receive == Receive::None {
            if socket.watched || self.refusal.is_some() {
                return false;
            }
            socket.receive = Receive::Queued;
            socket.cancelled = false;
            self.queued.push(key);
        }
        true
    }

    /// Returns how many bytes are retained.
    pub(super) fn retained(&self, key: usize) -> usize {
        match &self.sockets[key].retained {
            Some(Retained::Held(received, start)) => received.len() - start,
            Some(Retained::Copied(bytes, start)) => bytes.len() - start,
            Some(Retained::Error(_)) | None => 0,
        }
    }

    /// Whether a receive is queued or in flight.
    pub(super) fn is_pending(&self, key: usize) -> bool {
        self.sockets[key].receive != Receive::None
    }

    /// Whether nothing is retained and no receive is in flight: the socket can be read directly.
    pub(super) fn is_idle(&self, key: usize) -> bool {
        let socket = &self.sockets[key];
        socket.receive == Receive::None && socket.retained.is_none()
    }

    /// Ends a receive that the kernel does not have. Returns the user data of one that it has.
    pub(super) fn withdraw(&mut self, key: usize) -> Option<u64> {
        let socket = &mut self.sockets[key];
        match socket.receive {
            Receive::None => None,
            Receive::Queued => {
                socket.receive = Receive::None;
                self.queued.retain(|&queued| queued != key);
                None
            }
            Receive::InFlight(sequence) => {
                socket.cancelled = true;
                Some(word(key, sequence))
            }
        }
    }

    /// Has the next flush ask for the end of a receive.
    pub(super) fn cancel_later(&mut self, word: u64) {
        self.to_cancel.push(word);
    }

    /// Notes that the socket is about to be registered for reading. From then on an event may mean
    /// bytes that came after those of a receive.
    pub(super) fn set_registered(&mut self, key: usize) {
        self.sockets[key].registered = true;
    }

    pub(super) fn is_registered(&self, key: usize) -> bool {
        self.sockets[key].registered
    }

    pub(super) fn is_watched(&self, key: usize) -> bool {
        self.sockets[key].watched
    }

    /// Notes that the socket is read by readiness from now on; returns the user data of a receive
    /// that is in flight.
    pub(super) fn set_watched(&mut self, key: usize) -> Option<u64> {
        self.sockets[key].watched = true;
        self.withdraw(key)
    }

    /// Keeps an error for the next read, unless something is retained.
    pub(super) fn keep_error(&mut self, key: usize, errno: i32) {
        let retained = &mut self.sockets[key].retained;
        retained.get_or_insert(Retained::Error(errno));
    }

    /// Takes the error that a receive ended with.
    pub(super) fn take_error(&mut self, key: usize) -> Option<i32> {
        let retained = &mut self.sockets[key].retained;
        let Some(Retained::Error(errno)) = *retained else {
            return None;
        };
        *retained = None;
        Some(errno)
    }

    /// Whether something is to be handed out.
    pub(super) fn is_retained(&self, key: usize) -> bool {
        self.sockets[key].retained.is_some()
    }

    /// Removes a socket; the user data of a receive in flight, with which the entry goes, is
    /// returned.
    pub(super) fn remove(&mut self, key: usize) -> Option<u64> {
        let in_flight = self.withdraw(key);
        if in_flight.is_some() {
            self.sockets[key].gone = true;
        } else {
            let socket = self.sockets.remove(key);
            self.discard(socket);
        }
        in_flight
    }

    /// Whether the receive with this user data is still in flight.
    pub(super) fn is_in_flight(&self, word: u64) -> bool {
        let (key, sequence) = parts(word);
        let socket = self.sockets.get(key);
        socket.is_some_and(|socket| socket.receive == Receive::InFlight(sequence))
    }

    /// Writes the entries for what is queued, which the next call hands to the kernel.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel no longer serves the ring.
    pub(super) fn flush(
        &mut self,
        ring: &mut Ring,
        epoll: RawFd,
        reaped: &mut Reaped,
    ) -> io::Result<()> {
        let before = self.sequence;
        while !ring.watch(epoll) {
            hand_over(ring, reaped)?;
        }
        let mut queued = std::mem::take(&mut self.queued);
        for key in queued.drain(..) {
            self.sequence = self.sequence.wrapping_add(1);
            let sequence = self.sequence;
            let socket = &mut self.sockets[key];
            while !ring.receive(socket.fd, word(key, sequence)) {
                hand_over(ring, reaped)?;
            }
            socket.receive = Receive::InFlight(sequence);
            self.in_flight += 1;
        }
        // Keeps the allocation.
        self.queued = queued;
        while let Some(word) = self.to_cancel.pop() {
            while self.is_in_flight(word) && !ring.cancel(word) {
                hand_over(ring, reaped)?;
            }
        }
        self.handing_over = ring.has_queued().then_some(before);
        Ok(())
    }

    /// Makes sure that the kernel has read all entries; returns whether it had some to read.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel no longer serves the ring.
    pub(super) fn confirm(&mut self, ring: &mut Ring, reaped: &mut Reaped) -> io::Result<bool> {
        if ring.has_queued() {
            hand_over(ring, reaped)?;
        }
        Ok(self.handing_over.take().is_some())
    }

    /// Whether the kernel may be about to read an entry that names the socket's descriptor.
    pub(super) fn is_being_handed_over(&self, key: usize) -> bool {
        match (self.handing_over, self.sockets[key].receive) {
            // The numbers wrap, but a receive of long ago is not taken for a new one before 2^31
            // more of them.
            (Some(before), Receive::InFlight(sequence)) => {
                sequence.wrapping_sub(before).wrapping_sub(1) < u32::MAX / 2
            }
            _ => false,
        }
    }

    /// Takes note of what has completed, and adds to `targets` where it is to be reported.
    pub(super) fn settle(&mut self, completions: &mut Vec<Completion>, targets: &mut Vec<Target>) {
        for completion in completions.drain(..) {
            targets.extend(self.settle_one(completion));
        }
    }

    fn settle_one(&mut self, completion: Completion) -> Option<Target> {
        let Completion {
            word,
            result,
            received,
        } = completion;
        if !self.is_in_flight(word) {
            // I4.
            self.give_back_new(received);
            return None;
        }
        self.in_flight -= 1;
        let (key, _) = parts(word);
        let socket = &mut self.sockets[key];
        socket.receive = Receive::None;
        if socket.gone {
            let socket = self.sockets.remove(key);
            self.discard(socket);
            self.give_back_new(received);
            return None;
        }
        let target = socket.target;
        let errno = result.wrapping_neg();
        match (received, errno) {
            (Some(received), _) if result > 0 => {
                socket.retained = Some(Retained::Held(received, 0));
                self.held += 1;
            }
            // The end of the stream, and that no buffer was left for what has come: a system call
            // finds both.
            (received, 0 | libc::ENOBUFS) => self.give_back_new(received),
            // I5.
            (received, errno) if errno == libc::EAGAIN || is_interruption(errno) => {
                self.give_back_new(received);
                if !self.sockets[key].cancelled {
                    self.demand(key);
                    return None;
                }
            }
            (received, errno) => {
                socket.retained = Some(Retained::Error(errno));
                self.give_back_new(received);
            }
        }
        Some(target)
    }

    /// Copies what is retained in buffers of the ring, so that the ring can be put to rest; returns
    /// its buffers.
    pub(super) fn copy_held(&mut self) -> Option<Buffers> {
        let mut buffers = self.buffers.take()?;
        if self.held > 0 {
            for (_, socket) in &mut self.sockets {
                if let Some(Retained::Held(..)) = socket.retained {
                    let Some(Retained::Held(received, start)) = socket.retained.take() else {
                        unreachable!("as was just seen")
                    };
                    let bytes = buffers.bytes(&received)[start..].to_vec();
                    socket.retained = Some(Retained::Copied(bytes, 0));
                    buffers.give_back(received);
                }
            }
            self.held = 0;
        }
        Some(buffers)
    }

    /// Records that there is no ring, and ends all receives; adds to `targets` where that is to be
    /// reported.
    pub(super) fn refuse(&mut self, reason: String, targets: &mut Vec<Target>) {
        self.refusal = Some(reason);
        self.queued.clear();
        self.to_cancel.clear();
        self.in_flight = 0;
        self.handing_over = None;
        let mut gone = Vec::new();
        for (key, socket) in &mut self.sockets {
            if socket.receive != Receive::None {
                socket.receive = Receive::None;
                targets.push(socket.target);
            }
            if socket.gone {
                gone.push(key);
            }
        }
        for key in gone {
            self.sockets.remove(key);
        }
    }

    fn discard(&mut self, socket: Socket) {
        if let Some(Retained::Held(received, _)) = socket.retained {
            self.give_back(Some(received));
        }
    }

    /// Returns a buffer that counts as held to the ring.
    fn give_back(&mut self, received: Option<Received>) {
        self.held -= 1;
        self.give_back_new(received);
    }

    /// Returns a buffer that was not retained to the ring.
    fn give_back_new(&mut self, received: Option<Received>) {
        if let Some(received) = received {
            let buffers = self.buffers.as_mut().expect(HELD_IN_BUFFERS);
            buffers.give_back(received);
        }
    }
}

const HELD_IN_BUFFERS: &str = "bytes in a ring's buffers are copied when the buffers go";

/// Has the kernel take what is queued.
fn hand_over(ring: &mut Ring, reaped: &mut Reaped) -> io::Result<()> {
    loop {
        ring.enter(Some(Duration::ZERO))?;
        ring.reap(reaped);
        if !ring.has_queued() {
            return Ok(());
        }
    }
}

/// Returns the user data of a receive.
fn word(key: usize, sequence: u32) -> u64 {
    let key = u32::try_from(key).expect("fewer than 2^32 sockets");
    u64::from(sequence) << 32 | u64::from(key)
}

fn parts(word: u64) -> (usize, u32) {
    (word as u32 as usize, (word >> 32) as u32)
}
