//! One test body, run over every back-end.
//!
//! Each body takes a [`Rig`], a driver without a runtime that sleeps and wakes the way the real one
//! does, and is instantiated once per back-end by [`on_every_backend`]. On a machine without
//! io_uring the `ring` instances run on what `Choice::Auto` gives there, so that nothing is skipped.

use std::fs;
use std::future::Future;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::blocking::{Pool, PoolConfig};
use crate::driver::completion::{Completions, Config, InFlight};
use crate::driver::op::{Completed, Op, SharedFd};
use crate::driver::pool::{cancel as write_eventfd, cancel_descriptor as eventfd};
use crate::driver::probe::{Choice, decide};
use crate::util::local_worker::set_local_worker;

mod cancelling;
mod operations;
mod pressure;
mod refused;
mod teardown;

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Ring,
    Pool,
}

/// A driver on its own: its completions, and a sleep that only they end.
struct Rig {
    completions: Completions,
    wake: Arc<OwnedFd>,
    pool: Pool,
    which: Which,
    dir: tempfile::TempDir,
}

struct WakeFd(Arc<OwnedFd>);

impl Wake for WakeFd {
    fn wake(self: Arc<Self>) {
        write_eventfd(&self.0);
    }
}

impl Rig {
    fn new(which: Which) -> Rig {
        Rig::with_entries(which, 64)
    }

    /// A rig whose rings have `entries` submission queue entries and eight times as many
    /// completion queue entries.
    fn with_entries(which: Which, entries: u32) -> Rig {
        let choice = match which {
            Which::Pool => Choice::ForceMio,
            Which::Ring if decide(Choice::ForceUring).is_ok() => Choice::ForceUring,
            Which::Ring => Choice::Auto,
        };
        let wake = Arc::new(eventfd().unwrap());
        let pool = Pool::new(PoolConfig {
            max_threads: 8,
            keep_alive: Duration::from_secs(1),
            thread_name: Arc::new(|| "conformance".to_owned()),
            stack_size: None,
            after_start: None,
            before_stop: None,
        });
        let config = Config {
            choice,
            rings: 2,
            wake_fd: wake.clone(),
            pool: pool.clone(),
        };
        Rig {
            completions: Completions::with_entries(config, entries).unwrap(),
            wake,
            pool,
            which,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn submit(&self, op: Op) -> InFlight {
        self.completions.submit(op)
    }

    /// Runs `f` as worker 0, which queues its submissions until it flushes.
    fn as_worker<R>(&self, f: impl FnOnce() -> R) -> R {
        set_local_worker(Some(0));
        self.completions.flush(0);
        let result = f();
        set_local_worker(None);
        result
    }

    fn waker(&self) -> Waker {
        Waker::from(Arc::new(WakeFd(self.wake.clone())))
    }

    /// Sleeps until a completion or a waker ends it.
    fn sleep(&self, until: Instant) {
        if self.completions.prepare_wait() {
            self.completions.reap_all();
        } else {
            let left = until.saturating_duration_since(Instant::now());
            let mut fd = libc::pollfd {
                fd: self.wake.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            let mut count = 0_u64;
            // SAFETY: one entry as said, and eight bytes for the eventfd's count.
            unsafe {
                libc::poll(&raw mut fd, 1, left.as_millis() as i32);
                libc::read(fd.fd, (&raw mut count).cast(), 8);
            }
        }
        self.completions.finish_wait();
        assert!(
            Instant::now() < until,
            "a completion or its wake-up is lost"
        );
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = self.waker();
        let until = Instant::now() + LIMIT;
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            self.sleep(until);
        }
    }

    /// Submits one operation and waits for its outcome.
    fn run(&self, op: Op) -> Completed {
        self.block_on(self.submit(op))
    }

    /// Sleeps until `condition` holds.
    fn until(&self, condition: impl Fn() -> bool) {
        let until = Instant::now() + LIMIT;
        while !condition() {
            self.completions.reap_all();
            std::thread::sleep(Duration::from_millis(1));
            assert!(Instant::now() < until, "the condition never came to hold");
        }
    }

    /// Whether `op` is pending after one look.
    fn is_pending(&self, op: &mut InFlight) -> bool {
        op.poll(&mut Context::from_waker(&self.waker()))
            .is_pending()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }
}

/// A pipe: the end to read from, the end to write to.
fn pipe() -> (SharedFd, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    (Arc::new(OwnedFd::from(reader).into()), writer.into())
}

fn write_to(fd: &OwnedFd, bytes: &[u8]) {
    // SAFETY: the slice is readable for its length.
    let count = unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    assert_eq!(count, bytes.len() as isize);
}

fn poll_in(fd: &SharedFd) -> Op {
    Op::Poll {
        fd: fd.clone(),
        events: libc::POLLIN as u32,
    }
}

fn read(fd: &SharedFd, room: usize) -> Op {
    Op::Read {
        fd: fd.clone(),
        buffer: Vec::with_capacity(room).into(),
        at: 0,
        max: room,
        offset: None,
    }
}

/// How many descriptors of this process are open on `path`.
fn open_descriptors(path: &Path) -> usize {
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    entries
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target == path)
        .count()
}

/// Makes two tests of each body: on rings, and on the pool.
macro_rules! on_every_backend {
    ($($body:ident),* $(,)?) => {
        mod ring {
            $(#[test] fn $body() { super::$body(&$crate::driver::conformance::Rig::new($crate::driver::conformance::Which::Ring)); })*
        }
        mod pool {
            $(#[test] fn $body() { super::$body(&$crate::driver::conformance::Rig::new($crate::driver::conformance::Which::Pool)); })*
        }
    };
}
use on_every_backend;
