//! A shard's end (I7).
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shard;
use super::state::Place;
use crate::driver::completion::PATIENCE;
use crate::driver::inflight::Key;
use crate::driver::op::Op;

impl Shard {
    /// Refuses new operations, ends those on the ring and waits for that, at most for `patience`
    /// (I7). Accepted writes go on, on the pool. What a shorter patience than the usual one leaves
    /// is waited for by a thread of the pool.
    pub(crate) fn close(self: &Arc<Self>, patience: Duration) {
        let keys = {
            let mut state = self.state.lock();
            if std::mem::replace(&mut state.closed, true) {
                return;
            }
            state.table.keys()
        };
        for key in keys {
            if !self.take_back_write(key) {
                self.cancel(key);
            }
        }
        if self.drain_for(patience) {
            return;
        }
        if patience < PATIENCE {
            let shard = self.clone();
            let work = Box::new(move || {
                if !shard.drain_for(PATIENCE) {
                    shard.leak();
                }
            });
            if self.shared.pool.spawn_mandatory(work).is_ok() {
                return;
            }
        }
        self.leak();
    }

    /// Takes an accepted write back from the ring without cancelling it, so that the pool goes on
    /// with it; false for any other operation.
    fn take_back_write(self: &Arc<Self>, key: Key) -> bool {
        // Room for the request is made as in `send_cancel`.
        for _ in 0..3 {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            match state.table.payload(key) {
                Some(pending) if !matches!(pending.op, Op::Write { .. }) => return false,
                Some(pending) if pending.place == Place::Ring => {}
                // It is on the pool, or has ended.
                Some(_) | None => return true,
            }
            if state.push_cancel(key, self) {
                return true;
            }
            drop(guard);
            self.enter();
        }
        true
    }

    /// Takes completions until none is owed, at most for `patience`; whether that is so.
    fn drain_for(self: &Arc<Self>, patience: Duration) -> bool {
        let begin = Instant::now();
        loop {
            self.flush();
            self.drain();
            if self.active.load(Ordering::SeqCst) == 0 {
                return true;
            }
            let Some(Some(ring)) = self.ring.get() else {
                return true;
            };
            let slice = patience
                .saturating_sub(begin.elapsed())
                .min(Duration::from_millis(100));
            if slice.is_zero() || ring.enter_and_wait(slice).is_err() {
                return false;
            }
        }
    }

    /// Keeps the ring and all that the kernel may still touch for as long as the process lives.
    fn leak(self: &Arc<Self>) {
        let left = self.in_flight();
        log::warn!("zokio: {left} operations did not end in time, their memory is leaked");
        std::mem::forget(self.clone());
    }
}
