//! What the system tells about the time and about the calling thread.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::ops::Range;
use std::time::Instant;

use crate::loom::unmodeled::sync::OnceLock;
use crate::util::clock::monotonic_ns;
use crate::util::system;

thread_local! {
    /// What [`this_thread`] has found out.
    static THREAD: Cell<Option<(i32, usize, usize)>> = const { Cell::new(None) };
}

/// A thread that runs a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ThreadOf {
    /// The kernel's number of the thread.
    pub(crate) tid: i32,
    /// The addresses of its stack, without guard pages.
    pub(crate) stack: Range<usize>,
}

/// Returns an instant as nanoseconds of CLOCK_MONOTONIC, which is what it is on Linux and FreeBSD.
pub(crate) fn instant_ns(instant: Instant) -> u64 {
    static BASE: OnceLock<(Instant, u64)> = OnceLock::new();
    let (base, ns) = BASE.get_or_init(|| (Instant::now(), monotonic_ns()));
    let after = instant.saturating_duration_since(*base);
    let before = base.saturating_duration_since(instant);
    let ns = u128::from(*ns) + after.as_nanos();
    let ns = ns.saturating_sub(before.as_nanos());
    u64::try_from(ns).unwrap_or(u64::MAX)
}

/// Returns the calling thread, which is looked up once.
pub(super) fn this_thread() -> ThreadOf {
    let (tid, start, end) = THREAD.get().unwrap_or_else(|| {
        let (tid, stack) = (system::thread_number(), system::thread_stack());
        let known = (tid, stack.start, stack.end);
        THREAD.set(Some(known));
        known
    });
    ThreadOf {
        tid,
        stack: start..end,
    }
}

#[cfg(test)]
mod tests {
    use super::{instant_ns, monotonic_ns, this_thread};
    use std::time::{Duration, Instant};

    #[test]
    fn an_instant_is_a_number_of_the_monotonic_clock() {
        let second = Duration::from_secs(1);
        let (before, now, after) = (monotonic_ns(), Instant::now(), monotonic_ns());
        let slack = 10_000_000;
        let ns = instant_ns(now);
        assert!(
            before - slack < ns && ns < after + slack,
            "{before} {ns} {after}"
        );
        assert_eq!(instant_ns(now + second), ns + 1_000_000_000);
        assert_eq!(instant_ns(now - second), ns - 1_000_000_000);
    }

    #[test]
    fn a_thread_knows_its_number_and_its_stack() {
        let here = this_thread();
        let local = 0_u8;
        // AddressSanitizer keeps locals elsewhere.
        if std::env::var_os("ASAN_OPTIONS").is_none() {
            assert!(here.stack.contains(&std::ptr::from_ref(&local).addr()));
        }
        assert_eq!(this_thread(), here);
        let other = std::thread::spawn(this_thread).join().unwrap();
        assert_ne!(other.tid, here.tid);
        assert!(!other.stack.contains(&here.stack.start));
    }
}
