//! The event that ends a wait, on a system without eventfd(2): mio's own, which with kqueue is an
//! event of the user's (`EVFILT_USER`).
#![forbid(unsafe_code)]

use std::io;

use mio::{Registry, Token, Waker};

/// See the file's documentation.
#[derive(Debug)]
pub(super) struct WakeEvent(Waker);

impl WakeEvent {
    /// Creates an event of the poll of `registry`, which has no other of this kind.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<WakeEvent> {
        Waker::new(registry, token).map(WakeEvent)
    }

    /// Raises the event.
    pub(super) fn raise(&self) {
        if let Err(error) = self.0.wake() {
            panic!("the wait could not be ended, which is a bug in zokio: {error}");
        }
    }
}
