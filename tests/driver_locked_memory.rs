//! Little memory that may be locked, to which rings and registered buffers count: the same results,
//! whatever there is too little for.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/transcript.rs"]
mod transcript;

use zokio::runtime::{DriverKind, Runtime, Sockets};

use self::apart::{apart, builder};
use self::limits::limit_locked_memory;
use self::transcript::{Transcript, transcript};

/// Limits in pages. A ring takes a few, one for sockets 70 and more, registered buffers the most.
const PAGES: [usize; 14] = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 48, 96, 192, 384];

fn run(runtime: &Runtime) -> Transcript {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(transcript(dir.path())).unwrap()
}

#[test]
fn any_limit_on_locked_memory() {
    let names: Vec<String> = PAGES
        .iter()
        .flat_map(|pages| [0, 2].map(|workers| format!("{pages} {workers}")))
        .collect();
    // A ring is used where there can be one.
    let prepare = |command: &mut std::process::Command| {
        if std::env::var("ZOKIO_DRIVER").is_ok_and(|driver| driver == "uring") {
            command.env_remove("ZOKIO_DRIVER");
        }
    };
    apart("any_limit_on_locked_memory", &names, prepare, |name| {
        let (pages, workers) = name.split_once(' ').unwrap();
        let (pages, workers) = (pages.parse().unwrap(), workers.parse().unwrap());
        limit_locked_memory(pages);
        let plain = builder(workers)
            .driver(DriverKind::Threads)
            .build()
            .unwrap();
        let expected = run(&plain);
        let mut builder = builder(workers);
        let runtime = builder.sockets(Sockets::Completion).build().unwrap();
        run(&runtime).assert_same(&expected);
        let info = runtime.handle().driver_info();
        let asked = std::env::var_os("ZOKIO_DRIVER").is_some();
        if info.kind() == DriverKind::Threads && !asked && info.reason().contains("allocate") {
            let limit = "the limit on locked memory (RLIMIT_MEMLOCK)";
            assert!(info.reason().contains(limit), "{}", info.reason());
            let forced = builder.driver(DriverKind::Ring).build();
            let error = forced.unwrap_err();
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            let inner: &zokio::Error = inner.expect("an error of zokio's");
            assert!(inner.is_resource() && inner.is_transient(), "{inner:?}");
        }
        // What was refused for lack of memory once is no answer for good.
        run(&runtime).assert_same(&expected);
    });
}
