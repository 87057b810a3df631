//! Mounts that keep callers waiting although nothing says so beforehand. They hold a worker up once
//! or twice, not for good. Mounting and watching takes root: otherwise the tests say that they were
//! skipped.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]
#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

#[path = "support/mounts.rs"]
mod mounts;
#[path = "support/fs.rs"]
mod support;

use std::fs::File as StdFile;
use std::future::{Future, poll_fn};
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::ptr;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zokio::fs::{self, File};
use zokio::runtime::Runtime;

use self::mounts::{Mount, c_string, skip};
use self::support::{is_inline, runtimes, until, within_the_limit};

/// How long the watch takes to answer.
const ANSWER: Duration = Duration::from_millis(300);

/// A program that must permit every access to a mount, and takes [`ANSWER`] for it.
struct Watch {
    thread: Option<JoinHandle<usize>>,
    /// Closed to end the thread.
    end: Option<PipeWriter>,
}

impl Watch {
    fn new(mount: &Path, mask: u64) -> io::Result<Watch> {
        let flags = libc::FAN_CLASS_CONTENT | libc::FAN_CLOEXEC;
        let path = c_string(mount);
        // SAFETY: a new descriptor, and a string that ends in a zero byte.
        let group = unsafe {
            let group = libc::fanotify_init(flags, (libc::O_RDONLY | libc::O_CLOEXEC) as u32);
            if group < 0 {
                return Err(io::Error::last_os_error());
            }
            let group = StdFile::from_raw_fd(group);
            let flags = libc::FAN_MARK_ADD | libc::FAN_MARK_MOUNT;
            if libc::fanotify_mark(
                group.as_raw_fd(),
                flags,
                mask,
                libc::AT_FDCWD,
                path.as_ptr(),
            ) != 0
            {
                return Err(io::Error::last_os_error());
            }
            group
        };
        let (ended, end) = io::pipe()?;
        Ok(Watch {
            thread: Some(thread::spawn(move || permit(group, &ended))),
            end: Some(end),
        })
    }
}

impl Watch {
    /// Ends the watch; how often it was asked.
    fn end(&mut self) -> usize {
        drop(self.end.take());
        self.thread
            .take()
            .map_or(0, |thread| thread.join().unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

/// Permits what is asked, slowly, until the other end of `ended` is closed; how often it was asked.
fn permit(mut group: StdFile, ended: &impl AsRawFd) -> usize {
    const EVENT: usize = size_of::<libc::fanotify_event_metadata>();
    for asked in 0.. {
        let entry = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut entries = [entry(group.as_raw_fd()), entry(ended.as_raw_fd())];
        // SAFETY: two entries, as said.
        unsafe { libc::poll(entries.as_mut_ptr(), 2, -1) };
        if entries[1].revents != 0 {
            return asked;
        }
        // Room for one event.
        let mut bytes = [0_u8; EVENT];
        assert_eq!(group.read(&mut bytes).unwrap(), EVENT);
        // SAFETY: the kernel wrote a whole event, which is plain integers.
        let event: libc::fanotify_event_metadata =
            unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) };
        // SAFETY: the kernel made this descriptor for us.
        let accessed = unsafe { StdFile::from_raw_fd(event.fd) };
        thread::sleep(ANSWER);
        let mut answer = accessed.as_raw_fd().to_ne_bytes().to_vec();
        answer.extend_from_slice(&libc::FAN_ALLOW.to_ne_bytes());
        group.write_all(&answer).unwrap();
    }
    unreachable!("the counter does not end")
}

/// How often this thread has slept.
fn sleeps() -> libc::c_long {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: a whole `rusage` of plain integers, zeroed.
    unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init().ru_nvcsw
    }
}

/// Runs `future`; in how many of its polls the thread slept and a third of [`ANSWER`] passed. A
/// thread that is preempted does not sleep.
async fn stalls(future: impl Future<Output = io::Result<()>>) -> usize {
    let mut future = pin!(future);
    let mut stalls = 0;
    poll_fn(|cx| {
        let (begin, before) = (Instant::now(), sleeps());
        let poll = future.as_mut().poll(cx);
        if begin.elapsed() > ANSWER / 3 && sleeps() != before {
            stalls += 1;
        }
        poll
    })
    .await
    .unwrap();
    stalls
}

/// Does `work` inline, puts a watch on the mount, and does the work twenty times again.
fn watched<F>(runtime: &Runtime, mount: &Mount, mask: u64, work: fn(PathBuf) -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let path = mount.path().join("file");
    std::fs::write(&path, "cached").unwrap();
    let inline = path.clone();
    let task = runtime.spawn(async move {
        until(|| is_inline(|| work(inline.clone()))).await;
    });
    runtime.block_on(task).unwrap();
    let mut watch = match Watch::new(mount.path(), mask) {
        Ok(watch) => watch,
        Err(error) => return skip(&error),
    };
    let task = runtime.spawn(async move {
        let mut all = 0;
        for _ in 0..20 {
            all += stalls(work(path.clone())).await;
        }
        all
    });
    let stalls = runtime.block_on(task).unwrap();
    // None, if a call before took long because the machine was busy.
    assert!(stalls <= 3, "{stalls} polls stood still");
    assert!(watch.end() >= 20, "the watch was not asked");
}

async fn open(path: PathBuf) -> io::Result<()> {
    File::open(path).await.map(drop)
}

async fn read(path: PathBuf) -> io::Result<()> {
    fs::read(path).await.map(drop)
}

/// What asks nothing of the watch does not hide that the others wait.
async fn mixed(path: PathBuf) -> io::Result<()> {
    fs::metadata(&path).await?;
    read(path.clone()).await?;
    fs::metadata(&path).await.map(drop)
}

/// A scanner is asked before an open or a read continues, even if these were told not to wait.
#[test]
fn calls_that_waited_are_not_inline_any_more() {
    // A number of a mount is not used again while the mount is there: every runtime begins anew.
    let new = || {
        let runtimes = runtimes().into_iter();
        runtimes
            .map(|runtime| Some((runtime, Mount::in_memory()?)))
            .collect::<Option<Vec<(Runtime, Mount)>>>()
    };
    let (Some(opening), Some(reading), Some(mixing)) = (new(), new(), new()) else {
        return;
    };
    let both = libc::FAN_OPEN_PERM | libc::FAN_ACCESS_PERM;
    within_the_limit(|| {
        thread::scope(|scope| {
            for (runtime, mount) in &opening {
                scope.spawn(|| watched(runtime, mount, libc::FAN_OPEN_PERM, open));
            }
            for (runtime, mount) in &reading {
                scope.spawn(|| watched(runtime, mount, libc::FAN_ACCESS_PERM, read));
            }
            for (runtime, mount) in &mixing {
                scope.spawn(|| watched(runtime, mount, both, mixed));
            }
        });
    });
}
