//! Receives of sockets as completions.
//!
//! By default a socket is read by readiness. Where [`Receives`] is in use, a read that finds
//! nothing begins a *receive* instead: an operation on a ring, whose completion brings the bytes.
//!
//! # Protocol
//!
//! **A receive is demanded.** One is in flight only after a read was polled and found nothing, and
//! at most one for each socket. It has no buffer: the kernel takes one of the ring's when bytes have
//! come (`uring/receives/buffers.rs`). The completion *retains* the bytes with the socket and is then
//! reported to the socket's registration as an event that shows it readable, which wakes the reader.
//! So waiting, wakers and the shutdown are those of readiness (R1 to R5), and the only difference is
//! that the event brings its bytes along.
//!
//! **What is retained comes first.** Every read asks for retained bytes before it makes a system
//! call, and makes none while a receive is in flight, because bytes would overtake each other.
//!
//! **Readiness on demand.** The socket is registered for writing only, so that arriving bytes do not
//! wake the readiness poll as well. The first time something other than `poll_read` asks about
//! reading, and where a read is polled by a thread that does not drive the runtime, the socket is
//! registered for reading, its receive is ended, and once nothing is retained it is a socket like
//! any other for the rest of its life (`Receiver::watch`). A read of retained bytes clears the
//! readiness only before that: afterwards it may be that of later bytes, whose event comes once.
//!
//! **The ring is the thread's that drives.** Only that thread submits to it, and waits in it: it is
//! the outermost wait, in which the readiness poll is nested as one more operation. Receives are
//! handed to the kernel together, just before the wait. A thread that ceases to drive ends all
//! receives first. So while nothing drives the runtime, nothing happens to its sockets, the next
//! thread to drive begins the same receives on a ring of its own, and a ring stays with its thread
//! (`uring/receives/ring.rs`). Other threads leave requests in a table and wake the thread that drives.
//!
//! **Closing.** The kernel holds a reference to the file of a socket with a receive in flight, and
//! closing the descriptor sends nothing as long as it does. On the thread that drives, the drop of a
//! socket therefore ends its receive and waits for the completion, which the kernel produces within
//! the same call. On another thread the drop leaves a request; the peer sees the end once the thread
//! that drives looks. A descriptor is named to the kernel only with the lock of the table held,
//! under which its socket has not been dropped, so the number is never that of another file.
//!
//! **Falling back.** A receive that finds no buffer is reported without bytes, and the read makes a
//! system call. If there is no ring, or the kernel ceases to serve it, all sockets are read by
//! readiness.
//!
//! Only a thread that neither computes nor blocks in a task drives, so a receive makes progress just
//! when readiness would be noticed. The kernel finishes receives in calls of ours alone
//! (`DEFER_TASKRUN`), so it interrupts no system call of a task (I10).
//!
//! Read `driver/uring/receives` next. Without the feature `completion`, or without io_uring, there
//! are none (`driver/without_uring/receives.rs`).
#![forbid(unsafe_code)]

use std::sync::Arc;

use mio::Poll;

use crate::driver::backend::BackendKind;
use crate::driver::readiness::Registry;
use crate::driver::uring::receives;
use crate::driver::wake::Wake;

pub(crate) use crate::driver::uring::receives::{OwnedReceiver, Received, Receiver, Receives};

/// How sockets are read, and why: as asked for, or as granted.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// Whether receives are completions.
    pub(crate) completion: bool,
    pub(crate) reason: String,
}

impl Choice {
    /// Returns the choice as a driver can meet it. Its back-end is asked for only if that matters.
    pub(super) fn granted(self, backend: impl FnOnce() -> BackendKind) -> Choice {
        match self.completion.then(|| receives::supported(backend())) {
            Some(Err(reason)) => Choice {
                completion: false,
                reason,
            },
            _ => self,
        }
    }

    /// Returns the receives of a driver, where these are completions; `poll` is the one that
    /// `readiness` belongs to, and outlives them.
    pub(super) fn receives(
        &self,
        poll: &Poll,
        readiness: &Registry,
        wake: &Arc<Wake>,
    ) -> Option<Arc<Receives>> {
        let receives = self
            .completion
            .then(|| Receives::new(poll, readiness, wake))?;
        Some(Arc::new(receives?))
    }
}
