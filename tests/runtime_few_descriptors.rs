//! A process that may open no more descriptors. In a program of its own: the limit is everybody's.

#[path = "support/sanitizer.rs"]
mod sanitizer;
#[path = "support/fs.rs"]
mod support;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use zokio::runtime::Builder;

use self::support::within_the_limit;

/// Sets how many descriptors this process may have, and says how many it could before.
fn allow_descriptors(count: libc::rlim_t) -> libc::rlim_t {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to one rlimit, which lives across the call.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(result, 0);
    let before = limit.rlim_cur;
    limit.rlim_cur = count;
    // SAFETY: as above.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0);
    before
}

/// poll(2) refuses more entries than the process may have descriptors. A worker that waited with it for
/// its turn to look at the others once took that for impossible and panicked.
#[test]
fn a_runtime_goes_on_where_no_descriptor_may_be_opened() {
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
