//! Receives under every interleaving of the thread that drives, what arrives, and other threads that
//! read, watch or drop a socket.
//!
//! The kernel is a model (`ring_model.rs`), which checks what it is told: entries that name sockets
//! which are open, one receive for each of them, and rings at rest that have all buffers.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use super::super::ring::sockets;
use super::{OwnedReceiver, Received, Receiver, Receives};
use crate::driver::readiness::{Registration, Registry};
use crate::driver::wake::Wake;
use crate::loom::thread;
use crate::stream::{Interest, ReadBuf};

/// A runtime's receives.
struct World {
    poll: mio::Poll,
    readiness: Registry,
    receives: Arc<Receives>,
}

/// A socket. Dropping it closes it.
struct Socket {
    receiver: Option<OwnedReceiver>,
    registration: Registration,
    file: UnixStream,
}

impl World {
    fn new() -> World {
        let poll = mio::Poll::new().unwrap();
        let readiness = Registry::new(poll.registry().try_clone().unwrap());
        let wake = Arc::new(Wake::new(poll.registry(), mio::Token(0)).unwrap());
        let receives = Receives::new(&poll, &readiness, &wake).unwrap();
        World {
            poll,
            readiness,
            receives: Arc::new(receives),
        }
    }

    fn socket(&self) -> Socket {
        let (file, _) = UnixStream::pair().unwrap();
        let fd = file.as_raw_fd();
        sockets().insert(fd, Vec::new());
        let registration = self.readiness.register(fd, Interest::WRITABLE).unwrap();
        let receiver = Receiver::new(&self.receives, &registration, Interest::READABLE);
        Socket {
            receiver,
            registration,
            file,
        }
    }

    /// Waits so many times.
    fn turns(&self, turns: usize) {
        for _ in 0..turns {
            let _ = self.receives.wait(Some(Duration::ZERO));
        }
    }

    /// Checks that nothing of a socket is left.
    fn is_empty(self) {
        assert!(self.receives.table.lock().is_empty());
        drop(self.poll);
    }
}

impl Socket {
    fn receiver(&self) -> &Receiver {
        self.receiver.as_ref().unwrap()
    }

    fn arrives(&self, byte: u8) {
        arrives(self.file.as_raw_fd(), byte);
    }

    /// Reads one byte as a task of the thread that drives does; begins a receive if there is none.
    fn poll_read(&self) -> Option<u8> {
        let mut byte = [0];
        match self.receiver().receive(&mut ReadBuf::new(&mut byte), false) {
            Ok(Received::Bytes { .. }) => Some(byte[0]),
            Ok(Received::Pending) => None,
            Ok(Received::Read | Received::Refused) => self.system_call(),
            Err(error) => panic!("{error}"),
        }
    }

    /// Reads one byte without waiting.
    fn try_read(&self) -> Option<u8> {
        let mut byte = [0];
        match self.receiver().take(&mut ReadBuf::new(&mut byte), false) {
            Ok(Some(_)) => Some(byte[0]),
            Ok(None) => self.system_call(),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                None
            }
        }
    }

    fn system_call(&self) -> Option<u8> {
        let mut sockets = sockets();
        let bytes = sockets.get_mut(&self.file.as_raw_fd()).unwrap();
        (!bytes.is_empty()).then(|| bytes.remove(0))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.receiver = None;
        sockets().remove(&self.file.as_raw_fd());
    }
}

fn arrives(fd: i32, byte: u8) {
    sockets().get_mut(&fd).unwrap().push(byte);
}

#[test]
fn loom_what_arrives_is_read_in_order() {
    loom::model(|| {
        let world = World::new();
        let socket = world.socket();
        let fd = socket.file.as_raw_fd();
        let peer = thread::spawn(move || (1..=3).for_each(|byte| arrives(fd, byte)));
        world.receives.begin();
        let mut read = Vec::new();
        for _ in 0..2 {
            read.extend(socket.poll_read());
            world.turns(1);
        }
        peer.join().unwrap();
        // Each byte wakes the reader once more.
        for _ in 0..6 {
            read.extend(socket.poll_read());
            world.turns(1);
        }
        assert_eq!(read, [1, 2, 3]);
        world.receives.end();
        drop(socket);
        world.is_empty();
    });
}

/// Closing on another thread waits while the kernel may be about to read the descriptor's number.
#[test]
fn loom_a_socket_is_closed_by_another_thread() {
    loom::model(|| {
        let world = World::new();
        let socket = world.socket();
        world.receives.begin();
        assert_eq!(socket.poll_read(), None);
        let closes = thread::spawn(move || {
            socket.arrives(1);
            drop(socket);
        });
        world.turns(2);
        world.receives.end();
        closes.join().unwrap();
        world.receives.begin();
        world.turns(1);
        world.receives.end();
        world.is_empty();
    });
}

/// The same in the first turn, which hands the receive over.
#[test]
fn loom_a_socket_is_closed_while_its_receive_is_handed_over() {
    loom::model(|| {
        let world = World::new();
        let socket = world.socket();
        let receives = world.receives.clone();
        receives.begin();
        assert_eq!(socket.poll_read(), None);
        let drives = receives.clone();
        let closes = thread::spawn(move || drop(socket));
        let _ = drives.wait(Some(Duration::ZERO));
        drives.end();
        closes.join().unwrap();
        world.is_empty();
    });
}

/// More receives than buffers: those that find none are told that there is something.
#[test]
fn loom_a_buffer_comes_back_from_another_thread() {
    loom::model(|| {
        let world = World::new();
        let (first, second) = (world.socket(), world.socket());
        world.receives.begin();
        assert_eq!((first.poll_read(), second.poll_read()), (None, None));
        first.arrives(1);
        second.arrives(2);
        let reads = thread::spawn(move || {
            let read = first.try_read();
            drop(first);
            read
        });
        world.turns(2);
        let mut read = second.try_read();
        assert!(matches!(reads.join().unwrap(), None | Some(1)));
        while read.is_none() {
            read = second.poll_read();
            world.turns(1);
        }
        assert_eq!(read, Some(2));
        world.receives.end();
        drop(second);
        world.is_empty();
    });
}

/// A socket that another thread reads from now on has its receive ended, and loses nothing.
#[test]
fn loom_a_socket_is_watched_by_another_thread() {
    loom::model(|| {
        let world = World::new();
        let socket = Arc::new(world.socket());
        world.receives.begin();
        assert_eq!(socket.poll_read(), None);
        let other = socket.clone();
        let watches = thread::spawn(move || {
            other.receiver().watch(&other.registration).unwrap();
            other.arrives(1);
            other.try_read()
        });
        world.turns(1);
        let mut read = Vec::from_iter(socket.poll_read());
        world.turns(1);
        world.receives.end();
        read.extend(watches.join().unwrap());
        read.extend(socket.try_read());
        assert_eq!(read, [1]);
        assert!(socket.try_read().is_none() && socket.receiver().is_plain());
        drop(socket);
        world.is_empty();
    });
}

/// A runtime that is driven by one thread after the other: what the first has received is kept, and
/// the second begins the receive again.
#[test]
fn loom_another_thread_drives() {
    loom::model(|| {
        let world = Arc::new(World::new());
        let socket = Arc::new(world.socket());
        let fd = socket.file.as_raw_fd();
        let peer = thread::spawn(move || (1..=2).for_each(|byte| arrives(fd, byte)));
        let drive = |world: &World, socket: &Socket| {
            world.receives.begin();
            let mut read = Vec::from_iter(socket.poll_read());
            world.turns(1);
            read.extend(socket.poll_read());
            world.receives.end();
            read
        };
        let mut read = drive(&world, &socket);
        let (next_world, next_socket) = (world.clone(), socket.clone());
        let next = thread::spawn(move || drive(&next_world, &next_socket));
        read.extend(next.join().unwrap());
        peer.join().unwrap();
        for _ in 0..2 {
            read.extend(drive(&world, &socket));
        }
        assert_eq!(read, [1, 2]);
        drop(socket);
        Arc::into_inner(world).unwrap().is_empty();
    });
}
