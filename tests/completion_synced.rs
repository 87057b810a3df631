//! Writes of `zokio::completion::fs` that are linked to a sync.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/fs.rs"]
mod support;

use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr;
use std::task::Poll;

use zokio::completion::fs::{File, OpenOptions};
use zokio::completion::{Canceller, Operation, submit_all};

use self::apart::{on_each_scheduler, runtime, skip};
use self::limits::limit_files;
use self::owned::{pattern, poll_once};
use self::support::everywhere;

const LEN: usize = 64 << 10;

/// How many pages of the file are in memory, of those that need not be: the kernel lets go of clean
/// pages at once, and keeps those that are still to be written.
fn pages_kept(path: &Path) -> usize {
    let file = std::fs::File::open(path).unwrap();
    let len = file.metadata().unwrap().len() as usize;
    let mut kept = vec![0_u8; len.div_ceil(4096)];
    // SAFETY: a new mapping, which is removed again; there is a byte for each of its pages.
    unsafe {
        let advised = libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED);
        assert_eq!(advised, 0);
        let (fd, protection) = (file.as_raw_fd(), libc::PROT_READ);
        let start = libc::mmap(ptr::null_mut(), len, protection, libc::MAP_SHARED, fd, 0);
        assert_ne!(start, libc::MAP_FAILED);
        assert_eq!(libc::mincore(start, len, kept.as_mut_ptr()), 0);
        libc::munmap(start, len);
    }
    kept.iter().filter(|page| **page & 1 != 0).count()
}

/// Writes in each way, and checks that what was written is on disk.
async fn write_and_look(path: &Path) -> std::io::Result<()> {
    let content = pattern(LEN);
    for all in [false, true] {
        let _ = std::fs::remove_file(path);
        let file = File::create(path).await?;
        let write = file.write_all_at(content.clone(), 0);
        let write = if all {
            write.and_sync_all()
        } else {
            write.and_sync_data()
        };
        let (written, buffer) = write.await;
        written?;
        assert_eq!(pages_kept(path), 0);
        let (count, _) = file.write_at(buffer, LEN as u64).and_sync_data().await;
        assert_eq!(count?, LEN);
        let (count, _) = file.writev_at(["head", "body"], 0).and_sync_all().await;
        assert_eq!(count?, 8);
        assert_eq!(pages_kept(path), 0);
        let (written, _) = file.write_all_at("", 0).and_sync_all().await;
        written?;
        let expected = [b"headbody", &content[8..], &content].concat();
        assert!(std::fs::read(path)? == expected);
    }
    Ok(())
}

#[test]
fn what_was_written_is_on_disk() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        write_and_look(&dir.path().join("file")).await
    });
}

/// Where the one call for both is refused, two do the same.
#[test]
fn without_the_call_for_both() {
    on_each_scheduler("without_the_call_for_both", |workers| {
        filter::refuse(&[libc::SYS_pwritev2], libc::ENOSYS);
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = dir.path().join("file");
        runtime(workers).block_on(write_and_look(&path)).unwrap();
    });
}

/// The error of the second call is the write's.
#[test]
fn a_sync_that_fails() {
    on_each_scheduler("a_sync_that_fails", |workers| {
        filter::refuse(&[libc::SYS_pwritev2], libc::EOPNOTSUPP);
        filter::refuse(&[libc::SYS_fdatasync, libc::SYS_fsync], libc::EIO);
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        runtime(workers).block_on(async {
            let file = File::create(dir.path().join("file")).await.unwrap();
            let all = file.write_all_at("all", 0).and_sync_all().await;
            let data = file.write_all_at("data", 0).and_sync_data().await;
            for written in [all.0, data.0, file.sync_all().await] {
                assert_eq!(written.unwrap_err().raw_os_error(), Some(libc::EIO));
            }
        });
    });
}

/// A write that does not fit counts what is on disk, and an offset that is none writes nothing, not
/// even at the position.
#[test]
fn short_writes_and_offsets_that_are_none() {
    const LIMIT: usize = 10_001;
    on_each_scheduler("short_writes_and_offsets_that_are_none", |workers| {
        if limit_files(LIMIT).is_err() {
            skip("the limit cannot be set");
        }
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = dir.path().join("file");
        runtime(workers).block_on(async {
            let file = File::create(&path).await.unwrap();
            let (count, content) = file.write_at(pattern(LEN), 0).and_sync_data().await;
            assert_eq!(count.unwrap(), LIMIT);
            assert!(std::fs::read(&path).unwrap() == content[..LIMIT]);
            assert_eq!(pages_kept(&path), 0);
            let (written, content) = file.write_all_at(content, 1).and_sync_all().await;
            assert_eq!(written.unwrap_err().raw_os_error(), Some(libc::EFBIG));
            assert!(std::fs::read(&path).unwrap()[1..] == content[..LIMIT - 1]);
            for offset in [u64::MAX, u64::MAX - 1, 1 << 63] {
                let (count, _) = file.write_at("x", offset).and_sync_data().await;
                assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EINVAL));
            }
            assert_eq!(std::fs::metadata(&path).unwrap().len(), LIMIT as u64);
        });
    });
}

#[test]
fn many_at_once_and_cancelled_ones() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).open(&path).await?;
        let writes = (0..8_u8).map(|number| {
            let offset = u64::from(number) * 4096;
            file.write_all_at(vec![number; 4096], offset)
                .and_sync_data()
        });
        for (written, _) in submit_all(writes).await {
            written?;
        }
        assert_eq!(pages_kept(&path), 0);

        // Before it begins.
        let group = Canceller::new();
        let write = file.write_all_at("lost", 0).and_sync_all().with(&group);
        group.cancel();
        let (written, text) = write.await;
        let error = written.unwrap_err();
        assert_eq!(
            (error.raw_os_error(), text),
            (Some(libc::ECANCELED), "lost")
        );
        // In flight: one that succeeds all the same is on disk.
        for number in 8..24_u8 {
            let group = Canceller::new();
            let offset = u64::from(number) * 4096;
            let write = file.write_all_at(vec![number; 4096], offset);
            let mut write = write.and_sync_data().with(&group);
            let polled = poll_once(&mut write).await;
            group.cancel();
            let (written, buffer) = match polled {
                Poll::Ready(done) => done,
                Poll::Pending => write.await,
            };
            assert_eq!(buffer, [number; 4096]);
            match written {
                Ok(()) => assert_eq!(pages_kept(&path), 0),
                Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ECANCELED)),
            }
        }
        let expected: Vec<u8> = (0..8).flat_map(|number| [number; 4096]).collect();
        assert!(std::fs::read(&path)?[..8 * 4096] == expected);
        Ok(())
    });
}

#[test]
fn what_has_begun_is_not_linked() {
    everywhere(|| async {
        let file = File::from(tempfile::tempfile()?);
        let mut write = file.write_at(vec![1; 4 << 20], 0);
        // It may have ended by then as well.
        let _ = poll_once(&mut write).await;
        let linked = catch_unwind(AssertUnwindSafe(|| drop(write.and_sync_all())));
        assert!(linked.is_err());
        Ok(())
    });
}
