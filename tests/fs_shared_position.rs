//! Several handles of one open file share its position: read(2) and write(2) take and move it as
//! one step, so nothing is lost, overwritten or read twice.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;

use std::fs::File as StdFile;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zokio::fs::File;
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use self::apart::{on_each_scheduler, runtime};

const ROUNDS: usize = 12;
const LINES: usize = 1500;
const LINE: usize = 100;

/// What a process that inherits a file writes into it, line by line.
const SCRIPT: &str = r#"i=0; line=$(printf %099d 0)
while [ $i -lt 1500 ]; do echo "$line"; i=$((i+1)); done"#;

/// Writes lines of one letter, each by a write of its own.
async fn write_lines(mut file: File, letter: u8) {
    let mut line = [letter; LINE];
    line[LINE - 1] = b'\n';
    for _ in 0..LINES {
        file.write_all(&line).await.unwrap();
        file.flush().await.unwrap();
    }
}

/// Whether every line of every writer is in the file, whole.
fn has_all_lines(path: &Path, letters: &[u8]) {
    let found = std::fs::read(path).unwrap();
    let lines: Vec<&[u8]> = found.split_inclusive(|byte| *byte == b'\n').collect();
    for letter in letters {
        let whole = lines.iter().filter(|line| {
            line.len() == LINE && line[..LINE - 1].iter().all(|byte| byte == letter)
        });
        assert_eq!(
            whole.count(),
            LINES,
            "lines of {:?}, in a file of {} bytes instead of {}",
            char::from(*letter),
            found.len(),
            letters.len() * LINES * LINE
        );
    }
}

/// Two tasks write lines, each by a handle of the same open file, in many rounds.
fn two_writers<F>(workers: usize, handles: impl Fn(StdFile) -> F)
where
    F: Future<Output = io::Result<(File, File)>>,
{
    let runtime = runtime(workers);
    let dir = tempfile::tempdir().unwrap();
    for round in 0..ROUNDS {
        let path = dir.path().join(round.to_string());
        let std = StdFile::create(&path).unwrap();
        runtime.block_on(async {
            let (one, other) = handles(std).await.unwrap();
            let one = zokio::spawn(write_lines(one, b'a'));
            let other = zokio::spawn(write_lines(other, b'b'));
            one.await.unwrap();
            other.await.unwrap();
        });
        has_all_lines(&path, b"ab");
    }
}

/// The position was once taken when a write began and stored when it ended, so that two writes at
/// once took the same one and a line was lost.
#[test]
fn handles_of_try_clone_lose_no_line() {
    on_each_scheduler("handles_of_try_clone_lose_no_line", |workers| {
        two_writers(workers, |std| async {
            let one = File::from_std(std);
            Ok((one.try_clone().await?, one))
        });
    });
}

/// As above; that std had cloned the file was not known at all.
#[test]
fn handles_of_stds_try_clone_lose_no_line() {
    on_each_scheduler("handles_of_stds_try_clone_lose_no_line", |workers| {
        two_writers(workers, |std| async {
            let clone = std.try_clone()?;
            Ok((File::from_std(clone), File::from_std(std)))
        });
    });
}

/// As above, for a descriptor that was duplicated after the file was in use.
#[test]
fn a_duplicated_descriptor_loses_no_line() {
    on_each_scheduler("a_duplicated_descriptor_loses_no_line", |workers| {
        two_writers(workers, |std| async {
            let mut one = File::from_std(std);
            one.write_all(b"used\n").await?;
            one.flush().await?;
            let other = one.as_fd().try_clone_to_owned()?;
            Ok((one, File::from(other)))
        });
    });
}

/// A child process that had inherited the file once overwrote lines of its parent, and the parent
/// those of the child.
#[test]
fn a_child_process_that_inherits_the_file_loses_no_line() {
    let test = "a_child_process_that_inherits_the_file_loses_no_line";
    on_each_scheduler(test, |workers| {
        let runtime = runtime(workers);
        let dir = tempfile::tempdir().unwrap();
        for round in 0..ROUNDS {
            let path = dir.path().join(round.to_string());
            let std = StdFile::create(&path).unwrap();
            let mut child = Command::new("sh")
                .args(["-c", SCRIPT])
                .stdout(Stdio::from(std.try_clone().unwrap()))
                .spawn()
                .unwrap();
            let file = File::from_std(std);
            let written = runtime.spawn(write_lines(file, b'a'));
            runtime.block_on(written).unwrap();
            assert!(child.wait().unwrap().success());
            has_all_lines(&path, b"a0");
        }
    });
}

const BLOCK: usize = 4096;
const BLOCKS: usize = 512;

/// A file of numbered blocks that are not in the page cache, and stay out of it until each is read.
fn cold(dir: &Path) -> (PathBuf, StdFile) {
    let path = dir.join("cold");
    let blocks: Vec<u8> = (0..BLOCKS as u32)
        .flat_map(|number| number.to_le_bytes().repeat(BLOCK / 4))
        .collect();
    std::fs::write(&path, blocks).unwrap();
    let file = StdFile::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    file.sync_all().unwrap();
    for advice in [libc::POSIX_FADV_DONTNEED, libc::POSIX_FADV_RANDOM] {
        // SAFETY: posix_fadvise(2) takes no pointer.
        let result = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, advice) };
        assert_eq!(result, 0);
    }
    (path, file)
}

/// The numbers of the blocks that a reader finds, each of which is whole.
async fn read_blocks(mut file: File) -> Vec<u32> {
    let mut found = Vec::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block).await.unwrap() {
            0 => return found,
            count => assert_eq!(count, BLOCK, "a part of a block"),
        }
        let number = u32::from_le_bytes(block[..4].try_into().unwrap());
        assert_eq!(block, number.to_le_bytes().repeat(BLOCK / 4));
        found.push(number);
    }
}

/// Two reads at once that had to wait for the disk once took the same position, so that both got
/// the same block.
#[test]
fn readers_that_share_a_position_read_every_block_once() {
    let test = "readers_that_share_a_position_read_every_block_once";
    on_each_scheduler(test, |workers| {
        let runtime = runtime(workers);
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..4 {
            let (_, std) = cold(dir.path());
            let other = runtime.spawn(read_blocks(File::from_std(std.try_clone().unwrap())));
            let one = runtime.spawn(read_blocks(File::from_std(std)));
            let mut found = runtime.block_on(one).unwrap();
            found.extend(runtime.block_on(other).unwrap());
            found.sort_unstable();
            let all: Vec<u32> = (0..BLOCKS as u32).collect();
            assert_eq!(found, all);
        }
    });
}

/// lseek(2) as a user of the descriptor calls it.
fn seek_fd(file: &File, position: SeekFrom) -> u64 {
    let (offset, whence) = match position {
        SeekFrom::Start(offset) => (offset as libc::off64_t, libc::SEEK_SET),
        SeekFrom::Current(offset) => (offset, libc::SEEK_CUR),
        SeekFrom::End(offset) => (offset, libc::SEEK_END),
    };
    // SAFETY: lseek(2) takes no pointer.
    let position = unsafe { libc::lseek64(file.as_raw_fd(), offset, whence) };
    assert!(position >= 0);
    position as u64
}

/// The descriptor has the position that reads and writes so far have left, and later ones start
/// from where its user leaves it.
#[test]
fn an_exposed_descriptor_has_the_position_of_the_file() {
    let test = "an_exposed_descriptor_has_the_position_of_the_file";
    on_each_scheduler(test, |workers| {
        let runtime = runtime(workers);
        let dir = tempfile::tempdir().unwrap();
        let (path, std) = cold(dir.path());
        let task = runtime.spawn(async move {
            let mut file = File::from_std(std);
            let mut block = vec![0; BLOCK];
            for number in 0..8_u32 {
                file.read_exact(&mut block).await.unwrap();
                assert_eq!(block[..4], number.to_le_bytes());
            }
            assert_eq!(seek_fd(&file, SeekFrom::Current(0)), 8 * BLOCK as u64);
            seek_fd(&file, SeekFrom::Start(100 * BLOCK as u64));
            file.read_exact(&mut block).await.unwrap();
            assert_eq!(block[..4], 100_u32.to_le_bytes());
            file.read_exact(&mut block).await.unwrap();
            assert_eq!(block[..4], 101_u32.to_le_bytes());
            file.write_all(b"write").await.unwrap();
            file.flush().await.unwrap();
            let expected = 102 * BLOCK as u64 + 5;
            assert_eq!(seek_fd(&file, SeekFrom::Current(0)), expected);
            assert_eq!(file.stream_position().await.unwrap(), expected);
            seek_fd(&file, SeekFrom::Start(200 * BLOCK as u64));
            file.write_all(b"there").await.unwrap();
            file.flush().await.unwrap();
        });
        runtime.block_on(task).unwrap();
        let found = std::fs::read(path).unwrap();
        assert_eq!(found[102 * BLOCK..][..5], *b"write");
        assert_eq!(found[200 * BLOCK..][..5], *b"there");
    });
}

/// A file that zokio has read and written in part is read and written on by std, beside zokio.
#[test]
fn a_file_is_exposed_between_reads_and_between_writes() {
    let test = "a_file_is_exposed_between_reads_and_between_writes";
    on_each_scheduler(test, |workers| {
        let runtime = runtime(workers);
        let dir = tempfile::tempdir().unwrap();
        let (_, std) = cold(dir.path());
        let task = runtime.spawn(async move {
            let mut file = File::from_std(std);
            let mut block = vec![0; BLOCK];
            let mut exposed: Option<StdFile> = None;
            for number in 0..BLOCKS as u32 {
                match &mut exposed {
                    Some(std) if number % 2 == 0 => io::Read::read_exact(std, &mut block).unwrap(),
                    _ => drop(file.read_exact(&mut block).await.unwrap()),
                }
                assert_eq!(block[..4], number.to_le_bytes());
                if number == 10 {
                    exposed = Some(file.as_fd().try_clone_to_owned().unwrap().into());
                }
            }
            let mut std = exposed.unwrap();
            for byte in 0..100_u8 {
                if byte % 2 == 0 {
                    std.write_all(&[byte]).unwrap();
                } else {
                    file.write_all(&[byte]).await.unwrap();
                    file.flush().await.unwrap();
                }
            }
            std.seek(SeekFrom::Start((BLOCKS * BLOCK) as u64)).unwrap();
            let mut end = Vec::new();
            file.read_to_end(&mut end).await.unwrap();
            assert_eq!(end, (0..100).collect::<Vec<u8>>());
        });
        runtime.block_on(task).unwrap();
    });
}
