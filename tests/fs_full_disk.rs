//! A file that is written beyond what fits: an error is reported, and what is in the file is the
//! start of the data, as after write(2).
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/fs.rs"]
mod support;

use std::fs::File as StdFile;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use zokio::fs::File;
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use self::apart::{SCHEDULERS, apart, on_each_scheduler, runtime, skip};
use self::limits::limit_files;
use self::support::piped_in;

/// No multiple of a block, nor of a part.
const LIMIT: usize = (1 << 20) + 2;

/// How the data comes to the file.
const WHOLE: usize = usize::MAX;
const PART: usize = 300_000;

/// What the test says if all writes succeed.
const TOO_MUCH: &str = "no error for more than fits";

/// More than fits; each word says where it belongs.
fn data() -> Vec<u8> {
    (0..475_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// Writes until an error comes, at the latest when all is flushed and synchronized.
async fn fill(file: &mut File, data: &[u8], part: usize) -> io::Result<()> {
    for part in data.chunks(part.min(data.len())) {
        file.write_all(part).await?;
    }
    file.flush().await?;
    file.sync_all().await
}

/// The same by write(2).
fn fill_std(file: &mut StdFile, data: &[u8], part: usize) -> io::Result<()> {
    data.chunks(part.min(data.len()))
        .try_for_each(|part| file.write_all(part))
}

/// The file is a true start of the data.
fn is_a_start(path: &Path, data: &[u8]) -> usize {
    let found = std::fs::read(path).unwrap();
    assert!(found.len() < data.len(), "all of it fitted");
    let wrong = found.iter().zip(data).position(|(one, other)| one != other);
    assert_eq!(wrong, None, "the first wrong byte of {}", found.len());
    found.len()
}

/// Fills a file beside one that std fills, and compares error, content and position.
async fn beside_std(dir: &Path, part: usize) {
    let data = data();
    let (path, beside) = (dir.join("file"), dir.join("beside"));
    let mut std = StdFile::create(&beside).unwrap();
    let expected = fill_std(&mut std, &data, part).unwrap_err();
    let mut file = File::create(&path).await.unwrap();
    let error = fill(&mut file, &data, part).await.expect_err(TOO_MUCH);
    assert_eq!(error.raw_os_error(), expected.raw_os_error());
    assert_eq!(
        is_a_start(&path, &data),
        std::fs::metadata(&beside).unwrap().len() as usize
    );
    let expected = std.stream_position().unwrap();
    assert_eq!(file.stream_position().await.unwrap(), expected);
    // Its position is true for std, too.
    let mut file = file.into_std().await;
    assert_eq!(file.stream_position().unwrap(), expected);
}

fn size_limit(workers: usize, part: usize, with_another: bool) {
    let runtime = runtime(workers);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    limit_files(LIMIT).unwrap();
    let (pipe, mut writer) = piped_in();
    runtime.block_on(async {
        let other = with_another.then(|| {
            let mut pipe = File::from_std(pipe);
            zokio::spawn(async move { pipe.read_u8().await })
        });
        zokio::task::yield_now().await;
        let filled = zokio::spawn(async move { beside_std(&path, part).await });
        filled.await.unwrap();
        if let Some(other) = other {
            writer.write_all(b"x").unwrap();
            assert_eq!(other.await.unwrap().unwrap(), b'x');
        }
    });
}

/// A write of which a part fitted below the limit of a file's size once succeeded, and its rest
/// was written over its start.
#[test]
fn a_write_beyond_the_size_limit_fails() {
    on_each_scheduler("a_write_beyond_the_size_limit_fails", |workers| {
        size_limit(workers, WHOLE, false)
    });
}

/// The same happened on a current-thread runtime as soon as another operation was in flight.
#[test]
fn a_write_beyond_the_size_limit_fails_beside_another_operation() {
    on_each_scheduler(
        "a_write_beyond_the_size_limit_fails_beside_another_operation",
        |workers| size_limit(workers, WHOLE, true),
    );
}

/// The same happened to the write that reached the limit, of several.
#[test]
fn several_writes_beyond_the_size_limit_fail() {
    on_each_scheduler("several_writes_beyond_the_size_limit_fail", |workers| {
        size_limit(workers, PART, true)
    });
}

/// A write whose rest did not fit was once sent again, also where it appends.
#[test]
fn an_append_beyond_the_size_limit_fails() {
    on_each_scheduler("an_append_beyond_the_size_limit_fails", |workers| {
        let runtime = runtime(workers);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        limit_files(LIMIT).unwrap();
        let data = data();
        let task = runtime.spawn(async move {
            let options = StdFile::options().append(true).create(true).open(&path);
            let mut file = File::from_std(options.unwrap());
            for part in [WHOLE, PART] {
                let error = fill(&mut file, &data, part).await.expect_err(TOO_MUCH);
                assert_eq!(error.kind(), ErrorKind::FileTooLarge);
                assert_eq!(is_a_start(&path, &data), LIMIT);
                file.set_len(0).await.unwrap();
            }
        });
        runtime.block_on(task).unwrap();
    });
}

/// A file whose write failed once stood at the wrong position, so that what was written next was
/// lost or overwrote what was there.
#[test]
fn a_file_is_written_on_after_a_write_that_failed() {
    on_each_scheduler(
        "a_file_is_written_on_after_a_write_that_failed",
        |workers| {
            let runtime = runtime(workers);
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("file");
            limit_files(LIMIT).unwrap();
            let data = data();
            let task = runtime.spawn(async move {
                let mut file = File::create(&path).await.unwrap();
                fill(&mut file, &data, WHOLE).await.expect_err(TOO_MUCH);
                file.write_all(b"x").await.unwrap();
                file.flush().await.unwrap_err();
                let at = file.seek(SeekFrom::Current(-4)).await.unwrap();
                assert_eq!(at as usize, LIMIT - 4);
                file.write_all(b"word").await.unwrap();
                file.flush().await.unwrap();
                let found = std::fs::read(&path).unwrap();
                assert_eq!(found.len(), LIMIT);
                assert_eq!(found[..LIMIT - 4], data[..LIMIT - 4]);
                assert_eq!(found[LIMIT - 4..], *b"word");
            });
            runtime.block_on(task).unwrap();
        },
    );
}

/// Runs the command, or ends the scenario because this machine does not allow it.
fn or_skip(command: &mut Command) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => skip(&format!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => skip(&format!("{command:?}: {error}")),
    }
}

/// A file system of a few megabytes, mounted below the folder.
fn mount(dir: &Path, kind: &str) -> PathBuf {
    let on = dir.join("small");
    std::fs::create_dir(&on).unwrap();
    let mut command = Command::new("mount");
    if kind == "tmpfs" {
        command.args(["-t", "tmpfs", "-o", "size=1m", "none"]);
    } else {
        let image = dir.join("image");
        let file = StdFile::create(&image).unwrap();
        file.set_len(4 << 20).unwrap();
        or_skip(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image));
        command.args(["-o", "loop"]).arg(image);
    }
    or_skip(command.arg(&on));
    // Room for some of the data only.
    let mut ballast = StdFile::create(on.join("ballast")).unwrap();
    while kind != "tmpfs" && free(&on) > (1 << 20) + 200_000 {
        ballast.write_all(&[7; 65536]).unwrap();
        ballast.sync_all().unwrap();
    }
    on
}

/// How many bytes the file system has left.
fn free(path: &Path) -> u64 {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
    let mut about = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the path ends in a zero byte; statfs(2) fills the struct if it returns 0.
    let about = unsafe {
        assert_eq!(libc::statfs(path.as_ptr(), about.as_mut_ptr()), 0);
        about.assume_init()
    };
    about.f_bfree as u64 * about.f_bsize as u64
}

/// Mounts of the process are its own, and end with it.
fn with_mounts_of_its_own(command: &mut Command) {
    // SAFETY: the closure makes two system calls, which are safe between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let private = libc::MS_REC | libc::MS_PRIVATE;
            let (none, root) = (c"none".as_ptr(), c"/".as_ptr());
            let null: *const libc::c_void = std::ptr::null();
            if libc::unshare(libc::CLONE_NEWNS) != 0
                || libc::mount(none, root, none, private, null) != 0
            {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
}

/// Fills a small disk, with a pipe read in flight.
fn full_disk(name: &str) {
    let (kind, workers) = name.split_once(' ').unwrap();
    let runtime = runtime(workers.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let on = mount(dir.path(), kind);
    let (pipe, mut writer) = piped_in();
    runtime.block_on(async {
        let mut pipe = File::from_std(pipe);
        let other = zokio::spawn(async move { pipe.read_u8().await });
        zokio::task::yield_now().await;
        for part in [WHOLE, PART] {
            let path = on.join("file");
            let filled = zokio::spawn(async move {
                let data = data();
                let mut file = File::create(&path).await.unwrap();
                let error = fill(&mut file, &data, part).await.expect_err(TOO_MUCH);
                assert_eq!(error.kind(), ErrorKind::StorageFull);
                let len = is_a_start(&path, &data) as u64;
                assert_eq!(file.stream_position().await.unwrap(), len);
                std::fs::remove_file(&path).unwrap();
            });
            filled.await.unwrap();
        }
        writer.write_all(b"x").unwrap();
        assert_eq!(other.await.unwrap().unwrap(), b'x');
    });
    or_skip(Command::new("umount").arg("-l").arg(on));
}

/// A write that filled the disk once succeeded, and what did not fit was written over its start.
#[test]
fn a_write_to_a_full_disk_fails() {
    let mut names = Vec::new();
    for kind in ["ext4", "tmpfs"] {
        names.extend(SCHEDULERS.map(|workers| format!("{kind} {workers}")));
    }
    let test = "a_write_to_a_full_disk_fails";
    apart(test, &names, with_mounts_of_its_own, full_disk);
}
