//! The ring, on a thread of its own.
//!
//! A [`Ring`] is what all other threads have of it: a list of requests ([`hand_over`]) and a way to
//! wake the thread that serves it ([`thread`]). The thread is started by the first request and ends
//! when it has had nothing to do for a while. It alone touches the ring, which is therefore set up
//! for a single issuer with deferred task work ([`setup`]).
//!
//! # Why a thread of its own
//!
//! A ring on a thread that runs user code makes every operation depend on that code: to be
//! submitted, to be finished, to be noticed; and the kernel's task work interrupts the system calls
//! of that code. Here nothing does (I9, I10): from the push on, an operation goes its way whatever
//! the submitting thread does next, even if it never comes back.
//!
//! The thread runs no code of the user's but wakers, and blocks all signals that it may, so that no
//! handler runs on it. It leaves the closing of descriptors to the pool as long as the pool takes
//! work, since close(2) may wait.

#[cfg(not(loom))]
mod entry;
mod hand_over;
#[cfg(not(loom))]
mod ring;
#[cfg(not(loom))]
pub(super) mod setup;
#[cfg(not(loom))]
mod thread;

#[cfg(not(loom))]
pub(super) use entry::suits;
#[cfg(not(loom))]
pub(super) use ring::Ring;
