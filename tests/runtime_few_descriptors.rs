//! A process that may open no more descriptors. In a program of its own, one test at a time: the limit
//! is that of the process.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/limits.rs"]
mod limits;
#[path = "support/sanitizer.rs"]
mod sanitizer;
#[path = "support/fs.rs"]
mod support;

use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use zokio::runtime::Builder;

use self::limits::allow_descriptors;
use self::support::within_the_limit;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// poll(2) refuses more entries than the process may have descriptors. A worker that waited with it for
/// its turn to look at the others once took that for impossible and panicked.
#[test]
fn a_runtime_goes_on_where_no_descriptor_may_be_opened() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap();
    // It needs descriptors of its own.
    sanitizer::start_symbolizer();
    let before = allow_descriptors(1);
    within_the_limit(|| {
        for _ in 0..20 {
            runtime.block_on(async {
                for _ in 0..8 {
                    // Long enough that every worker gets some, and sleeps when they are done.
                    zokio::spawn(async { thread::sleep(Duration::from_millis(1)) });
                }
                zokio::time::sleep(Duration::from_millis(12)).await;
            });
        }
        // Only three workers can meet.
        let meeting = Arc::new(Barrier::new(3));
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let meeting = meeting.clone();
                runtime.spawn(async move { meeting.wait().is_leader() })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        drop(runtime);
    });
    allow_descriptors(before);
}

/// The error of `build` was wrapped, and the code of the operating system lost.
#[test]
fn a_runtime_that_cannot_be_made_has_the_code_of_the_reason() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    sanitizer::start_symbolizer();
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        // What a process makes once is there.
        drop(builder.enable_all().build().unwrap());
        let before = allow_descriptors(1);
        let refused = builder.build();
        allow_descriptors(before);
        let error = refused.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
        drop(builder.build().unwrap());
    }
}
