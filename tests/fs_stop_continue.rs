//! A process that is stopped and continued, as by Ctrl-Z and `fg` or by a debugger: what waits
//! waits on, and no operation ends with a code that only the kernel should see.

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::fs::File as StdFile;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use zokio::fs::{File, OpenOptions};
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::task::yield_now;

use self::apart::{on_each_scheduler, runtime};
use self::support::{mkfifo, piped_in, piped_out};

/// Stops a process and continues it, three times, each time when it has really stopped.
const SCRIPT: &str = "
for round in 1 2 3; do
    sleep 0.1
    kill -STOP $1
    until grep -q '^State:.*stopped' /proc/$1/status; do :; done
    kill -CONT $1
done";

/// How long an operation that waits may take to get there.
const LIMIT: Duration = Duration::from_secs(10);

/// More than a pipe holds.
const TOO_MUCH: usize = 300_000;

/// Has this process stopped and continued.
fn stop_and_continue() {
    let me = std::process::id().to_string();
    let status = Command::new("sh").args(["-c", SCRIPT, "sh", &me]).status();
    assert!(status.unwrap().success());
}

/// Begins `operation` in a task, has the process stopped and continued, and checks that the
/// operation ends as it should after `finish` has done what it waits for.
fn survives<F, T>(workers: usize, operation: F, finish: impl FnOnce() -> T)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime(workers);
    let operation = runtime.spawn(operation);
    let stopping = runtime.spawn_blocking(stop_and_continue);
    // The runtime runs on while it is stopped.
    runtime.block_on(async {
        while !stopping.is_finished() {
            yield_now().await;
            zokio::time::sleep(Duration::from_millis(1)).await;
        }
        stopping.await.unwrap();
    });
    assert!(!operation.is_finished(), "it ended while it had to wait");
    let finished = finish();
    runtime.block_on(operation).unwrap();
    drop(finished);
}

fn fifo() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    mkfifo(&path);
    (dir, path)
}

/// Opens what another end waits for: it does not wait itself, but tries again while the other end is
/// not there, since a thread that was continued has to get into its system call anew.
fn open_at_once(path: &Path, options: &mut std::fs::OpenOptions) -> StdFile {
    let begin = Instant::now();
    loop {
        match options.custom_flags(libc::O_NONBLOCK).open(path) {
            Ok(file) => return file,
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) && begin.elapsed() < LIMIT => {
                thread::yield_now();
            }
            Err(error) => panic!("the operation does not wait any more: {error}"),
        }
    }
}

/// It once ended with os error 512, the kernel's word for "restart the system call".
#[test]
fn an_open_of_a_fifo_for_reading_waits_on() {
    let test = "an_open_of_a_fifo_for_reading_waits_on";
    on_each_scheduler(test, |workers| {
        let (_dir, path) = fifo();
        let other = path.clone();
        let open = async move {
            let mut file = File::open(path).await.unwrap();
            assert_eq!(file.read_u8().await.unwrap(), b'x');
        };
        survives(workers, open, || {
            let mut writer = open_at_once(&other, StdFile::options().write(true));
            writer.write_all(b"x").unwrap();
            writer
        });
    });
}

/// As above.
#[test]
fn an_open_of_a_fifo_for_writing_waits_on() {
    let test = "an_open_of_a_fifo_for_writing_waits_on";
    on_each_scheduler(test, |workers| {
        let (_dir, path) = fifo();
        let other = path.clone();
        let open = async move {
            drop(OpenOptions::new().write(true).open(path).await.unwrap());
        };
        survives(workers, open, || {
            open_at_once(&other, StdFile::options().read(true))
        });
    });
}

/// As above, for several that wait at once.
#[test]
fn eight_opens_of_fifos_wait_on() {
    on_each_scheduler("eight_opens_of_fifos_wait_on", |workers| {
        let fifos: Vec<_> = (0..8).map(|_| fifo()).collect();
        let paths: Vec<_> = fifos.iter().map(|(_, path)| path.clone()).collect();
        let opens: Vec<_> = paths.clone().into_iter().map(File::open).collect();
        let open = async move {
            for file in futures::future::join_all(opens).await {
                file.unwrap();
            }
        };
        survives(workers, open, || {
            let writers = paths
                .iter()
                .map(|path| open_at_once(path, StdFile::options().write(true)));
            writers.collect::<Vec<_>>()
        });
    });
}

/// A read of an empty pipe gets the bytes that come after.
#[test]
fn a_read_of_a_pipe_waits_on() {
    on_each_scheduler("a_read_of_a_pipe_waits_on", |workers| {
        let (pipe, mut writer) = piped_in();
        let read = async move {
            let mut pipe = File::from_std(pipe);
            assert_eq!(pipe.read_u8().await.unwrap(), b'x');
        };
        survives(workers, read, || writer.write_all(b"x").unwrap());
    });
}

/// A write of which a part fits into a pipe writes the rest, once.
#[test]
fn a_write_to_a_full_pipe_waits_on() {
    on_each_scheduler("a_write_to_a_full_pipe_waits_on", |workers| {
        let (pipe, mut reader) = piped_out();
        let bytes: Vec<u8> = (0..TOO_MUCH).map(|at| (at % 251) as u8).collect();
        let expected = bytes.clone();
        let write = async move {
            let mut pipe = File::from_std(pipe);
            pipe.write_all(&bytes).await.unwrap();
            pipe.flush().await.unwrap();
        };
        survives(workers, write, || {
            thread::spawn(move || {
                let mut found = Vec::new();
                reader.read_to_end(&mut found).unwrap();
                assert!(found == expected, "{} bytes", found.len());
            })
        });
    });
}

/// A read of a terminal gets the line that comes after.
#[test]
fn a_read_of_a_terminal_waits_on() {
    on_each_scheduler("a_read_of_a_terminal_waits_on", |workers| {
        let (mut near, far) = terminal();
        let read = async move {
            let mut line = [0; 16];
            let count = File::from_std(far).read(&mut line).await.unwrap();
            assert_eq!(line[..count], *b"line\n");
        };
        survives(workers, read, || near.write_all(b"line\n").unwrap());
    });
}

/// A terminal of which this process has both ends, and that is not its own.
fn terminal() -> (StdFile, StdFile) {
    let (mut near, mut far) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: openpty(3) writes two descriptors; the other pointers may be null.
    let result =
        unsafe { libc::openpty(&raw mut near, &raw mut far, null, null.cast(), null.cast()) };
    assert_eq!(result, 0);
    // SAFETY: the descriptors are new and have no other owner.
    [near, far]
        .map(|fd| StdFile::from(unsafe { OwnedFd::from_raw_fd(fd) }))
        .into()
}
