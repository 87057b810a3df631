//! The driver goes while operations are in flight (I7).

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Op, Rig, Which, on_every_backend, open_descriptors, pipe, poll_in, read, write_to};
use crate::driver::completion::PATIENCE;

fn rig(which: Which) -> Rig {
    Rig::new(which)
}

/// What waits learns that it was cancelled; what comes later is refused the same way.
fn shutdown(given: &Rig) {
    let rig = rig(given.which);
    let (reader, writer) = pipe();
    let waiting = rig.submit(read(&reader, 16));
    let polling = rig.submit(poll_in(&reader));
    rig.completions.shutdown(PATIENCE);
    if rig.which == Which::Pool {
        // The pool's jobs go on until the pool is shut down; a thread in read(2) needs bytes.
        std::thread::sleep(Duration::from_millis(10));
        write_to(&writer, b"x");
        rig.pool.shutdown(Some(Duration::from_secs(5)));
    }
    let (result, _) = rig.block_on(waiting).transferred();
    match rig.which {
        Which::Ring => assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::ECANCELED)),
        Which::Pool => assert!(result.is_ok() || result.is_err()),
    }
    let error = rig.block_on(polling).polled();
    if rig.which == Which::Ring {
        assert_eq!(error.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
    }
    let error = rig.run(Op::Nop).done().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
    let late = rig.submit(Op::Nop);
    late.cancel();
    drop(late);
    assert_eq!(rig.completions.in_flight(), 0);
    assert_eq!(Arc::strong_count(&reader), 1);
}

/// Descriptors and buffers are back after the driver is gone, and it goes at once.
fn dropped(given: &Rig) {
    let rig = rig(given.which);
    let (reader, writer) = pipe();
    let path = rig.path("file");
    let begin = Instant::now();
    drop(rig.submit(read(&reader, 16)));
    rig.submit(poll_in(&reader)).detach();
    let open = Op::Open {
        path: CString::new(path.as_os_str().as_bytes()).unwrap(),
        flags: libc::O_CREAT | libc::O_RDWR,
        mode: 0o600,
    };
    rig.submit(open).detach();
    let Rig {
        completions, pool, ..
    } = rig;
    drop(completions);
    write_to(&writer, b"xy");
    pool.shutdown(Some(Duration::from_secs(5)));
    assert_eq!(Arc::strong_count(&reader), 1);
    assert_eq!(open_descriptors(&path), 0);
    assert!(begin.elapsed() < Duration::from_secs(2));
}

/// A write that was accepted happens, also when nobody waits and the driver goes.
fn accepted_writes_happen(given: &Rig) {
    let rig = rig(given.which);
    let path = rig.path("file");
    let file = Arc::new(fs::File::create(&path).unwrap());
    rig.as_worker(|| {
        for index in 0..20 {
            let write = Op::Write {
                regular: false,
                fd: Arc::clone(&file),
                buffer: vec![b'a' + index as u8; 1000].into(),
                at: 0,
                max: usize::MAX,
                offset: Some(index * 1000),
                all: false,
            };
            rig.submit(write).detach();
        }
    });
    let Rig {
        completions,
        pool,
        dir,
        ..
    } = rig;
    drop(completions);
    pool.shutdown(Some(Duration::from_secs(5)));
    let content = fs::read(dir.path().join("file")).unwrap();
    assert_eq!(content.len(), 20_000);
    assert!(
        content
            .iter()
            .enumerate()
            .all(|(at, &byte)| byte == b'a' + (at / 1000) as u8)
    );
}

/// A future may outlive its driver.
fn futures_outlive_the_driver(given: &Rig) {
    let rig = rig(given.which);
    let (reader, writer) = pipe();
    let mut one = rig.submit(poll_in(&reader));
    let other = rig.submit(poll_in(&reader));
    assert!(rig.is_pending(&mut one));
    let waker = rig.waker();
    let Rig {
        completions, pool, ..
    } = rig;
    drop(completions);
    write_to(&writer, b"x");
    pool.shutdown(Some(Duration::from_secs(5)));
    assert!(
        one.poll(&mut std::task::Context::from_waker(&waker))
            .is_ready()
    );
    drop(other);
    drop(one);
    assert_eq!(Arc::strong_count(&reader), 1);
}

on_every_backend!(
    shutdown,
    dropped,
    accepted_writes_happen,
    futures_outlive_the_driver,
);
