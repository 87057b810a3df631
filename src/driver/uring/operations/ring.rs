//! [`Ring`]: what all threads but its own have of a ring.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::hand_over::{Closed, HandOver, Pushed};
use super::thread;
use crate::blocking::Pool;
use crate::blocking::pool::{Kind, SpawnError};
use crate::driver::completion::pool_memory::{PoolMemory, Registrar};
use crate::driver::completion::{Submitted, threads};
use crate::driver::wake_event::eventfd;
use crate::loom::sync::OnceLock;

/// A request to the ring's thread.
#[derive(Debug)]
pub(super) enum Request {
    CarryOut(Submitted),
    /// The future of the operation is gone.
    Cancel(Submitted),
    /// The pool of the memory is gone.
    Deregister(Arc<PoolMemory>),
}

/// A ring, as any thread uses it.
#[derive(Debug)]
pub(in crate::driver) struct Ring {
    pub(super) requests: HandOver<Request>,
    /// An eventfd that ends the wait of the ring's thread; made together with the first thread.
    pub(super) alarm: OnceLock<File>,
    /// Submission queue entries.
    pub(super) entries: u32,
    /// Carries out the operations that the ring cannot take.
    pub(super) pool: Pool,
    /// How many transfers from or to registered memory have succeeded. Counted by the ring's thread.
    pub(super) registered_transfers: AtomicU64,
    /// Why no thread serves the ring ever again. Set by the ring's thread before it refuses requests,
    /// read by any.
    lost: OnceLock<String>,
}

impl Ring {
    pub(in crate::driver) fn new(entries: u32, pool: Pool) -> Ring {
        Ring {
            requests: HandOver::new(),
            alarm: OnceLock::new(),
            entries,
            pool,
            registered_transfers: AtomicU64::new(0),
            lost: OnceLock::new(),
        }
    }

    /// Returns how many entries the submission queue has.
    pub(in crate::driver) fn entries(&self) -> u32 {
        self.entries
    }

    /// Has the ring carry `operation` out, or a thread where there is no ring; an error completes it.
    pub(in crate::driver) fn submit(
        self: &Arc<Ring>,
        operation: &Submitted,
    ) -> Result<(), SpawnError> {
        let refused = self.push(Request::CarryOut(operation.clone()));
        // Others are those of threads that submitted at the same time. They end with the reason.
        let mut refused = refused.into_iter();
        match refused.find(|(it, _)| Arc::ptr_eq(it, operation)) {
            Some((_, refused)) => Err(refused),
            None => Ok(()),
        }
    }

    /// Has the ring carry out several operations, which it takes at the same time, or threads where
    /// there is no ring. Those for which there is no thread either end with the reason.
    pub(in crate::driver) fn submit_all(
        self: &Arc<Ring>,
        operations: impl Iterator<Item = Submitted>,
    ) {
        let mut requests: Vec<Request> = operations.map(Request::CarryOut).collect();
        match self.requests.push_all(&mut requests) {
            Ok(pushed) => {
                self.follow(pushed);
            }
            Err(Closed) => {
                self.refuse_all(requests);
            }
        }
    }

    /// Asks for the cancellation of an operation that was submitted here.
    pub(in crate::driver) fn cancel(self: &Arc<Ring>, operation: Submitted) {
        // No thread performs what is cancelled, so none was missing.
        self.push(Request::Cancel(operation));
    }

    /// Returns how many transfers from or to registered memory have succeeded.
    pub(in crate::driver) fn registered_transfers(&self) -> u64 {
        self.registered_transfers.load(Ordering::Relaxed)
    }

    /// Returns the operations for which there is neither a ring nor a thread.
    fn push(self: &Arc<Ring>, request: Request) -> Vec<(Submitted, SpawnError)> {
        match self.requests.push(request) {
            Ok(pushed) => self.follow(pushed),
            Err(request) => self.refuse(request).into_iter().collect(),
        }
    }

    fn follow(self: &Arc<Ring>, pushed: Pushed) -> Vec<(Submitted, SpawnError)> {
        match pushed {
            Pushed::Done => {}
            Pushed::Wake => self.wake(),
            Pushed::Start => {
                if let Err(error) = self.start() {
                    log::debug!("zokio: no thread for the ring, others serve instead: {error}");
                    return self.give_up();
                }
            }
        }
        Vec::new()
    }

    fn start(self: &Arc<Ring>) -> io::Result<()> {
        if self.alarm.get().is_none() {
            // Blocking, so that the ring's read waits while the count is zero.
            let made = eventfd(0)?;
            // A thread that ended before has left the cell filled, so no other starter races.
            let _ = self.alarm.set(made.into());
        }
        thread::start(self.clone())
    }

    fn wake(&self) {
        if let Some(mut alarm) = self.alarm.get() {
            // The write fails only when the counter is full, and then the thread wakes all the
            // same.
            let _ = alarm.write(&1_u64.to_ne_bytes());
        }
    }

    /// Passes a request that the ring does not take to threads. If there is none, its operation ends
    /// with the reason; also returns both.
    pub(super) fn refuse(&self, request: Request) -> Option<(Submitted, SpawnError)> {
        let Request::CarryOut(operation) = request else {
            return None;
        };
        let refused = threads::submit_late(&self.pool, operation.clone(), Kind::Detached).err()?;
        log::debug!("zokio: an operation could not begin: {refused}");
        Some((operation, refused))
    }

    /// Passes all requests to threads: no thread serves the ring for now. Returns the operations for
    /// which there is none.
    pub(super) fn give_up(&self) -> Vec<(Submitted, SpawnError)> {
        self.refuse_all(self.requests.give_up(false))
    }

    /// Passes these requests and all later ones to threads, because of `reason`.
    pub(super) fn give_up_for_good(&self, reason: String) {
        // There is one thread at a time, and none after this one.
        let _ = self.lost.set(reason);
        self.refuse_all(self.requests.give_up(true));
    }

    /// Returns why the ring is not served any more, if it is not.
    pub(in crate::driver) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    fn refuse_all(&self, requests: Vec<Request>) -> Vec<(Submitted, SpawnError)> {
        let mut refused = Vec::new();
        for request in requests {
            refused.extend(self.refuse(request));
        }
        refused
    }

    /// Has the thread cancel what is in flight and end.
    pub(in crate::driver) fn close(&self) {
        if self.requests.close() == Pushed::Wake {
            self.wake();
        }
    }

    /// Waits until the thread has ended, at most until `deadline`; returns whether it has. What the
    /// kernel does not release in time stays with the thread, which ends once it is released (I7).
    pub(in crate::driver) fn wait_until_gone(&self, deadline: Option<Instant>) -> bool {
        self.requests.wait_until_gone(deadline)
    }
}

impl Registrar for Ring {
    fn deregister(&self, memory: Arc<PoolMemory>) {
        // A thread that ends lets go of all memory.
        let pushed = self.requests.push_if_served(Request::Deregister(memory));
        if matches!(pushed, Ok(Pushed::Wake)) {
            self.wake();
        }
    }
}
