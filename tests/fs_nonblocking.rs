//! A descriptor in non-blocking mode as a `File`: what would wait fails with `WouldBlock`, as
//! read(2) and write(2) do.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};

use zokio::fs::File;
use zokio::io::{AsyncReadExt, AsyncWriteExt};

use self::apart::{on_each_scheduler, runtime};
use self::support::{piped_in, piped_out};

fn in_nonblocking_mode(file: std::fs::File) -> File {
    // SAFETY: fcntl(2) takes no pointer with these commands.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    assert_eq!(result, 0);
    File::from_std(file)
}

#[track_caller]
fn would_block<T>(result: io::Result<T>) {
    let error = result.map(drop).expect_err("nothing was there");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(error.raw_os_error(), Some(libc::EAGAIN));
}

/// Runs a test as a task of every scheduler, and in `block_on`.
fn on_all<F: Future<Output = ()> + Send + 'static>(name: &str, test: impl Fn() -> F) {
    on_each_scheduler(name, |workers| {
        let runtime = runtime(workers);
        runtime.block_on(test());
        runtime.block_on(runtime.spawn(test())).unwrap();
    });
}

/// It once waited for bytes.
#[test]
fn a_read_of_an_empty_pipe_would_block() {
    on_all("a_read_of_an_empty_pipe_would_block", || async {
        let (pipe, mut writer) = piped_in();
        let mut pipe = in_nonblocking_mode(pipe);
        would_block(pipe.read(&mut [0; 8]).await);
        would_block(pipe.read_exact(&mut [0; 8]).await);
        writer.write_all(b"x").unwrap();
        assert_eq!(pipe.read(&mut [0; 8]).await.unwrap(), 1);
        would_block(pipe.read(&mut [0; 8]).await);
        drop(writer);
        assert_eq!(pipe.read(&mut [0; 8]).await.unwrap(), 0);
    });
}

/// A loop that reads until `WouldBlock` once did not end.
#[test]
fn a_pipe_is_drained() {
    on_all("a_pipe_is_drained", || async {
        let (pipe, mut writer) = piped_in();
        let mut pipe = in_nonblocking_mode(pipe);
        for _ in 0..3 {
            writer.write_all(b"hello").unwrap();
            let mut found = Vec::new();
            let mut part = [0; 2];
            let error = loop {
                match pipe.read(&mut part).await {
                    Ok(count) => found.extend_from_slice(&part[..count]),
                    Err(error) => break error,
                }
            };
            would_block::<()>(Err(error));
            assert_eq!(found, b"hello");
        }
        writer.write_all(b"at once").unwrap();
        let mut found = Vec::new();
        would_block(pipe.read_to_end(&mut found).await);
        assert_eq!(found, b"at once");
    });
}

/// A write that fits in part once waited for room. A `File` reports it with the next call.
#[test]
fn a_write_to_a_full_pipe_would_block() {
    on_all("a_write_to_a_full_pipe_would_block", || async {
        let (pipe, mut reader) = piped_out();
        let mut pipe = in_nonblocking_mode(pipe);
        let error = loop {
            let written = match pipe.write(&[7; 8192]).await {
                Ok(_) => pipe.flush().await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                break error;
            }
        };
        would_block::<()>(Err(error));
        // There is room again, and it is written to.
        let mut found = vec![0; 16384];
        reader.read_exact(&mut found).unwrap();
        pipe.write_all(b"more").await.unwrap();
        pipe.flush().await.unwrap();
        drop(pipe);
        found.clear();
        reader.read_to_end(&mut found).unwrap();
        assert!(found.ends_with(b"\x07more"));
    });
}

/// A program that drains inotify once stopped there.
#[test]
fn inotify_is_drained() {
    on_all("inotify_is_drained", || async {
        let dir = tempfile::tempdir().unwrap();
        let path = std::ffi::CString::new(dir.path().to_str().unwrap()).unwrap();
        // SAFETY: inotify_init1(2) takes no pointer; the path ends in a zero byte; the descriptor
        // is new and has no other owner.
        let mut events = unsafe {
            let fd = libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC);
            assert!(libc::inotify_add_watch(fd, path.as_ptr(), libc::IN_CREATE) >= 0);
            File::from_raw_fd(fd)
        };
        let mut buffer = [0; 4096];
        would_block(events.read(&mut buffer).await);
        for number in 0..3 {
            std::fs::write(dir.path().join(number.to_string()), "").unwrap();
        }
        let count = events.read(&mut buffer).await.unwrap();
        assert_eq!(count, 3 * (size_of::<libc::inotify_event>() + 16));
        would_block(events.read(&mut buffer).await);
    });
}
