//! Registered memory that the kernel does not let go of when it is asked to: the pool can be dropped,
//! and files are read and written as before.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use zokio::completion::BufferPool;
use zokio::completion::fs::File;
use zokio::runtime::{DriverKind, Runtime};

use self::apart::{builder, on_schedulers, skip};

const BLOCK: usize = 4096;

/// Reads into a buffer of the pool until a ring has done it, or does not.
fn read(runtime: &Runtime, file: &File, pool: &BufferPool) {
    let read = file.read_exact_at(pool.try_get().unwrap(), 0);
    let (done, buffer) = runtime.block_on(read);
    done.unwrap();
    assert!(buffer.iter().all(|&byte| byte == 7));
}

#[test]
fn memory_that_is_not_deregistered() {
    on_schedulers("memory_that_is_not_deregistered", &[0, 1], |workers| {
        let Ok(runtime) = builder(workers).driver(DriverKind::Ring).build() else {
            skip("no io_uring here");
        };
        let mut file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        file.write_all(&[7; BLOCK]).unwrap();
        let mut options = std::fs::OpenOptions::new();
        options.read(true).custom_flags(libc::O_DIRECT);
        let Ok(file) = options.open(file.path()) else {
            skip("no direct I/O here");
        };
        let file = File::from(file);
        let registered = || runtime.handle().driver_info().registered_transfers();
        let pool = BufferPool::new(1, BLOCK).unwrap();
        // The first read may find out by a thread what file system it is.
        for _ in 0..2 {
            read(&runtime, &file, &pool);
        }
        if registered() == 0 {
            skip("no registered memory here");
        }
        filter::refuse_everywhere(&[libc::SYS_io_uring_register], libc::ENOMEM);
        drop(pool);
        // The ring's thread is asked to let go of the memory before it sees these.
        let before = registered();
        let other = BufferPool::new(1, BLOCK).unwrap();
        read(&runtime, &file, &other);
        assert_eq!(registered(), before);
        let error = other.registration_error().unwrap();
        assert!(error.is_resource() && error.is_transient(), "{error:?}");
        drop((other, runtime));
    });
}
