//! [`Registry`]: registers file descriptors and hands the events of the wait to their slots.
//!
//! The kernel knows each registration by a token: the index of its slot and the slot's generation,
//! 32 bits each, or 20 and 12 where a token has 32 bits in all.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mio::Token;
use mio::unix::SourceFd;

use super::mio_interest::to_mio;
use super::registration::Registration;
use super::slot::HeldSlot;
use super::slots::Slots;
use super::word::GENERATION_BITS;
use crate::driver::pipes::PipeUse;
use crate::stream::{Interest, Ready};

const INDEX_BITS: u32 = usize::BITS - GENERATION_BITS;

/// The readiness half of a driver.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    pub(super) shared: Arc<RegistryShared>,
}

/// A registration, by number. It does not keep the registration; what is reported to one that is
/// over changes nothing (R3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// The part of the registry that registrations keep alive.
#[derive(Debug)]
pub(super) struct RegistryShared {
    pub(super) mio: mio::Registry,
    pub(super) slots: Slots,
    pub(super) pipes: PipeUse,
    /// How many descriptors have been registered. Added to by any thread.
    pub(super) registered: AtomicU64,
    /// How many registrations have ended. Added to by any thread.
    deregistered: AtomicU64,
    /// How many events have come. Written by the thread that waits for them.
    events: AtomicU64,
}

impl Registry {
    /// Creates a registry whose events come out of the `mio::Poll` that `mio` belongs to.
    pub(crate) fn new(mio: mio::Registry) -> Registry {
        Registry {
            shared: Arc::new(RegistryShared {
                mio,
                slots: Slots::new(),
                pipes: PipeUse::new(),
                registered: AtomicU64::new(0),
                deregistered: AtomicU64::new(0),
                events: AtomicU64::new(0),
            }),
        }
    }

    /// Starts watching `fd`.
    ///
    /// The registration must be dropped before the descriptor is closed.
    ///
    /// # Errors
    ///
    /// Returns the kernel's error, or [`shutdown_error`](crate::driver::shutdown_error) once the
    /// driver is shut down.
    pub(crate) fn register(&self, fd: RawFd, interest: Interest) -> io::Result<Registration> {
        RegistryShared::register(&self.shared, fd, interest)
    }

    /// Returns whether `registration` is with this registry.
    pub(crate) fn has(&self, registration: &Registration) -> bool {
        Arc::ptr_eq(&self.shared, registration.registry())
    }

    /// Records one event of the wait and wakes the tasks that wait for it. For the thread that has
    /// the right to wait.
    ///
    /// Events of registrations that are over are only counted.
    pub(crate) fn dispatch(&self, token: Token, ready: Ready) {
        let events = self.shared.events.load(Ordering::Relaxed);
        self.shared.events.store(events + 1, Ordering::Relaxed);
        let (index, generation) = parts(token);
        let Some(slot) = self.shared.slots.slot(index) else {
            return;
        };
        let satisfies = |interest: Interest| !(interest.mask() & ready).is_empty();
        slot.record(
            generation,
            ready.bits(),
            satisfies(Interest::READABLE),
            satisfies(Interest::WRITABLE),
        );
    }

    /// Sets `ready` as an event of the kernel does, and wakes the tasks that wait for it.
    pub(crate) fn announce(&self, target: Target, ready: Ready) {
        if let Some(slot) = self.shared.slots.slot(target.index) {
            let satisfies = |interest: Interest| !(interest.mask() & ready).is_empty();
            let [read, write] = [Interest::READABLE, Interest::WRITABLE].map(satisfies);
            slot.record(target.generation, ready.bits(), read, write);
        }
    }

    /// Returns how many events have come.
    pub(crate) fn events(&self) -> u64 {
        self.shared.events.load(Ordering::Relaxed)
    }

    /// Returns how many descriptors have been registered.
    pub(crate) fn registered(&self) -> u64 {
        self.shared.registered.load(Ordering::Relaxed)
    }

    /// Returns how many registrations have ended.
    pub(crate) fn deregistered(&self) -> u64 {
        self.shared.deregistered.load(Ordering::Relaxed)
    }

    /// Returns how many bytes copies have moved by way of the pipes.
    pub(crate) fn copied_in_kernel(&self) -> u64 {
        self.shared.pipes.moved()
    }

    /// Wakes all waiters; waits and registrations fail from now on.
    pub(crate) fn shutdown(&self) {
        self.shared.slots.shut_down();
    }
}

impl RegistryShared {
    /// See [`Registry::register`].
    pub(super) fn register(
        shared: &Arc<RegistryShared>,
        fd: RawFd,
        interest: Interest,
    ) -> io::Result<Registration> {
        let index = shared.slots.acquire()?;
        let slot = HeldSlot::new(shared.clone(), |shared| shared.slots.slot(index))
            .expect("an acquired index has a slot");
        let registered = shared.mio.register(
            &mut SourceFd(&fd),
            token(index, slot.word().generation()),
            to_mio(interest),
        );
        match registered {
            Ok(()) => {
                shared.registered.fetch_add(1, Ordering::Relaxed);
                Ok(Registration::new(slot, index, fd))
            }
            Err(error) => {
                shared.slots.release(index);
                Err(error)
            }
        }
    }

    /// Replaces what `fd` is watched for. What it is ready for is reported again.
    pub(super) fn reregister(
        &self,
        target: Target,
        fd: RawFd,
        interest: Interest,
    ) -> io::Result<()> {
        self.mio.reregister(
            &mut SourceFd(&fd),
            token(target.index, target.generation),
            to_mio(interest),
        )
    }

    /// Stops watching `fd`, for which `index` was acquired, and releases the slot.
    pub(super) fn deregister(&self, index: u32, fd: RawFd) -> io::Result<()> {
        let result = self.mio.deregister(&mut SourceFd(&fd));
        self.slots.release(index);
        self.deregistered.fetch_add(1, Ordering::Relaxed);
        result
    }
}

pub(super) fn token(index: u32, generation: u32) -> Token {
    Token(index as usize | (generation as usize) << INDEX_BITS)
}

fn parts(token: Token) -> (u32, u32) {
    let index = token.0 & (usize::MAX >> GENERATION_BITS);
    (index as u32, (token.0 >> INDEX_BITS) as u32)
}

#[cfg(test)]
mod tests {
    use super::{GENERATION_BITS, INDEX_BITS, parts, token};
    use mio::Token;

    #[test]
    fn a_token_holds_both_numbers_and_is_not_the_wake_token() {
        let last = u32::MAX >> (32 - GENERATION_BITS);
        let most = (u32::MAX >> (32 - INDEX_BITS)) - 1;
        for (index, generation) in [(0, 0), (7, 3), (most, last), (5, last)] {
            let token = token(index, generation);
            assert_eq!(parts(token), (index, generation));
            assert_ne!(token, Token(usize::MAX));
        }
    }
}
