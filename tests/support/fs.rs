//! What the `fs_*` tests share: runtimes of every kind, and a way to look at descriptors.
#![allow(dead_code)]
#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

#[path = "runtimes.rs"]
mod all;

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures::FutureExt;
use zokio::io::AsyncWriteExt;
use zokio::runtime::{Builder, DriverKind, Runtime};
use zokio::task::unconstrained;

pub use all::{LONG, within_the_limit};
use all::{builder, builders};

/// A runtime without I/O and time enabled: files need neither.
pub fn runtime(workers: usize, driver: Option<DriverKind>) -> Runtime {
    builder(workers, driver).build().unwrap()
}

/// Every scheduler on the driver of the environment and on the fallback.
pub fn runtimes() -> Vec<Runtime> {
    builders(&[0, 1, 2])
        .map(|mut builder| builder.build().unwrap())
        .collect()
}

/// Runs the test on every runtime, from where futures are polled in different ways: by `block_on`,
/// as a task, and on a thread that is not the runtime's.
pub fn everywhere<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    for runtime in runtimes() {
        let [first, second, third] = [test(), test(), test()];
        within_the_limit(|| {
            runtime.block_on(first).unwrap();
            runtime.block_on(runtime.spawn(second)).unwrap().unwrap();
            let handle = runtime.handle().clone();
            let foreign = thread::spawn(move || handle.block_on(third));
            foreign.join().unwrap().unwrap();
        });
    }
}

/// Runs the test once on every runtime.
pub fn on_every_runtime<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>>,
{
    for runtime in runtimes() {
        within_the_limit(|| runtime.block_on(test()).unwrap());
    }
}

/// Whether what `f` begins is done at its first poll, fifty times in a row: that it is most likely
/// done inline. Another thread may be as fast now and then.
pub fn is_inline<F: Future>(f: impl Fn() -> F) -> bool {
    // Not so often within one budget.
    (0..50).all(|_| unconstrained(f()).now_or_never().is_some())
}

/// Waits until workers perform what their tasks begin in `folder`: once it is known which file system
/// that is on, and the runtime is as old as a tick of the thread that takes over.
pub async fn until_kept(folder: &Path) {
    until(|| is_inline(|| zokio::fs::metadata(folder))).await;
    zokio::time::sleep(Duration::from_millis(20)).await;
    // That thread starts with the first task.
    zokio::spawn(async {}).await.unwrap();
}

/// Keeps the threads of a runtime's driver from working while it is shut. Threads that are started
/// wait at it, and none is kept for later.
#[derive(Default)]
pub struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// A gate for the threads of the runtimes that `builder` makes.
    pub fn of(builder: &mut Builder) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        let pass = gate.clone();
        builder.thread_keep_alive(Duration::ZERO);
        builder.on_thread_start(move || {
            let mut shut = pass.shut.lock().unwrap();
            while *shut {
                shut = pass.opened.wait(shut).unwrap();
            }
        });
        gate
    }

    /// Calls `f` while the gate is shut: then nothing is done but inline.
    pub fn shut<R>(&self, f: impl FnOnce() -> R) -> R {
        *self.shut.lock().unwrap() = true;
        let result = f();
        *self.shut.lock().unwrap() = false;
        self.opened.notify_all();
        result
    }
}

/// How many descriptors of this process are open on `path`.
pub fn open_on(path: &Path) -> usize {
    let path = path.canonicalize().unwrap();
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    entries
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| *target == path)
        .count()
}

/// Lets the runtime work until `done`.
pub async fn until(mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < LONG, "it never came to be");
        zokio::task::spawn_blocking(|| thread::sleep(Duration::from_millis(1)))
            .await
            .unwrap();
    }
}

/// A file that is the read end of a pipe, and the other end.
pub fn piped_in() -> (std::fs::File, io::PipeWriter) {
    let (reader, writer) = io::pipe().unwrap();
    (std::fs::File::from(OwnedFd::from(reader)), writer)
}

/// A file that is the write end of a pipe, and the other end.
pub fn piped_out() -> (std::fs::File, io::PipeReader) {
    let (reader, writer) = io::pipe().unwrap();
    (std::fs::File::from(OwnedFd::from(writer)), reader)
}

/// Half of what [`accept_too_much`] writes: one fits into a pipe, two do not.
pub const HALF: usize = 60 << 10;

/// Fills a pipe with [`HALF`] and has the file accept as much again, which cannot be done until
/// the pipe is read. The file is closed then.
pub async fn accept_too_much(pipe: std::fs::File) {
    let mut file = zokio::fs::File::from_std(pipe);
    file.write_all(&[1; HALF]).await.unwrap();
    file.flush().await.unwrap();
    file.write_all(&[2; HALF]).await.unwrap();
}

/// A current-thread runtime that this thread has run before, so that its ring is in use.
pub fn in_use() -> Runtime {
    let runtime = runtime(0, None);
    runtime.block_on(async {});
    runtime
}

/// Makes a named pipe.
pub fn mkfifo(path: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the path ends in a zero byte.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}
