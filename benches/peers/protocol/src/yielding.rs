//! A yield for the runtimes that have none.

use std::future::poll_fn;
use std::task::Poll;

/// Has the task polled again after the others that are ready.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
