//! A write to a file system that is frozen, as for a snapshot, waits until it thaws. Tasks that do not
//! wait for such a write are not held up. Freezing takes root: otherwise the tests say that they were
//! skipped.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/mounts.rs"]
mod mounts;
#[path = "support/fs.rs"]
mod support;

use std::fs::File as StdFile;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use zokio::completion::fs as owned;
use zokio::fs::{File, OpenOptions};
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use zokio::task::block_in_place;
use zokio::time::{sleep, timeout};

use self::apart::{on_each_scheduler, on_schedulers, runtime, skip};
use self::mounts::Mount;
use self::support::until_kept;

/// `FIFREEZE` and `FITHAW` (include/uapi/linux/fs.h in the kernel's source).
const FREEZE: libc::Ioctl = 0xC004_5877_u32 as libc::Ioctl;
const THAW: libc::Ioctl = 0xC004_5878_u32 as libc::Ioctl;

/// A file system that is frozen until this is dropped, or until a test was held up for long.
struct Frozen {
    is_frozen: Arc<AtomicBool>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Frozen {
    fn new(mount: &Path) -> io::Result<Frozen> {
        let folder = StdFile::open(mount)?;
        freeze(&folder, FREEZE)?;
        let is_frozen = Arc::new(AtomicBool::new(true));
        let (end, ended) = mpsc::channel();
        let thread = thread::spawn({
            let is_frozen = is_frozen.clone();
            move || {
                if ended.recv_timeout(Duration::from_secs(5)) == Err(RecvTimeoutError::Timeout) {
                    is_frozen.store(false, Ordering::SeqCst);
                }
                freeze(&folder, THAW).unwrap();
            }
        });
        Ok(Frozen {
            is_frozen,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// What follows was not held up.
    #[track_caller]
    fn assert_frozen(&self) {
        assert!(
            self.is_frozen.load(Ordering::SeqCst),
            "held up until the thaw"
        );
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.end.take();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn freeze(folder: &StdFile, request: libc::Ioctl) -> io::Result<()> {
    // SAFETY: the requests take a number, which they ignore.
    match unsafe { libc::ioctl(folder.as_raw_fd(), request, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn mount() -> Mount {
    Mount::on_disk().unwrap_or_else(|| skip("no file system on a disk can be mounted"))
}

/// Freezes a mount that the runtime knows: what does not wait there is done inline, and workers
/// perform brief changes.
async fn frozen(mount: &Mount) -> Frozen {
    until_kept(mount.path()).await;
    Frozen::new(mount.path()).unwrap_or_else(|error| skip(&error.to_string()))
}

/// The first write of a file once waited within the poll of its task, with all other tasks of the
/// worker.
#[test]
fn a_write_to_a_frozen_file_holds_up_its_own_task_only() {
    on_each_scheduler(
        "a_write_to_a_frozen_file_holds_up_its_own_task_only",
        |workers| {
            let mount = mount();
            runtime(workers).block_on(async {
                let mut options = OpenOptions::new();
                let options = options.read(true).write(true).create(true);
                let mut file = options.open(mount.path().join("file")).await.unwrap();
                let frozen = frozen(&mount).await;
                file.write_all(b"all of it").await.unwrap();
                frozen.assert_frozen();
                let flushed = zokio::spawn(async move {
                    file.flush().await.unwrap();
                    file
                });
                zokio::spawn(zokio::task::yield_now()).await.unwrap();
                frozen.assert_frozen();
                drop(frozen);
                let mut file = flushed.await.unwrap();
                file.rewind().await.unwrap();
                let mut text = String::new();
                file.read_to_string(&mut text).await.unwrap();
                assert_eq!(text, "all of it");
            });
        },
    );
}

#[test]
fn a_write_of_an_owned_buffer_to_a_frozen_file_holds_up_nobody_else() {
    let name = "a_write_of_an_owned_buffer_to_a_frozen_file_holds_up_nobody_else";
    on_each_scheduler(name, |workers| {
        let mount = mount();
        runtime(workers).block_on(async {
            let path = mount.path().join("file");
            let file = owned::File::create(&path).await.unwrap();
            let frozen = frozen(&mount).await;
            let write = zokio::spawn(async move { file.write_all_at(b"all of it", 0).await.0 });
            for _ in 0..3 {
                zokio::spawn(zokio::task::yield_now()).await.unwrap();
            }
            frozen.assert_frozen();
            assert!(!write.is_finished());
            drop(frozen);
            write.await.unwrap().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
        });
    });
}

/// More changes of names than there are workers, each of which a worker may have begun itself.
#[test]
fn changes_of_a_frozen_folder_hold_up_nobody_else() {
    on_each_scheduler(
        "changes_of_a_frozen_folder_hold_up_nobody_else",
        |workers| {
            let mount = mount();
            let path = mount.path().to_owned();
            for name in ["a", "b", "c"] {
                std::fs::write(path.join(name), name).unwrap();
            }
            let runtime = runtime(workers);
            runtime.block_on(async {
                let frozen = frozen(&mount).await;
                let changes: Vec<_> = ["a", "b", "c"]
                    .into_iter()
                    .map(|name| {
                        let (from, to) = (path.join(name), path.join(name.to_uppercase()));
                        zokio::spawn(async move {
                            let mut change = pin!(zokio::fs::rename(from, to));
                            let limit = Duration::from_millis(1);
                            assert!(timeout(limit, &mut change).await.is_err());
                            change.await.unwrap();
                        })
                    })
                    .collect();
                for _ in 0..10 {
                    zokio::spawn(sleep(Duration::from_millis(1))).await.unwrap();
                }
                frozen.assert_frozen();
                drop(frozen);
                for change in changes {
                    change.await.unwrap();
                }
            });
            assert!(["A", "B", "C"].iter().all(|name| path.join(name).exists()));
        },
    );
}

/// A thread that comes back from `block_in_place` takes its core from one that has lent it. The latter
/// was once counted as one that had not lost it.
#[test]
fn a_core_goes_back_to_a_thread_that_has_blocked() {
    let name = "a_core_goes_back_to_a_thread_that_has_blocked";
    on_schedulers(name, &[2], |workers| {
        let mount = mount();
        let path = mount.path().join("file");
        std::fs::write(&path, "text").unwrap();
        runtime(workers).block_on(async {
            let frozen = frozen(&mount).await;
            let (begin, begun) = mpsc::channel();
            let (blocked, blocks) = zokio::sync::oneshot::channel();
            let busy = Arc::new(AtomicBool::new(true));
            let other = busy.clone();
            let computing = zokio::spawn(async move {
                while other.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
            });
            let blocking = zokio::spawn(async move {
                block_in_place(|| {
                    blocked.send(()).unwrap();
                    begun.recv().unwrap();
                });
                busy.store(false, Ordering::SeqCst);
            });
            blocks.await.unwrap();
            // The only thread that can run it is the one that has the core of `blocking`.
            let (from, to) = (path.clone(), path.with_extension("new"));
            let change = zokio::spawn(async move {
                begin.send(()).unwrap();
                zokio::fs::rename(from, to).await
            });
            blocking.await.unwrap();
            computing.await.unwrap();
            frozen.assert_frozen();
            drop(frozen);
            change.await.unwrap().unwrap();
        });
    });
}

/// The end of a runtime does not wait for a change that waits, unless it is to.
#[test]
fn a_runtime_ends_beside_changes_of_a_frozen_folder() {
    let name = "a_runtime_ends_beside_changes_of_a_frozen_folder";
    on_each_scheduler(name, |workers| {
        let mount = mount();
        let path = mount.path().join("file");
        std::fs::write(&path, "text").unwrap();
        let runtime = runtime(workers);
        let frozen = runtime.block_on(async {
            let frozen = frozen(&mount).await;
            let (from, to) = (path.clone(), path.with_extension("new"));
            let (tell, told) = zokio::sync::oneshot::channel();
            zokio::spawn(async move {
                let mut change = pin!(zokio::fs::rename(from, to));
                assert!(futures::poll!(&mut change).is_pending());
                tell.send(()).unwrap();
                change.await
            });
            // What has begun happens, whatever becomes of its task.
            told.await.unwrap();
            frozen
        });
        runtime.shutdown_timeout(Duration::from_millis(1));
        frozen.assert_frozen();
        drop(frozen);
        while !path.with_extension("new").exists() {
            thread::yield_now();
        }
    });
}

/// What does not write is answered while the file system is frozen.
#[test]
fn a_frozen_file_is_read_and_asked_for_its_size() {
    on_each_scheduler("a_frozen_file_is_read_and_asked_for_its_size", |workers| {
        let mount = mount();
        let path = mount.path().join("file");
        std::fs::write(&path, "text").unwrap();
        runtime(workers).block_on(async {
            let frozen = frozen(&mount).await;
            let mut file = File::open(&path).await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "text");
            assert_eq!(file.metadata().await.unwrap().len(), 4);
            drop(file);
            frozen.assert_frozen();
        });
    });
}
