//! Receives on io_uring in a process that had too few descriptors for them once.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/limits.rs"]
mod limits;

use zokio::runtime::{Builder, DriverKind, Runtime, Sockets};

use self::apart::{apart, skip};
use self::limits::allow_descriptors;

fn built() -> Option<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder
        .driver(DriverKind::Ring)
        .sockets(Sockets::Completion);
    builder.enable_io().build().ok()
}

fn sockets(runtime: &Runtime) -> Sockets {
    runtime.handle().driver_info().sockets()
}

/// The refusal for lack of a descriptor was kept as the answer for the whole process.
#[test]
fn a_shortage_that_has_passed_is_forgotten() {
    let test = "a_shortage_that_has_passed_is_forgotten";
    apart(
        test,
        &["once"],
        |_| {},
        |_| {
            // Whether io_uring works at all is known from here on.
            if Builder::new_current_thread()
                .driver(DriverKind::Ring)
                .build()
                .is_err()
            {
                skip("no io_uring here");
            }
            // As many as a runtime needs, but too few for a ring for sockets as well.
            let mut before = None;
            let short = (3..100).find_map(|count| {
                let former = allow_descriptors(count);
                before.get_or_insert(former);
                built()
            });
            let short = short.expect("a runtime needs fewer");
            assert_eq!(sockets(&short), Sockets::Readiness);
            allow_descriptors(before.unwrap());
            assert_eq!(sockets(&built().unwrap()), Sockets::Completion);
        },
    );
}
