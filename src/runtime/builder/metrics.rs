//! What a runtime measures of its tasks.
#![forbid(unsafe_code)]

use super::Builder;

impl Builder {
    /// Has each task note when it is queued, so that hooks learn how long it waited for a poll.
    ///
    /// See [`TaskMeta::schedule_latency`](crate::runtime::TaskMeta::schedule_latency). The clock is
    /// read when a task becomes runnable and before it is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .track_task_schedule_latency()
    ///     .on_before_task_poll(|task| assert!(task.schedule_latency().is_some()))
    ///     .build()?;
    /// rt.block_on(rt.spawn(async {}))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn track_task_schedule_latency(&mut self) -> &mut Self {
        self.task_hooks.schedule_latency = true;
        self
    }
}
