//! What a driver needs when it is built is refused: the error, or the reason for doing without, tells
//! what it was.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/answers.rs"]
mod answers;
#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;

use std::io;
use std::os::fd::IntoRawFd;
use std::process::Command;
use std::thread;

use zokio::runtime::{Builder, DriverKind, Sockets};

use self::answers::{Answer, Calls, answer, descriptor, refuse};
use self::apart::{apart, builder, sanitizer, skip, without_search_for_leaks};

/// `IORING_REGISTER_PROBE`.
const PROBE: Calls = Calls(libc::SYS_io_uring_register, Some((1, libc::BPF_JEQ, 8)));

/// Runs the scenario in a process of its own, in which the environment asks for nothing, and on a
/// thread of its own, so that another one can be free of its filters.
#[track_caller]
fn alone(test: &str, scenario: fn(&mut Builder)) {
    let prepare = |command: &mut Command| {
        command
            .env_remove("ZOKIO_DRIVER")
            .env_remove("ZOKIO_SOCKETS");
        without_search_for_leaks(command);
    };
    apart(test, &["0", "2"], prepare, |workers| {
        let workers = workers.parse().unwrap();
        if builder(workers)
            .driver(DriverKind::Threads)
            .build()
            .is_err()
        {
            skip("no runtime here");
        }
        thread::spawn(move || scenario(&mut builder(workers)))
            .join()
            .unwrap();
    });
}

fn or_skip(filtered: io::Result<()>) {
    if let Err(error) = filtered {
        skip(&format!("calls cannot be filtered: {error}"));
    }
}

/// Fails unless the error is one of the family `resource` that contains this.
#[track_caller]
fn lacks(error: &io::Error, what: &str) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let inner: &zokio::Error = inner.unwrap_or_else(|| panic!("not zokio's: {error}"));
    assert!(inner.is_resource(), "{inner:?}");
    assert!(error.to_string().contains(what), "{error}");
}

/// Fails unless threads do the work because of this, and a ring that is asked for is an error.
#[track_caller]
fn has_no_ring(builder: &mut Builder, why: &str) {
    let runtime = builder.build().unwrap();
    let info = runtime.handle().driver_info();
    assert_eq!(info.kind(), DriverKind::Threads);
    assert!(info.reason().contains(why), "{}", info.reason());
    let forced = builder.driver(DriverKind::Ring).build();
    lacks(&forced.unwrap_err(), why);
}

fn has_io_uring() -> bool {
    // struct io_uring_params.
    let mut parameters = [0_u8; 120];
    // SAFETY: the parameters live across the call.
    descriptor(unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) })
        .is_ok()
}

/// io_uring is tried out on a thread, and what kept that from starting may pass.
#[test]
fn without_a_thread_to_try_io_uring_out() {
    alone("without_a_thread_to_try_io_uring_out", |builder| {
        if !has_io_uring() {
            skip("no io_uring here");
        }
        let forced = builder.driver(DriverKind::Ring);
        thread::scope(|scope| {
            scope.spawn(|| {
                sanitizer::start_symbolizer();
                filter::refuse(&[libc::SYS_clone3, libc::SYS_clone], libc::EAGAIN);
                lacks(&forced.build().unwrap_err(), "to start a thread");
            });
        });
        let runtime = forced.build().unwrap();
        assert_eq!(runtime.handle().driver_info().kind(), DriverKind::Ring);
    });
}

/// Before Linux 5.6.
#[test]
fn without_the_probe_of_io_uring() {
    alone("without_the_probe_of_io_uring", |builder| {
        if !has_io_uring() {
            skip("no io_uring here");
        }
        or_skip(refuse(PROBE, libc::EINVAL));
        has_no_ring(builder, "io_uring_register");
    });
}

/// Linux 5.6 to 5.10: none of the newer flags of a ring, and no wait with a limit.
#[test]
fn with_an_io_uring_that_is_too_old() {
    /// `IORING_FEAT_EXT_ARG`, and where the features and the flags are in `io_uring_params`.
    const EXT_ARG: u32 = 1 << 8;
    const FEATURES: usize = 20;
    const FLAGS: usize = 8;
    /// `IORING_SETUP_R_DISABLED` is the last flag that it knows.
    const KNOWN: u32 = (1 << 7) - 1;

    alone("with_an_io_uring_that_is_too_old", |builder| {
        if !has_io_uring() {
            skip("no io_uring here");
        }
        let setup = Calls(libc::SYS_io_uring_setup, None);
        or_skip(answer(setup, |[entries, parameters, ..]| {
            // SAFETY: the caller is a thread of this process, which waits, and whose memory this is.
            unsafe {
                let number = |at| (parameters as *mut u8).add(at).cast::<u32>();
                if number(FLAGS).read() & !KNOWN != 0 {
                    return Answer::Fails(libc::EINVAL);
                }
                let made = libc::syscall(libc::SYS_io_uring_setup, entries, parameters);
                number(FEATURES).write(number(FEATURES).read() & !EXT_ARG);
                match descriptor(made) {
                    Ok(ring) => Answer::Returns(ring.into_raw_fd().into()),
                    Err(error) => Answer::Fails(error.raw_os_error().unwrap()),
                }
            }
        }));
        has_no_ring(builder, "older than Linux 5.11");
    });
}

/// Linux 5.1 to 5.5 knows none of the flags that every ring has.
#[test]
fn with_an_io_uring_that_knows_no_flag_of_ours() {
    let test = "with_an_io_uring_that_knows_no_flag_of_ours";
    alone(test, |builder| {
        or_skip(refuse(Calls(libc::SYS_io_uring_setup, None), libc::EINVAL));
        has_no_ring(builder, "the kernel's io_uring is too old");
    });
}

#[test]
fn with_an_io_uring_that_completes_nothing() {
    alone("with_an_io_uring_that_completes_nothing", |builder| {
        if !has_io_uring() {
            skip("no io_uring here");
        }
        let enter = Calls(libc::SYS_io_uring_enter, None);
        or_skip(answer(enter, |_| Answer::Returns(1)));
        has_no_ring(builder, "an operation that does nothing did not succeed");
    });
}

/// Sockets are read by readiness then.
#[test]
fn without_memory_for_receives() {
    /// The memory of `driver/sockets/buffers.rs`.
    const MEMORY: u32 = 4096 + 256 * (4096 + 64);

    alone("without_memory_for_receives", |builder| {
        let of_buffers = Calls(libc::SYS_mmap, Some((1, libc::BPF_JEQ, MEMORY)));
        or_skip(refuse(of_buffers, libc::ENOMEM));
        let runtime = builder.sockets(Sockets::Completion).build().unwrap();
        let info = runtime.handle().driver_info();
        assert_eq!(info.sockets(), Sockets::Readiness);
        let why = info.sockets_reason();
        // A multi-thread runtime does not try.
        if info.kind() == DriverKind::Ring && !why.contains("multi-thread") {
            // The words are the C library's.
            let error = std::io::Error::from_raw_os_error(libc::ENOMEM);
            let what = format!("no ring for sockets: {error}");
            assert!(why.contains(&what), "{why}");
        }
    });
}

/// Beyond the limit of `/proc/sys/fs/epoll/max_user_watches`, for one.
#[test]
fn without_a_watch_of_the_poll() {
    alone("without_a_watch_of_the_poll", |builder| {
        filter::refuse(&[libc::SYS_epoll_ctl], libc::ENOSPC);
        let error = builder.build().unwrap_err();
        lacks(&error, "set up the readiness poll");
    });
}
