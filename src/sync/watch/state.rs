//! The word that holds the version of the value, whether the channel is closed, and where receivers
//! wait.
//!
//! From the low end: one bit for "all senders are gone", one bit for each of the [`SHARDS`] queues
//! that may hold waiting receivers, and the version in the rest. All three are in one word so
//! that a receiver which starts to wait and a sender which makes a version agree on who was first:
//! the receiver sets its queue's bit by a compare-and-swap that fails if the version is not the
//! one it has seen, and the sender takes all those bits together with making the version.
#![forbid(unsafe_code)]

use super::SHARDS;
use crate::loom::sync::atomic::AtomicU64;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire};

const CLOSED: u64 = 1;
const WAITING_SHIFT: u32 = 1;
const WAITING: u64 = ((1 << SHARDS) - 1) << WAITING_SHIFT;
const VERSION_STEP: u64 = 1 << (SHARDS as u32 + WAITING_SHIFT);
const VERSION: u64 = !(VERSION_STEP - 1);

/// A version of the value. Never equal to [`Version::NONE`] if it comes from a [`WatchState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(u64);

impl Version {
    /// The version of a receiver that has to treat the value as changed.
    pub(super) const NONE: Version = Version(1);
}

/// The queues that may hold waiting receivers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting(u64);

impl Waiting {
    /// Returns the numbers of the queues.
    pub(super) fn shards(self) -> impl Iterator<Item = usize> {
        (0..SHARDS).filter(move |shard| self.0 >> shard & 1 != 0)
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }
}

#[derive(Debug)]
pub(super) struct WatchState(AtomicU64);

/// One reading of the [`WatchState`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot(u64);

impl Snapshot {
    pub(super) fn version(self) -> Version {
        Version(self.0 & VERSION)
    }

    pub(super) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    fn waiting(self) -> Waiting {
        Waiting((self.0 & WAITING) >> WAITING_SHIFT)
    }
}

impl WatchState {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(super) fn load(&self) -> Snapshot {
        Snapshot(self.0.load(Acquire))
    }

    /// Creates the next version; the caller wakes the queues that are returned.
    #[inline]
    pub(super) fn next_version(&self) -> Waiting {
        self.replace(|state| (state & !WAITING).wrapping_add(VERSION_STEP))
    }

    /// Marks that all senders are gone; the caller wakes the queues that are returned.
    pub(super) fn close(&self) -> Waiting {
        self.replace(|state| state & !WAITING | CLOSED)
    }

    fn replace(&self, next: impl Fn(u64) -> u64) -> Waiting {
        let mut state = self.0.load(Acquire);
        loop {
            match self
                .0
                .compare_exchange_weak(state, next(state), AcqRel, Acquire)
            {
                Ok(former) => return Snapshot(former).waiting(),
                Err(now) => state = now,
            }
        }
    }

    /// Announces that a receiver waits in queue `shard`, if the version is `seen` and there are
    /// senders.
    pub(super) fn announce(&self, shard: usize, seen: Version) -> bool {
        let bit = 1 << shard << WAITING_SHIFT;
        let mut state = self.0.load(Acquire);
        loop {
            let snapshot = Snapshot(state);
            if snapshot.version() != seen || snapshot.is_closed() {
                return false;
            }
            match self
                .0
                .compare_exchange_weak(state, state | bit, AcqRel, Acquire)
            {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Version, WatchState};

    #[test]
    fn a_version_takes_the_waiting_with_it() {
        let state = WatchState::new();
        let first = state.load().version();
        assert_ne!(first, Version::NONE);
        assert!(state.announce(0, first));
        assert!(state.announce(5, first));
        assert_eq!(state.load().version(), first);
        let waiting: Vec<_> = state.next_version().shards().collect();
        assert_eq!(waiting, [0, 5]);
        assert_ne!(state.load().version(), first);
        assert!(!state.announce(0, first));
        assert!(state.next_version().is_none());
    }

    #[test]
    fn nobody_waits_for_a_closed_channel() {
        let state = WatchState::new();
        let first = state.load().version();
        assert!(state.announce(7, first));
        assert_eq!(state.close().shards().collect::<Vec<_>>(), [7]);
        assert!(state.load().is_closed());
        assert_eq!(state.load().version(), first);
        assert!(!state.announce(7, first));
    }
}
