//! What bare threads take for the same thing, measured in the same run: a bound in multiples of it
//! holds on a machine that is busy with other things, and still says something on one that is not.
#![allow(dead_code)]

use std::fmt::Debug;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How often a measurement is repeated before it fails: what a busy machine does to one of them it
/// does not do to all.
const ATTEMPTS: usize = 5;

/// How many times longer than bare threads a runtime may take.
const FACTOR: u32 = 3;

/// The monitor's tick, which is no part of the public API.
const TICK: Duration = Duration::from_millis(10);

/// Fails with what was measured if none of some attempts is good enough.
#[track_caller]
pub fn one_of_several<R: Debug>(mut measure: impl FnMut() -> R, is_good: impl Fn(&R) -> bool) {
    let mut measured = Vec::new();
    while measured.len() < ATTEMPTS {
        let result = measure();
        if is_good(&result) {
            return;
        }
        measured.push(result);
    }
    panic!("none of these will do: {measured:?}");
}

/// Measures so many rounds of both alternately, and fails if `runtime` takes several times longer
/// than `bare`. Two rounds of each may take as long as they like.
#[track_caller]
pub fn keeps_up(
    rounds: usize,
    mut runtime: impl FnMut() -> Duration,
    mut bare: impl FnMut() -> Duration,
) {
    let measure = || {
        let both = (0..rounds).map(|_| (runtime(), bare()));
        let (mut times, mut bare): (Vec<_>, Vec<_>) = both.unzip();
        times.sort_unstable();
        bare.sort_unstable();
        (times[rounds - 3], bare[rounds - 3])
    };
    one_of_several(measure, |(time, bare)| *time <= FACTOR * *bare);
}

/// How long a thread that is stuck waits for help if that comes from bare threads: one lets two ticks
/// pass, as the monitor does before it takes a worker for stuck, and wakes another, which does `work`.
pub fn bare_help(work: impl FnOnce() + Send) -> Duration {
    let (done, is_done) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            wait.recv().unwrap();
            work();
            done.send(()).unwrap();
        });
        scope.spawn(move || {
            for _ in 0..2 {
                thread::sleep(TICK);
            }
            go.send(()).unwrap();
        });
        let begin = Instant::now();
        is_done.recv().unwrap();
        begin.elapsed()
    })
}
