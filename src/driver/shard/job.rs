//! Operations of a shard on the blocking pool.
#![forbid(unsafe_code)]

use std::os::fd::AsRawFd;
use std::sync::Arc;

use super::Shard;
use crate::driver::inflight::Key;
use crate::driver::pool;

/// A pool job that performs one operation. Dropped unrun, it completes it as cancelled.
pub(super) struct Job {
    pub(super) shard: Arc<Shard>,
    pub(super) key: Key,
    pub(super) refusal: i32,
}

impl Job {
    pub(super) fn run(self) {
        let (taken, cancel) = {
            let mut state = self.shard.state.lock();
            let taken = state.table.take_payload(self.key);
            (taken, state.cancels.get(&self.key).cloned())
        };
        let Some((mut pending, cancelled)) = taken else {
            return;
        };
        let raw = if cancelled {
            -libc::ECANCELED
        } else {
            pool::perform(&mut pending.op, cancel.as_ref().map(|fd| fd.as_raw_fd()))
        };
        self.shard.finish(self.key, Some(pending), raw);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // After a run the key names nothing submitted, so this finds nothing.
        self.shard.finish(self.key, None, -self.refusal);
    }
}
