//! [`yield_now`].
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::task::{Poll, ready};

use crate::record::{self, Wait};
use crate::scheduler::context;
use crate::util::trace_mode;

/// Yields the thread to the runtime once, behind the other tasks that are ready.
///
/// The runtime also looks at its sockets and timers before it comes back to this task, unless it has
/// just done so: it does not each time while all tasks do little more than yield. There is no
/// guarantee about which tasks run before that, and inside `select!`, `join!` and similar the rest
/// of this task may run first.
///
/// # Cancel safety
///
/// This function is cancel safe. It has no effect other than to be polled again.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handle = zokio::task::spawn(async { println!("first") });
/// zokio::task::yield_now().await;
/// println!("second");
/// # handle.await.unwrap();
/// # });
/// ```
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        ready!(trace_mode::poll_leaf(cx));
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context::defer(cx.waker());
        record::waits(Wait::Yield, || 0);
        Poll::Pending
    })
    .await;
}
