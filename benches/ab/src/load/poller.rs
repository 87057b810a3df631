//! epoll, level-triggered: a descriptor is reported as long as it is ready.

#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

/// How many descriptors are reported at a time. In an open loop, requests may be due while they are
/// served, so there are few.
const BATCH: usize = 16;

/// An epoll instance.
pub struct Poller {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poller {
    /// Makes one.
    pub fn new() -> Result<Poller> {
        Ok(Poller {
            epoll: epoll::create(CreateFlags::CLOEXEC).context("making an epoll instance")?,
            events: Vec::with_capacity(BATCH),
        })
    }

    /// Has a descriptor reported, by its key, while it can be read. It is until it is closed.
    pub fn add_read(&self, descriptor: impl AsFd, key: u64) -> Result<()> {
        self.add(descriptor, key, EventFlags::IN)
    }

    /// Has a descriptor reported, by its key, while it can be written.
    pub fn add_write(&self, descriptor: impl AsFd, key: u64) -> Result<()> {
        self.add(descriptor, key, EventFlags::OUT)
    }

    fn add(&self, descriptor: impl AsFd, key: u64, flags: EventFlags) -> Result<()> {
        epoll::add(&self.epoll, descriptor, EventData::new_u64(key), flags)
            .context("adding to an epoll instance")
    }

    /// Waits until a descriptor is ready, no longer than `limit`, and returns how many are.
    pub fn wait(&mut self, limit: Duration) -> Result<usize> {
        let limit = Timespec::try_from(limit).context("the limit is a time")?;
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&limit)) {
            // After a signal the caller looks at the clock and waits again.
            Ok(_) | Err(Errno::INTR) => Ok(self.events.len()),
            Err(error) => Err(error).context("waiting for sockets"),
        }
    }

    /// Returns the key of one of the descriptors that are ready.
    pub fn key(&self, at: usize) -> u64 {
        self.events[at].data.u64()
    }
}
