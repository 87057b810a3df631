//! The methods of [`Handle`] that dump.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::task::ready;

use super::Dump;
use crate::runtime::Handle;
use crate::util::trace_mode;

impl Handle {
    /// Lists the tasks of this runtime, and where each waits.
    ///
    /// Each task that exists when this is first polled is polled once in [trace
    /// mode](crate::runtime::dump#trace-mode) by its own runtime, when its turn comes. No worker is
    /// stopped for that, and any number of dumps may be taken at the same time, from any thread and
    /// any runtime.
    ///
    /// The dump ends in any case: as soon as all tasks have been polled, and otherwise when none has
    /// been for a second. So one that is stuck in a poll, which might be a call that blocks or a loop
    /// without an `.await`, delays the dump by one to two seconds. It is listed by
    /// [`Dump::untraced`], as are all tasks of a current-thread runtime that no thread drives.
    ///
    /// Not listed are closures of [`spawn_blocking`](crate::task::spawn_blocking), the future of
    /// [`block_on`](crate::runtime::Runtime::block_on), tasks of a
    /// [`LocalSet`](crate::task::LocalSet), and tasks that complete while they are polled for the
    /// dump.
    ///
    /// A dump wakes every task and every worker, so it costs as much as if each task was woken once,
    /// and a walk up the stack for each place at which a task waits, of which 256 are listed for a
    /// task. It uses a thread of its own. If the operating system cannot start one, the dump does not
    /// wait, and tasks that have not been polled by then have no trace.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Tasks that have not been polled for the dump are polled as usual.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Handle;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let (_tx, rx) = zokio::sync::oneshot::channel::<()>();
    ///     let task = zokio::spawn(rx);
    ///     let dump = Handle::current().dump().await;
    ///     let ids: Vec<_> = dump.tasks().iter().map(|task| task.id()).collect();
    ///     assert_eq!(ids, [task.id()]);
    /// }
    /// ```
    pub async fn dump(&self) -> Dump {
        let mut request = None;
        let dumped = poll_fn(|cx| {
            // The task that waits for a dump is traced here itself.
            ready!(trace_mode::poll_leaf(cx));
            let request = request.get_or_insert_with(|| self.scheduler.request_dump());
            request.poll(cx)
        });
        Dump::new(dumped.await)
    }

    /// Returns whether the caller is polled in [trace mode](crate::runtime::dump#trace-mode).
    #[doc(hidden)]
    pub fn is_tracing() -> bool {
        trace_mode::is_on()
    }
}
