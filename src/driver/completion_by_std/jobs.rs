//! Operations on the driver's threads.
#![forbid(unsafe_code)]

use super::Submitted;
use super::op::{Completed, Op};
use super::operation::{Counted, Ended};
use crate::blocking::pool::{Kind, Pool, SpawnError};
use crate::util::unwind::contain;
use crate::util::wake::wake_some;

/// Has a thread perform `operation`; an error completes it as cancelled.
pub(super) fn submit(pool: &Pool, operation: Submitted, kind: Kind) -> Result<(), SpawnError> {
    let job = Job(operation);
    pool.push(Box::new(move || job.run()), kind)
}

/// Returns how the pool treats `op` when it is shut down. A read may wait without a bound, and changes
/// nothing: the shutdown does not wait for it.
pub(super) fn kind(op: &Op) -> Kind {
    match op {
        Op::Read { .. } => Kind::Detached,
        Op::Write { .. } | Op::Sync { .. } | Op::Truncate { .. } => Kind::Ordinary,
    }
}

/// Completes `operation`, wakes its task, and only then counts it as ended.
fn finish(operation: &Submitted, counted: Counted, completed: Completed) {
    match operation.complete(completed) {
        Ended::Wake(waker) => wake_some(waker),
        Ended::Unwanted(completed) => contain(|| drop(completed)),
    }
    drop(counted);
}

/// Performs one operation. A job that is dropped unrun completes its operation as cancelled.
#[derive(Debug)]
struct Job(Submitted);

impl Job {
    fn run(self) {
        let Some((op, counted)) = self.0.begin() else {
            return;
        };
        let completed = if self.0.is_cancelled() {
            op.refuse()
        } else {
            op.perform()
        };
        finish(&self.0, counted, completed);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // After a run there is nothing left.
        if let Some((op, counted)) = self.0.begin() {
            finish(&self.0, counted, op.refuse());
        }
    }
}
