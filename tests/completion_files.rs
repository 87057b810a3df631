//! Files of `zokio::completion`: what reads and writes return, and where the bytes are.

#[path = "support/owned.rs"]
mod owned;
#[path = "support/fs.rs"]
mod support;

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::task::Poll;
use std::thread;

use bytes::{Bytes, BytesMut};
use futures::executor::block_on;
use futures::future::join_all;
use zokio::completion::fs::{File, OpenOptions};
use zokio::completion::{BufResult, IoBuf};

use self::owned::{ON_A_THREAD, make_cold, pattern, poll_once};
use self::support::{everywhere, is_inline, on_every_runtime, open_on, runtimes, until};
use self::support::{piped_in, within_the_limit};

/// Opens for reading and writing what is created.
async fn both(path: &Path) -> zokio::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true);
    options.open(path).await
}

fn error_of<T: std::fmt::Debug, B>((result, _): BufResult<T, B>) -> io::Error {
    result.unwrap_err()
}

#[test]
fn what_is_written_is_read() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let file = both(&dir.path().join("file")).await?;
        let (count, text) = file.write_at(String::from("hello world"), 0).await;
        assert_eq!((count?, &*text), (11, "hello world"));
        let (written, _) = file.write_all_at("there", 6).await;
        written?;
        // A hole in the file is zeros.
        let (count, _) = file.write_at(&b"end"[..], 14).await;
        assert_eq!(count?, 3);

        let (count, bytes) = file.read_at(Vec::with_capacity(64), 6).await;
        assert_eq!((count?, &bytes[..]), (11, &b"there\0\0\0end"[..]));
        let (read, bytes) = file.read_exact_at(vec![0; 5], 0).await;
        read?;
        assert_eq!(bytes, b"hello");
        let (count, bytes) = file.read_at(bytes, 17).await;
        assert_eq!((count?, &bytes[..]), (0, &b"hello"[..]));
        file.close().await
    });
}

/// Reads of every size, from files in memory and not, end where the file does.
#[test]
fn sizes_and_ends() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    let content = pattern(ON_A_THREAD + 4096);
    std::fs::write(&path, &content).unwrap();
    for cold in [false, true] {
        on_every_runtime(|| async {
            let file = File::open(&path).await?;
            for (offset, len) in [
                (0, 1),
                (5, 100_000),
                (4096, 512 << 10),
                (1, 1 << 20),
                (7, ON_A_THREAD),
                (content.len() - 10, 10),
                (content.len() - 10, 11),
                (content.len() - 600_000, 2 << 20),
                (content.len(), 5),
                (content.len() + 100, 5),
                (100, 0),
            ] {
                if cold {
                    make_cold(&path);
                }
                let expected = content.get(offset..).unwrap_or_default();
                let expected = &expected[..len.min(expected.len())];
                let mut buffer = Vec::new();
                buffer.reserve_exact(len);
                let (count, buffer) = file.read_at(buffer.slice(..len), offset as u64).await;
                assert_eq!(count?, expected.len(), "{len} bytes at {offset}");
                assert!(buffer[..] == *expected, "{len} bytes at {offset}");
                let (read, buffer) = file.read_exact_at(vec![0; len], offset as u64).await;
                match read {
                    Ok(()) => assert!(buffer == expected, "{len} bytes at {offset}"),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                        assert!(expected.len() < len);
                        assert!(buffer[..expected.len()] == *expected);
                        assert_eq!(buffer.len(), len);
                    }
                }
            }
            Ok(())
        });
    }
}

#[test]
fn every_type_of_buffer() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let file = both(&path).await?;
        let (written, buffer) = file.write_all_at(vec![b'a'; 2], 0).await;
        written?;
        assert_eq!(buffer, b"aa");
        file.write_all_at(Box::<[u8]>::from(*b"bb"), 2).await.0?;
        file.write_all_at(Box::new(*b"cc"), 4).await.0?;
        file.write_all_at(String::from("dd"), 6).await.0?;
        file.write_all_at(Bytes::from_static(b"ee"), 8).await.0?;
        file.write_all_at(Bytes::from(vec![b'f'; 2]), 10).await.0?;
        file.write_all_at(BytesMut::from(&b"gg"[..]), 12).await.0?;
        file.write_all_at(&b"hh"[..], 14).await.0?;
        file.write_all_at("ii", 16).await.0?;
        file.write_all_at("-jj-".slice(1..3), 18).await.0?;
        assert_eq!(std::fs::read(&path)?, b"aabbccddeeffgghhiijj");

        let (count, buffer) = file.read_at(Box::<[u8]>::from([0; 4]), 0).await;
        assert_eq!((count?, &buffer[..]), (4, &b"aabb"[..]));
        let (count, buffer) = file.read_at(Box::new([0; 4]), 2).await;
        assert_eq!((count?, *buffer), (4, *b"bbcc"));
        let (count, buffer) = file.read_at(BytesMut::with_capacity(4), 4).await;
        assert_eq!((count?, &buffer[..4]), (4, &b"ccdd"[..]));
        // The length of what has one stays if less was read.
        let (count, buffer) = file.read_at(BytesMut::from(&b"01234567"[..]), 18).await;
        assert_eq!((count?, &buffer[..]), (2, &b"jj234567"[..]));
        let mut buffer = Vec::with_capacity(10);
        buffer.extend_from_slice(b"01");
        let (count, slice) = file.read_at(buffer.slice(2..4), 0).await;
        assert_eq!((count?, &slice[..]), (2, &b"aa"[..]));
        let (count, slice) = file.read_at(slice.into_inner().slice(1..2), 2).await;
        assert_eq!((count?, &slice.into_inner()[..]), (1, &b"0baa"[..]));
        Ok(())
    });
}

#[test]
fn several_buffers_at_a_time() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    for cold in [false, true] {
        on_every_runtime(|| async {
            let file = both(&path).await?;
            let pieces: Vec<Vec<u8>> = (0..2000).map(|n| vec![n as u8; n % 7]).collect();
            // As many as one call takes, of those that are not empty.
            let expected: Vec<u8> = pieces.concat();
            let written = pieces.iter().filter(|piece| !piece.is_empty()).take(1024);
            let written = written.map(Vec::len).sum::<usize>();
            let (count, pieces) = file.writev_at(pieces, 0).await;
            assert_eq!((count?, pieces.len()), (written, 2000));
            assert!(std::fs::read(&path)? == expected[..written]);
            let (count, _) = file.writev_at([&b"ab"[..], b"", b"cde"], 1).await;
            assert_eq!(count?, 5);
            if cold {
                make_cold(&path);
            }
            let buffers = [Vec::with_capacity(3), Vec::new(), vec![9; 4]];
            let (count, [first, second, third]) = file.readv_at(buffers, 1).await;
            assert_eq!(count?, 7);
            assert_eq!((&first[..], &second[..]), (&b"abc"[..], &b""[..]));
            assert_eq!(third[..2], b"de"[..]);
            let (count, rest) = file
                .readv_at(vec![vec![0; 3], vec![0; 3]], written as u64 - 4)
                .await;
            assert_eq!(count?, 4);
            assert_eq!(rest.concat()[..4], expected[written - 4..written]);
            let (count, _) = file.readv_at([vec![0; 3]], written as u64).await;
            assert_eq!(count?, 0);
            Ok(())
        });
    }
}

#[test]
fn errors_are_those_of_the_system_and_the_buffer_is_back() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let missing = File::open(&path).await.unwrap_err();
        assert!(missing.is_io());
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        assert_eq!(missing.path(), Some(&*path));
        let text = missing.to_string();
        assert_eq!(
            text,
            format!(
                "cannot open `{}`: No such file or directory (os error 2)",
                path.display()
            )
        );

        std::fs::write(&path, "hello")?;
        let reader = File::open(&path).await?;
        let writer = OpenOptions::new().write(true).open(&path).await?;
        let (count, buffer) = writer.read_at(vec![1; 3], 0).await;
        assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(buffer, [1; 3]);
        let (written, buffer) = reader.write_all_at("text", 0).await;
        assert_eq!(written.unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(buffer, "text");
        // These numbers are no offsets.
        for offset in [u64::MAX, i64::MAX as u64 + 1] {
            let error = error_of(reader.read_at(vec![0; 3], offset).await);
            assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
            let error = error_of(writer.write_at("text", offset).await);
            assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
        }
        let directory = File::open(dir.path()).await?;
        let error = error_of(directory.read_at(vec![0; 3], 0).await);
        assert_eq!(error.raw_os_error(), Some(libc::EISDIR));
        // A pipe has no offsets.
        let (pipe, _writer) = piped_in();
        let pipe = File::from(pipe);
        let error = error_of(pipe.read_at(vec![0; 3], 0).await);
        assert_eq!(error.raw_os_error(), Some(libc::ESPIPE));
        let error = pipe.sync_all().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
        Ok(())
    });
}

#[test]
fn space_syncs_and_attributes() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let file = File::create(&path).await?;
        file.write_all_at("hello", 0).await.0?;
        file.sync_data().await?;
        file.allocate(2, 100).await?;
        file.sync_all().await?;
        assert_eq!(file.metadata().await?.len(), 102);
        let (read, _) = both(&path).await?.read_exact_at(vec![0; 102], 0).await;
        read?;
        let error = file.allocate(0, 0).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
        assert_eq!(open_on(&path), 1);
        file.close().await?;
        assert_eq!(open_on(&path), 0);
        Ok(())
    });
}

/// An append goes to the end, whatever the offset, as by pwrite(2) on Linux.
#[test]
fn appending() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        std::fs::write(&path, "one\n")?;
        let file = OpenOptions::new().append(true).open(&path).await?;
        file.write_all_at("two\n", 0).await.0?;
        file.write_all_at("three\n", 100).await.0?;
        assert_eq!(std::fs::read(&path)?, b"one\ntwo\nthree\n");
        Ok(())
    });
}

#[test]
fn conversions_share_the_descriptor() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        std::fs::write(&path, "hello")?;
        let file = File::from(std::fs::File::open(&path)?);
        let number = file.as_raw_fd();
        assert_eq!(file.as_fd().as_raw_fd(), number);
        let fd = OwnedFd::try_from(file).unwrap();
        let file = zokio::fs::File::try_from(File::from(fd)).unwrap();
        assert_eq!(file.as_raw_fd(), number);
        let file = File::try_from(file).unwrap();
        let (read, bytes) = file.read_exact_at(vec![0; 5], 0).await;
        read?;
        assert_eq!(bytes, b"hello");

        // Not while an operation needs the file.
        let read = file.read_at(bytes, 0);
        let file = std::fs::File::try_from(file).unwrap_err();
        assert_eq!(read.await.0?, 5);
        assert_eq!(std::fs::File::try_from(file).unwrap().as_raw_fd(), number);
        assert_eq!(open_on(&path), 0);
        Ok(())
    });
}

#[test]
fn a_close_waits_for_no_operation() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        std::fs::write(&path, "hello")?;
        let file = File::open(&path).await?;
        let read = file.read_at(vec![0; 5], 0);
        let error = file.close().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        assert_eq!(open_on(&path), 1);
        assert_eq!(read.await.1, b"hello");
        assert_eq!(open_on(&path), 0);
        // Also when the future of the close is dropped.
        drop(File::open(&path).await?.close());
        assert_eq!(open_on(&path), 0);
        Ok(())
    });
}

/// Reads of cached bytes need no other thread.
#[test]
fn cached_bytes_are_read_at_the_first_poll() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, pattern(100_000)).unwrap();
    for runtime in runtimes() {
        within_the_limit(|| {
            runtime.block_on(async {
                std::fs::read(&path).unwrap();
                let file = File::open(&path).await.unwrap();
                let read = || file.read_exact_at(vec![0; 64 << 10], 100);
                // The table of mounts is read by another thread first.
                until(|| is_inline(read)).await;
            });
        });
    }
}

/// Futures complete on any thread and in any executor, and own what they need.
#[test]
fn futures_move_between_threads_and_executors() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    let content = pattern(1 << 20);
    std::fs::write(&path, &content).unwrap();
    for runtime in runtimes() {
        let file = runtime.block_on(File::open(&path)).unwrap();
        make_cold(&path);
        let reads: Vec<_> = (0..16)
            .map(|n| file.read_exact_at(vec![0; 64 << 10], n << 16))
            .collect();
        drop(file);
        let (mut done, mut waiting) = (Vec::new(), Vec::new());
        {
            let _entered = runtime.enter();
            for (n, mut read) in reads.into_iter().enumerate() {
                // Half of them begin here.
                let polled = match n % 2 {
                    0 => block_on(poll_once(&mut read)),
                    _ => Poll::Pending,
                };
                match polled {
                    Poll::Ready(result) => done.push((n, result)),
                    Poll::Pending => waiting.push(async move { (n, read.await) }),
                }
            }
        }
        let handle = runtime.handle().clone();
        let elsewhere = thread::spawn(move || {
            let _entered = handle.enter();
            block_on(join_all(waiting))
        });
        done.extend(within_the_limit(|| elsewhere.join().unwrap()));
        assert_eq!(done.len(), 16);
        for (n, (result, buffer)) in done {
            result.unwrap();
            assert!(buffer[..] == content[n << 16..(n + 1) << 16]);
        }
    }
}

/// An operation that needs several calls continues where there is no runtime: only its first poll
/// has to be in one.
#[test]
fn what_has_begun_continues_outside_of_a_runtime() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, b"short").unwrap();
    for runtime in runtimes() {
        let file = runtime.block_on(File::open(&path)).unwrap();
        // A thread may be that fast, but not always.
        let (result, buffer) = (0..1000)
            .find_map(|_| {
                let mut read = file.read_exact_at(vec![0; ON_A_THREAD], 0);
                let polled = runtime.block_on(poll_once(&mut read));
                polled
                    .is_pending()
                    .then(|| within_the_limit(|| block_on(read)))
            })
            .expect("one of the reads has to wait");
        assert_eq!(result.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(&buffer[..6], b"short\0");
    }
}

/// Direct transfers, where the file system offers them.
#[cfg(target_os = "linux")]
#[test]
fn direct_transfers() {
    const BLOCK: usize = 4096;
    fn aligned(content: &[u8]) -> zokio::completion::Slice<Vec<u8>> {
        let mut buffer: Vec<u8> = Vec::with_capacity(content.len() + BLOCK);
        let begin = buffer.as_ptr().align_offset(BLOCK);
        buffer.resize(begin, 0);
        buffer.extend_from_slice(content);
        buffer.slice(begin..begin + content.len())
    }
    on_every_runtime(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = match options.custom_flags(libc::O_DIRECT).open(&path).await {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                eprintln!("skipped: no direct transfers here: {error}");
                return Ok(());
            }
            file => file?,
        };
        let content = pattern(64 * BLOCK);
        file.write_all_at(aligned(&content), 0).await.0?;
        let reads = (0..64).map(|n| file.read_at(aligned(&[0; BLOCK]), n * BLOCK as u64));
        for (n, (count, buffer)) in join_all(reads).await.into_iter().enumerate() {
            assert_eq!(count?, BLOCK);
            assert!(buffer[..] == content[n * BLOCK..(n + 1) * BLOCK]);
        }
        // Overwriting, many at a time.
        let writes = (0..32).map(|n| {
            let block = &content[n * BLOCK..(n + 1) * BLOCK];
            file.write_at(aligned(block), ((63 - n) * BLOCK) as u64)
        });
        for (count, _) in join_all(writes).await {
            assert_eq!(count?, BLOCK);
        }
        let parts = [
            aligned(&content[..BLOCK]),
            aligned(&content[BLOCK..2 * BLOCK]),
        ];
        let (count, _) = file.writev_at(parts, 40 * BLOCK as u64).await;
        assert_eq!(count?, 2 * BLOCK);
        let found = std::fs::read(&path)?;
        let block = |n: usize| n * BLOCK..(n + 1) * BLOCK;
        for n in (0..64).filter(|n| !(40..42).contains(n)) {
            let from = if n < 32 { n } else { 63 - n };
            assert!(found[block(n)] == content[block(from)], "block {n}");
        }
        assert!(found[40 * BLOCK..42 * BLOCK] == content[..2 * BLOCK]);
        file.write_all_at(aligned(&content), 0).await.0?;
        let buffers = [aligned(&[0; BLOCK]), aligned(&[0; 2 * BLOCK])];
        let (count, [first, second]) = file.readv_at(buffers, 62 * BLOCK as u64).await;
        assert_eq!(count?, 2 * BLOCK);
        assert!(first[..] == content[62 * BLOCK..63 * BLOCK]);
        assert!(second[..BLOCK] == content[63 * BLOCK..]);
        Ok(())
    });
}
