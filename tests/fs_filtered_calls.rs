//! Files where a filter refuses the system calls that would save a wait: `EPERM` is what most filters
//! answer, and does not mean that the file may not be read.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/filter.rs"]
mod filter;
#[path = "support/fs.rs"]
mod support;

use std::io::SeekFrom;

use zokio::fs::{self, File, OpenOptions};
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use self::support::on_every_runtime;

#[test]
fn a_refused_shortcut_is_no_error() {
    for errno in [libc::EPERM, libc::EACCES, libc::ENOSYS] {
        // The filter is the thread's and its children's.
        std::thread::spawn(move || {
            let calls = [libc::SYS_preadv2, libc::SYS_pwritev2, libc::SYS_openat2];
            filter::refuse(&calls, errno);
            on_every_runtime(|| async move {
                let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
                let path = folder.path().join("file");
                let mut file = File::create(&path).await?;
                file.write_all(b"hello world").await?;
                file.sync_all().await?;
                drop(file);
                let mut file = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .open(&path)
                    .await?;
                file.seek(SeekFrom::Start(6)).await?;
                let mut text = String::new();
                file.read_to_string(&mut text).await?;
                assert_eq!(text, "world");
                assert_eq!(fs::read(&path).await?, b"hello world");
                assert_eq!(fs::metadata(&path).await?.len(), 11);
                Ok(())
            });
        })
        .join()
        .unwrap();
    }
}
