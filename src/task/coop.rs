//! Cooperative scheduling: the budget that keeps one busy task from starving the others.
//!
//! A task yields its thread only when it awaits something that is not ready. One that always finds
//! its socket readable or its channel full would run forever. So each poll of a task has a
//! *budget*: every operation of this crate that makes progress spends one unit, and when none is
//! left, operations report that they are not ready although they are, and have the task polled
//! again, behind the others. Code that only uses this crate's types needs to do nothing.
//!
//! - A long computation calls [`consume_budget`] from time to time, so that it yields as if it
//!   did I/O.
//! - [`unconstrained`] exempts a future from the budget.
//! - [`cooperative`] makes a future that does not use the budget spend it, and [`poll_proceed`]
//!   does the same for one that is written by hand.
//!
//! Where no task is polled (in `spawn_blocking`, on a thread of your own) nothing is counted.
//!
//! # Examples
//!
//! ```
//! async fn sum(numbers: &[u64]) -> u64 {
//!     let mut sum = 0;
//!     for part in numbers.chunks(1_000) {
//!         sum += part.iter().sum::<u64>();
//!         zokio::task::coop::consume_budget().await;
//!     }
//!     sum
//! }
//!
//! # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! assert_eq!(sum(&[1; 100_000]).await, 100_000);
//! # });
//! ```
#![forbid(unsafe_code)]

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::util::budget::{self, Budget};
use crate::util::trace_mode;

pub use crate::util::budget::{RestoreOnPending, has_budget_remaining, poll_proceed};

/// Spends one unit of the budget, and yields the thread if there was none left.
///
/// # Cancel safety
///
/// This function is cancel safe. It has no effect other than on the budget.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// for _ in 0..1_000 {
///     // ... a step of a long computation ...
///     zokio::task::coop::consume_budget().await;
/// }
/// # });
/// ```
pub async fn consume_budget() {
    poll_fn(|cx| poll_proceed(cx).map(|unit| unit.made_progress())).await;
}

/// Makes `fut` spend the budget: one unit when it is ready. It is not polled when none is left.
///
/// # Cancel safety
///
/// The returned future is as cancel safe as `fut`, which it owns and drops. Waiting for budget has
/// no effect of its own.
///
/// # Examples
///
/// ```
/// use zokio::task::coop::cooperative;
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// // A foreign future that is always ready would keep this loop from ever yielding.
/// for n in 0..1_000 {
///     assert_eq!(cooperative(std::future::ready(n)).await, n);
/// }
/// # });
/// ```
pub fn cooperative<F: Future>(fut: F) -> Coop<F> {
    Coop { fut }
}

pin_project! {
    /// A future that spends the budget. Created by [`cooperative`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the inner future and has no other effect.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::future::{Ready, ready};
    /// use zokio::task::coop::{Coop, cooperative};
    ///
    /// struct Job {
    ///     work: Coop<Ready<u32>>,
    /// }
    ///
    /// let job = Job { work: cooperative(ready(5)) };
    /// assert_eq!(job.work.await, 5);
    /// # })
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Coop<F: Future> {
        #[pin]
        fut: F,
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if trace_mode::is_on() {
            // The trace is that of the future inside.
            return self.project().fut.poll(cx);
        }
        let unit = ready!(poll_proceed(cx));
        let polled = self.project().fut.poll(cx);
        if polled.is_ready() {
            unit.made_progress();
        }
        polled
    }
}

/// Polls `inner` without a budget: it may run as long as its operations are ready, and starves the
/// other tasks of its thread while it does.
///
/// # Cancel safety
///
/// The returned future is as cancel safe as `inner`, which it owns and drops.
///
/// # Examples
///
/// ```
/// use zokio::task::coop::{consume_budget, has_budget_remaining, unconstrained};
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// unconstrained(async {
///     for _ in 0..1_000 {
///         consume_budget().await;
///         assert!(has_budget_remaining());
///     }
/// })
/// .await;
/// # });
/// ```
pub fn unconstrained<F>(inner: F) -> Unconstrained<F> {
    Unconstrained { inner }
}

pin_project! {
    /// A future that is polled without a budget. Created by [`unconstrained`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the inner future and has no other effect.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::future::{Ready, ready};
    /// use zokio::task::coop::{Unconstrained, unconstrained};
    ///
    /// struct Job {
    ///     work: Unconstrained<Ready<u32>>,
    /// }
    ///
    /// let job = Job { work: unconstrained(ready(5)) };
    /// assert_eq!(job.work.await, 5);
    /// # })
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct Unconstrained<F> {
        #[pin]
        inner: F,
    }
}

impl<F> Future for Unconstrained<F>
where
    F: Future,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.project().inner;
        if trace_mode::is_on() {
            return inner.poll(cx);
        }
        budget::with(Budget::UNCONSTRAINED, || inner.poll(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::{consume_budget, cooperative, has_budget_remaining, unconstrained};
    use crate::util::budget::with_budget;
    use std::future::{Future, ready};
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn polls_until_pending(mut step: impl FnMut(&mut Context<'_>) -> bool) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        with_budget(|| (0..10_000).take_while(|_| step(&mut cx)).count())
    }

    #[test]
    fn a_poll_has_128_units() {
        let consumed = polls_until_pending(|cx| pin!(consume_budget()).poll(cx).is_ready());
        assert_eq!(consumed, 128);
        let polled = polls_until_pending(|cx| pin!(cooperative(ready(()))).poll(cx).is_ready());
        assert_eq!(polled, 128);
    }

    #[test]
    fn a_pending_future_spends_nothing() {
        let pending = polls_until_pending(|cx| {
            assert!(
                pin!(cooperative(std::future::pending::<()>()))
                    .poll(cx)
                    .is_pending()
            );
            has_budget_remaining()
        });
        assert_eq!(pending, 10_000);
    }

    #[test]
    fn unconstrained_futures_spend_nothing() {
        let mut cx = Context::from_waker(Waker::noop());
        with_budget(|| {
            let mut long = pin!(unconstrained(async {
                for _ in 0..1_000 {
                    consume_budget().await;
                }
            }));
            assert!(long.as_mut().poll(&mut cx).is_ready());
            assert!(has_budget_remaining());
        });
    }
}
