//! [`Timeout`], [`timeout`] and [`timeout_at`].
#![forbid(unsafe_code)]

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::record;
use crate::time::error::Elapsed;
use crate::time::{Instant, Sleep};
use crate::util::budget::{self, Budget, has_budget_remaining};

/// Limits a future to `duration`, counted from this call.
///
/// The output is `Ok` with the future's output, or [`Elapsed`] if it took longer; the future is
/// dropped together with the [`Timeout`]. The future is polled first: one that is ready wins,
/// however late it is. A duration that cannot be expressed as a deadline becomes thirty years.
///
/// A future that never yields the thread cannot be timed out. One that merely uses up its task's
/// [coop budget](crate::task::coop) can.
///
/// # Cancel safety
///
/// Dropping the [`Timeout`] drops the future. That, and the deadline passing, is as safe as
/// dropping the future is. To keep a future whose time is up, pass a mutable reference to it.
///
/// # Errors
///
/// Returns [`Elapsed`] if the deadline passed first.
///
/// # Panics
///
/// Panics if called outside a runtime, or in a runtime whose timers are off (see
/// [`Builder::enable_time`](crate::runtime::Builder::enable_time)).
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, timeout};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     assert_eq!(timeout(Duration::from_secs(5), async { 7 }).await, Ok(7));
///     let never = std::future::pending::<()>();
///     assert!(timeout(Duration::from_millis(1), never).await.is_err());
/// }
/// ```
#[track_caller]
pub fn timeout<F>(duration: Duration, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    Timeout {
        value: future.into_future(),
        delay: Sleep::until(Instant::after(duration)),
    }
}

/// Limits a future to the time until `deadline`.
///
/// It is [`timeout`] with an absolute deadline, which several futures may share.
///
/// # Cancel safety
///
/// Dropping the [`Timeout`] drops the future. That, and the deadline passing, is as safe as
/// dropping the future is. To keep a future whose time is up, pass a mutable reference to it.
///
/// # Errors
///
/// Returns [`Elapsed`] if the deadline passed first.
///
/// # Panics
///
/// Panics if called outside a runtime, or in a runtime whose timers are off (see
/// [`Builder::enable_time`](crate::runtime::Builder::enable_time)).
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, sleep, timeout_at};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let deadline = Instant::now() + Duration::from_millis(10);
///     let slow = sleep(Duration::from_secs(5));
///     assert!(timeout_at(deadline, slow).await.is_err());
/// }
/// ```
#[track_caller]
pub fn timeout_at<F>(deadline: Instant, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    Timeout {
        value: future.into_future(),
        delay: Sleep::until(deadline),
    }
}

pin_project! {
    /// The future returned by [`timeout`] and [`timeout_at`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use zokio::time::{Duration, Timeout, timeout};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let limited: Timeout<_> = timeout(Duration::from_millis(1), pending::<()>());
    ///     assert!(limited.await.is_err());
    /// }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<T> {
        #[pin]
        value: T,
        #[pin]
        delay: Sleep,
    }
}

impl<T> Timeout<T> {
    /// Returns a reference to the future whose time is limited.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::{Ready, ready};
    /// use zokio::time::{Duration, timeout};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let limited = timeout(Duration::from_secs(1), ready(7));
    ///     let future: &Ready<u32> = limited.get_ref();
    ///     assert_eq!(future.clone().await, 7);
    /// }
    /// ```
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// Returns a mutable reference to the future whose time is limited.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::ready;
    /// use zokio::time::{Duration, timeout};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut limited = timeout(Duration::from_secs(1), ready(7));
    ///     *limited.get_mut() = ready(8);
    ///     assert_eq!(limited.await, Ok(8));
    /// }
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// Returns the future and drops the timer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::ready;
    /// use zokio::time::{Duration, timeout};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let limited = timeout(Duration::from_secs(1), ready(7));
    ///     assert_eq!(limited.into_inner().await, 7);
    /// }
    /// ```
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Future for Timeout<T>
where
    T: Future,
{
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        record::poll_part(|| self.poll_both(cx))
    }
}

impl<T: Future> Timeout<T> {
    fn poll_both(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T::Output, Elapsed>> {
        let this = self.project();
        let had_budget = has_budget_remaining();
        if let Poll::Ready(value) = this.value.poll(cx) {
            return Poll::Ready(Ok(value));
        }
        // A future that used up the budget would keep the timer from ever being looked at.
        let elapsed = if had_budget && !has_budget_remaining() {
            budget::with(Budget::UNCONSTRAINED, || this.delay.poll(cx))
        } else {
            this.delay.poll(cx)
        };
        if elapsed.is_pending() {
            record::waits_at_most();
        }
        elapsed.map(|()| Err(Elapsed::new()))
    }
}
