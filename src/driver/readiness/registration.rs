//! [`Registration`]: one file descriptor that the driver watches, and the loops that try an
//! operation, wait when it would block, and try again.
//!
//! The operation itself is the caller's closure; this file does not know what a socket is.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::registry::{RegistryShared, Target};
use super::slot::{Direction, HeldSlot, Slot};
use super::word::Snapshot;
use crate::driver::pipes::PipeUse;
use crate::driver::shutdown_error;
use crate::stream::{Interest, Ready};
use crate::util::budget;

/// The flag that [`Registration::announce_end`] sets, and that nothing clears. It is none of [`Ready`].
pub(super) const ENDED: u8 = 1 << 7;

const _: () = assert!(Ready::ALL.bits() & ENDED == 0);

/// A snapshot of a registration's readiness. Clearing readiness takes the event that was disproved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyEvent {
    tick: u32,
    /// The flags that were asked about and set.
    pub(crate) ready: Ready,
    /// All flags that were set.
    pub(crate) all: Ready,
}

/// Where a `WouldBlock` comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The kernel. This also proves that a direction which looked closed is not: the writer of a
    /// FIFO may come back, and the error of a datagram socket looks like a closed direction.
    Kernel,
    /// A closure of the caller's, which may have reasons of its own.
    Closure,
}

impl ReadyEvent {
    pub(super) fn new(snapshot: Snapshot, mask: Ready) -> ReadyEvent {
        ReadyEvent {
            tick: snapshot.tick(),
            ready: Ready::from_bits(snapshot.ready()) & mask,
            all: Ready::from_bits(snapshot.ready()),
        }
    }

    /// Returns the same event without some of its flags.
    pub(crate) fn without(self, ready: Ready) -> ReadyEvent {
        ReadyEvent {
            ready: self.ready - ready,
            ..self
        }
    }

    /// Returns the same event with only these flags.
    pub(crate) fn only(self, ready: Ready) -> ReadyEvent {
        ReadyEvent {
            ready: self.ready & ready,
            ..self
        }
    }
}

/// A file descriptor that is being watched. Dropping it ends the watch.
#[derive(Debug)]
pub(crate) struct Registration {
    slot: HeldSlot<RegistryShared>,
    /// The index of the slot.
    index: u32,
    fd: RawFd,
}

impl Registration {
    pub(super) fn new(slot: HeldSlot<RegistryShared>, index: u32, fd: RawFd) -> Registration {
        Registration { slot, index, fd }
    }

    /// Returns the pipes for copies from or to the descriptor.
    pub(crate) fn pipes(&self) -> &PipeUse {
        &self.slot.owner().pipes
    }

    /// Assumes `ready` until an operation shows otherwise.
    pub(crate) fn assume(&self, ready: Ready) {
        self.slot.word().assume(ready.bits());
    }

    /// Sets `ready` as an event of the kernel does, and wakes those who wait for it.
    pub(crate) fn announce(&self, ready: Ready) {
        let generation = self.slot.word().generation();
        let read = !(Interest::READABLE.mask() & ready).is_empty();
        let write = !(Interest::WRITABLE.mask() & ready).is_empty();
        self.slot.record(generation, ready.bits(), read, write);
    }

    /// Ends every wait for the end of this registration's owner, now and later.
    pub(crate) fn announce_end(&self) {
        let generation = self.slot.word().generation();
        self.slot.record(generation, ENDED, false, false);
    }

    /// Returns the descriptor that is watched.
    pub(in crate::driver) fn fd(&self) -> RawFd {
        self.fd
    }

    /// Returns the number of the registration.
    pub(crate) fn target(&self) -> Target {
        Target {
            index: self.index,
            generation: self.slot.word().generation(),
        }
    }

    /// Replaces what the descriptor is watched for. What it is ready for is reported again.
    ///
    /// # Errors
    ///
    /// Returns the kernel's error.
    pub(crate) fn reregister(&self, interest: Interest) -> io::Result<()> {
        self.slot
            .owner()
            .reregister(self.target(), self.fd, interest)
    }

    /// Registers another descriptor with the same driver.
    ///
    /// # Errors
    ///
    /// Returns the kernel's error, or an error if the driver is shut down.
    pub(crate) fn register_beside(
        &self,
        fd: RawFd,
        interest: Interest,
    ) -> io::Result<Registration> {
        RegistryShared::register(self.slot.owner(), fd, interest)
    }

    pub(super) fn registry(&self) -> &Arc<RegistryShared> {
        self.slot.owner()
    }

    pub(super) fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Returns whether the driver is shut down.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.slot.word().load().is_shutdown()
    }

    /// Returns the current readiness.
    pub(crate) fn event(&self, interest: Interest) -> ReadyEvent {
        ReadyEvent::new(self.slot.word().load(), interest.mask())
    }

    /// Waits until the direction is ready; spends one unit of the coop budget when it is.
    ///
    /// Only the last waker of each direction is woken.
    ///
    /// # Errors
    ///
    /// Returns an error if the driver is shut down.
    pub(crate) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        let coop = ready!(budget::poll_proceed(cx));
        let event = ready!(self.poll_event(cx, direction))?;
        coop.made_progress();
        Poll::Ready(Ok(event))
    }

    /// Waits until the direction is ready, without a look at the budget.
    ///
    /// # Errors
    ///
    /// Returns an error if the driver is shut down.
    #[inline]
    pub(crate) fn poll_event(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        let mask = match direction {
            Direction::Read => Interest::READABLE.mask(),
            Direction::Write => Interest::WRITABLE.mask(),
        };
        let snapshot = ready!(self.slot.poll(cx, direction, mask.bits(), self.fd));
        if snapshot.is_shutdown() {
            return Poll::Ready(Err(shutdown_error()));
        }
        Poll::Ready(Ok(ReadyEvent::new(snapshot, mask)))
    }

    /// Runs `operation` until it returns something other than `WouldBlock`.
    ///
    /// Spends one unit of the coop budget. Only the last waker of each direction is woken.
    ///
    /// # Errors
    ///
    /// Returns the error of `operation`, or an error if the driver is shut down.
    #[inline]
    pub(crate) fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut(ReadyEvent) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let coop = ready!(budget::poll_proceed(cx));
        loop {
            let event = ready!(self.poll_event(cx, direction))?;
            let result = operation(event);
            if !would_block(&result) {
                coop.made_progress();
                return Poll::Ready(result);
            }
            self.disprove(event, Verdict::Kernel);
        }
    }

    /// [`poll_io`](Registration::poll_io), compiled once for each type of result. The reads and
    /// writes of streams, which are the most frequent, have a copy each instead.
    pub(crate) fn poll_dyn<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: &mut dyn FnMut(ReadyEvent) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_io(cx, direction, operation)
    }

    /// Runs `operation` if the registration looks ready for it.
    ///
    /// # Errors
    ///
    /// Returns the error of `operation`, or `WouldBlock` if the registration does not look ready.
    #[inline]
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        verdict: Verdict,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.ready_event(interest)?;
        let result = operation();
        if let Err(error) = &result {
            self.failed(error, event, verdict);
        }
        result
    }

    /// Returns the current readiness, or `WouldBlock` if there is none.
    fn ready_event(&self, interest: Interest) -> io::Result<ReadyEvent> {
        let event = self.event(interest);
        if event.ready.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(event)
    }

    /// Draws the conclusion from an operation's error.
    fn failed(&self, error: &io::Error, event: ReadyEvent, verdict: Verdict) {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.disprove(event, verdict);
        }
    }

    /// Waits for `interest`. Every waiting future is woken, so the flags of the result may no
    /// longer be set.
    ///
    /// # Errors
    ///
    /// Returns an error if the driver is shut down.
    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<ReadyEvent> {
        let mask = interest.mask();
        let snapshot = self.slot.wait(mask.bits(), self.fd).await;
        if snapshot.is_shutdown() {
            return Err(shutdown_error());
        }
        Ok(ReadyEvent::new(snapshot, mask))
    }

    /// Runs `operation` until it returns something other than `WouldBlock`; any number of tasks may
    /// do so.
    ///
    /// # Errors
    ///
    /// Returns the error of `operation`, or an error if the driver is shut down.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        verdict: Verdict,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let event = self.ready(interest).await?;
            if event.ready.is_empty() {
                // Another task was faster.
                continue;
            }
            let coop = poll_fn(budget::poll_proceed).await;
            let result = operation();
            if !would_block(&result) {
                coop.made_progress();
                return result;
            }
            self.disprove(event, verdict);
            if !self.event(interest).ready.is_empty() {
                // Loops at once. The unit stays spent, so that an operation which never makes
                // progress on a closed socket lets other tasks run.
                coop.made_progress();
            }
        }
    }

    /// Clears the flags of `event`, unless another event came in since it was seen.
    ///
    /// A closure's `WouldBlock` does not clear that a direction is closed: a closed descriptor has
    /// no further event that could set the flag again.
    pub(crate) fn disprove(&self, event: ReadyEvent, verdict: Verdict) {
        let flags = match verdict {
            Verdict::Kernel => event.ready,
            Verdict::Closure => event.ready - (Ready::READ_CLOSED | Ready::WRITE_CLOSED),
        };
        self.slot.word().clear(event.tick, flags.bits());
    }
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl Drop for Registration {
    fn drop(&mut self) {
        // This fails when the owner of a raw descriptor closed it too early. Then the kernel has
        // forgotten it already, or a duplicate is still open and its events are ignored, because
        // they carry the former generation.
        let _ = self.slot.owner().deregister(self.index, self.fd);
    }
}
