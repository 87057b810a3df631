//! Waiting for what no event shows, such as a count of the runtime.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until `condition` holds. Fails with `what` after a time that a slow machine does not take.
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}
