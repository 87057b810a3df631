//! The cooperative budget: how many units of progress one task poll may make.
//!
//! A scheduler (and `block_on`) polls a future inside [`with_budget`]. Every leaf future that can
//! make progress (of a socket, a channel, a timer, a join handle) first calls [`poll_proceed`],
//! which takes one unit; at zero it wakes the task and returns `Pending`, so that a task that never
//! runs out of work still lets others run. A leaf that then turns out not to be ready drops the
//! [`RestoreOnPending`] guard, which restores the unit; one that made progress keeps it spent with
//! [`RestoreOnPending::made_progress`]. Outside a scheduler there is no budget, and `poll_proceed`
//! always succeeds. A poll in trace mode (`util/trace_mode`) is one whose budget has been refused, so
//! that it costs the others nothing. This file owns the counter; the public API is in `task/coop.rs`.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::task::{Context, Poll, Waker};

use crate::loom::sync::OnceLock;
use crate::record::{self, Wait};
use crate::util::trace_mode;

/// Units of one task poll.
const INITIAL: u8 = 128;

/// How many bytes one unit pays for where bytes are copied in the poll itself. A poll copies 1 MiB
/// and the last transfer at most, some 0.1 to 0.3 ms.
const BYTES_PER_UNIT: usize = 8 * 1024;

thread_local! {
    static BUDGET: Cell<Budget> = const { Cell::new(Budget::UNCONSTRAINED) };
}

/// How a task that has spent its budget is woken: [`set_defer`].
static DEFER: OnceLock<Defer> = OnceLock::new();

/// Wakes a task later; the flag is whether it is the first time in a poll.
type Defer = fn(&Waker, bool);

/// Has tasks that have spent their budget woken by `defer`, which a runtime does after it has
/// looked at its driver (or has just done so), so that a busy task cannot keep others from their I/O.
/// Without a runtime they are woken at once.
pub(crate) fn set_defer(defer: Defer) {
    DEFER.get_or_init(|| defer);
}

/// The units left and one more, or zero if a unit has been refused; `None` for an unlimited budget.
///
/// That is one test for what spends a unit, as if the refusal was not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(Option<u8>);

/// No unit is left.
const SPENT: u8 = 1;
/// No unit is left, and one has been refused.
const REFUSED: u8 = 0;

impl Budget {
    pub(crate) const UNCONSTRAINED: Budget = Budget(None);
    pub(crate) const INITIAL: Budget = Budget(Some(INITIAL + SPENT));
    /// That of a poll in trace mode, too.
    pub(crate) const REFUSED: Budget = Budget(Some(REFUSED));
}

/// Sets the budget and returns the former one.
///
/// A thread whose locals are destroyed counts nothing.
pub(crate) fn replace(budget: Budget) -> Budget {
    BUDGET
        .try_with(|cell| cell.replace(budget))
        .unwrap_or(Budget::UNCONSTRAINED)
}

/// Runs `f` with `budget` and restores the former one, even if `f` panics.
#[inline]
pub(crate) fn with<R>(budget: Budget, f: impl FnOnce() -> R) -> R {
    let _restore = set(budget);
    f()
}

/// Sets the thread's budget until the guard is dropped.
#[must_use]
#[inline]
pub(crate) fn set(budget: Budget) -> Restore {
    Restore {
        former: replace(budget),
        _this_thread: PhantomData,
    }
}

/// Restores the thread's former budget when it is dropped.
#[derive(Debug)]
pub(crate) struct Restore {
    former: Budget,
    _this_thread: PhantomData<*const ()>,
}

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        replace(self.former);
    }
}

/// Runs `f`, one poll of a task, with a full budget.
#[inline]
pub(crate) fn with_budget<R>(f: impl FnOnce() -> R) -> R {
    with(Budget::INITIAL, f)
}

/// Returns whether the current poll has any budget left. Always returns `true` where no budget is
/// counted.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::task::coop::{consume_budget, has_budget_remaining};
///
/// // A batch that ends when others should have their turn.
/// let mut done = 0;
/// while has_budget_remaining() {
///     done += 1;
///     consume_budget().await;
/// }
/// assert!(done > 0);
/// # })
/// ```
#[inline]
pub fn has_budget_remaining() -> bool {
    BUDGET
        .try_with(|cell| cell.get().0.is_none_or(|left| left > SPENT))
        .unwrap_or(true)
}

/// Takes one unit for progress that was made, after [`has_budget_remaining`] returned `true`.
///
/// For paths that complete without a context; the others use [`poll_proceed`].
#[inline]
pub(crate) fn spend() {
    // A thread whose locals are destroyed counts nothing.
    let _ =
        BUDGET.try_with(|cell| cell.set(Budget(cell.get().0.map(|left| left.saturating_sub(1)))));
}

/// Takes the units for `count` bytes that were copied in this poll, beyond the unit that the
/// operation has already taken.
///
/// More than what is left may be spent: it is known only afterwards how much was copied.
#[inline]
pub(crate) fn spend_bytes(count: usize) {
    let units = count.saturating_sub(1) / BYTES_PER_UNIT;
    if units > 0 {
        let units = u8::try_from(units).unwrap_or(u8::MAX);
        // What is spent without having been asked for is not refused.
        let spend = |left: u8| left.saturating_sub(units).max(left.min(SPENT));
        // A thread whose locals are destroyed counts nothing.
        let _ = BUDGET.try_with(|cell| cell.set(Budget(cell.get().0.map(spend))));
    }
}

/// A guard that restores a unit of budget if it is dropped before progress was made.
///
/// Returned by [`poll_proceed`].
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::future::poll_fn;
/// use std::task::{Poll, ready};
/// use zokio::task::coop::{has_budget_remaining, poll_proceed};
///
/// poll_fn(|cx| {
///     for _ in 0..1_000 {
///         let unit = ready!(poll_proceed(cx));
///         // Nothing was ready: the unit comes back.
///         drop(unit);
///     }
///     assert!(has_budget_remaining());
///     Poll::Ready(())
/// })
/// .await;
/// # })
/// ```
#[derive(Debug)]
#[must_use]
pub struct RestoreOnPending {
    former: Cell<Budget>,
    // The budget belongs to the thread.
    not_send: PhantomData<*const ()>,
}

impl RestoreOnPending {
    fn new(former: Budget) -> RestoreOnPending {
        RestoreOnPending {
            former: Cell::new(former),
            not_send: PhantomData,
        }
    }

    /// Keeps the unit spent: the operation made progress.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::future::poll_fn;
    /// use std::task::Poll;
    /// use zokio::task::coop::{has_budget_remaining, poll_proceed};
    ///
    /// poll_fn(|cx| {
    ///     while let Poll::Ready(unit) = poll_proceed(cx) {
    ///         unit.made_progress();
    ///     }
    ///     assert!(!has_budget_remaining());
    ///     Poll::Ready(())
    /// })
    /// .await;
    /// # })
    /// ```
    pub fn made_progress(&self) {
        self.former.set(Budget::UNCONSTRAINED);
    }
}

impl Drop for RestoreOnPending {
    fn drop(&mut self) {
        let former = self.former.get();
        if former.0.is_some() {
            replace(former);
        }
    }
}

/// Takes one unit of budget, or wakes the task and returns `Pending` if none is left.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::future::poll_fn;
/// use std::task::{Context, Poll, ready};
/// use zokio::task::coop::poll_proceed;
///
/// /// A source that always has a number.
/// struct Numbers(u32);
///
/// impl Numbers {
///     fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<u32> {
///         let unit = ready!(poll_proceed(cx));
///         self.0 += 1;
///         unit.made_progress();
///         Poll::Ready(self.0)
///     }
/// }
///
/// let mut numbers = Numbers(0);
/// for expected in 1..=1_000 {
///     // Yields whenever the budget is spent.
///     assert_eq!(poll_fn(|cx| numbers.poll_next(cx)).await, expected);
/// }
/// # })
/// ```
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let taken = BUDGET.try_with(|cell| {
        let former = cell.get();
        match former.0 {
            None => Some(former),
            Some(left) if left <= SPENT => None,
            Some(left) => {
                cell.set(Budget(Some(left - 1)));
                Some(former)
            }
        }
    });
    match taken {
        Ok(Some(former)) => Poll::Ready(RestoreOnPending::new(former)),
        Ok(None) => refuse(cx),
        Err(_) => Poll::Ready(RestoreOnPending::new(Budget::UNCONSTRAINED)),
    }
}

/// Refuses a unit of a spent budget; one for which a trace has no more use is free.
#[cold]
#[inline(never)]
fn refuse(cx: &Context<'_>) -> Poll<RestoreOnPending> {
    if let Some(traced) = trace_mode::reached(cx, refuse as *const c_void) {
        return traced.map(|()| RestoreOnPending::new(Budget::UNCONSTRAINED));
    }
    let former = replace(Budget::REFUSED);
    record::waits(Wait::Budget, || 0);
    match DEFER.get() {
        Some(defer) => defer(cx.waker(), former.0 == Some(SPENT)),
        None => cx.waker().wake_by_ref(),
    }
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use super::{
        BYTES_PER_UNIT, INITIAL, has_budget_remaining, poll_proceed, spend_bytes, with_budget,
    };
    use std::task::{Context, Poll, Waker};

    #[test]
    fn spends_and_restores() {
        let mut cx = Context::from_waker(Waker::noop());
        with_budget(|| {
            for _ in 0..INITIAL {
                let Poll::Ready(guard) = poll_proceed(&mut cx) else {
                    panic!("budget left");
                };
                drop(guard);
            }
            for _ in 0..INITIAL {
                let Poll::Ready(guard) = poll_proceed(&mut cx) else {
                    panic!("budget left");
                };
                guard.made_progress();
            }
            assert!(!has_budget_remaining());
            assert!(poll_proceed(&mut cx).is_pending());
        });
        assert!(has_budget_remaining());
        assert!(poll_proceed(&mut cx).is_ready());
    }

    /// Returns how many transfers of `count` bytes fit into one poll.
    fn transfers(count: usize) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        with_budget(|| {
            let mut transfers = 0;
            while let Poll::Ready(unit) = poll_proceed(&mut cx) {
                spend_bytes(count);
                unit.made_progress();
                transfers += 1;
            }
            transfers
        })
    }

    #[test]
    fn bytes_cost_a_unit_each_eight_kibibytes() {
        let all = usize::from(INITIAL);
        for small in [0, 1, 4096, BYTES_PER_UNIT] {
            assert_eq!(transfers(small), all, "{small}");
        }
        assert_eq!(transfers(BYTES_PER_UNIT + 1), all / 2);
        assert_eq!(transfers(64 * 1024), all / 8);
        assert_eq!(transfers(512 * 1024), all / 64);
        assert_eq!(transfers(usize::MAX), 1);
    }

    #[test]
    fn a_poll_copies_two_mebibytes_at_most() {
        for count in (1..=2048 * 1024).step_by(4093) {
            let copied = transfers(count) * count;
            assert!(copied < 1024 * 1024 + count, "{count} each: {copied}");
        }
    }

    #[test]
    fn bytes_without_progress_are_given_back() {
        let mut cx = Context::from_waker(Waker::noop());
        with_budget(|| {
            let unit = poll_proceed(&mut cx);
            spend_bytes(usize::MAX);
            assert!(!has_budget_remaining());
            drop(unit);
            assert!(has_budget_remaining());
        });
        spend_bytes(usize::MAX);
        assert!(has_budget_remaining());
    }
}
