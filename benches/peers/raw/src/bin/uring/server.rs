//! The servers of connections.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use io_uring::types::Fd;
use io_uring::{opcode, squeue};
use peer_protocol::{REQUEST, STREAM, Server, listen, stream};
use rustix::net::sockopt;

use crate::buffers::Buffers;
use crate::connection::{Connection, Outgoing};
use crate::ring::{Completion, Key, Kind, Ring};

/// How often one connection is sent to before the others are looked at.
const TURNS: usize = 16;

/// The whole of what is sent, or an error.
const WHOLE: i32 = libc::MSG_WAITALL | libc::MSG_NOSIGNAL;

/// The state of the server.
struct Loop {
    job: Server,
    ring: Ring,
    buffers: Buffers,
    /// By descriptor.
    connections: Vec<Option<Connection>>,
    /// What [`Server::Send`] repeats.
    stream: Vec<u8>,
    /// Connections whose receive has ended and is to be made again, once buffers are provided.
    again: Vec<u32>,
}

/// Serves connections until the process ends.
pub fn serve(job: Server) -> io::Result<()> {
    let ring = Ring::new()?;
    let buffers = match job {
        Server::Echo | Server::Once => Buffers::new(&ring, 1024, REQUEST)?,
        _ => Buffers::new(&ring, 128, STREAM)?,
    };
    let mut this = Loop {
        job,
        ring,
        buffers,
        connections: Vec::new(),
        stream: stream(),
        again: Vec::new(),
    };
    let listener = listen(false)?;
    let key = Key {
        kind: Kind::Accept,
        target: 0,
    };
    let accept = opcode::AcceptMulti::new(Fd(listener.as_raw_fd()))
        .flags(libc::SOCK_CLOEXEC)
        .build()
        .user_data(key.data());
    // SAFETY: it points to no memory.
    unsafe { this.ring.push(&accept) }?;
    let mut completions = Vec::new();
    loop {
        this.ring.wait(&mut completions)?;
        for completion in completions.drain(..) {
            match completion.key.kind {
                Kind::Accept => {
                    this.accepted(completion.result()?)?;
                    if completion.has_ended() {
                        // SAFETY: it points to no memory.
                        unsafe { this.ring.push(&accept) }?;
                    }
                }
                Kind::Receive => this.received(completion)?,
                Kind::Send => this.sent(completion)?,
            }
        }
        this.buffers.publish();
        for descriptor in std::mem::take(&mut this.again) {
            this.receive(descriptor)?;
        }
    }
}

impl Loop {
    fn accepted(&mut self, descriptor: u32) -> io::Result<()> {
        // SAFETY: the kernel has just returned the descriptor, so that nothing else owns it.
        let stream = unsafe { OwnedFd::from_raw_fd(descriptor as i32) };
        sockopt::set_tcp_nodelay(&stream, true)?;
        let place = descriptor as usize;
        if self.connections.len() <= place {
            self.connections.resize_with(place + 1, || None);
        }
        self.connections[place] = Some(Connection::new(stream));
        match self.job {
            Server::Send => self.send_stream(descriptor),
            _ => self.receive(descriptor),
        }
    }

    fn receive(&mut self, descriptor: u32) -> io::Result<()> {
        let fd = Fd(descriptor as i32);
        let receive = match self.job {
            // There is nothing to receive after the first request.
            Server::Once => opcode::Recv::new(fd, std::ptr::null_mut(), REQUEST as u32)
                .buf_group(0)
                .build()
                .flags(squeue::Flags::BUFFER_SELECT),
            _ => opcode::RecvMulti::new(fd, 0).build(),
        };
        self.push(receive, Kind::Receive, descriptor)
    }

    fn received(&mut self, completion: Completion) -> io::Result<()> {
        let descriptor = completion.key.target;
        let length = match completion.result() {
            Ok(length) => length as usize,
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                self.again.push(descriptor);
                return Ok(());
            }
            // A client that goes away in between is no concern of the others.
            Err(_) => 0,
        };
        let Some(connection) = &mut self.connections[descriptor as usize] else {
            return Err(io::Error::other("a completion of no connection"));
        };
        let Some(buffer) = completion.buffer().filter(|_| length > 0) else {
            if let Some(buffer) = completion.buffer() {
                self.buffers.provide(buffer);
            }
            if self.job == Server::Receive {
                connection.send_now(&connection.received.to_le_bytes());
            }
            connection.ended = true;
            if connection.outgoing.is_empty() {
                self.connections[descriptor as usize] = None;
            }
            return Ok(());
        };
        connection.received += length as u64;
        let bytes = self.buffers.received(buffer, length);
        match self.job {
            Server::Echo => {
                // What is in order is sent at once.
                let is_next = connection.outgoing.is_empty();
                let from = if is_next {
                    connection.send_now(bytes)
                } else {
                    0
                };
                if from == length {
                    self.buffers.provide(buffer);
                } else {
                    connection.outgoing.push_back(Outgoing {
                        buffer,
                        from,
                        to: length,
                    });
                    if is_next {
                        self.send_first(descriptor)?;
                    }
                }
            }
            Server::Once => {
                connection.send_now(bytes);
                self.buffers.provide(buffer);
                self.connections[descriptor as usize] = None;
                return Ok(());
            }
            _ => self.buffers.provide(buffer),
        }
        if completion.has_ended() {
            self.again.push(descriptor);
        }
        Ok(())
    }

    fn sent(&mut self, completion: Completion) -> io::Result<()> {
        let descriptor = completion.key.target;
        let place = &mut self.connections[descriptor as usize];
        let Some(connection) = place else {
            return Err(io::Error::other("a completion of no connection"));
        };
        if self.job == Server::Send {
            return match completion.result() {
                Ok(count) => {
                    connection.sent = (connection.sent + count as usize) % STREAM;
                    self.send_stream(descriptor)
                }
                Err(_) => {
                    *place = None;
                    Ok(())
                }
            };
        }
        if let Some(mut first) = connection.outgoing.pop_front() {
            // After an error, the receive ends as well.
            first.from += completion.result().map_or(first.to, |count| count as usize);
            if first.from < first.to {
                connection.outgoing.push_front(first);
            } else {
                self.buffers.provide(first.buffer);
            }
        }
        match connection.outgoing.is_empty() {
            false => self.send_first(descriptor),
            true if connection.ended => {
                *place = None;
                Ok(())
            }
            true => Ok(()),
        }
    }

    /// Sends the first part that waits, by the ring.
    fn send_first(&mut self, descriptor: u32) -> io::Result<()> {
        let connection = self.connections[descriptor as usize].as_ref();
        let Some(first) = connection.and_then(|connection| connection.outgoing.front()) else {
            return Ok(());
        };
        let bytes = &self.buffers.received(first.buffer, first.to)[first.from..];
        let send = opcode::Send::new(Fd(descriptor as i32), bytes.as_ptr(), bytes.len() as u32);
        // The buffer is provided to the kernel again after the completion.
        self.push(send.flags(WHOLE).build(), Kind::Send, descriptor)
    }

    /// Sends the stream as far as there is room, and the next part by the ring.
    fn send_stream(&mut self, descriptor: u32) -> io::Result<()> {
        let Some(connection) = &mut self.connections[descriptor as usize] else {
            return Ok(());
        };
        for _ in 0..TURNS {
            let rest = &self.stream[connection.sent..];
            let count = connection.send_now(rest);
            connection.sent = (connection.sent + count) % STREAM;
            if count < rest.len() {
                break;
            }
        }
        let rest = &self.stream[connection.sent..];
        let send = opcode::Send::new(Fd(descriptor as i32), rest.as_ptr(), rest.len() as u32);
        // The stream is never changed, and is there as long as the loop.
        self.push(send.flags(WHOLE).build(), Kind::Send, descriptor)
    }

    fn push(&mut self, entry: squeue::Entry, kind: Kind, target: u32) -> io::Result<()> {
        let entry = entry.user_data(Key { kind, target }.data());
        // SAFETY: the receives have provided buffers, which the kernel owns by their contract. The sends
        // have a buffer that is not provided before their completion, or the stream.
        unsafe { self.ring.push(&entry) }
    }
}
