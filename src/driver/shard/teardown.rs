//! A shard's end (I7).
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shard;
use crate::driver::op::Op;

impl Shard {
    /// Refuses new operations, ends those on the ring and waits for that, at most for `patience`
    /// (I7). Accepted writes are let finish for half of that time before they are cancelled too.
    pub(crate) fn close(self: &Arc<Self>, patience: Duration) {
        let keys = {
            let mut state = self.state.lock();
            if std::mem::replace(&mut state.closed, true) {
                return;
            }
            state.table.keys()
        };
        for key in keys {
            let write = {
                let mut state = self.state.lock();
                let pending = state.table.payload(key);
                pending.is_none_or(|pending| matches!(pending.op, Op::Write { .. }))
            };
            if !write {
                self.cancel(key);
            }
        }
        let begin = Instant::now();
        let mut writes_cancelled = false;
        while self.active.load(Ordering::SeqCst) > 0 {
            let Some(Some(ring)) = self.ring.get() else {
                return;
            };
            self.drain();
            if self.active.load(Ordering::SeqCst) == 0 {
                return;
            }
            let elapsed = begin.elapsed();
            if elapsed > patience / 2 && !writes_cancelled {
                writes_cancelled = true;
                let keys = self.state.lock().table.keys();
                for key in keys {
                    self.cancel(key);
                }
            }
            let slice = patience
                .saturating_sub(elapsed)
                .min(Duration::from_millis(100));
            if slice.is_zero() || ring.enter_and_wait(slice).is_err() {
                let left = self.in_flight();
                log::warn!("zokio: {left} operations did not end in time, their memory is leaked");
                std::mem::forget(self.clone());
                return;
            }
        }
    }
}
