//! The loops that wait and accept.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};

use peer_protocol::{DATAGRAM, STREAM, Server, bind_udp, ends_burst, listen};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::{SocketFlags, accept_with};

use crate::connection::{Connection, Next};

/// The key of the listener. Those of connections are places.
const LISTENER: u64 = u64::MAX;

/// Serves connections until the process ends.
pub fn serve(job: Server) -> io::Result<()> {
    let listener = listen(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    add(&epoll, &listener, LISTENER)?;
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut free = Vec::new();
    let mut buffer = vec![0; STREAM];
    let mut events: Vec<Event> = Vec::with_capacity(256);
    loop {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in &events {
            let key = event.data.u64();
            if key == LISTENER {
                while let Some(stream) = accept(&listener)? {
                    let place = free.pop().unwrap_or(connections.len());
                    let connection = Connection::new(job, stream)?;
                    let data = EventData::new_u64(place as u64);
                    epoll::add(&epoll, &connection.stream, data, connection.waits_for)?;
                    match connections.get_mut(place) {
                        Some(empty) => *empty = Some(connection),
                        None => connections.push(Some(connection)),
                    }
                }
                continue;
            }
            let place = key as usize;
            let Some(connection) = &mut connections[place] else {
                continue;
            };
            let waits_for = match connection.advance(&mut buffer) {
                Ok(Next::Read) => EventFlags::IN,
                Ok(Next::Write) => EventFlags::OUT,
                // A client that goes away in between is no concern of the others.
                Ok(Next::Close) | Err(_) => {
                    connections[place] = None;
                    free.push(place);
                    continue;
                }
            };
            if waits_for != connection.waits_for {
                connection.waits_for = waits_for;
                let data = EventData::new_u64(key);
                epoll::modify(&epoll, connection.stream.as_fd(), data, waits_for)?;
            }
        }
    }
}

/// Receives datagrams until the process ends.
pub fn datagrams() -> io::Result<()> {
    let socket = bind_udp(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    add(&epoll, &socket, 0)?;
    let mut events: Vec<Event> = Vec::with_capacity(1);
    let mut buffer = [0; DATAGRAM];
    let mut received = 0_u64;
    loop {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        while let Some((count, sender)) = unless_blocked(socket.recv_from(&mut buffer))? {
            received += 1;
            if ends_burst(&buffer[..count]) {
                socket.send_to(&received.to_le_bytes(), sender)?;
            }
        }
    }
}

fn add(epoll: &OwnedFd, descriptor: impl AsFd, key: u64) -> io::Result<()> {
    let data = EventData::new_u64(key);
    Ok(epoll::add(epoll, descriptor, data, EventFlags::IN)?)
}

fn accept(listener: &TcpListener) -> io::Result<Option<TcpStream>> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let accepted = accept_with(listener, flags).map_err(io::Error::from);
    Ok(unless_blocked(accepted)?.map(TcpStream::from))
}

/// Returns `None` where the call would have waited.
pub fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
