//! Kernels that lack a part of io_uring: the same results, with a ring or without.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/answers.rs"]
mod answers;
#[path = "support/apart.rs"]
mod apart;
#[path = "support/kernel.rs"]
mod kernel;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/transcript.rs"]
mod transcript;

use std::thread;

use zokio::runtime::{Builder, DriverInfo, DriverKind, Sockets};

use self::apart::{apart, builder, skip};
use self::kernel::{Lack, has_io_uring, lack};
use self::transcript::{Transcript, transcript};

type Kernel = (&'static str, Lack);

/// The operations of the ring for files.
const OF_FILES: [Kernel; 7] = [
    ("readv", Lack::Operation(1)),
    ("writev", Lack::Operation(2)),
    ("read_fixed", Lack::Operation(4)),
    ("write_fixed", Lack::Operation(5)),
    ("async_cancel", Lack::Operation(14)),
    ("read", Lack::Operation(22)),
    ("write", Lack::Operation(23)),
];

/// What only the ring for receives needs.
const OF_SOCKETS: [Kernel; 5] = [
    ("poll_add", Lack::Operation(6)),
    ("recv", Lack::Operation(27)),
    ("IORING_SETUP_SUBMIT_ALL", Lack::SetupFlags(1 << 7)),
    ("IORING_SETUP_DEFER_TASKRUN", Lack::SetupFlags(1 << 13)),
    ("IORING_REGISTER_PBUF_RING", Lack::Register(22)),
];

/// What no ring needs.
const OF_NONE: [Kernel; 5] = [
    ("send_zc", Lack::Operation(47)),
    ("IORING_SETUP_NO_SQARRAY", Lack::SetupFlags(1 << 16)),
    ("IORING_REGISTER_IOWQ_MAX_WORKERS", Lack::Register(19)),
    ("IORING_REGISTER_BUFFERS2", Lack::Register(15)),
    ("IORING_ENTER_NO_IOWAIT", Lack::EnterFlags(1 << 7)),
];

fn run(builder: &mut Builder) -> (Transcript, DriverInfo) {
    let runtime = builder.build().unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let seen = runtime.block_on(transcript(dir.path())).unwrap();
    (seen, runtime.handle().driver_info())
}

/// Runs the program on each kernel and scheduler.
fn on_each(
    test: &str,
    kernels: &[Kernel],
    check: impl Fn(&str, usize, &DriverInfo, &Transcript) + Sync,
) {
    let names: Vec<String> = kernels
        .iter()
        .flat_map(|(name, _)| [0, 2].map(|workers| format!("{name} {workers}")))
        .collect();
    // What the environment asks for must not decide.
    let prepare = |command: &mut std::process::Command| {
        command
            .env_remove("ZOKIO_DRIVER")
            .env_remove("ZOKIO_SOCKETS");
    };
    apart(test, &names, prepare, |name| {
        let (name, workers) = name.split_once(' ').unwrap();
        let workers = workers.parse().unwrap();
        let (_, lacking) = kernels.iter().find(|(other, _)| *other == name).unwrap();
        if !has_io_uring() {
            skip("no io_uring here");
        }
        let (expected, _) = run(builder(workers).driver(DriverKind::Threads));
        thread::scope(|scope| {
            let on_kernel = scope.spawn(|| {
                if let Err(error) = lack(*lacking) {
                    skip(&format!("calls cannot be filtered: {error}"));
                }
                let (seen, info) = run(builder(workers).sockets(Sockets::Completion));
                seen.assert_same(&expected);
                check(name, workers, &info, &seen);
            });
            on_kernel.join().unwrap();
        });
    });
}

/// A ring for files is made where the kernel has all operations. Otherwise threads do everything,
/// and a ring that is asked for is an error.
#[test]
fn without_an_operation_of_the_ring_for_files() {
    let test = "without_an_operation_of_the_ring_for_files";
    on_each(test, &OF_FILES, |name, workers, info, _| {
        assert_eq!(info.kind(), DriverKind::Threads);
        let why = format!("no operation `{name}`");
        assert!(info.reason().contains(&why), "{}", info.reason());
        assert_eq!(info.sockets(), Sockets::Readiness);
        let forced = builder(workers).driver(DriverKind::Ring).build();
        let error = forced.unwrap_err().to_string();
        assert!(error.contains(&why), "{error}");
    });
}

/// Sockets are read by readiness then, and files still go to a ring.
#[test]
fn without_a_part_of_the_ring_for_sockets() {
    let test = "without_a_part_of_the_ring_for_sockets";
    on_each(test, &OF_SOCKETS, |_, workers, info, _| {
        assert_eq!(info.kind(), DriverKind::Ring, "{}", info.reason());
        assert_eq!(info.sockets(), Sockets::Readiness);
        if workers == 0 {
            let why = info.sockets_reason();
            assert!(why.contains("no ring for sockets"), "{why}");
        }
    });
}

/// There is a ring, and there are receives on it where a scheduler has them.
#[test]
fn without_what_is_left_out() {
    on_each(
        "without_what_is_left_out",
        &OF_NONE,
        |name, workers, info, seen| {
            assert_eq!(info.kind(), DriverKind::Ring, "{}", info.reason());
            let sockets = info.sockets() == Sockets::Completion;
            assert_eq!(sockets, workers == 0, "{}", info.sockets_reason());
            if name == "IORING_REGISTER_BUFFERS2" {
                assert_eq!(info.registered_transfers(), 0);
                // A file system without direct I/O has nothing to use registered memory for.
                if let Some(why) = &seen.unregistered {
                    assert!(why.contains("older than Linux 5.19"), "{why}");
                }
            }
        },
    );
}
