//! A worker's wait: the driver, then the timers.
//!
//! While the clock is paused for a test there is nothing to wait for but the next timer, so instead
//! of sleeping the clock jumps there, once the driver has been polled for other events.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::driver::{Turn, Waited};
use crate::scheduler::services::Services;

/// Waits until something happens, at most for `limit` and at most until the next timer, and
/// dispatches the events. A zero limit does not wait.
pub(super) fn wait(services: &Services, turn: &mut Turn<'_>, limit: Option<Duration>) -> Waited {
    let Some(timers) = &services.timers else {
        return turn.wait(limit);
    };
    if limit == Some(Duration::ZERO) {
        let mut waited = turn.wait(limit);
        waited.progress |= timers.process() > 0;
        return waited;
    }
    let next = timers.begin_wait();
    let mut waited = match next {
        Some(next) if services.clock.auto_advance_allowed() => {
            advance_or_wait(services, turn, limit, next)
        }
        _ => turn.wait(shorter(limit, next)),
    };
    waited.progress |= timers.end_wait(!waited.woken && !waited.progress) > 0;
    waited
}

/// Moves a paused clock to the next timer, unless there is something to do first.
fn advance_or_wait(
    services: &Services,
    turn: &mut Turn<'_>,
    limit: Option<Duration>,
    next: Duration,
) -> Waited {
    if services.driver.completions().await_quiet() {
        // Real time matters for an operation, as it does for a blocking job.
        return turn.wait(limit);
    }
    let waited = turn.wait(Some(Duration::ZERO));
    if !waited.woken && !waited.progress {
        services.clock.advance_by(next);
    }
    waited
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::shorter;
    use std::time::Duration;

    #[test]
    fn none_is_for_ever() {
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(shorter(None, None), None);
        assert_eq!(shorter(Some(one), None), Some(one));
        assert_eq!(shorter(None, Some(two)), Some(two));
        assert_eq!(shorter(Some(one), Some(two)), Some(one));
    }
}
