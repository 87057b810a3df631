//! A program that asks for each kind of operation, and what it sees, which is the same wherever it
//! runs.
#![allow(dead_code)]

use std::fmt::Debug;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use socket2::SockRef;
use zokio::completion::fs::File;
use zokio::completion::net as completions;
use zokio::completion::{BufferPool, BufferRing, Operation, submit_all};
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream, UnixStream};
use zokio::task::yield_now;

use super::owned::{make_cold, pattern, poll_once};

const BLOCK: usize = 4096;

/// More streams than there are buffers for receives, and places in the queue of their ring.
const STREAMS: usize = 300;

/// What a program has seen, line by line.
#[derive(Debug, Default)]
pub struct Transcript {
    lines: Vec<String>,
    /// Why memory of a pool was not registered, which makes no difference to the results.
    pub unregistered: Option<String>,
}

impl Transcript {
    fn note(&mut self, what: &str, seen: impl Debug) {
        self.lines.push(format!("{what}: {seen:?}"));
    }

    /// Fails with the first line that differs.
    #[track_caller]
    pub fn assert_same(&self, other: &Transcript) {
        for (line, other) in self.lines.iter().zip(&other.lines) {
            assert_eq!(line, other);
        }
        assert_eq!(self.lines.len(), other.lines.len());
    }
}

/// Runs the program, with files in a folder that it has for itself.
pub async fn transcript(dir: &Path) -> io::Result<Transcript> {
    let mut seen = Transcript::default();
    direct(&mut seen, dir).await?;
    cached(&mut seen, dir).await?;
    pipes(&mut seen).await?;
    streams(&mut seen).await?;
    many_streams(&mut seen).await?;
    owned_sockets(&mut seen).await?;
    Ok(seen)
}

/// A number of bytes, or the error.
fn outcome<T, B>((result, _): (io::Result<T>, B)) -> Result<T, Option<i32>> {
    result.map_err(|error| error.raw_os_error())
}

/// Reads and writes that wait for a device, where the file system has them, of memory that may be
/// registered.
async fn direct(seen: &mut Transcript, dir: &Path) -> io::Result<()> {
    let path = dir.join("direct");
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let file = match options.custom_flags(libc::O_DIRECT).open(&path).await {
        Ok(file) => file,
        Err(_) => options.custom_flags(0).open(&path).await?,
    };
    let pool = BufferPool::new(8, BLOCK)?;
    for number in 0..8_u8 {
        let mut block = pool.get().await;
        block.extend_from_slice(&[number; BLOCK]);
        let offset = u64::from(number) * BLOCK as u64;
        seen.note("write", outcome(file.write_all_at(block, offset).await));
    }
    for number in [3_u8, 0, 7, 8] {
        let offset = u64::from(number) * BLOCK as u64;
        let (read, block) = file.read_at(pool.get().await, offset).await;
        seen.note("read", (read?, block.iter().all(|&byte| byte == number)));
    }
    let both = [pool.get().await, pool.get().await];
    let (read, both) = file.readv_at(both, BLOCK as u64).await;
    seen.note(
        "vectored read",
        (read?, both.map(|block| block.first().copied())),
    );
    let mut both = [pool.get().await, pool.get().await];
    for (block, byte) in both.iter_mut().zip(*b"ab") {
        block.extend_from_slice(&[byte; BLOCK]);
    }
    seen.note("vectored write", outcome(file.writev_at(both, 0).await));
    let mut reads = Vec::new();
    for number in 0..8 {
        reads.push(file.read_exact_at(pool.get().await, number * BLOCK as u64));
    }
    for (read, block) in submit_all(reads).await {
        seen.note("read of a batch", (read.is_ok(), block.first().copied()));
    }
    for _ in 0..20 {
        let mut read = file.read_at(pool.get().await, 0);
        let _ = poll_once(&mut read).await;
    }
    let other = BufferPool::new(1, BLOCK)?;
    let read = file.read_exact_at(other.get().await, 0);
    let (read, block) = read.timeout(Duration::from_secs(600)).await;
    seen.note("read with a limit", (read.is_ok(), block.first().copied()));
    seen.note("content", std::fs::read(&path)?.len());
    seen.unregistered = pool.registration_error().map(|error| error.to_string());
    Ok(())
}

/// The same with the page cache, and what changes a file.
async fn cached(seen: &mut Transcript, dir: &Path) -> io::Result<()> {
    let path = dir.join("cached");
    let file = File::create(&path).await?;
    let written = file.write_all_at(pattern(20 * BLOCK), 0).and_sync_data();
    seen.note("write and sync", outcome(written.await));
    seen.note(
        "read of what is for writing",
        outcome(file.read_at(vec![0; 4], 0).await),
    );
    seen.note(
        "allocate",
        file.allocate(0, 30 * BLOCK as u64).await.is_ok(),
    );
    seen.note("sync", file.sync_all().await.is_ok());
    make_cold(&path);
    let file = File::open(&path).await?;
    for offset in [5 * BLOCK, 19 * BLOCK, 29 * BLOCK + 1, 40 * BLOCK] {
        let (read, bytes) = file.read_at(vec![0; BLOCK], offset as u64).await;
        let read = read?;
        let wanted = pattern(20 * BLOCK);
        let rest = wanted.get(offset..).unwrap_or_default();
        let same = bytes[..read]
            .iter()
            .zip(rest)
            .all(|(byte, other)| byte == other);
        seen.note("cold read", (read, same));
    }
    seen.note(
        "write to what is for reading",
        outcome(file.write_at("x", 0).await),
    );
    seen.note(
        "read past all offsets",
        outcome(file.read_at(vec![0; 4], u64::MAX).await),
    );
    seen.note("close", file.close().await.is_ok());
    seen.note(
        "open of nothing",
        File::open(dir.join("nothing"))
            .await
            .map_err(|error| io::Error::from(error).kind()),
    );
    make_cold(&path);
    let mut file = zokio::fs::File::open(&path).await?;
    let mut whole = Vec::new();
    seen.note("read to the end", file.read_to_end(&mut whole).await?);
    seen.note("remove", zokio::fs::remove_file(&path).await.is_ok());
    Ok(())
}

/// Reads that wait for the other end.
#[allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]
async fn pipes(seen: &mut Transcript) -> io::Result<()> {
    let (reader, mut writer) = io::pipe()?;
    let reader = std::fs::File::from(OwnedFd::from(reader));
    let mut reader = zokio::fs::File::from_std(reader);
    let mut bytes = [0; 8];
    {
        let mut read = Box::pin(reader.read(&mut bytes));
        seen.note("read of a pipe", poll_once(&mut read).await.is_pending());
        writer.write_all(b"first")?;
        seen.note("read of a pipe", read.await?);
    }
    seen.note("bytes", bytes);
    drop(writer);
    seen.note("end of a pipe", reader.read(&mut bytes).await?);
    Ok(())
}

async fn tcp() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    Ok((near, listener.accept().await?.0))
}

async fn streams(seen: &mut Transcript) -> io::Result<()> {
    let (mut near, mut far) = tcp().await?;
    let mut bytes = [0; 8];
    for text in ["one", "two", "three"] {
        let mut read = Box::pin(near.read(&mut bytes));
        seen.note("receive", poll_once(&mut read).await.is_pending());
        yield_now().await;
        far.write_all(text.as_bytes()).await?;
        seen.note("receive", read.await?);
        seen.note("bytes", bytes);
    }
    {
        // Dropped, it loses nothing.
        let mut read = Box::pin(near.read(&mut bytes));
        seen.note("receive", poll_once(&mut read).await.is_pending());
        yield_now().await;
    }
    far.write_all(b"rest").await?;
    let mut rest = [0; 4];
    near.read_exact(&mut rest).await?;
    seen.note("bytes", rest);
    far.shutdown().await?;
    seen.note("end of a stream", near.read(&mut bytes).await?);
    let (mut near, far) = tcp().await?;
    let mut read = Box::pin(near.read(&mut bytes));
    seen.note("receive", poll_once(&mut read).await.is_pending());
    SockRef::from(&far).set_linger(Some(Duration::ZERO))?;
    drop(far);
    seen.note("reset", read.await.map_err(|error| error.raw_os_error()));
    Ok(())
}

async fn many_streams(seen: &mut Transcript) -> io::Result<()> {
    let mut pairs = Vec::new();
    for _ in 0..STREAMS {
        let (mut near, far) = UnixStream::pair()?;
        let mut byte = [0; 1];
        let mut read = Box::pin(near.read(&mut byte));
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
        pairs.push((near, far));
    }
    zokio::time::sleep(Duration::from_millis(1)).await;
    for (number, (_, far)) in pairs.iter_mut().enumerate() {
        far.write_all(&[number as u8, 1]).await?;
    }
    zokio::time::sleep(Duration::from_millis(1)).await;
    for (near, _) in &mut pairs {
        let mut bytes = [0; 2];
        near.read_exact(&mut bytes).await?;
        seen.note("bytes", bytes);
    }
    Ok(())
}

async fn owned_sockets(seen: &mut Transcript) -> io::Result<()> {
    let listener = completions::TcpListener::bind("127.0.0.1:0").await?;
    let near = completions::TcpStream::connect(listener.local_addr()?).await?;
    let (far, _) = listener.accept().await?;
    let ring = BufferRing::new(2, 16);
    let mut received = far.recv_multi(&ring);
    seen.note("write", outcome(near.write_all(vec![5; 100]).await));
    let mut count = 0;
    while count < 100 {
        count += received.next().await.expect("not the end")?.len();
    }
    drop(near);
    let end = received.next().await.transpose()?;
    seen.note("end of a stream", end.map(|bytes| bytes.len()));
    Ok(())
}
