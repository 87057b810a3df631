//! The completion half of the driver: submit an operation, be told how it went.
//!
//! [`Completions`] has one shard per worker and one more for all other threads; see `shard.rs` for
//! what a shard is and `probe.rs` for the choice between rings and the blocking pool. Nothing above
//! this file can tell which of the two carries out an operation.
//!
//! # Who calls what
//!
//! A worker calls [`flush`](Completions::flush) and [`reap`](Completions::reap) with its own index
//! once a tick. The thread that is about to sleep in the driver's wait calls
//! [`prepare_wait`](Completions::prepare_wait), sleeps only if that was false, and calls
//! [`finish_wait`](Completions::finish_wait) when it wakes. Anybody may call
//! [`reap_all`](Completions::reap_all) at any time.
//!
//! # While nobody drives
//!
//! A current-thread runtime has a thread only inside `block_on`, which [`adopt`](Completions::adopt)s
//! ring 0 and [`abandon`](Completions::abandon)s it when it returns. What is in flight then goes on,
//! since somebody may await it elsewhere, or it is a write that was accepted. So a thread of the pool
//! sleeps in poll(2) on the ring's descriptor and serves it, until nothing is in flight or the next
//! `block_on` calls it back by a bell. `driven` is set before `served` is looked at, and `served`
//! before `driven`: one of the two sees the other.
#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::blocking::Pool;
use crate::driver::inflight::Key;
use crate::driver::op::{Completed, Op};
use crate::driver::pool;
use crate::driver::probe::{Backend, Choice, Kind, decide};
use crate::driver::shard::{Shard, Shared};
use crate::error::Error;
use crate::util::local_worker::local_worker;

/// Submission queue entries of a ring.
const ENTRIES: u32 = 128;

/// How long teardown waits for operations to end before it leaks them.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What a [`Completions`] is made of.
pub(crate) struct Config {
    /// Which back-end.
    pub(crate) choice: Choice,
    /// How many workers there are.
    pub(crate) rings: usize,
    /// An eventfd that ends the driver's wait.
    pub(crate) wake_fd: Arc<OwnedFd>,
    /// Where operations go that no ring carries out.
    pub(crate) pool: Pool,
}

/// See the file's head.
pub(crate) struct Completions {
    /// One per worker, and the last for all other threads.
    shards: Box<[Arc<Shard>]>,
    shared: Arc<Shared>,
    backend: Backend,
    /// Some thread always serves the rings.
    attended: bool,
    closed: AtomicBool,
    /// A thread is inside `block_on` (only where the rings are unattended).
    driven: AtomicBool,
    /// A thread of the pool serves the ring meanwhile.
    served: AtomicBool,
    /// An eventfd that calls that thread back.
    bell: OnceLock<File>,
}

impl fmt::Debug for Completions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completions")
            .field("backend", &self.backend)
            .field("shards", &self.shards.len())
            .finish_non_exhaustive()
    }
}

impl Completions {
    /// Chooses the back-end; a worker's ring is made when it is first used.
    pub(crate) fn new(config: Config) -> Result<Completions, Error> {
        Completions::with_entries(config, ENTRIES)
    }

    /// Like [`new`](Completions::new), with rings of that many submission queue entries.
    pub(crate) fn with_entries(config: Config, entries: u32) -> Result<Completions, Error> {
        let (backend, capabilities) = decide(config.choice)?;
        let shared = Arc::new(Shared {
            waiting: AtomicBool::new(false),
            wake: config.wake_fd,
            pool: config.pool,
            capabilities,
            entries,
        });
        let shards = (0..=config.rings)
            .map(|_| Arc::new(Shard::new(shared.clone())))
            .collect();
        Ok(Completions {
            shards,
            shared,
            backend,
            attended: true,
            closed: AtomicBool::new(false),
            driven: AtomicBool::new(false),
            served: AtomicBool::new(false),
            bell: OnceLock::new(),
        })
    }

    /// Says that the rings are served only while a thread drives the runtime. Operations from any
    /// other thread then go to the pool, because nobody might ever reap them. So does one that
    /// takes a thread wherever it goes and is alone: with nothing to share a system call with, the
    /// way to the kernel's thread and back is the longer one for a runtime that has one thread
    /// (`ARCHITECTURE.md`, "Files: three ways").
    pub(crate) fn unattended(mut self) -> Completions {
        self.attended = false;
        self
    }

    /// Which back-end is in force and why.
    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Submits `op`, from any thread.
    ///
    /// A worker's submissions reach the kernel at its next [`flush`](Completions::flush) or anyone's
    /// [`reap_all`](Completions::reap_all); those of other threads at once.
    pub(crate) fn submit(&self, op: Op) -> InFlight {
        let others = self.shards.len() - 1;
        let mine = local_worker()
            .filter(|&index| index < others)
            .map(|index| &self.shards[index])
            .filter(|shard| shard.is_mine());
        let shard = mine.unwrap_or(&self.shards[others]);
        let goes_alone = || op.takes_a_thread() && shard.in_flight() == 0;
        let ring_allowed = self.attended || mine.is_some() && !goes_alone();
        let state = match shard.submit(op, ring_allowed) {
            Ok(key) => State::Submitted(shard.clone(), key),
            Err(op) => State::Refused(Box::new(op)),
        };
        if mine.is_none() {
            shard.flush();
        }
        InFlight { state }
    }

    /// Submits `op` and hands it to the kernel before this returns, so that it goes on whatever the
    /// calling thread does next.
    pub(crate) fn submit_now(&self, op: Op) -> InFlight {
        let in_flight = self.submit(op);
        if let State::Submitted(shard, _) = &in_flight.state {
            shard.flush();
        }
        in_flight
    }

    /// Whether [`shutdown`](Completions::shutdown) was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Says that the calling thread serves worker `ring` from now on.
    pub(crate) fn adopt(&self, ring: usize) {
        self.driven.store(true, Ordering::SeqCst);
        self.call_back();
        self.shards[ring].adopt();
    }

    /// Says that nobody serves ring 0 from now on. What is still in flight there goes on: a thread
    /// of the pool serves it to its end, or until somebody adopts the ring again.
    pub(crate) fn abandon(self: &Arc<Self>) {
        self.shards[0].flush();
        self.shards[0].reap();
        self.driven.store(false, Ordering::SeqCst);
        self.serve();
    }

    fn serve(self: &Arc<Self>) {
        let left = |it: &Completions| {
            !it.driven.load(Ordering::SeqCst) && !it.is_closed() && it.shards[0].is_active()
        };
        if !left(self) || self.served.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Err(error) = self.make_bell() {
            self.served.store(false, Ordering::SeqCst);
            log::warn!("zokio: operations wait for the runtime's next use: {error}");
            return;
        }
        let me = self.clone();
        let work = Box::new(move || {
            while left(&me) {
                me.shards[0].serve(me.bell.get());
            }
            me.served.store(false, Ordering::SeqCst);
            // Whoever left the ring meanwhile saw it served.
            me.serve();
        });
        // Like a worker it does not count against the cap, which closures may have reached.
        if let Err(refused) = self.shared.pool.spawn_worker(work) {
            self.served.store(false, Ordering::SeqCst);
            log::warn!("zokio: operations wait for the runtime's next use: {refused}");
        }
    }

    fn make_bell(&self) -> io::Result<()> {
        if self.bell.get().is_none() {
            let made = File::from(pool::cancel_descriptor()?);
            // Nobody else makes one: only who has set `served` comes here.
            let _ = self.bell.set(made);
        }
        Ok(())
    }

    /// Ends the service by a thread of the pool, if there is one.
    fn call_back(&self) {
        if self.served.load(Ordering::SeqCst)
            && let Some(bell) = self.bell.get()
        {
            pool::cancel(bell);
        }
    }

    /// For worker `ring`, once a tick: hands over what it submitted. One system call, which does
    /// not wait, if there is anything; none otherwise.
    pub(crate) fn flush(&self, ring: usize) -> usize {
        let shard = &self.shards[ring];
        shard.adopt();
        shard.flush()
    }

    /// For worker `ring`, once a tick: completes what is done. No system call if nothing is.
    pub(crate) fn reap(&self, ring: usize) -> usize {
        self.shards[ring].reap()
    }

    /// For any thread: hands over what anybody submitted and completes what is done; returns how
    /// many completions that were.
    pub(crate) fn reap_all(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| shard.flush() + shard.reap()).sum()
    }

    /// Before a sleep: has completions end it. True if there is something to do first: then do not
    /// sleep, but call [`reap_all`](Completions::reap_all).
    pub(crate) fn prepare_wait(&self) -> bool {
        if self.backend.kind == Kind::Mio {
            return false;
        }
        self.shared.waiting.store(true, Ordering::SeqCst);
        // Every shard is visited: each is to be unmuted.
        let busy = self.shards.iter().filter(|shard| shard.prepare_wait());
        busy.count() > 0
    }

    /// After a sleep: completions end none until the next [`prepare_wait`](Completions::prepare_wait);
    /// completes what is done.
    pub(crate) fn finish_wait(&self) -> usize {
        if self.backend.kind == Kind::Mio {
            return 0;
        }
        self.shared.waiting.store(false, Ordering::SeqCst);
        let shards = self.shards.iter();
        shards
            .map(|shard| {
                shard.finish_wait();
                shard.reap()
            })
            .sum()
    }

    /// Whether an operation is in flight, or its task not woken yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.shards.iter().any(|shard| shard.is_busy())
    }

    /// How many operations are in flight.
    #[cfg(test)]
    pub(crate) fn in_flight(&self) -> usize {
        self.shards.iter().map(|shard| shard.in_flight()).sum()
    }

    /// Refuses new operations and ends those in flight (I7). Their futures learn that they were
    /// cancelled. Accepted writes go on, on the pool. It waits at most for `patience`, and leaves
    /// what takes longer to the pool.
    pub(crate) fn shutdown(&self, patience: Duration) {
        self.closed.store(true, Ordering::SeqCst);
        self.call_back();
        for shard in &self.shards {
            shard.close(patience.min(PATIENCE));
        }
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        self.shutdown(PATIENCE);
    }
}

/// A submitted operation.
///
/// Dropping it cancels the operation and returns at once (I8).
#[must_use]
pub(crate) struct InFlight {
    state: State,
}

enum State {
    Submitted(Arc<Shard>, Key),
    /// The driver was closed.
    Refused(Box<Op>),
    Done,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Submitted(..) => "submitted",
            State::Refused(_) => "refused",
            State::Done => "done",
        };
        f.debug_tuple("InFlight").field(&state).finish()
    }
}

impl InFlight {
    /// The outcome, once it is there. A refused operation ends as a cancelled one does.
    ///
    /// # Panics
    /// If the outcome was fetched before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Completed> {
        if let State::Submitted(shard, key) = &self.state {
            let polled = shard.poll(*key, cx);
            if polled.is_ready() {
                self.state = State::Done;
            }
            return polled;
        }
        match std::mem::replace(&mut self.state, State::Done) {
            State::Refused(op) => Poll::Ready(op.refuse()),
            State::Submitted(..) | State::Done => {
                panic!("an operation was polled after its outcome")
            }
        }
    }

    /// Asks for the operation's end. Its outcome still comes (I2): cancelled, or what it came to
    /// before the request reached it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for the completion API; the tests use it")
    )]
    pub(crate) fn cancel(&self) {
        if let State::Submitted(shard, key) = &self.state {
            shard.cancel(*key);
        }
    }

    /// Stops waiting for the operation without cancelling it.
    pub(crate) fn detach(mut self) {
        if let State::Submitted(shard, key) = std::mem::replace(&mut self.state, State::Done) {
            shard.orphan(key, false);
        }
    }
}

impl Future for InFlight {
    type Output = Completed;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Completed> {
        InFlight::poll(&mut self, cx)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let State::Submitted(shard, key) = &self.state {
            shard.orphan(*key, true);
        }
    }
}
