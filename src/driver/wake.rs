//! How a thread is woken from the driver's wait.
//!
//! One event of the mio poll: an eventfd (`wake_event.rs`), or mio's own where there is none. The
//! state beside it saves the system call when no thread sleeps:
//!
//! - `AWAKE`: no thread sleeps in the wait.
//! - `ASLEEP`: a thread sleeps in the wait or is about to.
//! - `NOTIFIED`: a wake came since the last time a thread left the wait.
//!
//! A waiter goes `AWAKE -> ASLEEP` before it sleeps; if it finds `NOTIFIED`, it does not sleep. A
//! waker always writes `NOTIFIED` and calls the kernel only if it replaced `ASLEEP`, so any number
//! of wakes cost one system call. The waiter writes `AWAKE` when it is back.
#![forbid(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

use mio::{Registry, Token};

use super::wake_event::WakeEvent;

const AWAKE: u8 = 0;
const ASLEEP: u8 = 1;
const NOTIFIED: u8 = 2;

#[derive(Debug)]
pub(crate) struct Wake {
    event: WakeEvent,
    state: AtomicU8,
}

impl Wake {
    /// Creates a wake whose events come out of the poll of `registry`, as those of `token`.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Wake> {
        Ok(Wake {
            event: WakeEvent::new(registry, token)?,
            state: AtomicU8::new(AWAKE),
        })
    }

    /// Wakes the thread in the wait, or makes the next wait return at once.
    pub(super) fn wake(&self) {
        if self.state.swap(NOTIFIED, Ordering::SeqCst) == ASLEEP {
            self.signal();
        }
    }

    /// Raises the event, which ends a sleep or the next one.
    pub(super) fn signal(&self) {
        self.event.raise();
    }

    /// Consumes a wake that came while no thread slept. Called with the turn held, by a thread that
    /// looks for work before it sleeps.
    pub(super) fn take(&self) -> bool {
        self.state.load(Ordering::SeqCst) == NOTIFIED && self.end_sleep()
    }

    /// Announces a sleep; returns `false` if a wake came first, in which case the thread must not
    /// sleep.
    pub(super) fn begin_sleep(&self) -> bool {
        self.state
            .compare_exchange(AWAKE, ASLEEP, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Ends the sleep, or one that was not begun; returns whether a wake came.
    pub(super) fn end_sleep(&self) -> bool {
        self.state.swap(AWAKE, Ordering::SeqCst) == NOTIFIED
    }
}
