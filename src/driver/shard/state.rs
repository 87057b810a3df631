//! What a shard keeps behind its lock, and its transitions.
//!
//! Nothing here makes a system call; what a transition leaves to do is returned as an [`Action`].

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use super::Shard;
use crate::driver::inflight::{Finished, Key, Table};
use crate::driver::op::{Completed, Op};
use crate::driver::uring::{Queue, prepare};

pub(super) struct State {
    pub(super) table: Table<Pending, Completed>,
    pub(super) queue: Option<Queue>,
    /// The operation of each entry that the kernel may not have taken yet, oldest first; `None`
    /// is a cancel request.
    pub(super) pushed: Vec<Option<Key>>,
    /// The kernel refuses to serve the ring.
    pub(super) broken: bool,
    pub(super) closed: bool,
    /// How to end polls that have begun on the pool.
    pub(super) cancels: HashMap<Key, Arc<OwnedFd>>,
}

/// An operation in flight.
pub(super) struct Pending {
    pub(super) op: Op,
    pub(super) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Ring,
    Pool,
}

/// What is left to do for a completion, outside the lock.
pub(super) enum Action {
    Wake(Waker),
    Drop(Completed),
    Retry(Key),
    ToPool(Key),
    PerformHere(Key),
}

/// How a push went.
pub(super) enum Push {
    Done,
    Full,
    /// The ring is not served.
    Broken,
    /// The operation has ended meanwhile.
    Stale,
    /// Its end was asked for while it was on no ring, where the request did not find it.
    Cancelled,
}

impl State {
    pub(super) fn push(&mut self, key: Key, shard: &Shard) -> Push {
        let (false, Some(queue)) = (self.broken, &mut self.queue) else {
            return Push::Broken;
        };
        if self.table.is_cancelled(key) == Some(true) {
            return Push::Cancelled;
        }
        let Some(pending) = self.table.payload(key) else {
            return Push::Stale;
        };
        if queue.is_full() {
            return Push::Full;
        }
        let entry = prepare::entry(&mut pending.op).user_data(key.to_bits());
        pending.place = Place::Ring;
        // SAFETY: I1: the table owns the operation until its final completion and nothing touches
        // its buffers meanwhile; moving it within the table does not move what it points to. What
        // the kernel has not let go of at teardown is leaked (`close`).
        match unsafe { queue.push(&entry) } {
            Ok(()) => {
                self.pushed.push(Some(key));
                shard.pushed();
                Push::Done
            }
            Err(_) => Push::Full,
        }
    }

    pub(super) fn push_cancel(&mut self, key: Key, shard: &Shard) -> bool {
        // Nothing can be asked of a ring that is not served: the completion comes by itself.
        let (false, Some(queue)) = (self.broken, &mut self.queue) else {
            return true;
        };
        let pushed = queue.push_cancel(key.to_bits()).is_ok();
        if pushed {
            self.pushed.push(None);
            shard.pushed();
        }
        pushed
    }

    /// Takes note of how entering the kernel went; gives back what it will never take.
    pub(super) fn entered(
        &mut self,
        result: &io::Result<usize>,
        queued: &AtomicBool,
    ) -> Vec<Option<Key>> {
        let Some(queue) = &mut self.queue else {
            return Vec::new();
        };
        let left = queue.queued();
        let taken = self.pushed.len().saturating_sub(left);
        self.pushed.drain(..taken);
        match result {
            Ok(_) => {
                if left > 0 {
                    queued.store(true, Ordering::Release);
                }
                Vec::new()
            }
            Err(error) => match error.raw_os_error() {
                // io_uring_enter(2): out of memory for requests, completions held back, or a
                // signal: nothing is lost, the next flush tries again.
                Some(libc::EAGAIN | libc::EBUSY | libc::EINTR | libc::ENOMEM) => {
                    queued.store(true, Ordering::Release);
                    Vec::new()
                }
                _ => {
                    self.broken = true;
                    std::mem::take(&mut self.pushed)
                }
            },
        }
    }

    /// What a completion queue entry means for its operation.
    pub(super) fn settle(&mut self, key: Key, raw: i32) -> Option<Action> {
        let cancelled = self.table.is_cancelled(key)?;
        let interrupted = matches!(raw, _ if raw == -libc::ECANCELED || raw == -libc::EINTR);
        if interrupted && !cancelled {
            // I5: its submitting thread exited, or a signal came; nobody asked for this.
            if !self.closed {
                return Some(Action::Retry(key));
            }
            let pending = self.table.payload(key)?;
            if matches!(pending.op, Op::Write { .. }) {
                return Some(Action::PerformHere(key));
            }
        }
        if raw == -libc::EAGAIN && !cancelled && !self.closed {
            // I5: the kernel gave up on polling; a thread of the pool will wait.
            self.table.payload(key)?.place = Place::Pool;
            return Some(Action::ToPool(key));
        }
        if !cancelled && raw > 0 && self.table.payload(key)?.op.advance(raw) {
            return Some(if self.closed {
                Action::PerformHere(key)
            } else {
                Action::Retry(key)
            });
        }
        let raw = if interrupted { -libc::ECANCELED } else { raw };
        self.end(key, None, raw)
    }

    pub(super) fn end(&mut self, key: Key, returned: Option<Pending>, raw: i32) -> Option<Action> {
        let end = |pending: Pending| {
            // SAFETY: `raw` is the kernel's answer for this operation: for a ring by the key that
            // went with it (I4), for the pool by the call that was just made; or a negative errno.
            unsafe { pending.op.finish(raw) }
        };
        match self.table.finish(key, returned, end) {
            Finished::Wake(waker) => waker.map(Action::Wake),
            Finished::Orphan(completed) => Some(Action::Drop(completed)),
            Finished::Stale => None,
        }
    }
}
