//! [`Trace`], and how one is taken of a future.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::ffi::c_void;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Backtrace, TraceMeta, tree};
use crate::scheduler::context;
use crate::util::trace_mode::{self, Stack, Tracer};

/// Where a future waits: the calls that led to each place in it that does.
///
/// Its `Display` is a tree of these calls, with the outermost first. That looks up their names, as
/// [`resolve_backtraces`](Trace::resolve_backtraces) does: see [Names](super#names).
///
/// # Examples
///
/// ```
/// use std::future::{Future, poll_fn};
/// use std::pin::pin;
/// use std::task::Poll;
/// use zokio::runtime::dump::Trace;
///
/// #[zokio::main]
/// async fn main() {
///     let mut future = pin!(Trace::root(async {
///         zokio::task::yield_now().await;
///         5
///     }));
///     let trace = poll_fn(|cx| {
///         let (polled, trace) = Trace::capture(|| future.as_mut().poll(cx));
///         assert!(polled.is_pending());
///         Poll::Ready(trace)
///     })
///     .await;
///     println!("{trace}");
///     assert_eq!(future.await, 5);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    stacks: Vec<Stack>,
}

impl Trace {
    pub(super) fn new(stacks: Vec<Stack>) -> Trace {
        Trace { stacks }
    }

    /// Returns the calls that led to each place that waits, with their names: one for each future of
    /// this crate that was reached, so that a `join!` of two has two.
    ///
    /// This reads the debug information of the program: see [Names](super#names).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Handle;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let (_tx, rx) = zokio::sync::oneshot::channel::<()>();
    ///     zokio::spawn(rx);
    ///     let dump = Handle::current().dump().await;
    ///     for task in dump.tasks().iter() {
    ///         assert_eq!(task.trace().resolve_backtraces().len(), 1);
    ///     }
    /// }
    /// ```
    pub fn resolve_backtraces(&self) -> Vec<Backtrace> {
        self.stacks.iter().map(Backtrace::resolve).collect()
    }

    /// Calls `f`, which polls a future, in [trace mode](super#trace-mode), and returns its result and
    /// where the future waits.
    ///
    /// The future has to be polled outside of this to make progress. The runtime wakes it for that,
    /// after the current poll; on a thread that runs no tasks it is woken at once. So what captures
    /// at each poll is woken again and again.
    ///
    /// The trace ends at the innermost [root](Trace::root). Without one it contains the calls that
    /// led to this function, too. If `f` captures a trace itself, that trace has what is reached
    /// within, and this one has not.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::{Future, poll_fn};
    /// use std::pin::pin;
    /// use std::task::Poll;
    /// use zokio::runtime::dump::Trace;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let mut sleep = pin!(zokio::time::sleep(zokio::time::Duration::from_millis(1)));
    ///     let (polled, trace) = poll_fn(|cx| {
    ///         Poll::Ready(Trace::capture(|| sleep.as_mut().poll(cx)))
    ///     })
    ///     .await;
    ///     assert!(polled.is_pending());
    ///     assert_eq!(trace.resolve_backtraces().len(), 1);
    ///     sleep.await;
    /// }
    /// ```
    pub fn capture<F, R>(f: F) -> (R, Trace)
    where
        F: FnOnce() -> R,
    {
        let mut stacks = Vec::new();
        let result = trace_with(f, |meta| stacks.push(Stack::capture(meta)));
        (result, Trace { stacks })
    }

    /// Makes `f` the outermost call of traces that are taken of it.
    ///
    /// # Cancel safety
    ///
    /// The returned future is as cancel safe as `f`, which it owns and drops.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::dump::Trace;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     assert_eq!(Trace::root(async { 5 }).await, 5);
    /// }
    /// ```
    pub fn root<F>(f: F) -> Root<F>
    where
        F: Future,
    {
        Root { future: f }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::of(&self.resolve_backtraces()).fmt(f)
    }
}

/// Calls `f`, which polls a future, in [trace mode](super#trace-mode), and `trace_leaf` for each place
/// that waits. See [`Trace::capture`], which takes a [`Trace`] there.
///
/// `trace_leaf` is called on the stack of the place, so that it can walk up the stack itself. If it
/// polls futures, they are not traced.
///
/// # Examples
///
/// ```
/// use std::future::{Future, poll_fn};
/// use std::pin::pin;
/// use std::task::Poll;
/// use zokio::runtime::dump::trace_with;
///
/// #[zokio::main]
/// async fn main() {
///     let mut future = pin!(async { zokio::join!(zokio::task::yield_now(), zokio::task::yield_now()) });
///     let mut leaves = 0;
///     poll_fn(|cx| {
///         let polled = trace_with(|| future.as_mut().poll(cx), |_| leaves += 1);
///         assert!(polled.is_pending());
///         Poll::Ready(())
///     })
///     .await;
///     assert_eq!(leaves, 2);
/// }
/// ```
pub fn trace_with<FN, FT, R>(f: FN, trace_leaf: FT) -> R
where
    FN: FnOnce() -> R,
    FT: FnMut(&TraceMeta),
{
    trace_mode::enter(&Callback(RefCell::new(trace_leaf)), f)
}

/// Calls a function of the user's, and has the leaf woken by the runtime.
struct Callback<F>(RefCell<F>);

impl<F: FnMut(&TraceMeta)> Tracer for Callback<F> {
    fn leaf(&self, cx: &Context<'_>, meta: &TraceMeta) -> bool {
        // A leaf that the function itself polls is polled as ever.
        let Ok(mut call) = self.0.try_borrow_mut() else {
            return false;
        };
        (*call)(meta);
        context::defer(cx.waker());
        true
    }
}

pin_project! {
    /// The outermost call of traces that are taken of the future inside. Created by [`Trace::root`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the inner future and has no other effect.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::{Ready, ready};
    /// use zokio::runtime::dump::{Root, Trace};
    ///
    /// struct Job {
    ///     work: Root<Ready<u32>>,
    /// }
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let job = Job { work: Trace::root(ready(5)) };
    ///     assert_eq!(job.work.await, 5);
    /// }
    /// ```
    #[derive(Clone, Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Root<T> {
        #[pin]
        future: T,
    }
}

impl<T: Future> Future for Root<T> {
    type Output = T::Output;

    // A frame of its own, by which the end of a trace is recognized.
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this_function: fn(Pin<&mut Self>, &mut Context<'_>) -> Poll<Self::Output> = Self::poll;
        let _root = trace_mode::enter_root(this_function as *const c_void);
        self.project().future.poll(cx)
    }
}
