//! Runtimes of each scheduler, and a limit for what must not hang.
#![allow(dead_code)]

#[allow(
    clippy::duplicate_mod,
    reason = "some tests have it beside this, and others do not"
)]
#[path = "sanitizer.rs"]
mod sanitizer;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zokio::runtime::{Builder, DriverKind};

/// Long enough for a slow machine: only a test that would never end comes near.
pub const LONG: Duration = Duration::from_secs(60);

/// A builder for so many workers; none stands for the current-thread scheduler. Without a driver,
/// the environment selects it.
pub fn builder(workers: usize, driver: Option<DriverKind>) -> Builder {
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if workers > 0 {
        builder.worker_threads(workers);
    }
    if let Some(driver) = driver {
        builder.driver(driver);
    }
    builder
}

/// A builder for each scheduler on the driver of the environment and on the fallback.
pub fn builders(schedulers: &[usize]) -> impl Iterator<Item = Builder> {
    let drivers = [None, Some(DriverKind::Threads)];
    drivers.into_iter().flat_map(|driver| {
        schedulers
            .iter()
            .map(move |workers| builder(*workers, driver))
    })
}

/// Ends the process if `f` takes far too long: a hang is a failure, not a wait for the time limit.
pub fn within_the_limit<R>(f: impl FnOnce() -> R) -> R {
    let (done, watch) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if watch.recv_timeout(LONG * sanitizer::slowness()) == Err(mpsc::RecvTimeoutError::Timeout)
        {
            eprintln!("the test hangs");
            std::process::abort();
        }
    });
    let result = f();
    drop(done);
    watchdog.join().unwrap();
    result
}
