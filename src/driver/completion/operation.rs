//! One operation, from its submission until its outcome is fetched, and the [`Count`] of those that
//! are in flight.
//!
//! An [`Operation`] is shared by the future that waits for it and by what carries it out: a thread,
//! or the thread that owns the ring. It is plain data behind a lock that is held briefly. What a
//! transition leaves to do (wake a waker, drop an outcome, ask for a cancellation) is returned, and
//! done outside of the lock.
//!
//! # Life of an operation
//!
//! ```text
//!              begin                complete                 poll
//!   queued ------------> begun ----------------> completed --------> over
//!     |                    |                         |
//!     | detach, cancel     | detach                  | detach
//!     v                    v                         v
//!   over: the payload    marked: its outcome       over: the outcome
//!   goes back            goes to the completer     goes back
//! ```
//!
//! An operation that is detached while it is queued, without a cancellation, stays queued, and its
//! outcome goes to the completer.
//!
//! *Begin* takes the payload out (what the operation owns: descriptors, buffers, paths). From then
//! on the payload belongs to whatever carries the operation out and never to the future (I1), and
//! the operation can only end by *complete* (I2). *Detach* is the future's last act. It may ask
//! for a cancellation, which is a request: an operation that has not begun never does; one that has
//! begun still ends by *complete*.
//!
//! *Cancel* asks for the same while the future continues to wait, because what the operation owns is
//! to come back. An operation that has not begun counts as begun by the one that cancels, which
//! completes it.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::record::{Journal, Submission};

/// An operation that was submitted. `P` is what it owns until it has begun, `R` what it ends with.
#[derive(Debug)]
pub(crate) struct Operation<P, R> {
    state: Mutex<OperationState<P, R>>,
    /// Identifies the operation to what carries it out, which alone reads and writes this.
    pub(crate) ticket: AtomicU64,
}

#[derive(Debug)]
struct OperationState<P, R> {
    stage: Stage<P, R>,
    /// The waker of the task that waits. Set only before the operation has completed.
    waker: Option<Waker>,
    /// Whether the future is gone.
    detached: bool,
    /// Whether a cancellation was asked for.
    cancelled: bool,
}

#[derive(Debug)]
enum Stage<P, R> {
    Queued(P),
    Begun,
    Completed(R),
    Over,
}

/// What [`Operation::complete`] leaves to do.
#[derive(Debug)]
#[must_use]
pub(crate) enum Ended<R> {
    /// Wake the task, if it has left a waker.
    Wake(Option<Waker>),
    /// The future is gone: drop the outcome.
    Unwanted(R),
}

/// What [`Operation::detach`] leaves to do.
#[derive(Debug)]
#[must_use]
pub(crate) enum Detached<P, R> {
    /// The operation had not begun and never will: drop what it owned.
    NeverBegun(P),
    /// The operation continues: drop the waker. What carries it out may be asked to cancel it.
    Continues(Option<Waker>),
    /// The operation had completed: drop the outcome.
    Completed(R),
    /// The outcome was fetched before.
    Over,
}

impl<P, R> Operation<P, R> {
    pub(crate) fn new(payload: P) -> Operation<P, R> {
        Operation {
            state: Mutex::new(OperationState {
                stage: Stage::Queued(payload),
                waker: None,
                detached: false,
                cancelled: false,
            }),
            ticket: AtomicU64::new(0),
        }
    }

    /// Takes the payload out to carry the operation out; returns `None` if it was cancelled before.
    ///
    /// The caller that receives the payload calls [`complete`](Operation::complete), once.
    pub(crate) fn begin(&self) -> Option<P> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut state.stage, Stage::Begun) {
            Stage::Queued(payload) => Some(payload),
            other => {
                state.stage = other;
                None
            }
        }
    }

    /// Records the outcome: the one final completion (I2).
    pub(crate) fn complete(&self, outcome: R) -> Ended<R> {
        let mut state = self.state.lock();
        debug_assert!(matches!(state.stage, Stage::Begun));
        if state.detached {
            state.stage = Stage::Over;
            return Ended::Unwanted(outcome);
        }
        state.stage = Stage::Completed(outcome);
        Ended::Wake(state.waker.take())
    }

    /// Returns whether a cancellation was asked for.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.state.lock().cancelled
    }

    /// Asks for a cancellation, and continues to wait. Returns the payload if the operation has not
    /// begun: the caller calls [`complete`](Operation::complete).
    pub(crate) fn cancel(&self) -> Option<P> {
        self.state.lock().cancelled = true;
        self.begin()
    }

    /// Fetches the outcome, or leaves the waker for the completion to wake.
    ///
    /// # Panics
    ///
    /// Panics if the outcome was fetched before.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<R> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut state.stage, Stage::Over) {
            Stage::Completed(outcome) => Poll::Ready(outcome),
            Stage::Over => panic!("an operation was polled after its outcome"),
            waiting => {
                state.stage = waiting;
                let former = match &mut state.waker {
                    Some(waker) if waker.will_wake(cx.waker()) => None,
                    slot => slot.replace(cx.waker().clone()),
                };
                drop(state);
                drop(former);
                Poll::Pending
            }
        }
    }

    /// Detaches the future. With `cancel`, an operation that has not begun ends here.
    pub(crate) fn detach(&self, cancel: bool) -> Detached<P, R> {
        let mut state = self.state.lock();
        state.detached = true;
        state.cancelled |= cancel;
        match std::mem::replace(&mut state.stage, Stage::Over) {
            Stage::Queued(payload) if cancel => Detached::NeverBegun(payload),
            Stage::Completed(outcome) => Detached::Completed(outcome),
            Stage::Over => Detached::Over,
            other => {
                state.stage = other;
                Detached::Continues(state.waker.take())
            }
        }
    }
}

/// Counts operations from their submission until their task has been woken. A paused clock stands
/// still while there are any.
pub(super) struct Count {
    /// The number of operations times [`ONE`], and [`AWAITED`].
    word: AtomicUsize,
    end_wait: Box<dyn Fn() + Send + Sync>,
    /// Where the operations are recorded, if they are.
    journal: Option<Arc<Journal>>,
}

/// One operation.
const ONE: usize = 2;

/// The end of the last operation ends the wait, and takes this flag away.
const AWAITED: usize = 1;

impl Count {
    /// Creates a count that calls `end_wait` when it reaches zero, if that was awaited.
    pub(super) fn new(end_wait: impl Fn() + Send + Sync + 'static) -> Count {
        Count {
            word: AtomicUsize::new(0),
            end_wait: Box::new(end_wait),
            journal: None,
        }
    }

    /// Has the operations recorded, if there is a journal.
    pub(super) fn recorded(self, journal: Option<Arc<Journal>>) -> Count {
        Count { journal, ..self }
    }

    /// Records that a thread is to carry an operation out.
    pub(super) fn hands_to_thread(&self) {
        if let Some(journal) = &self.journal {
            journal.hand_to_thread();
        }
    }

    /// Returns `false` if no operation is in flight. Otherwise the end of the last one ends the
    /// wait.
    pub(super) fn await_zero(&self) -> bool {
        let set = |word| (word >= ONE).then_some(word | AWAITED);
        let update = self
            .word
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, set);
        update.is_ok()
    }

    #[cfg(test)]
    pub(super) fn get(&self) -> usize {
        self.word.load(Ordering::SeqCst) / ONE
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = self.word.load(Ordering::SeqCst) / ONE;
        f.debug_struct("Count")
            .field("operations", &operations)
            .finish_non_exhaustive()
    }
}

/// One operation, from its submission until its task has been woken.
#[derive(Debug)]
pub(in crate::driver) struct Counted {
    count: Arc<Count>,
    /// When it was submitted, if that is recorded.
    submission: Option<Submission>,
}

impl Counted {
    /// Counts one operation with this place among the names, until the result is dropped.
    pub(super) fn new(count: &Arc<Count>, number: u8) -> Counted {
        count.word.fetch_add(ONE, Ordering::SeqCst);
        let journal = count.journal.as_ref();
        Counted {
            count: count.clone(),
            submission: journal.map(|journal| journal.submit(number)),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let (Some(submission), Some(journal)) = (self.submission, &self.count.journal) {
            journal.complete(submission);
        }
        let former = self.count.word.fetch_sub(ONE, Ordering::SeqCst);
        if former != ONE | AWAITED {
            return;
        }
        // Unless an operation has come since, or another thread has ended the wait.
        let ended =
            self.count
                .word
                .compare_exchange(AWAITED, 0, Ordering::SeqCst, Ordering::SeqCst);
        if ended.is_ok() {
            (self.count.end_wait)();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Detached, Ended, Operation};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn operation() -> Operation<&'static str, i32> {
        Operation::new("payload")
    }

    #[test]
    fn the_last_waker_counts() {
        let operation = operation();
        let (first, last) = (Arc::new(Count::default()), Arc::new(Count::default()));
        for waker in [&first, &last, &last] {
            let waker = Waker::from(waker.clone());
            assert!(
                operation
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
        assert_eq!(Arc::strong_count(&first), 1);
        assert_eq!(operation.begin(), Some("payload"));
        assert_eq!(operation.begin(), None);
        match operation.complete(7) {
            Ended::Wake(Some(waker)) => waker.wake(),
            other => panic!("{other:?}"),
        }
        assert_eq!(first.0.load(Ordering::SeqCst), 0);
        assert_eq!(last.0.load(Ordering::SeqCst), 1);
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(operation.poll(&mut cx), Poll::Ready(7));
        assert!(matches!(operation.detach(true), Detached::Over));
    }

    #[test]
    fn what_was_cancelled_in_time_never_begins() {
        let operation = operation();
        let Detached::NeverBegun("payload") = operation.detach(true) else {
            panic!("it had not begun");
        };
        assert_eq!(operation.begin(), None);
    }

    #[test]
    fn what_is_cancelled_while_the_future_waits_comes_back() {
        let operation = operation();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(operation.poll(&mut cx).is_pending());
        assert_eq!(operation.cancel(), Some("payload"));
        assert!(operation.is_cancelled());
        assert_eq!(operation.begin(), None);
        assert!(matches!(operation.complete(7), Ended::Wake(Some(_))));
        assert_eq!(operation.cancel(), None);
        assert_eq!(operation.poll(&mut cx), Poll::Ready(7));
    }

    #[test]
    fn what_has_begun_is_only_asked_to_end() {
        let operation = operation();
        assert_eq!(operation.begin(), Some("payload"));
        assert_eq!(operation.cancel(), None);
        assert!(operation.is_cancelled());
        assert!(matches!(operation.complete(7), Ended::Wake(None)));
        assert!(matches!(operation.detach(true), Detached::Completed(7)));
    }

    #[test]
    fn what_was_detached_continues() {
        let operation = operation();
        assert!(matches!(operation.detach(false), Detached::Continues(None)));
        assert_eq!(operation.begin(), Some("payload"));
        assert!(matches!(operation.complete(7), Ended::Unwanted(7)));
    }

    #[test]
    fn what_completed_first_is_handed_back() {
        let operation = operation();
        assert_eq!(operation.begin(), Some("payload"));
        assert!(matches!(operation.complete(7), Ended::Wake(None)));
        assert!(matches!(operation.detach(true), Detached::Completed(7)));
    }

    #[test]
    #[should_panic(expected = "polled after its outcome")]
    fn the_outcome_is_fetched_once() {
        let operation = operation();
        operation.begin();
        let _ = operation.complete(7);
        let mut cx = Context::from_waker(Waker::noop());
        let _ = operation.poll(&mut cx);
        let _ = operation.poll(&mut cx);
    }
}

#[cfg(all(test, loom))]
#[path = "operation_loom.rs"]
mod loom_tests;
