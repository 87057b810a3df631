//! The ring of a thread, in models, and the kernel behind it.
//!
//! The kernel does what it can within each call: it reads the entries, cancels, and finishes receives
//! for which bytes have come. A wait without a limit has to find something.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use super::buffers::{Buffers, COUNT, Offered, fill};
use super::reaped::{Completion, Reaped};
use crate::loom::sync::{Mutex, MutexGuard};

/// Submission queue entries: the watch, and one at a time.
const ENTRIES: usize = 2;

loom::lazy_static! {
    static ref SOCKETS: Mutex<BTreeMap<RawFd, Vec<u8>>> = Mutex::new(BTreeMap::new());
}

/// The sockets that are open, and what has come for each.
pub(super) fn sockets() -> MutexGuard<'static, BTreeMap<RawFd, Vec<u8>>> {
    SOCKETS.lock()
}

enum Entry {
    Watch,
    Receive(RawFd, u64),
    Cancel(u64),
    CancelAll,
}

/// See the module.
pub(super) struct Ring {
    queue: Vec<Entry>,
    in_flight: Vec<(RawFd, u64)>,
    watching: bool,
    /// Completions that were not taken; `None` for one that is not of a receive.
    completed: Vec<Option<Completion>>,
    offered: Offered,
    pub(super) unread: bool,
}

impl Ring {
    pub(super) fn of_this_thread() -> io::Result<(Box<Ring>, Buffers)> {
        Ring::new()
    }

    /// Checks that everything has come back.
    pub(super) fn keep(self: Box<Self>, buffers: Buffers) {
        assert!(!self.is_busy(), "a ring at rest has nothing in flight");
        let offered = buffers.offered().lock().len();
        assert_eq!(offered, usize::from(COUNT), "all buffers are back");
    }

    pub(super) fn new() -> io::Result<(Box<Ring>, Buffers)> {
        let buffers = Buffers::new();
        let ring = Box::new(Ring {
            queue: Vec::new(),
            in_flight: Vec::new(),
            watching: false,
            completed: Vec::new(),
            offered: buffers.offered().clone(),
            unread: false,
        });
        Ok((ring, buffers))
    }

    pub(super) fn is_busy(&self) -> bool {
        let idle = self.queue.is_empty() && self.in_flight.is_empty() && self.completed.is_empty();
        !idle || self.watching
    }

    pub(super) fn receive(&mut self, fd: RawFd, word: u64) -> bool {
        self.push(Entry::Receive(fd, word))
    }

    pub(super) fn cancel(&mut self, word: u64) -> bool {
        self.push(Entry::Cancel(word))
    }

    pub(super) fn cancel_all(&mut self) -> bool {
        self.push(Entry::CancelAll)
    }

    pub(super) fn watch(&mut self, _epoll: RawFd) -> bool {
        if !self.watching {
            self.watching = self.push(Entry::Watch);
        }
        self.watching
    }

    fn push(&mut self, entry: Entry) -> bool {
        let has_room = self.queue.len() < ENTRIES;
        if has_room {
            self.queue.push(entry);
        }
        has_room
    }

    pub(super) fn has_queued(&mut self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn has_news(&mut self) -> bool {
        let sockets = sockets();
        let arrived = |(fd, _): &(RawFd, u64)| sockets.get(fd).is_some_and(|it| !it.is_empty());
        !self.completed.is_empty() || self.in_flight.iter().any(arrived)
    }

    pub(super) fn enter(&mut self, limit: Option<Duration>) -> io::Result<()> {
        // What has come may be noticed before the entries are read, and what was there then is
        // noticed after.
        self.finish();
        let sockets = sockets();
        for entry in self.queue.drain(..) {
            match entry {
                Entry::Watch => {}
                Entry::Receive(fd, word) => {
                    assert!(sockets.contains_key(&fd), "it names another file");
                    let twice = self.in_flight.iter().any(|(other, _)| *other == fd);
                    assert!(!twice, "one receive for each socket");
                    self.in_flight.push((fd, word));
                }
                Entry::Cancel(word) => {
                    let place = self.in_flight.iter().position(|(_, it)| *it == word);
                    let ended = place.map(|place| self.in_flight.remove(place));
                    self.completed.extend(ended.map(cancelled));
                    self.completed.push(None);
                }
                Entry::CancelAll => {
                    self.completed
                        .extend(self.in_flight.drain(..).map(cancelled));
                    self.completed.push(None);
                    self.watching = false;
                }
            }
        }
        drop(sockets);
        self.finish();
        let waits = limit != Some(Duration::ZERO) && self.completed.is_empty();
        assert!(!waits, "nothing ends this wait");
        Ok(())
    }

    /// Finishes the receives for which bytes have come.
    fn finish(&mut self) {
        let mut sockets = sockets();
        let offered = &self.offered;
        self.in_flight.retain(|(fd, word)| {
            let Some(bytes) = sockets.get_mut(fd).filter(|bytes| !bytes.is_empty()) else {
                return true;
            };
            let received = fill(offered, bytes);
            let bytes = received.as_ref().map(|received| received.len() as i32);
            self.completed.push(Some(Completion {
                word: *word,
                result: bytes.unwrap_or(-libc::ENOBUFS),
                received,
            }));
            false
        });
    }

    pub(super) fn reap(&mut self, into: &mut Reaped) {
        into.completions.extend(self.completed.drain(..).flatten());
    }
}

fn cancelled((_, word): (RawFd, u64)) -> Option<Completion> {
    Some(Completion {
        word,
        result: -libc::ECANCELED,
        received: None,
    })
}
