//! `wait_while`: waits on a condition variable, at most until a deadline.
#![forbid(unsafe_code)]

use std::time::Instant;

use crate::loom::sync::{Condvar, MutexGuard};

/// Waits on `changed` while `condition` holds, at most until `deadline`, or without a limit. Returns
/// whether the condition holds no more.
pub(crate) fn wait_while<'a, T>(
    changed: &Condvar,
    mut guard: MutexGuard<'a, T>,
    deadline: Option<Instant>,
    condition: impl Fn(&T) -> bool,
) -> (MutexGuard<'a, T>, bool) {
    while condition(&guard) {
        let Some(deadline) = deadline else {
            guard = changed.wait(guard);
            continue;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return (guard, false);
        }
        guard = changed.wait_timeout(guard, left).0;
    }
    (guard, true)
}
