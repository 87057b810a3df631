//! One set of test bodies, run on every back-end.
//!
//! Each body takes a [`Rig`] (a completion half without a runtime) and is instantiated once per
//! back-end by [`on_every_backend`]. On a machine without io_uring the `ring` instances run on what
//! `Choice::Auto` selects there, so that nothing is skipped.

use std::fs::{self, File};
use std::future::Future;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::blocking::{Pool, PoolConfig};
use crate::driver::backend::Choice;
use crate::driver::completion::op::{Completed, Op, ReadFrom, SharedFd};
use crate::driver::completion::{Completions, Config, InFlight};
use crate::driver::uring::probe::{Decision, decide};
use crate::driver::wake::Wake as DriverWake;

mod cancelling;
pub(super) mod forbidden;
mod lent;
mod operations;
mod pressure;
mod refused;
mod teardown;

/// The longest that any test waits.
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Ring,
    Threads,
}

/// A completion half on its own.
struct Rig {
    completions: Completions,
    threads: Pool,
    which: Which,
    dir: tempfile::TempDir,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Rig {
    fn new(which: Which) -> Rig {
        Rig::with_entries(which, 64)
    }

    /// Creates a rig whose ring has `entries` submission queue entries and eight times as many
    /// completion queue entries.
    fn with_entries(which: Which, entries: u32) -> Rig {
        let choice = match which {
            Which::Threads => Choice::ForceThreads,
            Which::Ring if decide(Choice::ForceRing).is_ok() => Choice::ForceRing,
            Which::Ring => Choice::Auto,
        };
        // Where there is no ring, threads carry everything out.
        let which = match decide(choice).is_ok_and(Decision::allows_ring) {
            true => which,
            false => Which::Threads,
        };
        let threads = Pool::new(PoolConfig {
            max_threads: 8,
            max_workers: 0,
            keep_alive: Duration::from_secs(1),
            thread_name: Arc::new(|| "conformance".to_owned()),
            stack_size: None,
            after_start: None,
            before_stop: None,
            relief: Some(Duration::from_millis(1)),
        });
        // No test waits in it: the operations wake their futures.
        let poll = mio::Poll::new().unwrap();
        let config = Config {
            choice,
            threads: threads.clone(),
            wake: Arc::new(DriverWake::new(poll.registry(), mio::Token(0)).unwrap()),
            journal: None,
        };
        Rig {
            completions: Completions::with_entries(config, entries).unwrap(),
            threads,
            which,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn submit(&self, op: Op) -> InFlight {
        let (in_flight, refused) = self.completions.submit(op);
        assert!(refused.is_none(), "there are threads");
        in_flight
    }

    fn waker(&self) -> Waker {
        Waker::from(Arc::new(Unpark(thread::current())))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = self.waker();
        let until = Instant::now() + LIMIT;
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "a completion or its wake-up is lost");
            thread::park_timeout(left);
        }
    }

    /// Submits one operation and waits for the outcome.
    fn run(&self, op: Op) -> Completed {
        self.block_on(self.submit(op))
    }

    /// Polls until `condition` holds, for conditions without a wake-up.
    fn until(&self, condition: impl Fn() -> bool) {
        let until = Instant::now() + LIMIT;
        while !condition() {
            thread::sleep(Duration::from_millis(1));
            assert!(Instant::now() < until, "the condition never came to hold");
        }
    }

    /// Waits until nothing is in flight.
    fn until_quiet(&self) {
        self.until(|| self.completions.in_flight() == 0);
    }

    /// Polls `op` once and returns whether it is pending.
    fn is_pending(&self, op: &mut InFlight) -> bool {
        op.poll(&mut Context::from_waker(&self.waker()))
            .is_pending()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Creates a file with this content, for reading and writing.
    fn file(&self, content: &[u8]) -> File {
        let path = self.path("content");
        fs::write(&path, content).unwrap();
        File::options().read(true).write(true).open(path).unwrap()
    }
}

/// Creates a pipe: the end to read from, the end to write to.
#[allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]
fn pipe() -> (SharedFd, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    (Arc::new(OwnedFd::from(reader).into()), writer.into())
}

fn write_to(fd: &OwnedFd, bytes: &[u8]) {
    // SAFETY: the slice is readable for its length.
    let count = unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    assert_eq!(count, bytes.len() as isize);
}

/// Returns a read of a pipe, which waits for as long as the pipe is empty.
fn read(fd: &SharedFd, room: usize) -> Op {
    Op::Read {
        fd: fd.clone(),
        from: ReadFrom::Stream,
        buffer: Vec::with_capacity(room),
        max: room,
    }
}

/// Returns a read of some bytes of a file.
fn read_at(fd: &SharedFd, offset: u64) -> Op {
    Op::Read {
        fd: fd.clone(),
        from: ReadFrom::Offset(offset),
        buffer: Vec::with_capacity(64),
        max: 64,
    }
}

fn write(fd: &SharedFd, bytes: &[u8]) -> Op {
    Op::Write {
        fd: fd.clone(),
        buffer: bytes.to_vec(),
        written: 0,
    }
}

/// Returns how many descriptors of this process are open on `path`.
fn open_descriptors(path: &Path) -> usize {
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    entries
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target == path)
        .count()
}

/// Makes two tests of each body: with a ring, and with threads alone.
macro_rules! on_every_backend {
    ($($body:ident),* $(,)?) => {
        mod ring {
            $(#[test] fn $body() { super::$body(&$crate::driver::conformance::Rig::new($crate::driver::conformance::Which::Ring)); })*
        }
        mod threads {
            $(#[test] fn $body() { super::$body(&$crate::driver::conformance::Rig::new($crate::driver::conformance::Which::Threads)); })*
        }
    };
}
use on_every_backend;
