//! The driver of one runtime: both halves, and the only place where a scheduler thread waits for
//! readiness.
//!
//! # Protocol
//!
//! The mio poll sits behind a lock, the *turn*. A thread that wants to wait takes the turn, waits,
//! dispatches the readiness events, and releases the turn before it runs any user code other than
//! wakers. So a thread that runs a task never holds the turn, and any idle thread can take it.
//!
//! Where receives of sockets are completions and some are to be waited for, the thread sleeps in the
//! wait for them instead, in which the mio poll is nested (`sockets`).
//!
//! Before it sleeps, a waiter sets the wake state to `ASLEEP`, unless a wake came before. A later
//! wake sees that state and ends the poll (`wake.rs`). Completions of operations do not end the
//! wait by themselves: the threads that carry them out wake tasks, which wakes the scheduler.
#![forbid(unsafe_code)]

use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mio::{Poll, Token};

use crate::blocking::Pool;
use crate::driver::backend::Choice;
use crate::driver::completion::{Completions, Config as CompletionConfig};
use crate::driver::epoll;
use crate::driver::poller::Poller;
use crate::driver::readiness::Registry;
use crate::driver::sockets::{self, Receives};
use crate::driver::wake::Wake;
use crate::loom::sync::{Mutex, MutexGuard};
use crate::record::Journal;

/// The event of [`Wake`].
const WAKE: Token = Token(usize::MAX);

/// The configuration of a driver.
pub(crate) struct Config {
    /// The back-end for completions.
    pub(crate) choice: Choice,
    /// The most readiness events that one wait handles.
    pub(crate) events_per_tick: usize,
    /// The same for a poll that does not wait.
    pub(crate) events_per_busy_tick: usize,
    /// Threads for operations alone.
    pub(crate) threads: Pool,
    /// How sockets are to be read.
    pub(crate) sockets: sockets::Choice,
    /// Where operations are recorded, if the runtime is observed.
    pub(crate) journal: Option<Arc<Journal>>,
}

/// The driver of one runtime.
#[derive(Debug)]
pub(crate) struct Driver {
    readiness: Registry,
    completions: Completions,
    /// How sockets were to be read when the driver was built.
    sockets: sockets::Choice,
    /// `None` where they are read by readiness.
    receives: Option<Arc<Receives>>,
    wake: Arc<Wake>,
    /// See [`Driver::waits`]. Written while holding the turn.
    waits: AtomicUsize,
    poller: Mutex<Poller>,
}

/// The right to wait; released on drop.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    driver: &'a Driver,
    poller: MutexGuard<'a, Poller>,
}

/// A thread drives the runtime; see [`Driver::drive`].
#[derive(Debug)]
pub(crate) struct Driving<'a>(&'a Driver, PhantomData<*const ()>);

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        if let Some(receives) = &self.0.receives {
            receives.end();
        }
    }
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waited {
    /// Whether [`Driver::wake`] was called, or the last operation awaited by
    /// [`Completions::await_quiet`] has ended.
    pub(crate) woken: bool,
    /// Whether readiness events were dispatched.
    pub(crate) progress: bool,
}

impl Driver {
    pub(crate) fn new(config: Config) -> Result<Driver, crate::Error> {
        let fail = |error| {
            crate::Error::resource(
                "set up the readiness poll",
                "the system refused",
                Some(error),
            )
        };
        let poll = Poll::new().map_err(fail)?;
        let registry = poll.registry();
        let wake = Arc::new(Wake::new(registry, WAKE).map_err(fail)?);
        let exact = epoll::works(&poll, WAKE, || wake.signal());
        let readiness = Registry::new(registry.try_clone().map_err(fail)?);
        let completions = Completions::new(CompletionConfig {
            choice: config.choice,
            threads: config.threads,
            wake: wake.clone(),
            journal: config.journal,
        })?;
        let sockets = config.sockets.granted(|| completions.backend().kind);
        let receives = sockets.receives(&poll, &readiness, &wake);
        Ok(Driver {
            readiness,
            completions,
            sockets,
            receives,
            wake,
            waits: AtomicUsize::new(0),
            poller: Mutex::new(Poller::new(
                poll,
                exact,
                config.events_per_tick,
                config.events_per_busy_tick,
            )),
        })
    }

    /// Returns the readiness half.
    pub(crate) fn readiness(&self) -> &Registry {
        &self.readiness
    }

    /// Returns the receives of sockets, where these are completions.
    #[inline]
    pub(crate) fn receives(&self) -> Option<&Arc<Receives>> {
        self.receives.as_ref()
    }

    /// Returns how sockets are read, and why.
    pub(crate) fn sockets(&self) -> sockets::Choice {
        match self.receives.as_ref().and_then(|it| it.refusal()) {
            Some(reason) => sockets::Choice {
                completion: false,
                reason,
            },
            None => self.sockets.clone(),
        }
    }

    /// Makes the calling thread the one that drives the runtime, until the guard is dropped there.
    pub(crate) fn drive(&self) -> Driving<'_> {
        if let Some(receives) = &self.receives {
            receives.begin();
        }
        Driving(self, PhantomData)
    }

    /// Returns the completion half.
    pub(crate) fn completions(&self) -> &Completions {
        &self.completions
    }

    /// Returns the number of begun and ended waits: odd while a thread is in one. Read relaxed, so
    /// it orders nothing.
    pub(crate) fn waits(&self) -> usize {
        self.waits.load(Ordering::Relaxed)
    }

    /// Wakes the waiting thread; if none waits, the next wait returns at once.
    pub(crate) fn wake(&self) {
        self.wake.wake();
    }

    /// Takes the turn unless another thread holds it.
    pub(crate) fn try_turn(&self) -> Option<Turn<'_>> {
        let poller = self.poller.try_lock()?;
        Some(Turn {
            driver: self,
            poller,
        })
    }

    /// Takes the turn, waiting for another thread to release it if necessary.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn {
            driver: self,
            poller: self.poller.lock(),
        }
    }

    /// Shuts both halves down: operations on the ring are cancelled, which is waited for until
    /// `deadline` (I7), and every wait for readiness ends with an error.
    pub(crate) fn shutdown(&self, deadline: Option<Instant>) {
        self.readiness.shutdown();
        self.completions.shutdown(deadline);
    }
}

impl Turn<'_> {
    /// Waits for at most `timeout`, and dispatches the events.
    ///
    /// `None` waits without a limit; a zero timeout does not wait.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Waited {
        self.count_wait();
        let wake = &self.driver.wake;
        let mut waited = Waited::default();
        if timeout == Some(Duration::ZERO) {
            self.poll(timeout, true, &mut waited);
            waited.woken = wake.take();
        } else {
            let sleep = wake.begin_sleep();
            let timeout = if sleep { timeout } else { Some(Duration::ZERO) };
            self.poll(timeout, !sleep, &mut waited);
            waited.woken = wake.end_sleep();
        }
        self.count_wait();
        waited
    }

    /// Counts the beginning or the end of a wait.
    fn count_wait(&self) {
        let waits = &self.driver.waits;
        // Only the thread that holds the turn writes.
        waits.store(
            waits.load(Ordering::Relaxed).wrapping_add(1),
            Ordering::Relaxed,
        );
    }

    /// Waits for receives, where there are some to wait for. Returns how long to poll for readiness
    /// then, if at all.
    #[inline(never)]
    fn wait_for_receives(
        &mut self,
        receives: &Receives,
        timeout: Option<Duration>,
        waited: &mut Waited,
    ) -> Option<Option<Duration>> {
        let more = self.poller.has_more();
        let limit = if more { Some(Duration::ZERO) } else { timeout };
        let Some(on_ring) = receives.wait(limit) else {
            return Some(timeout);
        };
        waited.progress |= on_ring.progress;
        (on_ring.readiness || more).then_some(Some(Duration::ZERO))
    }

    fn poll(&mut self, mut timeout: Option<Duration>, busy: bool, waited: &mut Waited) {
        if let Some(receives) = &self.driver.receives {
            match self.wait_for_receives(receives, timeout, waited) {
                Some(rest) => timeout = rest,
                None => return,
            }
        }
        let readiness = &self.driver.readiness;
        let polled = self.poller.poll(timeout, busy, |token, ready| {
            if token != WAKE {
                waited.progress = true;
                readiness.dispatch(token, ready);
            }
        });
        match polled {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("the readiness poll failed, which is a bug in zokio: {error}"),
        }
    }
}
