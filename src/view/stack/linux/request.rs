//! The one request for a stack that may be in flight in a process: its word, and who owns its answer.
//!
//! A request is made once and never freed, so an answer always finds valid memory. Its word is the
//! number of the thread that is asked, above two bits of phase:
//!
//! | from | to | by | then |
//! | --- | --- | --- | --- |
//! | idle, done | asked | the thread that asks | a handler may begin |
//! | asked | copying | the handler, in the thread that is asked | the handler owns the answer |
//! | copying | done | the same handler | the thread that asks may read |
//! | asked | idle | the thread that asks, when its time is over | no handler begins any more |
//!
//! In the phases idle, asked and done the thread that asks owns the answer; only one asks at a time,
//! because it holds the lock. A handler that has begun is never waited for without a limit: the
//! thread that asks leaves in the phase copying, and the next request is refused until the handler is
//! done. A signal that arrives after its request was withdrawn finds another phase or another
//! thread's number, and does nothing; if the same thread has been asked again, it answers that.

use crate::loom::cell::UnsafeCell;
use crate::loom::sync::atomic::{AtomicU32, Ordering};
use crate::loom::sync::{Mutex, MutexGuard};

const IDLE: u32 = 0;
const ASKED: u32 = 1;
const COPYING: u32 = 2;
const DONE: u32 = 3;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Request<T> {
    /// Written by the thread that holds `asking`, and by a handler; see the table above.
    word: AtomicU32,
    /// Owned by a handler in the phase copying, by the thread that holds `asking` in all others.
    answer: UnsafeCell<T>,
    /// Held by the thread that asks, from before its request until it has read the answer.
    asking: Mutex<()>,
}

// SAFETY: only the owner of the answer, as in the table above, has a reference to it, and ownership
// passes by a release and an acquire of the word.
unsafe impl<T: Send> Sync for Request<T> {}

/// The right to ask. Dropping it withdraws a request that no handler has begun to answer.
#[derive(Debug)]
pub(super) struct Asking<'a, T> {
    request: &'a Request<T>,
    _guard: MutexGuard<'a, ()>,
}

impl<T> Request<T> {
    pub(super) fn new(answer: T) -> Request<T> {
        Request {
            word: AtomicU32::new(IDLE),
            answer: UnsafeCell::new(answer),
            asking: Mutex::new(()),
        }
    }

    /// Waits until no other thread asks.
    pub(super) fn asking(&self) -> Asking<'_, T> {
        Asking {
            request: self,
            _guard: self.asking.lock(),
        }
    }

    /// Answers by `fill` if `thread` is asked, and returns whether it is. It is async-signal-safe if
    /// `fill` is.
    pub(super) fn answer(&self, thread: u32, fill: impl FnOnce(&mut T)) -> bool {
        let begun = self.word.compare_exchange(
            word(thread, ASKED),
            word(thread, COPYING),
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        if begun.is_err() {
            return false;
        }
        // SAFETY: this exchange made the phase copying, and only the store below ends it, so the
        // answer belongs to this call. The acquire pairs with the release of `ask`.
        self.answer.with_mut(|answer| fill(unsafe { &mut *answer }));
        self.word.store(word(thread, DONE), Ordering::Release);
        true
    }

    /// Returns the word, to wait for its changes and to wake who does.
    pub(super) fn futex(&self) -> &AtomicU32 {
        &self.word
    }
}

impl<T> Asking<'_, T> {
    /// Makes the request to `thread`, after `prepare` has written what its handler needs to know.
    /// Returns `None` if the handler of a former request is still at work.
    pub(super) fn ask(&mut self, thread: u32, prepare: impl FnOnce(&mut T)) -> Option<()> {
        self.withdraw();
        if phase(self.request.word.load(Ordering::Acquire)) == COPYING {
            return None;
        }
        // SAFETY: the phase is idle or done, and only this thread, which has the lock, changes it
        // then. The acquire above pairs with the release of a handler that is done.
        self.request
            .answer
            .with_mut(|answer| prepare(unsafe { &mut *answer }));
        self.request
            .word
            .store(word(thread, ASKED), Ordering::Release);
        Some(())
    }

    /// Ends the request: returns what `read` makes of the answer if there is one, and withdraws the
    /// request if no handler has begun.
    pub(super) fn end<R>(&mut self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.withdraw();
        if phase(self.request.word.load(Ordering::Acquire)) != DONE {
            return None;
        }
        // SAFETY: as in `ask`: the phase is done.
        let read = self.request.answer.with(|answer| read(unsafe { &*answer }));
        self.request.word.store(IDLE, Ordering::Relaxed);
        Some(read)
    }

    /// Returns the word, to wait for its changes.
    pub(super) fn futex(&self) -> &AtomicU32 {
        &self.request.word
    }

    fn withdraw(&mut self) {
        let now = self.request.word.load(Ordering::Relaxed);
        if phase(now) == ASKED {
            // It fails if a handler has begun since, whose phase stands then.
            let _ =
                self.request
                    .word
                    .compare_exchange(now, IDLE, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

impl<T> Drop for Asking<'_, T> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// The numbers of threads have at most 22 bits: `PID_MAX_LIMIT` of the kernel is 2^22.
fn word(thread: u32, phase: u32) -> u32 {
    (thread << 2) | phase
}

/// Whether the word is that of a request that was answered.
pub(super) fn is_done(word: u32) -> bool {
    phase(word) == DONE
}

fn phase(word: u32) -> u32 {
    word & 3
}
