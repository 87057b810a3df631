//! Copies from and to files, whose bulk data is moved in larger pieces: the same bytes and errors
//! as in small ones.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/copies.rs"]
mod copies;
#[path = "support/limits.rs"]
mod limits;

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use zokio::fs::{self, File};
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, copy};

use self::apart::{SCHEDULERS, on_each_scheduler, runtime};
use self::copies::{data, receiving, same, sending, sink_of, source, tcp};
use self::limits::limit_files;

const SIZES: [usize; 8] = [
    0,
    1,
    8 * 1024 + 1,
    32 * 1024,
    64 * 1024 + 1,
    256 * 1024 - 1,
    1024 * 1024 + 3,
    6 * 1024 * 1024,
];

/// A folder, and a file in it with these bytes.
fn file_with(data: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("from");
    std::fs::write(&path, data).unwrap();
    (folder, path)
}

fn on_all<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>>,
{
    for workers in SCHEDULERS {
        runtime(workers).block_on(test()).unwrap();
    }
}

#[test]
fn a_file_arrives_at_any_sink() {
    on_all(|| async {
        for kind in ["tcp", "unix half", "pipe", "buffered"] {
            for size in SIZES {
                let (_folder, path) = file_with(data(size));
                // One that only this crate knows, and one that something else may know.
                let own = File::open(&path).await?;
                let shared = File::from_std(std::fs::File::open(&path)?);
                for mut file in [own, shared] {
                    let (mut writer, far_reader) = sink_of(kind).await?;
                    let received = receiving(far_reader);
                    let n = copy(&mut file, &mut writer).await?;
                    assert_eq!(n, size as u64);
                    drop(writer);
                    same(&received.join().unwrap()?, data(size));
                    assert_eq!(file.stream_position().await?, size as u64);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn any_source_arrives_in_a_file() {
    on_all(|| async {
        for kind in ["tcp", "unix", "child", "buffered both ways"] {
            for size in SIZES {
                let (_folder, path) = file_with(b"head");
                let (mut reader, far_writer) = source(kind).await?;
                let sent = sending(far_writer, data(size));
                let mut file = File::options().append(true).open(&path).await?;
                assert_eq!(copy(&mut reader, &mut file).await?, size as u64);
                sent.join().unwrap()?;
                let found = fs::read(&path).await?;
                assert_eq!(&found[..4], b"head");
                same(&found[4..], data(size));
            }
        }
        Ok(())
    });
}

#[test]
fn a_file_arrives_in_a_file() {
    on_all(|| async {
        for size in SIZES {
            let (folder, path) = file_with(data(size));
            let to = folder.path().join("to");
            let (mut reader, mut writer) = (File::open(&path).await?, File::create(&to).await?);
            // From the middle of one into the middle of another.
            let skipped = size / 3;
            reader.seek(io::SeekFrom::Start(skipped as u64)).await?;
            writer.write_all(b"head").await?;
            let limit = (size / 2) as u64;
            let n = copy(&mut (&mut reader).take(limit), &mut writer).await?;
            assert_eq!(n, limit.min((size - skipped) as u64));
            let found = fs::read(&to).await?;
            assert_eq!(&found[..4], b"head");
            same(&found[4..], &data(size)[skipped..][..n as usize]);
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).await?;
            same(&rest, &data(size)[skipped + n as usize..]);
        }
        Ok(())
    });
}

/// The system calls by which this process has read files and pipes so far; proc_pid_io(5).
fn reads() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("syscr:"))
        .unwrap();
    line["syscr: ".len()..].parse().unwrap()
}

#[test]
fn bulk_data_takes_few_reads() {
    on_each_scheduler("bulk_data_takes_few_reads", |workers| {
        let size = 8 * 1024 * 1024;
        let (_folder, path) = file_with(data(size));
        runtime(workers).block_on(async {
            let (mut writer, far_reader) = tcp().await.unwrap();
            let received = receiving(Box::new(far_reader));
            let mut file = File::open(&path).await.unwrap();
            let before = reads();
            copy(&mut file, &mut writer).await.unwrap();
            let reads = reads() - before;
            drop(writer);
            same(&received.join().unwrap().unwrap(), data(size));
            // 1,024 of 8 KiB would do. Once the socket is full, a read brings as much as the other side
            // has taken since.
            assert!(reads < 768, "{reads}");
        });
    });
}

/// Takes what it gets, and notes the most that it was offered at a time.
struct Sizes(AtomicUsize);

impl zokio::io::AsyncWrite for Sizes {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        self.0.fetch_max(buf.len(), Ordering::Relaxed);
        std::task::Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[test]
fn a_foreign_writer_gets_small_pieces() {
    on_all(|| async {
        let (_folder, path) = file_with(data(4 * 1024 * 1024));
        let mut sizes = Sizes(AtomicUsize::new(0));
        copy(&mut File::open(&path).await?, &mut sizes).await?;
        assert_eq!(sizes.0.into_inner(), 8 * 1024);
        Ok(())
    });
}

#[test]
fn a_file_that_is_full_is_an_error_after_what_fitted() {
    const LIMIT: usize = 1024 * 1024 + 2;
    on_each_scheduler(
        "a_file_that_is_full_is_an_error_after_what_fitted",
        |workers| {
            let (folder, path) = file_with(data(2 * LIMIT));
            limit_files(LIMIT).unwrap();
            runtime(workers).block_on(async {
                let to = folder.path().join("to");
                let mut reader = File::open(&path).await.unwrap();
                let mut writer = File::create(&to).await.unwrap();
                let error = copy(&mut reader, &mut writer).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::FileTooLarge);
                same(&std::fs::read(&to).unwrap(), data(LIMIT));

                let (mut reader, far_writer) = source("tcp").await.unwrap();
                let sent = sending(far_writer, data(2 * LIMIT));
                let mut writer = File::create(&to).await.unwrap();
                let error = copy(&mut reader, &mut writer).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::FileTooLarge);
                same(&std::fs::read(&to).unwrap(), data(LIMIT));
                drop(reader);
                let _ = sent.join().unwrap();
            });
        },
    );
}

/// What a peer has not received yet does not change with the file.
#[test]
fn what_was_copied_stays_as_it_was() {
    on_all(|| async {
        let size = 1024 * 1024;
        let (_folder, path) = file_with(data(size));
        let mut file = File::open(&path).await?;
        let (mut writer, far_reader) = tcp().await?;
        // Room for all of it.
        copies::narrow(&far_reader, &writer, 2 * size)?;
        let limit = 300 * 1024;
        let n = copy(&mut (&mut file).take(limit), &mut writer).await?;
        assert_eq!(n, limit);
        std::fs::write(&path, vec![0; size])?;
        drop(writer);
        let received = receiving(Box::new(far_reader));
        same(&received.join().unwrap()?, data(limit as usize));
        Ok(())
    });
}
