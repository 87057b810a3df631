//! Readiness on Windows, where nothing is watched yet: mio takes sockets there, and no raw handles, so
//! that `driver/readiness`, which registers raw descriptors, is not for it. The one event of a wait is
//! that of a wake.
#![forbid(unsafe_code)]

use mio::Token;

use crate::stream::Ready;

/// The readiness half of a driver: nothing is registered with it.
#[derive(Debug)]
pub(crate) struct Registry;

/// What is watched: nothing is.
#[derive(Debug)]
pub(crate) enum Registration {}

impl Registry {
    pub(crate) fn new(_mio: mio::Registry) -> Registry {
        Registry
    }

    /// # Panics
    ///
    /// Always panics: no event but that of a wake has a source.
    pub(crate) fn dispatch(&self, token: Token, _ready: Ready) {
        unreachable!("an event of {token:?}, and nothing is registered")
    }

    /// Returns 0.
    pub(crate) fn events(&self) -> u64 {
        0
    }

    /// Returns 0.
    pub(crate) fn registered(&self) -> u64 {
        0
    }

    /// Returns 0.
    pub(crate) fn deregistered(&self) -> u64 {
        0
    }

    /// Returns 0: no copy stays in the kernel.
    pub(crate) fn copied_in_kernel(&self) -> u64 {
        0
    }

    /// Has no waiters to wake.
    pub(crate) fn shutdown(&self) {}
}
