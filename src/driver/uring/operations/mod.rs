//! The ring, on a thread of its own.
//!
//! A [`Ring`] is the side that all other threads use: a list of requests ([`hand_over`]) and a way
//! to wake the thread that serves it ([`thread`]). The thread is started by the first request and
//! ends when it has had nothing to do for a while. It alone touches the ring, which is therefore
//! set up for a single issuer with deferred task work ([`setup`]).
//!
//! # Why a thread of its own
//!
//! A ring on a thread that runs user code makes every operation depend on that code to be
//! submitted, finished and noticed, and the kernel's task work interrupts that code's system calls.
//! Here neither happens (I9, I10): once pushed, an operation makes progress whatever the submitting
//! thread does next, even if it never returns to the runtime.
//!
//! The thread runs no user code but wakers, and blocks every signal that can be blocked, so that no
//! handler runs on it. It leaves the closing of descriptors to the pool as long as the pool takes
//! work, since close(2) may wait.

mod buffers;
mod entry;
mod hand_over;
mod ring;
pub(super) mod setup;
mod thread;

pub(in crate::driver) use ring::Ring;
