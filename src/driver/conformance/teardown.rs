//! The driver is dropped while operations are in flight (I7).

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::task::Context;
use std::time::{Duration, Instant};

use super::{LIMIT, Op, Rig, Which, on_every_backend, open_descriptors, pipe, read, write};
use super::{read_at, write_to};

/// The end of a runtime: the driver first, then its threads.
fn shut_down(rig: &Rig) {
    rig.completions.shutdown(Some(Instant::now() + LIMIT));
    assert!(rig.threads.shutdown(Some(LIMIT)));
}

/// Operations that wait on the ring end as cancelled; later ones are refused the same way.
fn shutdown(rig: &Rig) {
    let (reader, writer) = pipe();
    let waiting = rig.submit(read(&reader, 16));
    let begin = Instant::now();
    shut_down(rig);
    assert!(begin.elapsed() < LIMIT / 2, "it waits for nothing");
    if rig.which == Which::Ring {
        let (result, _) = rig.block_on(waiting).transferred();
        let error = result.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
    } else {
        // A thread in read(2) is not interrupted.
        write_to(&writer, b"x");
        let _ = rig.block_on(waiting);
    }
    let late = rig.submit(read(&reader, 16));
    assert_eq!(format!("{late:?}"), r#"InFlight("refused")"#);
    drop(rig.submit(read(&reader, 16)));
    let error = rig.block_on(late).transferred().0.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
    rig.until_quiet();
    rig.until(|| Arc::strong_count(&reader) == 1);
}

/// Descriptors and buffers are released after the driver is gone.
fn dropped(rig: &Rig) {
    let (reader, writer) = pipe();
    let path = rig.path("file");
    drop(rig.submit(read(&reader, 16)));
    rig.submit(read(&reader, 16)).detach();
    let open = Op::Open {
        path: CString::new(path.as_os_str().as_bytes()).unwrap(),
        flags: libc::O_CREAT | libc::O_RDWR,
        mode: 0o600,
    };
    rig.submit(open).detach();
    shut_down(rig);
    if rig.which == Which::Threads {
        write_to(&writer, &[b'x'; 32]);
    }
    rig.until(|| Arc::strong_count(&reader) == 1);
    assert_eq!(open_descriptors(&path), 0);
}

/// A write that was accepted happens, even when its future and the driver are dropped.
fn accepted_writes_happen(rig: &Rig) {
    let path = rig.path("file");
    let file = Arc::new(fs::File::create(&path).unwrap());
    for _ in 0..100 {
        rig.submit(write(&file, &[b'a'; 1000])).detach();
    }
    shut_down(rig);
    assert_eq!(fs::metadata(&path).unwrap().len(), 100_000);
}

/// A future may outlive its driver.
fn futures_outlive_the_driver(rig: &Rig) {
    let (reader, writer) = pipe();
    let mut one = rig.submit(read(&reader, 16));
    let other = rig.submit(read(&reader, 16));
    assert!(rig.is_pending(&mut one));
    shut_down(rig);
    if rig.which == Which::Threads {
        write_to(&writer, &[b'x'; 32]);
    }
    rig.until_quiet();
    assert!(one.poll(&mut Context::from_waker(&rig.waker())).is_ready());
    drop(other);
    drop(one);
    rig.until(|| Arc::strong_count(&reader) == 1);
}

/// One deadline holds for all: an operation that does not end delays the shutdown no longer than
/// that.
fn a_deadline_is_kept(rig: &Rig) {
    let file = Arc::new(rig.file(b"hello"));
    let (reader, writer) = pipe();
    let waiting = rig.submit(read(&reader, 16));
    rig.completions.shutdown(Some(Instant::now()));
    let late = rig.run(read_at(&file, 0)).transferred().0;
    assert_eq!(late.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
    if rig.which == Which::Threads {
        write_to(&writer, b"x");
    }
    let _ = rig.block_on(waiting);
    assert!(rig.threads.shutdown(Some(Duration::from_secs(5))));
}

on_every_backend!(
    shutdown,
    dropped,
    accepted_writes_happen,
    futures_outlive_the_driver,
    a_deadline_is_kept,
);
