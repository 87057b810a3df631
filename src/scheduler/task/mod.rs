//! The task cell: one allocation that is a future, then its output, then nothing.
//!
//! This module does not know queues, drivers or runtimes. A scheduler implements [`Schedule`],
//! creates tasks with [`OwnedTasks::bind`] (or [`LocalOwnedTasks`], or [`blocking_task`]), and runs
//! every [`Notified`] that it receives.
//!
//! # The cell
//!
//! ```text
//! header     state word | vtable | id | list links | list owner | join slot     one cache line
//! scheduler  S, with a layout that does not depend on it
//! origin     kind and spawn place, or a pointer to details, if there are any: one word
//! stage      Future(F) -> Finished(Result<F::Output, JoinError>) -> Consumed
//! ```
//!
//! Every handle is a pointer to the header and counts as one reference: the scheduler's list
//! ([`Task`]), the notification ([`Notified`]), each waker, each [`AbortHandle`], and the
//! [`JoinHandle`]. The last one to be dropped frees the cell.
//!
//! # The state word
//!
//! | Bit | While it is set |
//! |---|---|
//! | `RUNNING` | one thread has the stage to itself: it polls, cancels, or stores the result |
//! | `COMPLETE` | the result is final; never cleared |
//! | `NOTIFIED` | a `Notified` exists, or the runner will make one when the poll returns |
//! | `CANCELLED` | the stage's next owner drops the future instead of polling it; never cleared |
//! | `JOIN_INTEREST` | the `JoinHandle` exists |
//! | `JOIN_WAKER` | the join slot holds a waker |
//!
//! The rest of the word counts references. A task starts as `NOTIFIED | JOIN_INTEREST`.
//!
//! ```text
//!              run                ready / cancelled
//!   NOTIFIED -------> RUNNING -------------------------> COMPLETE
//!      ^                |  ^ \                              ^
//!      |  wake, abort   |  |  \ woken while it ran          |
//!      |                |  |   `--> NOTIFIED                |
//!      +----- idle <----+  +--- shutdown (cancels) ---------+
//! ```
//!
//! - **Wake.** An idle task gets `NOTIFIED`, and a `Notified` with a reference goes to
//!   [`Schedule::schedule`]. A queued one stays queued, a running one only gets the bit: the runner
//!   queues it when the poll has returned `Pending`. The word is stored even if no bit changes,
//!   because the wake releases what its thread wrote before, and the next poll acquires it.
//! - **Run.** The notification's owner replaces `NOTIFIED` by `RUNNING`. After `Pending` the runner
//!   clears `RUNNING` and releases its reference, or keeps both for the next round. That is two
//!   atomic operations per poll.
//! - **Abort** sets `CANCELLED` and wakes. It never touches the future: the scheduler's thread
//!   drops it, so a future that is not `Send` may be aborted from anywhere.
//! - **Shutdown** by the list's owner sets `RUNNING` directly and cancels at once. A notification
//!   that is still queued then finds `COMPLETE`, and releases its reference.
//! - **Complete.** The task leaves its list, then `RUNNING` becomes `COMPLETE` and the references
//!   are released, in one operation unless a joiner must be woken.
//! - **Join.** The handle reads `COMPLETE` and takes the result, without a lock or a store.
//!
//! # Invariants (cited in SAFETY comments)
//!
//! - **T1** The cell lives while its reference count is not zero, and a handle is a reference. A
//!   scheduler is stored in the cell, so its caller holds a reference besides the one that it
//!   passes on.
//! - **T2** While `RUNNING` is set, the thread that set it has the stage. The future is dropped in
//!   place, and never on a thread other than one that may run the task.
//! - **T3** From `COMPLETE` on, the `JoinHandle` has the stage, if it existed when `COMPLETE` was
//!   set. If not, the completer drops the result before it sets `COMPLETE`, and the stage then has
//!   no owner.
//! - **T4** The join slot belongs to the `JoinHandle` while `JOIN_WAKER` is clear, and is then
//!   empty between its calls. While the bit is set the slot's bytes do not change. `JOIN_WAKER`
//!   changes only before `COMPLETE`; if it is set at that moment, the completer consumes the waker.
//! - **T5** The links of a task are guarded by its list's lock (or thread). The list holds a
//!   reference to each of its tasks; the owner is written once, before any other thread knows the
//!   task.
//!
//! # Panics
//!
//! A panic in a poll or in the drop of a future is stored in the [`JoinError`]; one in the drop of
//! an output that is never read, or in the joiner's waker, is caught here. The panic hook has
//! reported either by then.
//!
//! # Dumps
//!
//! With the feature `taskdump` a task may be polled to learn where it waits: see `dumps/mod.rs`.
//!
//! Read next: `state.rs`, then `raw.rs` and `harness.rs`.

mod abort;
mod birth;
mod dumps;
mod error;
mod handles;
mod harness;
mod header;
mod hooks;
mod id;
mod join;
mod list;
mod local_owned;
mod local_scheduler;
mod origin;
mod owned;
mod panic_policy;
mod raw;
mod state;
mod unowned;
mod waker;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(test)]
pub(in crate::scheduler) mod testing;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::abort::AbortHandle;
pub(crate) use self::birth::{Birth, block_on};
#[cfg(feature = "taskdump")]
pub(crate) use self::dumps::{DumpRequest, Dumped, DumpedTask};
pub use self::error::JoinError;
pub(crate) use self::handles::{Notified, Task, UnownedTask};
pub(crate) use self::header::Header;
pub(crate) use self::hooks::TaskHooks;
pub use self::hooks::TaskMeta;
pub use self::id::Id;
pub(crate) use self::id::current as current_id;
pub use self::join::JoinHandle;
use self::local_owned::LocalOwnedTasks;
pub(crate) use self::local_scheduler::LocalScheduler;
pub(crate) use self::origin::TaskKind;
pub(crate) use self::owned::OwnedTasks;
pub use self::panic_policy::UnhandledPanic;
pub(crate) use self::unowned::blocking_task;

/// What a task needs of its scheduler. It is stored in every cell, where there is room for an
/// `Arc`.
pub(crate) trait Schedule: Send + Sync + Sized + 'static {
    /// Queues a task that became runnable. Any thread may call it, even after shutdown, in which
    /// case the scheduler drops the notification.
    fn schedule(&self, task: Notified<Self>);

    /// Takes a task that completes out of the list: [`OwnedTasks::remove`].
    fn release(&self, task: &Task<Self>) -> Option<Task<Self>>;

    /// Returns what has to be called for the tasks of this scheduler. It is the same for all of them.
    fn hooks(&self) -> Option<&TaskHooks> {
        None
    }

    /// Reports how long a task has been queued, if that is kept track of. Called by the thread that is
    /// about to poll the task.
    fn polls_after(&self, latency: Duration) {
        let _ = latency;
    }

    /// Reports that a poll of a task has ended in a panic. Called on the thread that polled it,
    /// before the task is complete.
    fn panicked(&self) {}
}
