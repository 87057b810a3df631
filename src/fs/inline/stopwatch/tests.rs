//! The decision as a function, and the state with calls that sleep, compute and are preempted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{CALLS_AFTER_SLOW, LONGEST, SHORTEST, SLOW, Stopwatch, Timing, Verdict, slow_until};
use crate::fs::inline::calls::{Refusal, coarse_ns};

const MS: Duration = Duration::from_millis(1);

/// Longer than a tick and the limit together.
const WAIT: Duration = Duration::from_millis(30);

fn verdict(took: Duration, slept: bool, certain: bool) -> Verdict {
    let timing = Timing {
        at_most: took,
        at_least: took,
        slept,
        certain,
    };
    timing.verdict()
}

#[test]
fn only_a_sleep_in_the_call_is_held_against_the_mount() {
    for took in [Duration::ZERO, MS, 300 * MS, 3600 * 1000 * MS] {
        assert_eq!(verdict(took, false, true), Verdict::Fine, "{took:?}");
        assert_eq!(verdict(took, false, false), Verdict::Fine, "{took:?}");
    }
    assert_eq!(verdict(MS / 2, true, true), Verdict::Fine);
    assert_eq!(verdict(2 * MS, true, true), Verdict::Slow(SHORTEST));
    assert_eq!(verdict(300 * MS, true, true), Verdict::Slow(30_000 * MS));
    assert_eq!(verdict(60_000 * MS, true, true), Verdict::Slow(LONGEST));
}

#[test]
fn a_doubt_costs_a_small_part_of_what_raised_it() {
    assert_eq!(verdict(4 * MS, true, false), Verdict::Suspected(32));
    assert_eq!(verdict(300 * MS, true, false), Verdict::Suspected(2400));
    assert_eq!(verdict(Duration::ZERO, true, false), Verdict::Suspected(8));
    let Verdict::Suspected(calls) = verdict(Duration::MAX, true, false) else {
        panic!("it may have been slept elsewhere");
    };
    assert!(calls < SLOW);
}

/// Makes a call that takes no time; returns whether it was refused.
fn is_refused(stopwatch: &Stopwatch) -> bool {
    matches!(stopwatch.time(|| Ok(())), Err(Refusal::Waits))
}

fn state(stopwatch: &Stopwatch) -> u64 {
    stopwatch.state.load(Ordering::Relaxed)
}

#[test]
fn a_mount_that_waits_is_slow_after_two_calls() {
    let stopwatch = Stopwatch::new();
    let mut waited = 0;
    while waited < 20 {
        let call = stopwatch.time(|| {
            thread::sleep(WAIT);
            waited += 1;
            Ok(())
        });
        if call.is_err() {
            break;
        }
    }
    assert!(waited <= 2, "{waited} calls waited");
    assert!(stopwatch.is_slow() && is_refused(&stopwatch));
}

#[test]
fn waits_among_quick_calls_are_found() {
    let stopwatch = Stopwatch::new();
    let mut waited = 0;
    for call in 0.. {
        let result = stopwatch.time(|| {
            if call % 100 == 99 {
                thread::sleep(WAIT);
                waited += 1;
            }
            Ok(())
        });
        if result.is_err() {
            break;
        }
        assert!(call < 2000, "{waited} waits were not noticed");
        // The thread sleeps between its calls, too: it cannot be told where the count rose.
        if call % 10 == 0 {
            thread::sleep(Duration::from_micros(50));
        }
    }
    assert!(waited <= 2, "{waited} calls waited");
}

#[test]
fn computing_is_not_waiting() {
    let stopwatch = Stopwatch::new();
    for _ in 0..10 {
        let call = stopwatch.time(|| {
            let begin = Instant::now();
            while begin.elapsed() < WAIT {}
            Ok(())
        });
        call.unwrap();
        assert_eq!(state(&stopwatch), 0);
    }
}

/// Returns how often this thread was preempted.
fn preempted() -> libc::c_long {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: a whole `rusage` of plain integers, zeroed.
    unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init().ru_nivcsw
    }
}

/// Ties this thread to `cpu`; returns whether that is allowed.
fn pin_to(cpu: usize) -> bool {
    let mut cpus = std::mem::MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: a whole set of plain integers, zeroed, and a number that the kernel returned.
    unsafe {
        libc::CPU_SET(cpu, cpus.assume_init_mut());
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), cpus.as_ptr()) == 0
    }
}

/// Two threads share one processor, so each is preempted again and again in the middle of a call.
#[test]
fn being_preempted_is_not_waiting() {
    // SAFETY: a plain call.
    let cpu = usize::try_from(unsafe { libc::sched_getcpu() }).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let other = thread::spawn({
        let done = done.clone();
        move || {
            let pinned = pin_to(cpu);
            while pinned && !done.load(Ordering::Relaxed) {}
            pinned
        }
    });
    let here = thread::spawn(move || {
        let stopwatch = Stopwatch::new();
        if pin_to(cpu) {
            for _ in 0..10 {
                let call = stopwatch.time(|| {
                    let before = preempted();
                    while preempted() == before {}
                    Ok(())
                });
                call.unwrap();
                assert_eq!(state(&stopwatch), 0);
            }
        }
    });
    let here = here.join();
    done.store(true, Ordering::Relaxed);
    if !other.join().unwrap() {
        eprintln!("skipped: threads may not be tied to a processor here");
    }
    here.unwrap();
}

#[test]
fn one_call_tries_again_when_the_time_is_over() {
    let stopwatch = Stopwatch::new();
    let over = slow_until(coarse_ns() - 1, Duration::ZERO);
    stopwatch.state.store(over, Ordering::Relaxed);
    assert!(!stopwatch.is_slow());
    let trial = stopwatch.time(|| {
        assert!(is_refused(&stopwatch), "a second call tries as well");
        Ok(())
    });
    trial.unwrap();
    // It succeeded. For some calls the mount is still timed exactly.
    for left in (0..CALLS_AFTER_SLOW).rev() {
        assert!(!is_refused(&stopwatch));
        assert_eq!(state(&stopwatch), left);
    }
    assert!(!is_refused(&stopwatch));
    assert_eq!(state(&stopwatch), 0);
}

#[test]
fn a_trial_that_waits_is_one_wait() {
    let stopwatch = Stopwatch::new();
    let over = slow_until(coarse_ns() - 1, Duration::ZERO);
    stopwatch.state.store(over, Ordering::Relaxed);
    let trial = stopwatch.time(|| {
        thread::sleep(WAIT);
        Ok(())
    });
    trial.unwrap();
    assert!(is_refused(&stopwatch));
    let until = state(&stopwatch) & !SLOW;
    let most = coarse_ns() + u64::try_from(LONGEST.as_nanos()).unwrap();
    assert!(until < most, "the time for the trial itself is over");
}

#[test]
fn stopwatches_are_told_apart() {
    let same = |one, other| std::ptr::eq(Stopwatch::of(one), Stopwatch::of(other));
    assert!(same(Some(30), Some(30)) && same(None, None));
    assert!(!same(Some(30), Some(31)) && !same(Some(30), None));
    assert!(!std::ptr::eq(Stopwatch::of(None), Stopwatch::of_paths()));
    // Every number has one.
    assert!(same(Some(u64::MAX), Some(u64::MAX)));
}
