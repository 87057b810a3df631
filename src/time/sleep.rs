//! [`Sleep`], [`sleep`] and [`sleep_until`].
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::time::Instant;
use crate::time::entry::Entry;
use crate::trace::{Op, Resource, ResourceType};

/// Waits until `deadline`.
///
/// The future is never ready before the deadline, and usually within a tenth of a millisecond after
/// it; where timers are many, up to 1.25 milliseconds (see
/// [Resolution](crate::time#resolution)). The time it takes for its task to run comes on top. A
/// deadline in the past makes it ready at its first poll or soon after.
///
/// # Cancel safety
///
/// Dropping the future stops the timer. A new one starts from the beginning; to keep the deadline,
/// keep the future, pinned, and poll it by reference.
///
/// # Panics
///
/// Panics if called outside a runtime, or in a runtime whose timers are off (see
/// [`Builder::enable_time`](crate::runtime::Builder::enable_time)). The future panics when it is
/// polled after its runtime was shut down.
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, sleep_until};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let deadline = Instant::now() + Duration::from_millis(10);
///     sleep_until(deadline).await;
///     assert!(Instant::now() >= deadline);
/// }
/// ```
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::until(deadline)
}

/// Waits for `duration`, counted from this call, not from the first poll.
///
/// It is [`sleep_until`] with a relative deadline; one that cannot be expressed becomes thirty
/// years.
///
/// # Cancel safety
///
/// Dropping the future stops the timer. A new one starts from the beginning; to keep the deadline,
/// keep the future, pinned, and poll it by reference.
///
/// # Panics
///
/// Panics if called outside a runtime, or in a runtime whose timers are off (see
/// [`Builder::enable_time`](crate::runtime::Builder::enable_time)). The future panics when it is
/// polled after its runtime was shut down.
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, sleep};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     sleep(Duration::from_millis(10)).await;
///     println!("10 ms have passed");
/// }
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::until(Instant::after(duration))
}

pin_project! {
    /// The future returned by [`sleep`] and [`sleep_until`].
    ///
    /// It takes its place among the runtime's timers when it is first polled, and leaves it when
    /// it is dropped. It is not `Unpin`: to poll it by reference, as in a `select!` inside a
    /// loop, pin it first, with [`pin!`](crate::pin) or [`Box::pin`].
    ///
    /// # Examples
    ///
    /// A deadline for several rounds of a loop:
    ///
    /// ```
    /// use zokio::time::{Duration, sleep};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let deadline = sleep(Duration::from_millis(20));
    ///     zokio::pin!(deadline);
    ///     let mut rounds = 0;
    ///     loop {
    ///         zokio::select! {
    ///             () = &mut deadline => break,
    ///             () = sleep(Duration::from_millis(5)) => rounds += 1,
    ///         }
    ///     }
    ///     assert!(rounds <= 4);
    /// }
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Sleep {
        entry: Entry,
        op: Op,
        resource: Resource,
        // tokio's type is not `Unpin`, and code may rely on what is implemented for it.
        #[pin]
        pinned: PhantomPinned,
    }
}

impl Sleep {
    #[track_caller]
    pub(crate) fn until(deadline: Instant) -> Sleep {
        let resource = Resource::new(ResourceType::Sleep);
        Sleep {
            entry: Entry::new(deadline),
            op: resource.own_op("Sleep::new_timeout"),
            resource,
            pinned: PhantomPinned,
        }
    }

    /// Returns the instant at which the future becomes ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant, sleep_until};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let at = Instant::now() + Duration::from_secs(1);
    ///     assert_eq!(sleep_until(at).deadline(), at);
    /// }
    /// ```
    pub fn deadline(&self) -> Instant {
        self.entry.deadline()
    }

    /// Returns `true` if the deadline has passed.
    ///
    /// The runtime finds that out, or a poll: this is `false` for a future that has neither been
    /// polled nor reset.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, sleep};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let nap = sleep(Duration::from_millis(1));
    ///     zokio::pin!(nap);
    ///     assert!(!nap.is_elapsed());
    ///     nap.as_mut().await;
    ///     assert!(nap.is_elapsed());
    /// }
    /// ```
    pub fn is_elapsed(&self) -> bool {
        self.entry.is_elapsed()
    }

    /// Sets another deadline, before or after the future was ready.
    ///
    /// A task that is waiting for it is woken at the new deadline; it need not poll the future
    /// again first. Moving the deadline of a waiting timer further away, as an idle timeout does
    /// with every message, takes no lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant, sleep};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let start = Instant::now();
    ///     let nap = sleep(Duration::from_millis(5));
    ///     zokio::pin!(nap);
    ///     nap.as_mut().reset(start + Duration::from_millis(20));
    ///     nap.await;
    ///     assert!(start.elapsed() >= Duration::from_millis(20));
    /// }
    /// ```
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        if this.resource.is_seen() {
            *this.op = this.resource.op("Sleep::reset");
        }
        let (resource, entry) = (this.resource, this.entry);
        resource.in_scope(|| entry.reset(deadline));
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("entry", &self.entry)
            .field("pinned", &self.pinned)
            .finish()
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let (resource, entry) = (this.resource, this.entry);
        resource.poll_in_scope(this.op, || entry.poll(cx))
    }
}
