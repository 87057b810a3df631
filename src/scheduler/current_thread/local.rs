//! Spawning futures that are not `Send` on a `LocalRuntime`.

use std::future::Future;
use std::sync::Arc;

use super::shared::CurrentThreadShared;
use crate::scheduler::task::{Birth, JoinHandle, Schedule};

impl CurrentThreadShared {
    /// Spawns a future that stays on the thread of this `LocalRuntime`.
    ///
    /// # Panics
    ///
    /// Panics if called on another thread, or if this is not a `LocalRuntime`.
    #[track_caller]
    pub(crate) fn spawn_local<F, O>(
        self: &Arc<Self>,
        future: F,
        birth: Birth<O>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        assert_eq!(
            self.local(),
            Some(true),
            "Local tasks can only be spawned on a LocalRuntime from the thread the runtime was \
             created on"
        );
        // SAFETY: a scheduler whose `local()` is not `None` belongs to a `LocalRuntime`, which is
        // not `Send`. Its `block_on` and its drop, the only two that run notifications or close
        // the list, therefore happen on the thread that made it, and that is this thread.
        let (handle, task) = unsafe { self.owned.bind_local(future, self.clone(), birth) };
        if let Some(task) = task {
            self.schedule(task);
        }
        handle
    }
}
