//! [`Waiting`] and [`Ending`]: waits that own what they wait for, so that the futures of them are
//! `'static`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::registration::{ENDED, ReadyEvent, Registration};
use super::slot::{LeadsToSlot, Slot, Wait};
use crate::driver::shutdown_error;
use crate::stream::Interest;

/// A value that the driver watches.
///
/// # Safety
///
/// The registration is part of the value, and the same one as long as the value is shared.
pub(crate) unsafe trait Registered {
    fn registration(&self) -> &Registration;
}

struct Owned<T>(Arc<T>);

// SAFETY: the value is shared by the `Arc`, so its registration stays as long as this does. A
// registration keeps its slot in its place (`HeldSlot`).
unsafe impl<T: Registered> LeadsToSlot for Owned<T> {
    #[inline]
    fn slot(&self) -> &Slot {
        self.0.registration().slot()
    }
}

pin_project! {
    /// Waits for a value to become ready, any number of times.
    pub(crate) struct Waiting<T: Registered> {
        #[pin]
        wait: Wait<Owned<T>>,
        interest: Interest,
    }
}

impl<T: Registered> Waiting<T> {
    pub(crate) fn new(value: Arc<T>, interest: Interest) -> Waiting<T> {
        let fd = value.registration().fd();
        Waiting {
            wait: Wait::new(Owned(value), interest.mask().bits(), fd),
            interest,
        }
    }

    /// Returns what it waits for.
    #[inline]
    pub(crate) fn value(&self) -> &T {
        &self.wait.get_ref().0
    }

    /// Returns what it waits for, for another wait.
    pub(crate) fn shared(&self) -> &Arc<T> {
        &self.wait.get_ref().0
    }

    /// Polls until the value is ready. Every waiting task is woken, so the flags of the event may
    /// no longer be set.
    ///
    /// # Errors
    ///
    /// Returns an error if the driver is shut down.
    pub(crate) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        let this = self.project();
        let snapshot = ready!(this.wait.poll(cx));
        if snapshot.is_shutdown() {
            return Poll::Ready(Err(shutdown_error()));
        }
        Poll::Ready(Ok(ReadyEvent::new(snapshot, this.interest.mask())))
    }
}

pin_project! {
    /// Waits until the owner of a value announces its end, or the driver is shut down.
    pub(crate) struct Ending<T: Registered> {
        #[pin]
        wait: Wait<Owned<T>>,
    }
}

impl<T: Registered> Ending<T> {
    pub(crate) fn new(value: Arc<T>) -> Ending<T> {
        let fd = value.registration().fd();
        Ending {
            wait: Wait::new(Owned(value), ENDED, fd),
        }
    }

    /// Polls until [`Registration::announce_end`] was called, or the driver is shut down.
    pub(crate) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().wait.poll(cx).map(drop)
    }
}
