//! Transfers of `zokio::completion` where something is refused or has run out: system calls, space,
//! threads, descriptors. The results are the same, or say what is missing and how far it came.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/mounts.rs"]
mod mounts;
#[path = "support/owned.rs"]
mod owned;

use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use zokio::completion::fs::File;
use zokio::completion::net::UnixStream;
use zokio::completion::{Transferred, splice};

use self::apart::{apart as in_processes, without_search_for_leaks};
use self::apart::{on_each_scheduler, on_schedulers_prepared, runtime, sanitizer, skip};
use self::limits::{allow_descriptors, limit_files};
use self::mounts::Mount;
use self::owned::pattern;

const LEN: usize = (3 << 20) + 5;

fn create(path: &Path) -> std::fs::File {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    options.open(path).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn count((result, transferred): (io::Result<()>, Transferred)) -> u64 {
    result.unwrap();
    let count = transferred.count();
    assert!(transferred.into_rest().is_empty());
    count
}

/// A file to a file, to a stream, to another one, and to a file again. No bytes are asked for beyond
/// the end.
async fn around(dir: &Path) {
    let (content, len) = (pattern(LEN), LEN as u64);
    let (first, second, third) = (dir.join("first"), dir.join("second"), dir.join("third"));
    std::fs::write(&first, &content).unwrap();
    let from = File::from(std::fs::File::open(&first).unwrap());
    let (to, last) = (File::from(create(&second)), File::from(create(&third)));
    assert_eq!(count(from.copy_range_to(0, &to, 0, len).await), len);
    let ((one, two), (three, four)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
    let sending = zokio::spawn(to.send_to(0, &one, len));
    let forwarding = zokio::spawn(splice(&two, &three, len));
    assert_eq!(count(last.receive_from(0, &four, len).await), len);
    assert_eq!(count(forwarding.await.unwrap()), len);
    assert_eq!(count(sending.await.unwrap()), len);
    assert!(std::fs::read(&third).unwrap() == content);
}

/// Where the kernel or a filter refuses the calls, the bytes go through memory.
#[test]
fn without_the_calls() {
    let names: Vec<String> = [libc::ENOSYS, libc::EPERM, libc::EINVAL, libc::EOPNOTSUPP]
        .iter()
        .flat_map(|errno| [0, 2].map(|workers| format!("{errno} {workers}")))
        .collect();
    in_processes(
        "without_the_calls",
        &names,
        |_| {},
        |name| {
            let (errno, workers) = name.split_once(' ').unwrap();
            let dir = folder();
            let calls = [
                libc::SYS_copy_file_range,
                libc::SYS_sendfile,
                libc::SYS_splice,
            ];
            filter::refuse(&calls, errno.parse().unwrap());
            runtime(workers.parse().unwrap()).block_on(around(dir.path()));
        },
    );
}

/// Where it offers them, no byte goes through memory.
#[test]
fn with_nothing_but_the_calls() {
    on_each_scheduler("with_nothing_but_the_calls", |workers| {
        sanitizer::start_symbolizer();
        let dir = folder();
        let (content, len) = (pattern(LEN), LEN as u64);
        let runtime = runtime(workers);
        let (first, third) = (dir.path().join("first"), dir.path().join("third"));
        std::fs::write(&first, &content).unwrap();
        let from = File::from(std::fs::File::open(&first).unwrap());
        let (second, third_file) = (create(&dir.path().join("second")), create(&third));
        let (to, last) = (File::from(second), File::from(third_file));
        let calls = [libc::SYS_pread64, libc::SYS_pwrite64, libc::SYS_sendto];
        filter::refuse(&calls, libc::EIO);
        runtime.block_on(async {
            assert_eq!(count(from.copy_range_to(0, &to, 0, len).await), len);
            let (one, two) = UnixStream::pair().unwrap();
            let (three, four) = UnixStream::pair().unwrap();
            // All of it is there when it is asked for. If a call finds nothing, an ordinary read has
            // the last word, and may find what has come since.
            let few = 64 * 1024;
            assert_eq!(count(to.send_to(0, &one, few).await), few);
            assert_eq!(count(splice(&two, &three, few).await), few);
            assert_eq!(count(last.receive_from(0, &four, few).await), few);
        });
        assert!(std::fs::read(&third).unwrap() == content[..64 * 1024]);
    });
}

/// A transfer of all that comes asked splice(2) for more bytes than any call may, which refused, so
/// that none of them stayed in the kernel.
#[test]
fn what_has_no_bound_stays_in_the_kernel() {
    for workers in [0, 2] {
        let dir = folder();
        let path = dir.path().join("file");
        let to = File::from(create(&path));
        runtime(workers).block_on(async {
            let in_kernel = || {
                let info = zokio::runtime::Handle::current().driver_info();
                info.copied_in_kernel()
            };
            for len in [u64::MAX, LEN as u64] {
                for to_a_file in [false, true] {
                    let ((one, two), (three, four)) =
                        (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
                    let before = in_kernel();
                    let writing = zokio::spawn(async move { one.write_all(pattern(LEN)).await.0 });
                    if to_a_file {
                        let receiving = zokio::spawn(to.receive_from(0, &two, len));
                        writing.await.unwrap().unwrap();
                        assert_eq!(count(receiving.await.unwrap()), LEN as u64);
                        assert!(std::fs::read(&path).unwrap() == pattern(LEN));
                    } else {
                        let forwarding = zokio::spawn(splice(&two, &three, len));
                        let (read, bytes) = four.read_exact(vec![0; LEN]).await;
                        read.unwrap();
                        writing.await.unwrap().unwrap();
                        assert_eq!(count(forwarding.await.unwrap()), LEN as u64);
                        assert!(bytes == pattern(LEN));
                    }
                    // A few bytes are read beside the pipe, each time that nothing was found.
                    let moved = in_kernel() - before;
                    assert!(moved > LEN as u64 / 4, "{len} {to_a_file}: {moved}");
                    assert!(moved <= LEN as u64);
                }
            }
        });
    }
}

/// Without a descriptor for a pipe.
#[test]
fn without_pipes() {
    on_each_scheduler("without_pipes", |workers| {
        sanitizer::start_symbolizer();
        let runtime = runtime(workers);
        let content = pattern(LEN);
        let dir = folder();
        let path = dir.path().join("file");
        let to = File::from(create(&path));
        runtime.block_on(async {
            let (one, two) = UnixStream::pair().unwrap();
            let (three, four) = UnixStream::pair().unwrap();
            let before = allow_descriptors(3);
            let content = content.clone();
            let writing = zokio::spawn(async move { one.write_all(content).await.0 });
            let forwarding = zokio::spawn(splice(&two, &three, LEN as u64));
            let received = to.receive_from(0, &four, LEN as u64).await;
            assert_eq!(count(received), LEN as u64);
            assert_eq!(count(forwarding.await.unwrap()), LEN as u64);
            writing.await.unwrap().unwrap();
            allow_descriptors(before);
        });
        assert!(std::fs::read(&path).unwrap() == content);
    });
}

/// Copies and receives more than there is room for, and checks that no byte is lost.
async fn overfill(content: &[u8], from: &File, path: &Path, errno: i32) -> [usize; 2] {
    let to = File::from(create(path));
    let (copied, transferred) = from.copy_range_to(0, &to, 2, u64::MAX).await;
    assert_eq!(copied.unwrap_err().raw_os_error(), Some(errno));
    let copied = std::fs::read(path).unwrap();
    assert_eq!(copied.len() as u64, transferred.count() + 2);
    assert!(copied[2..] == content[..copied.len() - 2]);

    let to = File::from(create(path));
    let (one, two) = UnixStream::pair().unwrap();
    let writing = content.to_vec();
    let writing = zokio::spawn(async move { one.write_all(writing).await.0 });
    let (received, transferred) = to.receive_from(0, &two, u64::MAX).await;
    assert_eq!(received.unwrap_err().raw_os_error(), Some(errno));
    let stored = std::fs::read(path).unwrap();
    assert_eq!(stored.len() as u64, transferred.count());
    let lens = [copied.len(), stored.len()];
    let mut all = [stored, transferred.into_rest()].concat();
    let (read, rest) = two.read_exact(vec![0; content.len() - all.len()]).await;
    read.unwrap();
    all.extend(rest);
    assert!(all == content);
    writing.await.unwrap().unwrap();
    std::fs::remove_file(path).unwrap();
    lens
}

#[test]
fn beyond_the_limit_of_files() {
    const LIMIT: usize = (1 << 20) + 7;
    on_each_scheduler("beyond_the_limit_of_files", |workers| {
        let (dir, memory) = (folder(), tempfile::tempdir_in("/dev/shm").unwrap());
        let from = pattern(LEN);
        let file = create(&dir.path().join("from"));
        file.write_all_at(&from, 0).unwrap();
        let from_file = File::from(file);
        if limit_files(LIMIT).is_err() {
            skip("the limit cannot be set");
        }
        let runtime = runtime(workers);
        for to in [dir.path(), memory.path()] {
            let target = to.join("to");
            let filling = overfill(&from, &from_file, &target, libc::EFBIG);
            assert_eq!(runtime.block_on(filling), [LIMIT; 2]);
        }
    });
}

#[test]
fn a_full_disk() {
    on_each_scheduler("a_full_disk", |workers| {
        let disk = match Mount::new("tmpfs", "size=1m") {
            Ok(disk) => disk,
            Err(error) => skip(&format!("mounting is not allowed: {error}")),
        };
        let (dir, content) = (folder(), pattern(LEN));
        let from = create(&dir.path().join("from"));
        from.write_all_at(&content, 0).unwrap();
        let (from, path) = (File::from(from), disk.path().join("to"));
        let filling = overfill(&content, &from, &path, libc::ENOSPC);
        let lens = runtime(workers).block_on(filling);
        assert!(
            lens.iter().all(|len| (500 << 10..=1 << 20).contains(len)),
            "{lens:?}"
        );
    });
}

/// Without a thread: an error that says so, and what was taken out of the stream.
#[test]
fn without_a_thread() {
    on_schedulers_prepared(
        "without_a_thread",
        &[0, 1],
        without_search_for_leaks,
        |workers| {
            let runtime = runtime(workers);
            let dir = folder();
            let (from, to) = (
                create(&dir.path().join("from")),
                create(&dir.path().join("to")),
            );
            from.write_all_at(b"text", 0).unwrap();
            let (from, to) = (File::from(from), File::from(to));
            sanitizer::start_symbolizer();
            filter::refuse(&[libc::SYS_clone3, libc::SYS_clone], libc::EAGAIN);
            runtime.block_on(async {
                let (one, two) = UnixStream::pair().unwrap();
                one.write_all("taken").await.0.unwrap();
                for (transfer, name, rest) in [
                    (from.copy_range_to(0, &to, 0, 4), "copy a file", &b""[..]),
                    (from.send_to(0, &one, 4), "send a file", &b""[..]),
                    (to.receive_from(0, &two, 4), "receive a file", &b"take"[..]),
                ] {
                    let (result, transferred) = transfer.await;
                    let error = result.unwrap_err();
                    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
                    let inner: &zokio::Error = inner.expect("an error of zokio's");
                    assert!(inner.is_resource() && inner.operation() == name, "{error}");
                    assert_eq!((transferred.count(), &*transferred.into_rest()), (0, rest));
                }
                // Between streams none is needed.
                let (three, four) = UnixStream::pair().unwrap();
                assert_eq!(count(splice(&two, &three, 1).await), 1);
                let (_, text) = four.read(Vec::with_capacity(10)).await;
                assert_eq!(text, b"n");
            });
        },
    );
}

/// A peer that is gone ends the transfer, and not the process, whatever it does with the signal.
#[test]
fn with_a_signal_for_peers_that_are_gone() {
    on_each_scheduler("with_a_signal_for_peers_that_are_gone", |workers| {
        let runtime = runtime(workers);
        let dir = folder();
        let from = create(&dir.path().join("from"));
        from.write_all_at(&pattern(LEN), 0).unwrap();
        let from = File::from(from);
        // SAFETY: SIG_DFL is no function.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        runtime.block_on(async {
            let (one, two) = UnixStream::pair().unwrap();
            let (three, four) = UnixStream::pair().unwrap();
            one.write_all("text").await.0.unwrap();
            drop(four);
            let (sent, transferred) = from.send_to(0, &three, u64::MAX).await;
            assert_eq!(sent.unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert_eq!(transferred.count(), 0);
            let (forwarded, transferred) = splice(&two, &three, u64::MAX).await;
            assert_eq!(forwarded.unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert_eq!(transferred.into_rest(), b"text");
            // With a peer.
            let (five, six) = UnixStream::pair().unwrap();
            assert_eq!(count(from.send_to(0, &five, 3000).await), 3000);
            let (read, _) = six.read_exact(vec![0; 3000]).await;
            read.unwrap();
        });
    });
}
